package org.bitdgdm.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A network between two processes that can be cut: ports of one loopback address that lead to the same ports of 127.0.0.1. */
final class Relay implements AutoCloseable {
    private final List<ServerSocket> servers = new ArrayList<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile boolean cut;

    /** Opens the ports of {@code address}. */
    Relay(String address, int... ports) throws IOException {
        for (int port : ports) {
            ServerSocket server = new ServerSocket(port, 128, InetAddress.getByName(address));
            servers.add(server);
            daemon(() -> accept(server));
        }
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "relay");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept(ServerSocket server) {
        while (!server.isClosed()) {
            try {
                Socket outside = server.accept();
                open.add(outside);
                if (cut) {
                    end(outside);
                    continue;
                }
                Socket inside = new Socket(InetAddress.getByName("127.0.0.1"), server.getLocalPort());
                open.add(inside);
                daemon(() -> copy(outside, inside));
                daemon(() -> copy(inside, outside));
            } catch (IOException ended) {
                // Nobody listens behind the port between two drivers, and closing ends the wait for a connection.
            }
        }
    }

    private void copy(Socket from, Socket to) {
        byte[] bytes = new byte[1 << 16];
        try {
            InputStream in = from.getInputStream();
            for (int read = in.read(bytes); read > 0; read = in.read(bytes)) {
                to.getOutputStream().write(bytes, 0, read);
            }
        } catch (IOException ended) {
            // One side is gone; the other one is told by its end.
        }
        end(from);
        end(to);
    }

    private void end(Socket socket) {
        open.remove(socket);
        try {
            socket.close();
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Ends every connection and takes no new one until {@link #mend}. */
    void cut() {
        cut = true;
        open.forEach(this::end);
    }

    void mend() {
        cut = false;
    }

    @Override
    public void close() throws IOException {
        for (ServerSocket server : servers) {
            server.close();
        }
        open.forEach(this::end);
    }
}
