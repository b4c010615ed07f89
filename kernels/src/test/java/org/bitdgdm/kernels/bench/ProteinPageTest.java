package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinArchitecture;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.TestProteins;
import org.junit.jupiter.api.Test;

class ProteinPageTest {
    private static ObjectNode rate(String kind, String work, double... rates) {
        ObjectNode line = ResultLines.line(kind).put("work", work).put("setting", "fp32").put("batch", rates.length);
        Spread.of(rates).write(line.putObject("evaluations_per_second"));
        return line;
    }

    private static JsonNode peer(String version, String work, double... rates) {
        return rate(ResultLines.PEER, work, rates).put("version", version).put("callers", 1).put("threads", 2);
    }

    private static List<JsonNode> ours() {
        return new ArrayList<>(List.of(ResultLines.line(ResultLines.BEGIN).put("samples", 50).put("repeats", 3),
            rate(ProteinBench.KIND, ProteinBench.MANY, 30, 10, 20), rate(ProteinBench.KIND, ProteinBench.ONE, 7, 8)));
    }

    @Test
    void ratesAreMediansWithTheirRangeBesideTheFastestPeer() {
        List<JsonNode> lines = ours();
        lines.add(peer("PyTorch 1", ProteinBench.MANY, 4));
        lines.add(peer("PyTorch 1", ProteinBench.MANY, 5, 5));
        lines.add(peer("PyTorch 1", ProteinBench.ONE, 2.5));
        lines.add(peer("libtorch 2", ProteinBench.MANY, 10));
        lines.add(peer("libtorch 2", ProteinBench.ONE, 2));
        assertThat(ProteinPage.text(lines, "some.jsonl")).contains("Made of some.jsonl")
            .contains("| fp32 | 20.0 (10.0–30.0) | 2.00× | 7.50 (7.00–8.00) | 3.00× |")
            .contains("| PyTorch 1 FP32 | 5.00 (5.00–5.00), 1 × 2, batch 2 |  | 2.50 (2.50–2.50), 1 × 2, batch 1 |  |")
            .contains("| libtorch 2 FP32 | 10.0 (10.0–10.0), 1 × 2, batch 1 |");
    }

    @Test
    void productsAtThePeaksStandBesideWhatWasMeasured() {
        List<JsonNode> lines = ours();
        ((ObjectNode) lines.get(0)).put("float_peak", 4e9).put("integer_peak", 8e9).put("threads", 2);
        ObjectNode work = ResultLines.line(ProteinBench.WORK).put("setting", "fp32");
        new ProteinWork(20_000_000, 40_000_000, 3_000_000).write(work);
        lines.add(work);
        assertThat(ProteinPage.text(lines, "some.jsonl"))
            .contains("that 2 threads have in registers, 4.00 and 8.00 G operations").contains("| fp32 | 20.0 | 40.0 | 3.00 | 20.0 | 50.0 | 40% |");
        PackedProteinModel model = TestProteins.model(new ProteinArchitecture(2, true, true,
            ProteinArchitecture.StructureAt.OUTPUT, 50), 10, 7, 5, 4);
        ProteinGraph protein = TestProteins.random(20, 1);
        long messages = 20 * 20 * 62 + 200 * 62 * 7;
        long nodes = 20 * (17 * 20 + 20 * 10 + 10 * 10 + 10 * 10) + 10 * 20;
        assertThat(ProteinWork.of(model, protein)).isEqualTo(new ProteinWork(
            2 * (messages + nodes) + 20 * 31 * 10 + 20 * 10 * 20 + 5 + 5 * 10, 0,
            2 * (200 * (62 + 7) + 20 * (20 + 10)) + 5 + 10));
    }

    @Test
    void aPeerThatIsNotThereLeavesItsCellsEmptyAndSaysWhy() {
        List<JsonNode> lines = ours();
        lines.add(ResultLines.line(ResultLines.PEER).put("note", "peers skipped: no PyTorch"));
        assertThat(ProteinPage.text(lines, "some.jsonl")).contains("| fp32 | 20.0 (10.0–30.0) |  | 7.50 (7.00–8.00) |  |")
            .contains("\npeers skipped: no PyTorch\n");
    }
}
