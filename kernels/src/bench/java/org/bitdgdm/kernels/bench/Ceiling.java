package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The fastest that a setting could run: each term's operations over the measured peak of the unit that does them, one
 * after the other on one core. Dense products take the peaks of registers; a sparse entry is one multiply-add whose
 * operand is loaded for it alone, X from the first-level cache for S, a row of the dense part from the second-level cache
 * for an outlier; what has no such peak (exp, LayerNorm, pools, codes, features, draws) takes the rate at which the
 * backend's own piece runs alone, in cache. X S has a row of X a lane, so X and the sums are turned, which is bound by
 * shuffles; {@code strict} leaves that out and takes sparse entries as multiply-adds in registers.
 *
 * @param seconds of one graph and step on one thread, by term
 * @param strict  seconds in all with nothing but operations for X S and outliers, as if they were dense
 */
record Ceiling(Map<String, Double> seconds, double strict) {
    /** Of lines of results. */
    static final String KIND = "ceiling";

    /** From a line of results. */
    static Ceiling of(JsonNode line) {
        Map<String, Double> seconds = new LinkedHashMap<>();
        line.path("seconds").properties().forEach(term -> seconds.put(term.getKey(), term.getValue().asDouble()));
        return new Ceiling(seconds, line.path("strict_seconds").asDouble());
    }

    ObjectNode line(BenchModel model, Setting setting) {
        ObjectNode line = ResultLines.line(KIND).put("model", model.name()).put("setting", setting.name());
        seconds.forEach(line.putObject("seconds")::put);
        return line.put("strict_seconds", strict);
    }

    static Ceiling of(Workload work, Peaks peaks, List<KernelBench.Measurement> pieces, Setting setting) {
        double floats = peaks.floatOperations(1);
        Map<String, Double> seconds = new LinkedHashMap<>();
        seconds.put("dense integer", work.integerOperations() / peaks.integerOperations(1));
        seconds.put("X S", work.sparseOperations() / peaks.nearOperations());
        seconds.put("outliers", work.outlierOperations() / peaks.farOperations());
        seconds.put("turning", work.turnedBlocks() / rate(pieces, "turn"));
        seconds.put("full-precision rest", work.denseOperations() / floats);
        List<KernelBench.Measurement> norms = pieces.stream().filter(m -> m.name().equals("LayerNorm")).toList();
        seconds.put("exp, softmax, LayerNorm", work.exponentials() / rate(pieces, "exp")
            + work.attentionOperations() / floats
            + work.nodeNormElements() / norms.get(0).itemsPerSecond()
            + work.edgeNormElements() / norms.get(1).itemsPerSecond()
            + work.pooledElements() / rate(pieces, "pool"));
        double entries = 0;
        double time = 0;
        for (KernelBench.Measurement piece : pieces) {
            if (piece.name().startsWith("quantize " + setting.word() + "/")) {
                entries += piece.items();
                time += piece.seconds().median();
            }
        }
        seconds.put("quantize", entries == 0 ? 0 : work.quantizedEntries() * time / entries);
        seconds.put("features", 1 / rate(pieces, "features"));
        seconds.put("draws", 1 / rate(pieces, "draw"));
        double sparse = seconds.get("X S") + seconds.get("outliers") + seconds.get("turning");
        return new Ceiling(seconds,
            sum(seconds) - sparse + (work.sparseOperations() + work.outlierOperations()) / floats);
    }

    private static double rate(List<KernelBench.Measurement> pieces, String name) {
        return pieces.stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow().itemsPerSecond();
    }

    private static double sum(Map<String, Double> seconds) {
        return seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    }

    /** Graph-steps per second of one thread. */
    double rate() {
        return 1 / sum(seconds);
    }
}
