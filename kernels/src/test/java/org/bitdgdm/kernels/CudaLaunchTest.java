package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the cuda backend asks of the driver: order, sizes, arguments, frees. No kernel runs here. */
class CudaLaunchTest {
    private static final int SHARED = 166_912;

    private final PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 6);

    private GraphBatch batch(int n, int graphs) {
        return InitialNoise.draw(model.diffusion(), n, LongStream.range(0, graphs).toArray(), 11);
    }

    @Test
    void aStepIsCapturedOnceAndLaunchedForEachTime() {
        RecordingDriver driver = new RecordingDriver(SHARED);
        CudaDenoiser denoiser = new CudaDenoiser(model, driver, false);
        assertThat(driver.calls.subList(0, 9)).containsExactly("stream", "allocate", "upload " + driver.allocations.values()
            .iterator().next(), "allocate", "allocate", "upload 1024", "linear", "linear", "free");
        assertThat(driver.calls).as("every kernel was launched before a step is captured").contains("features", "linear",
            "norm", "sum", "pool", "edge_input", "edges", "edge_output", "draw_initial", "draw", "logits", "next_step")
            .doesNotContain("capture").endsWith("free stream", "free");
        driver.clear();
        denoiser.advance(batch(5, 3), 7, new int[] {50, 40, 30, 20});
        List<String> layer = List.of("linear", "linear", "pool", "event", "await", "linear", "sum", "linear",
            "linear", "norm", "linear", "linear", "norm", "event", "edges", "linear", "norm", "linear", "linear", "norm",
            "linear", "await", "linear");
        assertThat(driver.calls.subList(0, 12)).containsExactly("allocate", "stream", "stream", "upload 15", "upload 75",
            "upload 24", "upload 108", "upload 8", "capture", "features", "linear", "linear");
        assertThat(driver.calls.subList(15, 15 + layer.size())).isEqualTo(layer);
        assertThat(Collections.frequency(driver.calls, "edges")).isEqualTo(2);
        assertThat(driver.calls.subList(driver.calls.size() - 10, driver.calls.size())).containsExactly("edge_output",
            "draw", "next_step", "captured", "graph", "graph", "graph", "download 8", "download 15", "download 75");
        driver.clear();
        denoiser.advance(batch(5, 3), 7, new int[] {20, 10});
        assertThat(driver.calls).as("memory, stream and captured step are kept").containsExactly("upload 15", "upload 75",
            "upload 24", "upload 36", "upload 8", "graph", "download 8", "download 15", "download 75");
        driver.clear();
        List<String> made = new ArrayList<>(driver.alive);
        denoiser.close();
        assertThat(driver.calls).containsExactly("free graph", "free stream", "free stream", "free", "free", "free",
            "free stream", "close");
        Collections.reverse(made);
        assertThat(driver.freed).hasSize(9).isEqualTo(made);
        assertThat(driver.allocations).isEmpty();
    }

    /** Of 3 graphs of 5 nodes, at the compiler's offsets: dx 24, de 10 (padded 16), dy 6 (8), hidden layers 13 (16). */
    @Test
    void everyKernelIsGivenItsSizesAndPlaces() {
        RecordingDriver driver = new RecordingDriver(SHARED);
        CudaDenoiser denoiser = new CudaDenoiser(model, driver, false);
        driver.clear();
        denoiser.advance(batch(5, 3), -7, new int[] {50, 40});
        Given features = new Given(driver, "bitdgdm_features", "FeatureArguments");
        // Six graphs of one warp: 16 n² + 40 n + 12 n bytes each, aligned.
        features.check(List.of(1, 1, 1), 32, 6 * 768);
        features.ints("n", 5, "nodeTypes", 3, "edgeTypes", 4, "walks", 0, "timeColumns", 0, "absorbing", 0,
            "maxNodes", 7, "fixedBug", 1, "features", 3, "molecular", 1, "maxWeight", Float.floatToIntBits(120), "nodeStride", 16, "globalStride", 16, "graphs", 3, "scratchBytes", 768);
        assertThat(features.place("scratch")).isZero();
        features.places("nodes", "edges", "progress", "steps", "nodeWeights", "nodeInput", "globalInput");
        Given first = new Given(driver, "bitdgdm_linear", "LinearArguments");
        first.check(List.of(1, 1, 1), 256, 0);
        first.ints("rows", 15, "tileRows", 16, "columns", 16);
        assertThat(first.place("jobs", "LinearJob.x")).isEqualTo(features.place("nodeInput"));
        assertThat(first.int32("jobs", "LinearJob.xStride")).isEqualTo(16);
        assertThat(first.int32("jobs", "LinearJob.yStride")).isEqualTo(16);
        assertThat(first.int32("jobs", "LinearJob.finish")).as("RELU").isEqualTo(1);
        Given input = new Given(driver, "bitdgdm_edge_input", "EdgeInputArguments");
        input.check(List.of(5, 1, 1), 256, 0);
        input.ints("rows", 75, "eStride", 16);
        input.places("table", "classes", "e");
        assertThat(input.place("classes")).isEqualTo(features.place("edges"));
        Given pool = new Given(driver, "bitdgdm_pool", "PoolArguments");
        pool.check(List.of(3, 2, 1), 256, 0);
        pool.ints("nodes", 5, "dx", 24, "xStride", 24, "de", 10, "eStride", 16, "poolXStride", 96, "poolEStride", 40,
            "biasedVariance", 1);
        pool.places("x", "e", "poolX", "poolE");
        Given sum = new Given(driver, "bitdgdm_sum", "SumArguments");
        sum.check(List.of(1, 1, 1), 256, 0);
        sum.ints("count", 24);
        sum.places("a", "b", "c", "out");
        Given norm = new Given(driver, "bitdgdm_norm", "NormArguments");
        norm.check(List.of(1, 1, 1), 256, 0);
        norm.ints("rows", 3, "width", 6, "stride", 8);
        norm.places("x", "update", "weight", "bias");
        Given edges = new Given(driver, "bitdgdm_edges", "EdgesArguments");
        // Three nodes' edges in each tile of 16 rows of E, Y and the addend.
        edges.check(List.of(5, 1, 1), 256, 4 * 16 * (20 + 28 + 28));
        edges.ints("nodes", 5, "nodeRows", 15, "xStride", 24, "de", 10, "eStride", 16, "tileRows", 16, "items", 3,
            "channels", 24, "eTileStride", 20, "yTileStride", 28, "addTileStride", 28, "scratchBytes", 0,
            "rootInverse", Float.floatToIntBits(1 / (float) Math.sqrt(6)));
        edges.places("eMul", "eAdd", "eOut", "first", "second", "norm1Weight", "norm1Bias", "norm2Weight", "norm2Bias", "q",
            "k", "v", "filmEMul", "filmEAdd", "filmXMul", "filmXAdd", "e", "xNew");
        assertThat(edges.place("e")).isEqualTo(input.place("e")).isEqualTo(pool.place("e"));
        Given output = new Given(driver, "bitdgdm_edge_output", "EdgeOutputArguments");
        output.check(List.of(2, 1, 1), 256, 4 * 64 * 20);
        output.ints("rows", 75, "eStride", 16, "logitStride", 8, "tileRows", 64, "hiddenStride", 20);
        output.places("first", "second", "e", "logits");
        assertThat(output.place("e")).isEqualTo(edges.place("e"));
        for (String kernel : List.of("bitdgdm_draw", "bitdgdm_next_step")) {
            Given draw = new Given(driver, kernel, "DrawArguments");
            draw.check(List.of(1, 1, 1), kernel.equals("bitdgdm_draw") ? 256 : 32, 0);
            draw.ints("n", 5, "graphs", 3, "nodeTypes", 3, "edgeTypes", 4, "nodeStride", 8, "edgeStride", 8, "seed", -7,
                "counter", 0);
            draw.places("nodeOutput", "edgeOutput", "nodes", "edges", "ids", "progress", "steps",
                "nodeMarginal", "edgeMarginal", "nodeLogits", "edgeLogits");
            for (String same : List.of("nodes", "edges", "progress", "steps")) {
                assertThat(draw.place(same)).as(same).isEqualTo(features.place(same));
            }
            assertThat(draw.place("edgeOutput")).isEqualTo(output.place("logits"));
        }
        long main = features.launch.stream();
        assertThat(List.of(first, input, pool, edges, output)).allMatch(given -> given.launch.stream() == main);
        assertThat(sum.launch.stream()).as("y beside X and E").isEqualTo(norm.launch.stream()).isNotEqualTo(main);
        driver.clear();
        denoiser.advance(batch(5, 343), -7, new int[] {50, 40});
        Given nodes = new Given(driver, "bitdgdm_nodes", "NodesArguments");
        nodes.check(List.of(108, 1, 1), 256, 4 * 16 * (28 + 28));
        nodes.ints("rows", 1715, "dx", 24, "xStride", 24, "tileRows", 16, "xTileStride", 28, "yTileStride", 28);
        nodes.places("out", "first", "second", "norm1Weight", "norm1Bias", "norm2Weight", "norm2Bias", "xNew", "x");
        denoiser.close();
    }

    /** The kernels of a transform, of logits and of the first draw, which no step of a full-precision model has. */
    @Test
    void kernelsOutsideAStepAreGivenTheirs() throws InterruptedException {
        PackedModel turned = TestLayers.transformed(TestLayers.quantized(model, TestLayers.LOW_BIT, 1), 3, 8);
        RecordingDriver driver = new RecordingDriver(SHARED);
        CudaDenoiser denoiser = new CudaDenoiser(turned, driver, false);
        driver.clear();
        denoiser.sample(40, new long[] {1, 2, 3}, 9, new int[] {50, 0});
        Given draw = new Given(driver, "bitdgdm_draw_initial", "DrawArguments");
        draw.check(List.of(10, 1, 1), 256, 0);
        draw.ints("n", 40, "graphs", 3, "seed", 9);
        Given transform = new Given(driver, "bitdgdm_transform", "LinearArguments");
        // Of q, k and v: 120 rows, 4 at a time, in two buffers of 28 floats a row.
        transform.check(List.of(30, 1, 3), 256, 2 * 4 * 4 * 28);
        transform.ints("rows", 120, "tileRows", 4);
        Given features = new Given(driver, "bitdgdm_features", "FeatureArguments");
        features.check(List.of(3, 1, 1), 128, (8 * 40 * 40 + 8 * 13 * 40 + 8 * 5 * 40 + 12 * 40 + 255) / 256 * 256);
        denoiser.logits(batch(5, 3), 20, new float[3 * 5 * 3], new float[3 * 25 * 4]);
        Given logits = new Given(driver, "bitdgdm_logits", "DrawArguments");
        logits.check(List.of(1, 1, 1), 256, 0);
        logits.ints("n", 5, "graphs", 3, "nodeTypes", 3, "edgeTypes", 4);
        logits.places("nodeLogits", "edgeLogits");
        denoiser.kernelSeconds(batch(5, 3), 20, 1);
        Given without = new Given(driver, "bitdgdm_edges_without_layers", "EdgesArguments");
        without.ints("nodes", 5, "nodeRows", 15, "de", 10);
        denoiser.close();
    }

    /** The first launch of a kernel, its arguments read by the names that {@code layout.cuh} has for them. */
    private static final class Given {
        private static final Map<String, Integer> LAYOUT = EmulatedDriver.layout();
        private final RecordingDriver driver;
        private final String structure;
        private final RecordingDriver.Launch launch;

        Given(RecordingDriver driver, String kernel, String structure) {
            this.driver = driver;
            this.structure = structure;
            launch = driver.launch(kernel);
            assertThat(launch.arguments().capacity()).as(kernel).isEqualTo(LAYOUT.get(structure + ".size"));
        }

        void check(List<Integer> grid, int threads, int sharedBytes) {
            assertThat(launch.grid()).as(launch.kernel()).isEqualTo(grid);
            assertThat(launch.threads()).as(launch.kernel()).isEqualTo(threads);
            assertThat(launch.sharedBytes()).as(launch.kernel()).isEqualTo(sharedBytes);
        }

        /** Of a field, or of the first of its elements' fields. */
        private int offset(String field, String... inner) {
            return LAYOUT.get(structure + "." + field) + (inner.length == 0 ? 0 : LAYOUT.get(inner[0]));
        }

        int int32(String field, String... inner) {
            return launch.arguments().getInt(offset(field, inner));
        }

        long place(String field, String... inner) {
            return launch.arguments().getLong(offset(field, inner));
        }

        /** Fields of 32 bits, or the lower ones of 64, by name. */
        void ints(Object... expected) {
            for (int at = 0; at < expected.length; at += 2) {
                assertThat(int32((String) expected[at])).as("%s: %s", launch.kernel(), expected[at])
                    .isEqualTo(expected[at + 1]);
            }
        }

        /** Addresses in device memory, each another one. */
        void places(String... fields) {
            List<Long> found = Stream.of(fields).map(field -> place(field)).toList();
            assertThat(found).as(launch.kernel()).doesNotHaveDuplicates().allMatch(address -> driver.allocations.entrySet()
                .stream().anyMatch(one -> address >= one.getKey() && address < one.getKey() + one.getValue()));
        }
    }

    /** Ids, times and the place in them go to the device; graphs come back. */
    @Test
    void samplingUploadsNoClasses() throws InterruptedException {
        RecordingDriver driver = new RecordingDriver(SHARED);
        CudaDenoiser denoiser = new CudaDenoiser(model, driver, false);
        driver.clear();
        denoiser.sample(5, new long[] {1, 2, 3}, 7, new int[] {50, 40, 30, 20});
        assertThat(driver.calls.subList(0, 7)).containsExactly("allocate", "stream", "stream", "upload 24", "upload 108",
            "upload 8", "draw_initial");
        assertThat(driver.calls.subList(driver.calls.indexOf("captured"), driver.calls.size())).containsExactly("captured",
            "graph", "graph", "graph", "download 8", "download 15", "download 75");
        driver.clear();
        denoiser.sample(5, new long[] {4}, 7, new int[] {50});
        assertThat(driver.calls).containsExactly("upload 8", "upload 8", "draw_initial", "download 8",
            "download 5", "download 25");
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> denoiser.sample(5, new long[] {4}, 7, new int[] {50, 0}))
            .isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        denoiser.close();
        assertThat(driver.allocations).isEmpty();
    }

    @Test
    void kernelsOfAStepAreTimedOneByOne() {
        RecordingDriver driver = new RecordingDriver(SHARED);
        CudaDenoiser denoiser = new CudaDenoiser(model, driver, false);
        driver.clear();
        Map<String, Double> seconds = denoiser.kernelSeconds(batch(5, 3), 20, 3);
        assertThat(driver.calls).doesNotContain("capture", "graph", "download 8");
        List<String> all = driver.calls.subList(driver.calls.indexOf("event"), driver.calls.size());
        List<String> last = all.subList(all.lastIndexOf("upload 8") + 1, all.size());
        assertThat(last.subList(0, 6)).containsExactly("event", "features", "event", "event", "linear", "event");
        assertThat(last.subList(last.size() - 9, last.size())).containsExactly("event", "next_step", "event", "event",
            "edges_without_layers", "event", "event", "edges_without_layers", "event");
        int launches = last.size() / 3;
        assertThat(Collections.frequency(last, "event")).isEqualTo(2 * launches);
        // The stub's clock says when a launch began, counted in events: of four rounds the first is not measured. Before
        // them, two workspaces had two events each.
        assertThat(seconds.get("bitdgdm_features")).as("the median round is the third").isEqualTo(4 + 2 * 2 * launches + 1);
        assertThat(seconds.get("bitdgdm_next_step")).isEqualTo(4 + 3 * 2 * launches - 5);
        assertThat(seconds.keySet()).containsExactlyInAnyOrder("bitdgdm_features", "bitdgdm_linear", "bitdgdm_edge_input",
            "bitdgdm_pool", "bitdgdm_sum", "bitdgdm_edges", "bitdgdm_norm", "bitdgdm_edge_output", "bitdgdm_draw",
            "bitdgdm_next_step", "bitdgdm_edges_without_layers");
        denoiser.close();
        assertThat(driver.alive).isEmpty();
        assertThat(driver.allocations).isEmpty();
    }

    /** Tiles of the rest of X's layer are one launch where every multiprocessor, of 108, gets one. */
    @Test
    void largeBatchesTakeFewerLaunches() {
        RecordingDriver driver = new RecordingDriver(SHARED);
        CudaDenoiser denoiser = new CudaDenoiser(model, driver, false);
        assertThat(driver.calls).as("loaded before a step is captured").contains("nodes");
        List<String> layer = List.of("linear", "linear", "pool", "event", "await", "linear", "sum", "linear", "linear",
            "norm", "linear", "linear", "norm", "event", "edges", "nodes", "linear", "await");
        for (int graphs : new int[] {342, 343}) {
            driver.clear();
            denoiser.advance(batch(5, graphs), 7, new int[] {50, 40});
            boolean fused = graphs * 5 > 107 * 16;
            assertThat(driver.calls.contains("nodes")).as("%s graphs", graphs).isEqualTo(fused);
            int first = driver.calls.indexOf("edge_input") + 1;
            assertThat(driver.calls.subList(first, first + layer.size()).equals(layer)).isEqualTo(fused);
        }
        denoiser.close();
        assertThat(driver.allocations).isEmpty();
    }

    /** A step is captured for each range of steps that a batch meets, with that range's table of edge classes. */
    @Test
    void rangesOfStepsHaveACapturedStepEach() {
        PackedModel quantized = TestLayers.quantized(model, TestLayers.LOW_BIT, 1);
        RecordingDriver driver = new RecordingDriver(SHARED);
        CudaDenoiser denoiser = new CudaDenoiser(TestLayers.withRanges(quantized, 5), driver, false);
        driver.clear();
        denoiser.advance(batch(5, 3), 7, new int[] {50, 41, 30, 22, 21});
        assertThat(driver.calls.stream().filter(call -> call.equals("capture") || call.equals("graph")))
            .containsExactly("capture", "graph", "graph", "capture", "graph", "graph");
        denoiser.close();
        assertThat(driver.allocations).isEmpty();
    }

    @Test
    void aDeviceWithTooLittleSharedMemoryIsRefused() {
        RecordingDriver driver = new RecordingDriver(2000);
        assertThatThrownBy(() -> new CudaDenoiser(model, driver, false)).isInstanceOf(KernelException.class)
            .hasMessageContaining("2000 bytes of shared memory, too few for the edge layers");
        assertThat(driver.allocations).isEmpty();
        assertThat(driver.calls).endsWith("close");
    }

    /** The layers of the shipped model fit the smallest shared memory of the supported architectures, quantized or not. */
    @Test
    void theShippedModelFitsEveryArchitecture() {
        PackedModel full = TestModels.qm9(Variant.FIXED_BUG);
        TestLayers.Form form = new TestLayers.Form(16, 4, 4, TestLayers.Input.SIGNED, 4, 8, 13, true);
        PackedModel quantized = TestLayers.quantized(full, form, 1);
        for (PackedModel shipped : List.of(full, quantized, TestLayers.transformed(quantized, 32, 1))) {
            for (int shared : new int[] {101_376, 166_912, 232_448}) {
                RecordingDriver driver = new RecordingDriver(shared);
                try (CudaDenoiser denoiser = new CudaDenoiser(shipped, driver, false)) {
                    for (int n : new int[] {1, 9, 27, 64, 200}) {
                        GraphBatch graphs = InitialNoise.draw(shipped.diffusion(), n, new long[] {1, 2}, 11);
                        denoiser.advance(graphs, 7, new int[] {2, 1});
                    }
                }
            }
        }
    }

    @Test
    void aGpuOfAnotherKindThanTheRunsIsRefused() {
        CudaDriver.Device device = new RecordingDriver(SHARED).device();
        JcudaDriver.requireCapability(device, "");
        JcudaDriver.requireCapability(device, "8.0");
        assertThatThrownBy(() -> JcudaDriver.requireCapability(device, "9.0")).isInstanceOf(KernelException.class)
            .hasMessage("backend cuda: recorder has compute capability 8.0, this run began on 9.0; let all its executors"
                + " have GPUs of one model");
    }
}
