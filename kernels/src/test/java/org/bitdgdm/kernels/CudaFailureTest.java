package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the cuda backend makes of failures of the driver, and of too little memory. No kernel runs here. */
class CudaFailureTest {
    private static final int NOT_SUPPORTED = 801;

    private final PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 6);
    private final RecordingDriver driver = new RecordingDriver(166_912);
    private final CudaDenoiser denoiser = new CudaDenoiser(model, driver, false);
    private boolean lost;

    @AfterEach
    void nothingIsLeft() {
        if (!lost) {
            denoiser.close();
            assertThat(denoiser.liveBytes()).isZero();
            assertThat(driver.alive).isEmpty();
        }
    }

    private void advance(int n, int graphs) {
        denoiser.advance(InitialNoise.draw(model.diffusion(), n, LongStream.range(0, graphs).toArray(), 11), 7,
            new int[] {2, 1});
    }

    /** Results of which cuda.h says that the process must end, and those of a context that is gone. */
    @ParameterizedTest
    @ValueSource(ints = {214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911, 999})
    void aLostDeviceIsNotUsedAgain(int result) {
        lost = true;
        driver.failure = result;
        assertThatThrownBy(() -> advance(5, 3)).isInstanceOf(DeviceLostException.class)
            .hasMessageContaining("CUresult " + result + " while advancing 3 graphs of 5 nodes")
            .hasMessageContaining("cannot be used by this process any more");
        driver.clear();
        assertThatThrownBy(() -> advance(5, 3)).isInstanceOf(DeviceLostException.class)
            .hasMessageContaining("lost by an earlier call");
        denoiser.close();
        assertThat(driver.calls).as("nothing can be used or freed").isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 101, 708, 720, 800, NOT_SUPPORTED, 805, 900})
    void anotherFailureIsAnOrdinaryOne(int result) {
        driver.failure = result;
        assertThatThrownBy(() -> advance(5, 3)).isInstanceOf(KernelException.class)
            .isNotInstanceOf(DeviceLostException.class).hasMessageContaining("CUresult " + result);
        driver.failure = 0;
        advance(5, 3);
    }

    /** The stub, as the driver, frees no memory for a thread that captures. */
    @ParameterizedTest
    @ValueSource(strings = {"bitdgdm_features", "bitdgdm_sum", "bitdgdm_next_step"})
    void aCaptureThatFailsIsEndedBeforeAnythingIsFreed(String kernel) {
        advance(4, 3);
        long before = denoiser.liveBytes();
        driver.failingCapture = kernel;
        driver.clear();
        Throwable failure = catchThrowable(() -> advance(5, 3));
        assertThat(failure).isInstanceOf(KernelException.class).isNotInstanceOf(DeviceLostException.class)
            .hasMessageContaining("launch of " + kernel + " said");
        assertThat(failure.getCause().getSuppressed()).isEmpty();
        assertThat(driver.calls).endsWith("abandoned", "free stream", "free stream", "free").doesNotContain("captured");
        assertThat(denoiser.liveBytes()).isEqualTo(before);
        driver.failingCapture = null;
        advance(5, 3);
    }

    @Test
    void whatCannotBeFreedKeepsNothingElseFromBeing() {
        long before = denoiser.liveBytes();
        driver.failingCapture = "bitdgdm_edges";
        driver.failingFree = NOT_SUPPORTED;
        Throwable failure = catchThrowable(() -> advance(5, 3)).getCause();
        driver.failingFree = 0;
        assertThat(failure).hasMessageStartingWith("launch of bitdgdm_edges said");
        assertThat(failure.getSuppressed()).singleElement().satisfies(free -> {
            assertThat(free).hasMessage("cuStreamDestroy said CUresult 801");
            assertThat(free.getSuppressed()).as("the other stream").hasSize(1);
        });
        assertThat(denoiser.liveBytes()).isEqualTo(before);
    }

    @Test
    void whatIsKeptIsUsedAgainWhateverCameBetween() {
        advance(5, 3);
        advance(6, 3);
        driver.clear();
        advance(5, 3);
        advance(6, 3);
        assertThat(driver.calls).contains("graph").doesNotContain("allocate", "stream", "capture", "free");
    }

    /** Parts of 4 graphs, until there is memory for all 8. */
    @Test
    void aBatchThatDoesNotFitIsWorkedOnInHalves() {
        long opened = denoiser.liveBytes();
        advance(6, 8);
        long eight = denoiser.liveBytes() - opened;
        driver.capacity = opened + eight + 100;
        driver.clear();
        advance(7, 8);
        assertThat(driver.calls).as("what was kept makes way, then the batch is halved").startsWith("out of memory",
            "free graph", "free stream", "free stream", "free", "out of memory", "allocate")
            .containsSubsequence("upload 28", "graph", "upload 28", "graph").doesNotContain("upload 56");
        for (int graphs : new int[] {8, 3, 8}) {
            driver.clear();
            advance(7, graphs);
            assertThat(driver.calls).as("%s graphs: the size that fitted is known", graphs).contains("graph")
                .doesNotContain("out of memory", "allocate", "upload 56");
        }
        driver.capacity = Long.MAX_VALUE;
        driver.clear();
        advance(7, 8);
        assertThat(driver.calls).startsWith("allocate").contains("upload 56").doesNotContain("upload 28", "out of memory");
    }

    @Test
    void whatDoesNotFitAtAllSaysHowMuchIsNeeded() {
        driver.capacity = denoiser.liveBytes() + 100;
        assertThatThrownBy(() -> advance(7, 8)).isInstanceOf(KernelException.class)
            .isNotInstanceOf(DeviceLostException.class)
            .hasMessageMatching("cuda: device memory: 1 graph of 7 nodes needs \\d+ bytes, free are 100 while advancing"
                + " 1 graphs of 7 nodes; free the device or use a smaller model");
    }

    /** A call, and all that is kept, take a limited share of the device. */
    @Test
    void largeBatchesAreCutAndWhatIsOldestMakesWay() {
        CudaContext context = new CudaContext(new RecordingDriver(166_912));
        long four = CudaWorkspace.bytes(context, model, 6, 4);
        CudaWorkspaces parts = new CudaWorkspaces(context, model, four);
        assertThat(List.of(parts.largestPart(6, 3), parts.largestPart(6, 4), parts.largestPart(6, 9)))
            .containsExactly(3, 4, 3);
        assertThat(new CudaWorkspaces(context, model, 1).largestPart(6, 9)).as("one is never too many").isEqualTo(1);
        long kept = CudaWorkspace.bytes(context, model, 6, 2) + CudaWorkspace.bytes(context, model, 5, 1);
        CudaWorkspaces workspaces = new CudaWorkspaces(context, model, kept);
        List<CudaWorkspace> leased = List.of(workspaces.lease(6, 1), workspaces.lease(6, 2), workspaces.lease(5, 1));
        leased.forEach(workspaces::giveBack);
        assertThat(context.liveBytes()).as("the first makes way for the second, the third has room").isEqualTo(kept);
        assertThat(workspaces.lease(6, 1)).as("more than enough").isSameAs(leased.get(1));
        workspaces.giveBack(leased.get(1));
        assertThat(workspaces.free()).isEqualTo(2);
        context.close();
    }
}
