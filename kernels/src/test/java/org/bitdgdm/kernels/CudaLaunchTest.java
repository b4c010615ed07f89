package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
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
            "upload 24", "upload 16", "upload 8", "capture", "features", "linear", "linear");
        assertThat(driver.calls.subList(15, 15 + layer.size())).isEqualTo(layer);
        assertThat(Collections.frequency(driver.calls, "edges")).isEqualTo(2);
        assertThat(driver.calls.subList(driver.calls.size() - 10, driver.calls.size())).containsExactly("edge_output",
            "draw", "next_step", "captured", "graph", "graph", "graph", "download 8", "download 15", "download 75");
        driver.clear();
        denoiser.advance(batch(5, 3), 7, new int[] {20, 10});
        assertThat(driver.calls).as("memory, stream and captured step are kept").containsExactly("upload 15", "upload 75",
            "upload 24", "upload 8", "upload 8", "graph", "download 8", "download 15", "download 75");
        driver.clear();
        denoiser.close();
        assertThat(driver.calls).as("in reverse").containsExactly("free graph", "free stream", "free stream", "free", "free",
            "free", "free stream", "close");
        assertThat(driver.allocations).isEmpty();
    }

    /** Ids, times and the place in them go to the device; graphs come back. */
    @Test
    void samplingUploadsNoClasses() throws InterruptedException {
        RecordingDriver driver = new RecordingDriver(SHARED);
        CudaDenoiser denoiser = new CudaDenoiser(model, driver, false);
        driver.clear();
        denoiser.sample(5, new long[] {1, 2, 3}, 7, new int[] {50, 40, 30, 20});
        assertThat(driver.calls.subList(0, 7)).containsExactly("allocate", "stream", "stream", "upload 24", "upload 16",
            "upload 8", "draw_initial");
        assertThat(driver.calls.subList(driver.calls.indexOf("captured"), driver.calls.size())).containsExactly("captured",
            "graph", "graph", "graph", "download 8", "download 15", "download 75");
        driver.clear();
        denoiser.sample(5, new long[] {4}, 7, new int[] {50});
        assertThat(driver.calls).containsExactly("upload 8", "upload 4", "upload 8", "draw_initial", "download 8",
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
