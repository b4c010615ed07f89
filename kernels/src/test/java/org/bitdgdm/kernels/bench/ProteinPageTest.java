package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProteinPageTest {
    private static JsonNode rate(String kind, String work, double... rates) {
        ObjectNode line = ResultLines.line(kind).put("work", work).put("setting", "fp32").put("batch", rates.length);
        Spread.of(rates).write(line.putObject("evaluations_per_second"));
        return line;
    }

    private static List<JsonNode> ours() {
        return new ArrayList<>(List.of(ResultLines.line(ResultLines.BEGIN).put("samples", 50).put("repeats", 3),
            rate(ProteinBench.KIND, ProteinBench.MANY, 30, 10, 20), rate(ProteinBench.KIND, ProteinBench.ONE, 7, 8)));
    }

    @Test
    void ratesAreMediansWithTheirRangeBesideThePeersBestBatch() {
        List<JsonNode> lines = ours();
        lines.add(ResultLines.line(ResultLines.PEER).put("torch", "1.13").put("error", 2e-6));
        lines.add(rate(ResultLines.PEER, ProteinBench.MANY, 4));
        lines.add(rate(ResultLines.PEER, ProteinBench.MANY, 5, 5));
        lines.add(rate(ResultLines.PEER, ProteinBench.ONE, 2.5));
        assertThat(ProteinPage.text(lines, "some.jsonl")).contains("Made of some.jsonl")
            .contains("| fp32 | 20.0 (10.0–30.0) | 4.00× | 7.50 (7.00–8.00) | 3.00× |")
            .contains("| PyTorch FP32 | 5.00 (5.00–5.00) |  | 2.50 (2.50–2.50) |  |")
            .contains("its best batch of the many samples 2");
    }

    @Test
    void aPeerThatIsNotThereLeavesItsCellsEmptyAndSaysWhy() {
        List<JsonNode> lines = ours();
        lines.add(ResultLines.line(ResultLines.PEER).put("note", "peer skipped: no PyTorch"));
        assertThat(ProteinPage.text(lines, "some.jsonl")).contains("| fp32 | 20.0 (10.0–30.0) |  | 7.50 (7.00–8.00) |  |")
            .contains("| PyTorch FP32 | not measured |  | not measured |  |").contains("peer skipped: no PyTorch");
    }
}
