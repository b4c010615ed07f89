package org.bitdgdm.output;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.family.Molecules;
import org.bitdgdm.sample.DenoiserOpener;
import org.bitdgdm.sample.SampleJob;
import org.bitdgdm.sample.TestOpener;
import org.bitdgdm.sample.TestSpark;
import org.bitdgdm.sample.TinyModel;

/**
 * A run of sampling and writing as tests use it, in this JVM or, by {@link #main}, in one that can be killed.
 *
 * @param out       folder
 * @param count     graphs
 * @param shardSize graphs of a shard
 */
record TestRun(Path out, int count, int shardSize) {

    /** Arguments: master, folder, count, shard size, milliseconds of sleep per graph. */
    public static void main(String[] arguments) throws Exception {
        TestRun run = new TestRun(Path.of(arguments[1]), Integer.parseInt(arguments[2]), Integer.parseInt(arguments[3]));
        SparkSession spark = TestSpark.on(arguments[0]).getOrCreate();
        run.write(spark, TestOpener.slow(Integer.parseInt(arguments[4])), System.out);
        spark.stop();
    }

    SampleConf conf() {
        return new SampleConf(count, 4, "uniform", 5, 8, shardSize, "reference", "auto", "fp32", "");
    }

    Fingerprint fingerprint() {
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("count", Integer.toString(count));
        rows.put("shard-size", Integer.toString(shardSize));
        return new Fingerprint(rows, Map.of("protocol", "digress"));
    }

    OutputFolder folder(SparkSession spark) {
        return OutputFolder.of(out.toString(), spark.sparkContext().hadoopConfiguration());
    }

    RunTimings.Sampled write(SparkSession spark, DenoiserOpener opener, PrintStream console) throws Exception {
        OutputFolder folder = folder(spark);
        folder.begin(fingerprint());
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        try (SampleJob job = new SampleJob(context, TinyModel.packed(1), conf(), opener)) {
            return MoleculeWriter.write(spark, job, folder, new Molecules(TinyModel.VOCABULARY), console);
        }
    }

    /** All rows as text, in the order of ids. */
    List<String> rows(SparkSession spark) {
        return spark.read().parquet(out.resolve("molecules").toString()).orderBy("graph_id").collectAsList().stream()
            .map(Row::toString).toList();
    }

    /** Shards that a reader sees, with the time at which each was written. */
    Map<String, Long> shards() throws Exception {
        Map<String, Long> shards = new TreeMap<>();
        Path molecules = out.resolve("molecules");
        if (Files.exists(molecules)) {
            try (Stream<Path> files = Files.list(molecules)) {
                for (Path file : (Iterable<Path>) files::iterator) {
                    String name = file.getFileName().toString();
                    if (!name.startsWith(".") && !name.startsWith("_")) {
                        shards.put(name, Files.getLastModifiedTime(file).toMillis());
                    }
                }
            }
        }
        return shards;
    }

    /** Waits until so many shards are there, or throws when what makes them ends before. */
    void awaitShards(int atLeast, Future<?> making) throws Exception {
        long deadline = System.nanoTime() + 180_000_000_000L;
        while (shards().size() < atLeast) {
            if (System.nanoTime() > deadline || making.isDone()) {
                throw new AssertionError("only " + shards().size() + " shards, expected " + atLeast);
            }
            Thread.sleep(20);
        }
    }
}
