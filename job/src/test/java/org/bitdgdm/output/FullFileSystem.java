package org.bitdgdm.output;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;

import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk under another scheme, which is full while a file named {@code full} lies in its parent of parents: whatever is
 * longer than some hundred bytes does not fit.
 */
public final class FullFileSystem extends RawLocalFileSystem {
    private static final URI NAME = URI.create("full:///");
    private static final int ROOM = 600;

    @Override
    public URI getUri() {
        return NAME;
    }

    @Override
    public String getScheme() {
        return NAME.getScheme();
    }

    @Override
    public FSDataOutputStream create(org.apache.hadoop.fs.Path path, FsPermission permission, boolean overwrite, int bufferSize,
                                     short replication, long blockSize, Progressable progress) throws IOException {
        return bounded(super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress), path);
    }

    @Override
    public FSDataOutputStream create(org.apache.hadoop.fs.Path path, boolean overwrite, int bufferSize, short replication,
                                     long blockSize, Progressable progress) throws IOException {
        return bounded(super.create(path, overwrite, bufferSize, replication, blockSize, progress), path);
    }

    private static boolean isFull(Path file) {
        for (Path folder = file.getParent(); folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("full"))) {
                return true;
            }
        }
        return false;
    }

    private static FSDataOutputStream bounded(FSDataOutputStream out, org.apache.hadoop.fs.Path path) throws IOException {
        if (!isFull(Path.of(path.toUri().getPath()))) {
            return out;
        }
        return new FSDataOutputStream(new OutputStream() {
            private long written;

            @Override
            public void write(int value) throws IOException {
                if (++written > ROOM) {
                    throw new IOException("No space left on device");
                }
                out.write(value);
            }

            @Override
            public void close() throws IOException {
                out.close();
            }
        }, null);
    }
}
