package org.bitdgdm.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.io.FileUtils;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;

/** Rows of Parquet files as text, read without Spark. */
final class Molecules {
    /** Commands that these tests give on one storage or cluster after another: 12 shards of a fifth of a second or more. */
    static final List<String> GENERATE = List.of("generate", "--count", "240", "--shard-size", "20", "--steps", "20", "--seed",
        "11", "--method", "rtn", "--calibration-graphs", "2", "--calibration-steps", "2");
    static final int SHARDS = 12;
    static final int SHARD = 20;
    /** A command for runs that nothing interrupts: 8 shards, and nothing to quantize. */
    static final List<String> GENERATE_FEW = List.of("generate", "--count", "48", "--shard-size", "6", "--steps", "5", "--seed",
        "12", "--method", "fp32");

    private static final Map<List<String>, List<String>> LOCAL = new HashMap<>();

    private Molecules() {
    }

    /** Rows of one file, or an exception where it is not whole. */
    static List<String> rows(byte[] parquet) throws IOException {
        Path file = Files.createTempFile("rows", ".parquet");
        try {
            Files.write(file, parquet);
            List<String> rows = new ArrayList<>();
            try (ParquetReader<Group> reader = new GroupReader(new LocalInputFile(file)).build()) {
                for (Group row = reader.read(); row != null; row = reader.read()) {
                    rows.add(row.toString());
                }
            }
            return rows;
        } finally {
            Files.delete(file);
        }
    }

    /** Rows of a folder of shards, whose names are in the order of ids. */
    static List<String> rows(Storage storage, String folder) throws IOException {
        List<String> rows = new ArrayList<>();
        for (String name : storage.files(folder).keySet()) {
            if (name.endsWith(".parquet")) {
                rows.addAll(rows(storage.read(folder + "/" + name)));
            }
        }
        return rows;
    }

    /** What {@link #GENERATE} leaves on the local disk, uninterrupted; made once for all classes. */
    static List<String> ofALocalRun() throws Exception {
        return ofALocalRun(GENERATE);
    }

    /** What a command without {@code --out} leaves on the local disk, uninterrupted; made once for all classes. */
    static synchronized List<String> ofALocalRun(List<String> generate) throws Exception {
        if (!LOCAL.containsKey(generate)) {
            Path folder = Files.createTempDirectory("local");
            Storage disk = new Disk(folder);
            List<String> command = new ArrayList<>(generate);
            command.addAll(List.of("--out", disk.uri("run")));
            List<String> spark = List.of("--master", "local[2]");
            try (Submission run = Submission.start(folder.resolve("logs"), Map.of(), command, spark)) {
                if (run.await() != 0) {
                    throw new AssertionError(run.said());
                }
            }
            LOCAL.put(generate, rows(disk, disk.files("run/sequences").isEmpty() ? "run/molecules" : "run/sequences"));
            FileUtils.deleteDirectory(folder.toFile());
        }
        return LOCAL.get(generate);
    }

    private static final class GroupReader extends ParquetReader.Builder<Group> {
        GroupReader(InputFile file) {
            super(file);
        }

        @Override
        protected ReadSupport<Group> getReadSupport() {
            return new GroupReadSupport();
        }
    }
}
