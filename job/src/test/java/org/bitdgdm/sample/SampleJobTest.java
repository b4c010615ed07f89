package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleJobTest {
    private static final int COUNT = 60;
    private static final PackedModel MODEL = TinyModel.packed(1);
    private static JavaSparkContext spark;

    @BeforeAll
    static void start() {
        spark = new JavaSparkContext(TestSpark.on("local[2,3]").getOrCreate().sparkContext());
    }

    @AfterAll
    static void stop() {
        TestSpark.stop();
    }

    static SampleConf conf(int batchSize, int shardSize) {
        return new SampleConf(COUNT, 5, "uniform", 77, batchSize, shardSize, "reference", "auto", "fp32", "");
    }

    private static List<String> graphs(SampleConf conf, DenoiserOpener opener) {
        try (SampleJob job = new SampleJob(spark, MODEL, conf, opener)) {
            return job.graphs().map(SampleJobTest::text).collect();
        }
    }

    private static String text(Graph graph) {
        return graph.id() + " " + Arrays.toString(graph.nodes()) + " " + Arrays.toString(graph.edges());
    }

    @Test
    void graphsDependOnNeitherPartitionsNorBatches() {
        List<String> expected = graphs(conf(64, COUNT), TestOpener.plain());
        assertThat(expected).hasSize(COUNT).doesNotHaveDuplicates();
        assertThat(expected.get(41)).startsWith("41 [");
        for (int shardSize : new int[] {20, 9}) {
            assertThat(new ShardPlan(COUNT, shardSize).shards()).isIn(3, 7);
            for (int batchSize : new int[] {1, 5, 64}) {
                assertThat(graphs(conf(batchSize, shardSize), TestOpener.plain())).isEqualTo(expected);
            }
        }
        // The model matters: no other one draws these.
        try (SampleJob other = new SampleJob(spark, TinyModel.packed(2), conf(64, COUNT), TestOpener.plain())) {
            assertThat(other.graphs().map(SampleJobTest::text).collect()).isNotEqualTo(expected);
        }
    }

    @Test
    void allStepsOfTheModelAreTheStepByStepSamplerWhateverTheSchedule() {
        int all = MODEL.diffusion().steps();
        List<String> expected = new ArrayList<>();
        try (ReferenceDenoiser denoiser = new ReferenceDenoiser(MODEL)) {
            for (long id = 0; id < 7; id++) {
                GraphBatch graph = InitialNoise.draw(MODEL.diffusion(), MODEL.diffusion().sizes().draw(77, id),
                    new long[] {id}, 77);
                for (int t = all; t > 0; t--) {
                    denoiser.advance(graph, 77, new int[] {t, t - 1});
                }
                expected.add(text(graph.graph(0)));
            }
        }
        for (String schedule : List.of("uniform", "noise")) {
            assertThat(graphs(new SampleConf(7, all, schedule, 77, 4, 3, "reference", "auto", "fp32", ""),
                TestOpener.plain()))
                .isEqualTo(expected);
        }
        assertThat(graphs(new SampleConf(7, 8, "noise", 77, 4, 3, "reference", "auto", "fp32", ""), TestOpener.plain()))
            .isNotEqualTo(graphs(new SampleConf(7, 8, "uniform", 77, 4, 3, "reference", "auto", "fp32", ""),
                TestOpener.plain()));
    }

    @Test
    void retriedTaskDrawsTheSameGraphs(@TempDir Path faults) throws Exception {
        List<String> expected = graphs(conf(8, 20), TestOpener.plain());
        assertThat(graphs(conf(8, 20), TestOpener.failing(faults, 3, 44))).isEqualTo(expected);
        assertThat(faults).as("both faults have struck").isEmptyDirectory();
    }

    @Test
    void modelIsUnpackedOnceAndTakenBackAtTheEnd() {
        int before = ExecutorDenoiser.opened();
        SampleJob job = new SampleJob(spark, MODEL, conf(8, 4), TestOpener.plain());
        var graphs = job.graphs();
        assertThat(graphs.getNumPartitions()).isEqualTo(15);
        assertThat(graphs.count()).isEqualTo(COUNT);
        assertThat(graphs.count()).isEqualTo(COUNT);
        assertThat(ExecutorDenoiser.opened() - before).isEqualTo(1);
        job.close();
        assertThat(ExecutorDenoiser.open()).isZero();
        assertThatThrownBy(graphs::count).isInstanceOf(SparkException.class).hasStackTraceContaining("destroyed");
    }

    @Test
    void progressTellsGraphsRateAndTimeLeft(@TempDir Path faults) throws Exception {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        List<Integer> shards = IntStream.range(1, 15).boxed().toList();
        long begin = System.currentTimeMillis();
        try (SampleJob job = new SampleJob(spark, MODEL, conf(2, 4), TestOpener.failing(faults, 9));
             SamplingProgress progress = new SamplingProgress(job, shards, new PrintStream(console))) {
            job.map(shards, (shard, batches) -> batches).count();
            double seconds = progress.seconds();
            assertThat(seconds).isPositive().isLessThanOrEqualTo((System.currentTimeMillis() - begin) / 1e3);
            assertThat(progress.cost().coreSeconds()).as("of all attempts").isPositive();
        }
        assertThat(console.toString()).matches("(?s).*sampling: 60 of 60 graphs, [0-9.]+ graphs/s, done\\R");
        assertThat(spark.getLocalProperty(SamplingListener.PROPERTY)).isNull();

        assertThat(SamplingProgress.line("graphs", 1_000, 10_000, 40))
            .isEqualTo("sampling: 1,000 of 10,000 graphs, 40.0 graphs/s, 3 min 45 s left");
        assertThat(SamplingProgress.line("graphs", 1_000, 10_000_000, 400)).endsWith("6 h 56 min left");
        assertThat(SamplingProgress.line("graphs", 0, 10, 0)).endsWith("time left unknown");
    }

    @Test
    void theEndIsToldOnceWhereALineOfItHasBeenPrinted() throws Exception {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        List<Integer> shards = List.of(0, 1, 2);
        try (SampleJob job = new SampleJob(spark, MODEL, conf(20, 20), TestOpener.plain());
             SamplingProgress progress = new SamplingProgress(job, shards, new PrintStream(console))) {
            job.map(shards, (shard, batches) -> batches).count();
            while (progress.graphs() < COUNT) {
                Thread.sleep(10);
            }
            progress.print();
            progress.seconds();
        }
        assertThat(console.toString().lines().filter(line -> line.endsWith(", done"))).hasSize(1);
    }

    @Test
    void batchesOfRunningTasksCountAsProgress() throws Exception {
        SampleConf conf = new SampleConf(40, 5, "uniform", 77, 2, 20, "reference", "auto", "fp32", "");
        List<Integer> shards = List.of(0, 1);
        try (SampleJob job = new SampleJob(spark, MODEL, conf, TestOpener.slow(150));
             SamplingProgress progress = new SamplingProgress(job, shards, new PrintStream(new ByteArrayOutputStream()))) {
            var running = job.map(shards, (shard, batches) -> batches).countAsync();
            long within = 0;
            while (!running.isDone()) {
                long graphs = progress.graphs();
                within = graphs < 40 ? Math.max(within, graphs) : within;
                Thread.sleep(20);
            }
            assertThat(running.get()).isPositive();
            assertThat(within).as("graphs seen while both tasks ran").isPositive().isNotEqualTo(20);
        }
    }
}
