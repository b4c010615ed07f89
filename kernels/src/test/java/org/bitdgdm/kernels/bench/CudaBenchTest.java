package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitdgdm.kernels.CudaDenoiser;
import org.bitdgdm.kernels.EmulatedDenoisers;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.TestModels;
import org.bitdgdm.kernels.Variant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole benchmark on the emulated device, with a tiny model and a script in the place of Python. */
class CudaBenchTest {
    private static final String PEER = """
        #!/usr/bin/env bash
        echo 'a warning that is no JSON'
        echo '{"torch": "2.9", "python": "3.12", "device": "a GPU", "float32_matmul": "highest", "nodes": 5, "repeats": 5}'
        [[ " $* " != *" --golden-check "* ]] || echo '{"check": "main: logits X", "used": 0.07}'
        echo '{"mode": "fp32", "batch": 2, "median": 10.5, "low": 9, "high": 11, "peak_bytes": 123456}'
        echo '{"mode": "fp32", "batch": 4096, "median": 9.5, "low": 9, "high": 11, "peak_bytes": 1000000}'
        echo '{"mode": "bf16", "failed": "OutOfMemoryError: of|what"}'
        """;
    @TempDir
    private Path home;

    private static CudaDenoiser open(PackedModel model, CudaDevice.Products products) {
        return EmulatedDenoisers.open(model, products == CudaDevice.Products.BF16, products == CudaDevice.Products.NIBBLES);
    }

    private static CudaBench.Size size(String name, boolean shipped) {
        return new CudaBench.Size(new CudaModel(new BenchModel(name, 5, TestModels.tiny(Variant.FIXED_BUG, 4), shipped)),
            shipped ? Path.of("bundle") : null, List.of(1, 2), 2, 5, 30);
    }

    private CudaBench bench(CudaDevice device, CudaReport report, String peer, long budget) throws IOException {
        Path python = home.resolve("python");
        Files.writeString(python, peer);
        assertThat(python.toFile().setExecutable(true)).isTrue();
        return new CudaBench(device, new CudaPeer(home, python.toString(), List.of("--device", "cuda")), report,
            new CudaBench.Plan(2, 2, 1, 0, 1, budget));
    }

    @Test
    void everythingThatIsMeasuredIsInTheReport() throws Exception {
        Path file = home.resolve("cuda.md");
        Files.writeString(file, "# Old\n\n" + CudaReport.HANDWRITTEN + "\nKept.\n");
        List<CudaBench.Size> sizes = List.of(size("small, n = 5", true), size("other, n = 5", false));
        CudaReport report = new CudaReport(file, "", CudaBench.titles(sizes));
        report.begin("## Measured").line("a device, 100% busy");
        CudaBench bench = bench(CudaBenchTest::open, report, PEER, 600);
        bench.measure(sizes);
        String text = Files.readString(file);
        assertThat(bench.passed()).as(text).isTrue();
        assertThat(text).contains("a device, 100% busy")
            .doesNotContain("# Old").endsWith(CudaReport.HANDWRITTEN + "\nKept.\n")
            .doesNotContain("Not measured").doesNotContainIgnoringCase("**failed**").doesNotContain("not begun")
            .contains("| small, n = 5 | fp32 | ", "| small, n = 5 | bf16 | ", " | same bits | ",
                "% of 2 in 2 steps | holds |")
            .contains("| other, n = 5 | bit-dgdm w4a4 literal | ", "| distance not judged |")
            .contains("PyTorch 2.9, Python 3.12, on a GPU", "at most 7% of the tolerance",
                "| fp32 | 2 | 11 | 9–11 | 123,456 |", "| bf16 |  | failed: OutOfMemoryError: of/what | | |")
            .contains("| best of ours at equal quality ÷ PyTorch FP32 eager | ", " ÷ 11 (PyTorch fp32, batch 2) |")
            .contains("| PyTorch fp32 | 2 | 11 | 1.00× | 1.00× |")
            .contains("| H200 SXM | dense integer |", "## Bounds: other, n = 5");
        for (String heading : CudaBench.titles(sizes)) {
            assertThat(text).contains("\n" + heading + "\n\n");
        }
        for (String setting : List.of("fp32", "bf16", "rtn w8a8", "bit-dgdm w4a4 literal",
            "bit-dgdm w4a4 + 4-bit residual")) {
            assertThat(text.lines().filter(line -> line.startsWith("| " + setting + " | 1 | ") && line.contains("–")))
                .as("whole steps, " + setting).hasSize(2);
            assertThat(text.lines().filter(line -> line.startsWith("| " + setting + " | ") && line.contains(" / ")))
                .as("terms, " + setting).hasSize(2);
        }
        try (var left = Files.list(home)) {
            assertThat(left).hasSize(2);
        }
    }

