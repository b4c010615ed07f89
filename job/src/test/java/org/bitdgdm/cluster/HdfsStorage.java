package org.bitdgdm.cluster;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.RemoteIterator;
import org.bitdgdm.sample.TestSpark;

/** Hadoop's own HDFS for tests: a name node and a data node on 127.0.0.1, in a JVM of their own. */
final class HdfsStorage implements Storage {
    private final ServerProcess server;
    private final String root;
    private final FileSystem files;

    HdfsStorage(Path folder) throws Exception {
        Path details = folder.resolve("details.json");
        server = ServerProcess.java(folder, "hdfs", List.of("-Dtest.build.data=" + folder.resolve("data")),
            Servers.HADOOP + File.separator + "*" + File.pathSeparator + TestSpark.classPath(),
            "org.apache.hadoop.test.MiniDFSClusterManager", "-format", "-datanodes", "1", "-writeDetails", details.toString());
        server.await(() -> Files.exists(details) && Files.size(details) > 0);
        root = "hdfs://127.0.0.1:" + new ObjectMapper().readTree(details.toFile()).get("namenode_port").asInt();
        files = FileSystem.newInstance(URI.create(root), new Configuration());
    }

    @Override
    public String uri(String folder) {
        return root + "/" + folder;
    }

    @Override
    public List<String> flags() {
        return List.of();
    }

    @Override
    public SortedMap<String, Long> files(String folder) throws IOException {
        SortedMap<String, Long> found = new TreeMap<>();
        String above = files.makeQualified(new org.apache.hadoop.fs.Path("/" + folder)) + "/";
        try {
            for (RemoteIterator<LocatedFileStatus> all = files.listFiles(new org.apache.hadoop.fs.Path(above), true);
                 all.hasNext();) {
                LocatedFileStatus file = all.next();
                found.put(file.getPath().toString().substring(above.length()), file.getModificationTime());
            }
        } catch (FileNotFoundException absent) {
            return new TreeMap<>();
        }
        return found;
    }

    @Override
    public byte[] read(String file) throws IOException {
        try (var in = files.open(new org.apache.hadoop.fs.Path("/" + file))) {
            return in.readAllBytes();
        }
    }

    @Override
    public void write(String file, byte[] bytes) throws IOException {
        try (var out = files.create(new org.apache.hadoop.fs.Path("/" + file))) {
            out.write(bytes);
        }
    }

    @Override
    public void close() throws Exception {
        files.close();
        server.close();
    }
}
