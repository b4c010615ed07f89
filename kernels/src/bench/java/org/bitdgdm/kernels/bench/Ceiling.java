package org.bitdgdm.kernels.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The fastest that a setting could run: each term's operations over the measured peak of the unit that does them, one
 * after the other on one core. Products take the peaks of registers; what has no such peak (exp, LayerNorm, pools,
 * codes, features, draws) takes the rate at which the backend's own piece runs alone, in cache.
 *
 * @param seconds of one graph and step on one thread, by term
 */
record Ceiling(Map<String, Double> seconds) {

    static Ceiling of(Workload work, Peaks peaks, List<KernelBench.Measurement> pieces, Setting setting) {
        double floats = peaks.floatOperations(1);
        Map<String, Double> seconds = new LinkedHashMap<>();
        seconds.put("dense integer", work.integerOperations() / peaks.integerOperations(1));
        seconds.put("sparse", work.sparseOperations() / floats);
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
        return new Ceiling(seconds);
    }

    private static double rate(List<KernelBench.Measurement> pieces, String name) {
        return pieces.stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow().itemsPerSecond();
    }

    /** Graph-steps per second of one thread. */
    double rate() {
        return 1 / seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    }
}