    @Test
    void whatFailsSaysSoInItsPlaceAndTheRestGoesOn() throws Exception {
        Path file = home.resolve("cuda.md");
        List<CudaBench.Size> sizes = List.of(size("small, n = 5", false));
        CudaDevice broken = (model, products) -> {
            if (products == CudaDevice.Products.BF16) {
                throw new KernelException("cuda: no half|precision today");
            }
            return open(model, products);
        };
        CudaBench bench = bench(broken, new CudaReport(file, "", CudaBench.titles(sizes)),
            "#!/usr/bin/env bash\nexit 7\n", 600);
        bench.measure(sizes);
        assertThat(bench.passed()).isFalse();
        assertThat(Files.readString(file)).contains("| small, n = 5 | bf16 | **FAILED**: cuda: no half/precision today |",
            "| bf16 | **failed**: cuda: no half/precision today |", "**digress_torch.py ended with exit code 7**",
            "| bit-dgdm w4a4 literal | 2 | ", "÷ PyTorch FP32 eager | not measured | 10.0× | |");
    }

    @Test
    void wrongLogitsFailTheChecks() throws Exception {
        List<CudaBench.Size> sizes = List.of(size("small, n = 5", true));
        // Another model's weights, whatever is asked for.
        PackedModel other = TestModels.tiny(Variant.FIXED_BUG, 5);
        CudaDevice wrong = (model, products) -> open(other, products);
        CudaReport report = new CudaReport(null, "", CudaBench.titles(sizes));
        CudaChecks checks = new CudaChecks(wrong, report.begin("### Checks"));
        checks.shipped(sizes.get(0).model(), 0, 0);
        assertThat(checks.passed()).isFalse();
        assertThat(report.text().lines().filter(line -> line.endsWith("| **FAILED** |"))).hasSize(Setting.ALL.size() + 1);
    }

    @Test
    void smallModelsHold() throws Exception {
        CudaReport report = new CudaReport(null, "", List.of("### Checks"));
        CudaChecks checks = new CudaChecks(CudaBenchTest::open, report.begin("### Checks"));
        checks.small(new int[] {1, 27}, 8);
        assertThat(checks.passed()).as(report.text()).isTrue();
        assertThat(report.text()).contains("| transforms and branches | ", "| full precision, bf16 | ", "| same bits |");
    }

    @Test
    void nothingIsBegunOnceTheTimeIsUp() throws Exception {
        Path file = home.resolve("cuda.md");
        List<CudaBench.Size> sizes = List.of(size("small, n = 5", true));
        CudaReport report = new CudaReport(file, "", CudaBench.titles(sizes));
        bench((model, products) -> {
            throw new AssertionError("opened");
        }, report, PEER, 0).measure(sizes);
        assertThat(Files.readString(file)).contains("Not measured: the 0 s of --budget were used up.",
            "best PyTorch | not measured | 4.0× | |");
    }

    @Test
    void earlierBoundsStayUntilTheyAreComputedAgain() throws Exception {
        Path file = home.resolve("cuda.md");
        Files.writeString(file,
            "# Old\n\n## Bounds: a\n\nold bounds\n\n## Bounds: b\n\nothers\n\n" + CudaReport.HANDWRITTEN);
        CudaReport report = new CudaReport(file, "", List.of("## Measured", "## Bounds: a", "## Bounds: c"));
        report.begin("## Measured").line("something");
        assertThat(Files.readString(file)).isEqualTo(report.text())
            .contains("## Bounds: a\n\nold bounds\n\n## Bounds: c\n\nNot measured: the run has not come to this.\n")
            .doesNotContain("others");
    }
}
