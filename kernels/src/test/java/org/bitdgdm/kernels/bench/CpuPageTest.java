package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CpuPageTest {
    private static final Path RESULTS = Path.of("benchmarks", "cpu.jsonl");
    private static final String MODEL = "QM9, n = 9";

    private final List<JsonNode> lines = new ArrayList<>();

    private void measured() {
        lines.add(new Machine("cpu", 2, "Linux", "g++", "17", "abc").begin().put("threads", 2).put("repeats", 3));
        for (String loop : List.of("multiply-add", "vpdpbusd", "multiply-add, operand from 16 KiB",
            "multiply-add, operand from 256 KiB", "copy of 128 KiB")) {
            for (int threads : List.of(1, 2)) {
                ObjectNode peak = new KernelBench.Measurement(loop, Integer.toString(threads), 1e9 * threads, 1e9 * threads,
                    0, 0, Spread.of(1)).line(null);
                lines.add(peak.put("kind", KernelBench.PEAK));
            }
        }
        lines.add(ResultLines.line(ResultLines.MODEL).put("name", MODEL).put("trained", true));
        ObjectNode ceiling = ResultLines.line(Ceiling.KIND).put("model", MODEL).put("setting", "fp32");
        ceiling.putObject("seconds").put("dense", 1e-4);
        lines.add(ceiling.put("strict_seconds", 1e-4));
        for (int threads : List.of(1, 2)) {
            ObjectNode step = ResultLines.line(ResultLines.STEP).put("model", MODEL).put("setting", "fp32")
                .put("threads", threads).put("batch", 4);
            Spread.of(3000).write(step.putObject("graph_steps_per_second"));
            lines.add(step);
        }
    }

    private static Peer peer(String model, String version, boolean full, double rate) {
        return new Peer(model, version, "the network alone", full, List.of(new Peer.Row(2, 1, 8, rate / 2, 1, rate),
            new Peer.Row(2, 1, 16, rate, rate, rate)));
    }

    @Test
    void oursIsMeasuredAgainstTheFastestPeerInFullPrecisionOfTheSameModel() {
        measured();
        lines.add(peer(MODEL, "PyTorch 1, BLAS x", true, 500).line());
        lines.add(peer(MODEL, "libtorch 2", true, 1200).line());
        lines.add(peer(MODEL, "ONNX Runtime 1", false, 2000).line());
        lines.add(peer("another", "ONNX Runtime 1", true, 2500).line());
        lines.add(Peer.skipped(MODEL, "one more skipped: it is absent").line());
        String page = CpuPage.text(lines, "cpu.jsonl", "");
        assertThat(page).contains("| QM9, n = 9: fp32 ÷ libtorch 2 | 2.50× | 2× |")
            .contains("| QM9, n = 9 | ONNX Runtime 1 | the network alone | 2 × 1 | 16 | 2,000 |")
            .contains("| QM9, n = 9 | one more skipped: it is absent |");
    }

    @Test
    void aSettingTellsWhatAMillionGraphsCost() {
        measured();
        assertThat(CpuPage.text(lines, "cpu.jsonl", "")).contains("| core-s per million graphs of 100 steps |")
            .containsPattern("\\| fp32 \\| 1 \\| .* \\| 33,333 \\|").containsPattern("\\| fp32 \\| 2 \\| .* \\| 66,667 \\|");
    }

    /** Runs had one peer, on the shipped model, and their lines said no more. */
    @Test
    void aPeerWithoutAModelRanTheShippedOne() {
        measured();
        ObjectNode line = peer("", "PyTorch 1, BLAS x", true, 1000).line();
        line.remove(List.of("model", "what", "full"));
        lines.add(line);
        assertThat(CpuPage.text(lines, "cpu.jsonl", "")).contains("| QM9, n = 9: fp32 ÷ PyTorch 1 | 3.00× | 2× |")
            .contains("| QM9, n = 9 | PyTorch 1, BLAS x | FP32: features, network, posterior and draw | 2 × 1 | 8 |");
    }

    @Test
    void aRunThatWasCutOffAnywhereHasAPageOfWhatItHad() throws IOException {
        List<JsonNode> lines = ResultLines.read(RESULTS);
        assertThat(lines).extracting(line -> line.path("kind").asText()).contains(ResultLines.MODEL, Ceiling.KIND);
        // Lines behind the end are those that a later run has added.
        int whole = lines.indexOf(ResultLines.of(lines, ResultLines.END).get(0)) + 1;
        assertThat(whole).isGreaterThan(lines.size() - 10);
        for (int had = 1; had < whole; had++) {
            assertThat(CpuPage.text(lines.subList(0, had), "cpu.jsonl", "")).as("after line %d", had).contains("was cut off");
        }
        assertThat(CpuPage.text(lines, "other.jsonl", "")).doesNotContain("was cut off").contains("## Ceiling: ")
            .contains("Made of other.jsonl, which `./submit.sh bench` wrote on ");
    }

    /** Lines of the other settings without those of FP32, which they are compared with. */
    @Test
    void otherSettingsStandWithoutFullPrecision() throws IOException {
        List<JsonNode> lines = new ArrayList<>(ResultLines.read(RESULTS));
        lines.removeIf(line -> line.path("beside_others").asBoolean()
            && line.path("setting").asText().equals(Setting.FP32.name()));
        assertThat(CpuPage.text(lines, "other.jsonl", "")).contains("## Other settings: ").contains(" | – | ");
    }

    @Test
    void aNewRunReplacesAFileThatIsNoResult(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("cpu.jsonl"), "no result\n");
        ResultLines lines = new ResultLines(file, null, all -> { });
        lines.add(ResultLines.line(ResultLines.END).put("seconds", 1));
        lines.add(ResultLines.line(ResultLines.END).put("seconds", 2));
        assertThat(ResultLines.read(file)).isEqualTo(lines.all()).hasSize(2);
        assertThat(folder.toFile().list()).containsExactly("cpu.jsonl");
    }

    @Test
    void startsAreMeasuredAgainstTheOldBuild() {
        measured();
        lines.add(new StartBench.Starts("generate", Map.of(StartBench.OLD, Spread.of(30), StartBench.COLD, Spread.of(15),
            StartBench.KNOWN, Spread.of(6)), Map.of(StartBench.KNOWN, Spread.of(8)),
            Map.of(StartBench.OLD, Spread.of(20), StartBench.COLD, Spread.of(8))).line());
        String page = CpuPage.text(lines, "cpu.jsonl", "");
        assertThat(page).contains("| old build ÷ this one, a small run, " + StartBench.COLD + " | 2.00× | 2× |")
            .contains("| the same, " + StartBench.KNOWN + " | 5.00× | 4× |")
            .contains("| the same, quantizing the model of these runs alone | 2.50× | 5× |")
            .contains("| " + StartBench.KNOWN + " | 6.00 | 6.00–6.00 | 5.00× | 8.00 |");
    }

    @Test
    void aLargeModelTellsHowSoonItTakesAStep() {
        measured();
        lines.add(new OpeningBench.Opening(103_000_000, 0.75, Spread.of(0.25, 0.2, 0.75)).line());
        assertThat(CpuPage.text(lines, "cpu.jsonl", "")).contains("| from the bytes of a model of 103 MB to the end of its first"
            + " step, the first time (median of 0.25 s) | 0.75 s | under 1 s |");
    }

    @Test
    void workersTellHowMuchFasterTheyAreThanOne() {
        measured();
        lines.add(new WorkersBench.Scaling("generate", 2, Spread.of(100, 90, 110), Spread.of(195)).line());
        assertThat(CpuPage.text(lines, "cpu.jsonl", "")).contains("| 2 workers of one core ÷ one, molecules per second | 1.95× | 1.9× |")
            .contains("| 1 | 100 | 90.0–110 |");
    }

    @Test
    void aBuildIsMeasuredAgainstAnEarlierOne() {
        measured();
        lines.add(new OldBench.Builds("generate", "1234abc", List.of(new OldBench.Kind("--method fp32", "0.97×",
            Spread.of(40, 39, 41), Spread.of(42)))).line());
        assertThat(CpuPage.text(lines, "cpu.jsonl", ""))
            .contains("| this build ÷ the old one, molecules per second of sampling, --method fp32 | 1.05× | 0.97× |")
            .contains("earlier build, commit 1234abc,").contains("| --method fp32 | 40.0 | 39.0–41.0 | 42.0 | 42.0–42.0 | 1.05× |");
    }

    @Test
    void aRuleOfStepsIsMeasuredAgainstThePosterior() {
        measured();
        lines.add(new StepBench.RuleStep(MODEL, "fp32", StepBench.POSTERIOR, 2, 64, Spread.of(100)).line());
        lines.add(new StepBench.RuleStep(MODEL, "fp32", "flow", 2, 64, Spread.of(96)).line());
        lines.add(new StepBench.RuleStep(MODEL, "fp32", "tau-leaping", 2, 64, Spread.of(98)).line());
        assertThat(CpuPage.text(lines, "cpu.jsonl", ""))
            .contains("| QM9, n = 9: slowest rule of steps ÷ posterior (fp32, flow) | 0.96× | 0.95× |")
            .contains("| fp32 | tau-leaping | 98.0 | 98.0–98.0 | 0.98× |");
    }

    @Test
    void aLineOfAnotherCommitSaysSo() {
        measured();
        lines.add(new WorkersBench.Scaling("generate", 2, Spread.of(100), Spread.of(195)).line().put(ResultLines.COMMIT, "abc"));
        assertThat(CpuPage.text(lines, "cpu.jsonl", "")).doesNotContain("Measured on commit");
        lines.set(lines.size() - 1, new WorkersBench.Scaling("generate", 2, Spread.of(100), Spread.of(195)).line()
            .put(ResultLines.COMMIT, "def"));
        assertThat(CpuPage.text(lines, "cpu.jsonl", "")).contains("## Workers\n\nMeasured on commit def.\n\nMolecules");
    }

    @Test
    void aLineOfAnotherMachineSaysSo() {
        measured();
        Machine same = new Machine("cpu", 2, "Linux", "g++", "17", "abc");
        lines.add(same.sign(new WorkersBench.Scaling("generate", 2, Spread.of(100), Spread.of(195)).line()));
        assertThat(CpuPage.text(lines, "cpu.jsonl", "")).doesNotContain("Measured on commit");
        Machine other = new Machine("faster", 4, "Linux", "g++", "17", "abc");
        lines.set(lines.size() - 1, other.sign((ObjectNode) lines.get(lines.size() - 1)));
        assertThat(CpuPage.text(lines, "cpu.jsonl", "")).contains("## Workers\n\nMeasured on commit abc, faster, 4 processors"
            + " (**another machine** than above).\n\nMolecules");
    }
}
