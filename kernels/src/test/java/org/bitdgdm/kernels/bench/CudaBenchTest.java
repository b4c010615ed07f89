package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

    private CudaBench bench(CudaDevice device, ResultLines results, String peer, long budget) throws IOException {
        Path python = home.resolve("python");
        Files.writeString(python, peer);
        assertThat(python.toFile().setExecutable(true)).isTrue();
        return new CudaBench(device, new CudaPeer(home, python.toString(), List.of("--device", "cuda")), results,
            new CudaBench.Plan(2, 2, 1, 0, 1, budget));
    }

    @Test
    void everythingThatIsMeasuredIsInTheReport() throws Exception {
        Path file = home.resolve("cuda.md");
        Files.writeString(file, "# Old\n\n" + CudaPage.HANDWRITTEN + "\nKept.\n");
        List<CudaBench.Size> sizes = List.of(size("small, n = 5", true), size("other, n = 5", false));
        CudaBench bench = bench(CudaBenchTest::open, CudaBench.lines(file, earlier -> false), PEER, 600);
        bench.measure(sizes, "a device, 100% busy", "abc");
        String text = Files.readString(file);
        assertThat(bench.passed()).as(text).isTrue();
        assertThat(text).contains("a device, 100% busy, commit abc")
            .doesNotContain("# Old").endsWith(CudaPage.HANDWRITTEN + "\nKept.\n")
            .doesNotContain("Not measured").doesNotContainIgnoringCase("**failed**").doesNotContain("not begun")
            .contains("| small, n = 5 | fp32 | ", "| small, n = 5 | bf16 | ", " | same bits | ",
                "% of 2 in 2 steps | holds |")
            .contains("| other, n = 5 | bit-dgdm w4a4 literal | ", "| distance not judged |")
            .contains("PyTorch 2.9, Python 3.12, on a GPU", "at most 7% of the tolerance",
                "| fp32 | 2 | 11 | 9–11 | 123,456 |", "| bf16 |  | failed: OutOfMemoryError: of/what |  |  |")
            .contains("| best of ours at equal quality ÷ PyTorch FP32 eager | ", " ÷ 11 (PyTorch fp32, batch 2) |")
            .contains("| PyTorch fp32 | 2 | 11 | 1.00× | 1.00× |")
            .contains("| H200 SXM | dense integer |", "## Bounds: other, n = 5");
        for (CudaBench.Size size : sizes) {
            String name = size.model().bench.name();
            assertThat(text).contains("\n### Targets\n\n", "\n### Checks\n\n", 
                "\n### Best batch size of each: " + name + "\n\n",
                "\n### Whole steps: " + name + "\n\n", "\n### PyTorch on the same GPU: " + name + "\n\n",
                "\n### Time per term: " + name + ", batch 2\n\n", "\n## Bounds: " + name + "\n\n");
        }
        assertThat(text).contains("\n### Whole sampler: small, n = 5\n\n");
        for (String setting : List.of("fp32", "bf16", "rtn w8a8", "bit-dgdm w4a4 literal",
            "bit-dgdm w4a4 + 4-bit residual")) {
            assertThat(text.lines().filter(line -> line.startsWith("| " + setting + " | 1 | ") && line.contains("–")))
                .as("whole steps, " + setting).hasSize(2);
            assertThat(text.lines().filter(line -> line.startsWith("| " + setting + " | ") && line.contains(" / ")))
                .as("terms, " + setting).hasSize(2);
        }
        try (var left = Files.list(home)) {
            assertThat(left).as("page, lines, python").hasSize(3);
        }
        assertThat(CudaPage.text(ResultLines.read(home.resolve("cuda.jsonl")), CudaPage.HANDWRITTEN + "\nKept.\n"))
            .as("the page is made of the lines").isEqualTo(text);
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
        CudaBench bench = bench(broken, CudaBench.lines(file, earlier -> false), "#!/usr/bin/env bash\nexit 7\n", 600);
        bench.measure(sizes, "a device", "abc");
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
        ResultLines results = CudaBench.lines(null, earlier -> false);
        CudaChecks checks = new CudaChecks(wrong, results);
        checks.shipped(sizes.get(0).model(), 0, 0);
        assertThat(checks.passed()).isFalse();
        assertThat(results.all()).hasSize(Setting.ALL.size() + 1)
            .allMatch(line -> line.path("verdict").asText().equals(CudaChecks.FAILED));
    }

    @Test
    void smallModelsHold() throws Exception {
        ResultLines results = CudaBench.lines(null, earlier -> false);
        CudaChecks checks = new CudaChecks(CudaBenchTest::open, results);
        checks.small(new int[] {1, 27}, 8);
        assertThat(checks.passed()).as(results.all().toString()).isTrue();
        List<JsonNode> lines = new ArrayList<>(results.all());
        lines.add(0, ResultLines.line(ResultLines.BEGIN));
        assertThat(CudaPage.text(lines, "")).contains("| transforms and branches | ", "| full precision, bf16 | ",
            "| same bits |");
    }

    @Test
    void nothingIsBegunOnceTheTimeIsUp() throws Exception {
        Path file = home.resolve("cuda.md");
        List<CudaBench.Size> sizes = List.of(size("small, n = 5", true));
        bench((model, products) -> {
            throw new AssertionError("opened");
        }, CudaBench.lines(file, earlier -> false), PEER, 0).measure(sizes, "a device", "abc");
        assertThat(Files.readString(file)).contains("Not measured: the 0 s of --budget were used up.",
            "best PyTorch | not measured | 4.0× | |");
    }

    @Test
    void whatIsKeptOfEarlierLinesIsOnThePageBeforeTheRunIsThrough() throws Exception {
        Path file = home.resolve("cuda.md");
        CudaBounds.write(CudaBench.lines(file, earlier -> false), size("a, n = 5", false).model());
        String before = Files.readString(file);
        assertThat(before).contains("Not measured on a GPU", "## Bounds: a, n = 5");
        ResultLines results = CudaBench.lines(file, earlier -> earlier.path(ResultLines.KIND).asText().equals(CudaBounds.KIND));
        results.add(ResultLines.line(ResultLines.BEGIN).put("device", "a device").put("commit", "abc"));
        assertThat(Files.readString(file)).contains("a device, commit abc", "Not measured: the run has not come to this.")
            .endsWith(before.substring(before.indexOf("## Bounds: a, n = 5")));
    }

    @Test
    void aLineThatIsNoResultIsRefusedWithItsNumber() throws Exception {
        Path file = home.resolve("cuda.jsonl");
        for (String line : List.of("{", "[1]", "{\"model\": \"a\"}", "")) {
            Files.writeString(file, "{\"kind\": \"begin\"}\n" + line + "\n");
            assertThatThrownBy(() -> ResultLines.read(file)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("line 2 of " + file + " is no result: " + line);
        }
    }

    @Test
    void theCommittedPagesAreMadeOfTheLinesBesideThem() throws Exception {
        Path folder = Path.of("benchmarks");
        Path cpu = folder.resolve("cpu.md");
        assertThat(CpuPage.text(ResultLines.read(folder.resolve("cpu.jsonl")), "cpu.jsonl",
            Markdown.from(cpu, CpuPage.HANDWRITTEN))).isEqualTo(Files.readString(cpu));
        Path cuda = folder.resolve("cuda.md");
        assertThat(CudaPage.text(ResultLines.read(folder.resolve("cuda.jsonl")), Markdown.from(cuda, CudaPage.HANDWRITTEN)))
            .isEqualTo(Files.readString(cuda));
    }
}
