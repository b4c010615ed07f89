package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.family.Molecules;
import org.bitdgdm.metrics.MoleculeRows;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.ScoredMolecule;
import org.bitdgdm.sample.SampleJob;
import org.bitdgdm.sample.SamplingCost;
import org.bitdgdm.sample.TestOpener;
import org.bitdgdm.sample.TestSpark;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MoleculeWriterTest {
    private static SparkSession spark;

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final PrintStream console = new PrintStream(printed, true);

    @TempDir
    private Path temporary;

    @BeforeAll
    static void start() {
        spark = TestSpark.on("local[2,2]").getOrCreate();
    }

    @AfterAll
    static void stop() {
        TestSpark.stop();
    }

    private TestRun run(String name, int shardSize) {
        return new TestRun(temporary.resolve(name), 30, shardSize);
    }

    private static Map<String, String> bytes(TestRun run) throws Exception {
        Map<String, String> bytes = new LinkedHashMap<>();
        for (String shard : run.shards().keySet()) {
            bytes.put(shard, HexFormat.of().formatHex(Files.readAllBytes(run.out().resolve("molecules").resolve(shard))));
        }
        return bytes;
    }

    @Test
    void oneFileForEachShardAndOneRowForEachGraph() throws Exception {
        TestRun run = run("out", 7);
        RunTimings.Sampled result = run.write(spark, TestOpener.plain(), console);
        assertThat(result.sampled()).isEqualTo(30);
        assertThat(result.kept()).isZero();
        assertThat(result.seconds()).isPositive();
        assertThat(run.shards()).containsOnlyKeys("shard-000000.parquet", "shard-000001.parquet", "shard-000002.parquet",
            "shard-000003.parquet", "shard-000004.parquet");
        assertThat(run.out().resolve("molecules/_SUCCESS")).exists();
        assertThat(run.out().resolve("_run/staging")).isEmptyDirectory();
        assertThat(spark.conf().getOption("spark.sql.sources.commitProtocolClass").isDefined()
            && spark.conf().get("spark.sql.sources.commitProtocolClass").contains("bitdgdm")).isFalse();

        var table = spark.read().parquet(run.out().resolve("molecules").toString());
        assertThat(table.schema().simpleString()).isEqualTo("struct<graph_id:bigint,num_atoms:int,atom_types:array<tinyint>,"
            + "bonds:array<tinyint>,smiles:string,valid:boolean,relaxed_valid:boolean,connected:boolean,num_fragments:int,"
            + "reason:string,weight:double,logp:double,rings:int>");
        List<Row> rows = table.orderBy("graph_id").collectAsList();
        assertThat(rows).extracting(row -> row.getLong(0)).isEqualTo(LongStream.range(0, 30).boxed().toList());
        MoleculeScorer scorer = new MoleculeScorer(TinyModel.VOCABULARY);
        for (Row row : rows) {
            byte[] nodes = classes(row, "atom_types");
            byte[] bonds = classes(row, "bonds");
            assertThat(nodes).hasSize(row.getInt(1)).hasSizeBetween(2, 7);
            assertThat(bonds).hasSize(nodes.length * (nodes.length - 1) / 2);
            ScoredMolecule scored = scorer.score(nodes, bonds);
            Row expected = MoleculeRows.of(row.getLong(0), nodes, bonds, scored, Optional.empty());
            for (int column = row.fieldIndex("smiles"); column < row.size(); column++) {
                assertThat(row.get(column)).as(table.columns()[column] + " of graph " + row.getLong(0))
                    .isEqualTo(expected.get(column));
            }
        }
        assertThat(rows.stream().map(row -> row.getBoolean(5)).collect(Collectors.toSet())).as("both verdicts").hasSize(2);
        Row first = spark.read().parquet(run.out().resolve("molecules/shard-000001.parquet").toString()).first();
        assertThat(first.getLong(0)).as("ids ascend in a file").isEqualTo(7);
    }

    private static byte[] classes(Row row, String column) {
        List<Byte> values = row.getList(row.fieldIndex(column));
        byte[] classes = new byte[values.size()];
        for (int at = 0; at < classes.length; at++) {
            classes[at] = values.get(at);
        }
        return classes;
    }

    @Test
    void rowsDependOnNeitherShardsNorRetries() throws Exception {
        TestRun plain = run("plain", 30);
        plain.write(spark, TestOpener.plain(), console);
        assertThat(plain.shards()).hasSize(1);
        for (int shardSize : new int[] {10, 5}) {
            TestRun sharded = run("sharded-" + shardSize, shardSize);
            sharded.write(spark, TestOpener.plain(), console);
            assertThat(sharded.rows(spark)).isEqualTo(plain.rows(spark));
            Path faults = Files.createDirectories(temporary.resolve("faults-" + shardSize));
            TestRun retried = run("retried-" + shardSize, shardSize);
            retried.write(spark, TestOpener.failing(faults, 2, 29), console);
            assertThat(faults).isEmptyDirectory();
            assertThat(bytes(retried)).as("a retried task writes the same bytes").isEqualTo(bytes(sharded));
        }
    }

    @Test
    void failedRunKeepsShardsAndTheNextStartMakesTheOthers() throws Exception {
        TestRun whole = run("whole", 5);
        whole.write(spark, TestOpener.plain(), console);

        TestRun run = run("out", 5);
        // More faults in shard 3 than attempts: one call per size fails, each once.
        Path faults = Files.createDirectories(temporary.resolve("faults"));
        assertThatThrownBy(() -> run.write(spark, TestOpener.failing(faults, 15, 16, 17, 18, 19), console))
            .hasStackTraceContaining("injected fault");
        assertThat(run.shards()).doesNotContainKey("shard-000003.parquet").hasSizeBetween(1, 5);
        assertThat(run.out().resolve("molecules/_SUCCESS")).doesNotExist();
        Map<String, Long> before = run.shards();

        RunTimings.Sampled resumed = run.write(spark, TestOpener.plain(), console);
        assertThat(resumed.kept()).isEqualTo(before.size() * 5L);
        assertThat(resumed.sampled()).isEqualTo(30 - before.size() * 5L);
        assertThat(run.shards()).containsAllEntriesOf(before).hasSize(6);
        assertThat(bytes(run)).isEqualTo(bytes(whole));
        assertThat(printed.toString()).contains("resuming: " + before.size() + " of 6 shards are already in " + run.out());

        RunTimings.Sampled nothing = run.write(spark, TestOpener.plain(), console);
        assertThat(nothing).isEqualTo(new RunTimings.Sampled(0, 30, 0, SamplingCost.NONE));
    }

    @Test
    void attemptThatFindsItsShardDropsItsOwn() throws Exception {
        TestRun run = run("out", 10);
        OutputFolder folder = run.folder(spark);
        // A shard that appears between listing and commit, as that of an executor that outlived its driver does.
        TestOpener slow = TestOpener.slow(100);
        TestRun other = run("other", 10);
        other.write(spark, TestOpener.plain(), console);
        Path foreign = other.out().resolve("molecules/shard-000001.parquet");
        Thread zombie = new Thread(() -> {
            try {
                Path molecules = run.out().resolve("molecules");
                while (!Files.exists(molecules)) {
                    Thread.sleep(1);
                }
                Files.copy(foreign, molecules.resolve("shard-000001.parquet"));
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
        zombie.start();
        run.write(spark, slow, console);
        zombie.join();
        assertThat(folder.committedShards()).containsExactly(0, 1, 2);
        assertThat(run.rows(spark)).isEqualTo(other.rows(spark));
        try (Stream<Path> left = Files.walk(run.out().resolve("_run/staging"))) {
            assertThat(left.filter(Files::isRegularFile)).isEmpty();
        }
        try (Stream<Path> crc = Files.list(run.out().resolve("molecules"))) {
            assertThat(crc.map(file -> file.getFileName().toString())).as("the zombie's file, not ours")
                .doesNotContain(".shard-000001.parquet.crc");
        }
    }

    @Test
    void shardsThatTheDriverDoesNotSeeAreAnError() throws Exception {
        TestRun run = run("out", 5);
        // Stands for executors that write to a disk of their own.
        Thread other = new Thread(() -> {
            try {
                run.awaitShards(1, new CompletableFuture<>());
                Files.delete(run.out().resolve("molecules").resolve(run.shards().keySet().iterator().next()));
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
        other.start();
        assertThatThrownBy(() -> run.write(spark, TestOpener.slow(100), console)).isInstanceOf(InputException.class)
            .hasMessageContaining("not one folder for all machines: 1 of the shards")
            .hasMessageEndingWith("give a folder on a shared file system");
        other.join();
    }

    @Test
    void anyFileSystemOfHadoopWillDo() throws Exception {
        spark.sparkContext().hadoopConfiguration().set("fs.strict.impl", StrictFileSystem.class.getName());
        TestRun local = run("local", 10);
        local.write(spark, TestOpener.plain(), console);
        String out = "strict://" + temporary.resolve("strict");
        OutputFolder folder = OutputFolder.of(out, spark.sparkContext().hadoopConfiguration());
        folder.begin(local.fingerprint());
        try (SampleJob job = new SampleJob(JavaSparkContext.fromSparkContext(spark.sparkContext()), TinyModel.packed(1),
            local.conf(), TestOpener.plain())) {
            MoleculeWriter.write(spark, job, folder, new Molecules(TinyModel.VOCABULARY), console);
        }
        folder.publishTable("metrics", spark.range(3).toDF("n"));
        folder.publishTable("metrics", spark.range(5).toDF("n"));
        folder.publish("run.json", new byte[] {'1'});
        folder.publish("run.json", new byte[] {'2'});
        folder.finish(local.fingerprint());
        assertThat(bytes(run("strict", 10))).isEqualTo(bytes(local));
        assertThat(spark.read().parquet(out + "/metrics").count()).as("the second table replaced the first").isEqualTo(5);
        assertThat(folder.read("run.json")).containsExactly('2');
        assertThat(folder.state(local.fingerprint())).isEqualTo(OutputFolder.State.FINISHED);
    }

    @Test
    void cancelledRunStopsItsTasks() throws Exception {
        TestRun run = run("out", 15);
        Thread canceller = new Thread(() -> {
            try {
                while (spark.sparkContext().statusTracker().getActiveStageIds().length == 0) {
                    Thread.sleep(10);
                }
                Thread.sleep(300);
                spark.sparkContext().cancelAllJobs();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        });
        canceller.start();
        long begin = System.nanoTime();
        assertThatThrownBy(() -> run.write(spark, TestOpener.slow(1_000), console)).hasStackTraceContaining("cancelled");
        canceller.join();
        assertThat(run.shards()).isEmpty();
        // A batch of one size holds a few graphs, a second each: the sampling threads end after the running call.
        while (Thread.getAllStackTraces().keySet().stream().anyMatch(t -> t.getName().startsWith("sampling-shard"))) {
            assertThat(System.nanoTime() - begin).isLessThan(30_000_000_000L);
            Thread.sleep(50);
        }
    }
}
