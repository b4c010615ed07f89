package org.bitdgdm.cluster;

import java.io.File;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.SortedMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** An S3 server on 127.0.0.1, in a JVM of its own, that keeps every object as a file of its own on this machine. */
final class S3Storage implements Storage {
    static final String KEY = "local-identity";
    static final String SECRET = "local-secret";
    private static final String BUCKET = "bucket";
    private static final String HOST = "127.0.0.1";
    private static final Pattern RECEIVED = Pattern.compile(".*-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private final ServerProcess server;
    private final int port;
    private final Disk bucket;

    S3Storage(Path folder) throws Exception {
        Path data = folder.resolve("data");
        bucket = new Disk(Files.createDirectories(data.resolve(BUCKET)));
        try (ServerSocket free = new ServerSocket(0, 1, new InetSocketAddress(HOST, 0).getAddress())) {
            port = free.getLocalPort();
        }
        Path settings = Files.write(folder.resolve("s3proxy.conf"), List.of(
            "s3proxy.endpoint=" + endpoint(), "s3proxy.authorization=aws-v2-or-v4", "s3proxy.identity=" + KEY,
            "s3proxy.credential=" + SECRET, "jclouds.provider=filesystem-nio2", "jclouds.identity=none",
            "jclouds.credential=none", "jclouds.filesystem.basedir=" + data));
        server = ServerProcess.java(folder, "s3", List.of(), Servers.S3.toString(), "org.gaul.s3proxy.Main", "--properties",
            settings.toString());
        server.await(() -> {
            try (Socket socket = new Socket(HOST, port)) {
                return socket.isConnected();
            } catch (IOException refused) {
                return false;
            }
        });
    }

    private String endpoint() {
        return "http://" + HOST + ":" + port;
    }

    @Override
    public String uri(String folder) {
        return "s3a://" + BUCKET + "/" + folder;
    }

    @Override
    public List<String> flags() throws IOException {
        return List.of("--jars", jars(), "--conf", "spark.hadoop.fs.s3a.endpoint=" + endpoint(), "--conf",
            "spark.hadoop.fs.s3a.endpoint.region=us-east-1", "--conf", "spark.hadoop.fs.s3a.path.style.access=true");
    }

    private static String jars() throws IOException {
        try (Stream<Path> jars = Files.list(Servers.S3A)) {
            return jars.map(Path::toString).sorted().collect(Collectors.joining(","));
        }
    }

    @Override
    public List<String> hadoop() {
        return List.of("fs.s3a.endpoint=" + endpoint(), "fs.s3a.endpoint.region=us-east-1", "fs.s3a.path.style.access=true",
            "fs.s3a.access.key=" + KEY, "fs.s3a.secret.key=" + SECRET);
    }

    @Override
    public String connector() {
        return Servers.S3A + File.separator + "*" + File.pathSeparator;
    }

    @Override
    public SortedMap<String, Long> files(String folder) throws IOException {
        SortedMap<String, Long> files = bucket.files(folder);
        // This server receives an object beside its name, and may take the name on its disk a moment before it moves the bytes
        // there; neither is an object that a client sees.
        files.keySet().removeIf(name -> RECEIVED.matcher(name).matches() || name.endsWith(".parquet")
            && bucket.root().resolve(folder).resolve(name).toFile().length() == 0);
        return files;
    }

    @Override
    public byte[] read(String file) throws IOException {
        return bucket.read(file);
    }

    @Override
    public void write(String file, byte[] bytes) throws IOException {
        if (Files.exists(bucket.root().resolve(file))) {
            bucket.write(file, bytes);
        } else {
            put(file, bytes);
        }
    }

    /** A new object as a client makes it: one whose file is just laid there has no tag. Signed by version 2 of the protocol. */
    private void put(String file, byte[] bytes) throws IOException {
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
        String object = "/" + BUCKET + "/" + file;
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
            String signature = Base64.getEncoder().encodeToString(mac.doFinal(
                ("PUT\n\n\n" + date + "\n" + object).getBytes(StandardCharsets.UTF_8)));
            HttpResponse<String> answer = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(endpoint() + object))
                .header("Date", date).header("Authorization", "AWS " + KEY + ":" + signature)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(bytes)).build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) {
                throw new IOException(object + ": " + answer.statusCode() + " " + answer.body());
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @Override
    public void close() {
        server.close();
    }
}
