package org.bitdgdm.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.family.GraphFamily.Examples;
import org.bitdgdm.family.Molecules;
import org.bitdgdm.metrics.Counts;
import org.bitdgdm.metrics.Distributions;
import org.bitdgdm.metrics.Histogram;
import org.bitdgdm.metrics.MetricFixture;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.molecule.Graphs;
import org.bitdgdm.quantize.LayerReport;

/** Inputs of a report: a small run of which every number is known. */
public final class ReportFixture {
    private static final String RUN = """
        {"command": "generate", "started": "2026-01-02T03:04:05.678Z",
         "versions": {"spark": "4.1.0"}, "hashes": {"model": "0123abcd"},
         "model_bytes": {"before": 17600000, "after": 3100000, "broadcast": 3100001},
         "graphs": {"count": 100, "sampled": 60, "kept": 40}, "backend": "cpu (avx2)", "graphs_per_second": 5.934,
         "timings": {"quantize_seconds": 38.25, "sampling_seconds": 16.85, "total_seconds": 150.4},
         "configuration": {"model": "conf/models/qm9", "quantize.rank": 16, "output.require": ["validity>=0.9"]}}
        """;

    static final GraphFamily FAMILY = new Molecules(Graphs.QM9);

    private ReportFixture() {
    }

    static RunReport.Input generated() {
        return new RunReport.Input("qm9-digress, Bit-DGDM W4A4", "100 graphs in 50 steps", json(RUN),
            metrics(Protocol.DIGRESS, 38L), Optional.of(distributions(1000)), FAMILY, examples(), layers(), Optional.empty());
    }

    /** Graphs of others, without a model, a training set or a recipe. */
    static RunReport.Input evaluated() {
        return new RunReport.Input("samples.txt", "100 graphs", json("{\"command\": \"evaluate\"}"),
            metrics(Protocol.GUACAMOL, null), Optional.empty(), FAMILY, new Examples(List.of(), List.of()), List.of(),
            Optional.empty());
    }

    static RunReport.Input with(RunReport.Input input, Examples examples, Optional<String> noDrawings) {
        return new RunReport.Input(input.title(), input.subtitle(), input.run(), input.metrics(), input.reference(),
            input.family(), examples,
            input.layers(), noDrawings);
    }

    public static MetricReport metrics(Protocol protocol, Long novel) {
        return MetricFixture.molecules(protocol, new Counts.OfMolecules(100, 97, 98, 99, 101, 96, 94, novel, novel,
            new TreeMap<>()),
            distributions(1)).noting(List.of("lines of --test-set test.csv: 2 left out as no molecules, for example CC= (cut)"));
    }

    static Distributions distributions(int times) {
        return Distributions.of(List.of(
            histogram("atoms", "", 0, "C", 700 * times, "N", 100 * times, "O", 95 * times),
            histogram("bonds", "", 0, "single", 600 * times, "double", 100 * times),
            histogram("sizes", "atoms", 1, "8", 10 * times, "9", 90 * times),
            histogram("weight", "g/mol", 5, "110", 20 * times, "120", 78 * times),
            histogram("logp", "XLogP", 0.25, "-0.5", 30 * times, "0", 68 * times),
            histogram("rings", "", 1, "0", 30 * times, "1", 68 * times),
            histogram("scaffolds", "", 0)));
    }

    static Histogram histogram(String name, String unit, double binWidth, Object... counts) {
        Map<String, Long> all = new LinkedHashMap<>();
        for (int i = 0; i < counts.length; i += 2) {
            all.put((String) counts[i], ((Integer) counts[i + 1]).longValue());
        }
        return new Histogram(name, unit, binWidth, all);
    }

    static Examples examples() {
        return new Examples(
            List.of(new Examples.Example(0, "CCO", "CCO"), new Examples.Example(2, "c1cc[nH]c1", "c1cc[nH]c1")),
            List.of(new Examples.Refused(1, "atom 3 (C) has bond orders summing to 5, more than 4", null)));
    }

    static List<LayerReport> layers() {
        return List.of(
            layer("mlp_in_X.0", "fp32", 0, 0, 3000),
            layer("tf_layers.0.self_attn.q", "bit-dgdm", 0.05, 0.02, 1000),
            layer("tf_layers.1.self_attn.q", "bit-dgdm", 0.06, 0.04, 1000),
            layer("tf_layers.0.lin_y1", "bit-dgdm", 0.07, Double.NaN, 1000));
    }

    private static LayerReport layer(String name, String method, double weightError, double outputError, long after) {
        boolean full = method.equals("fp32");
        return new LayerReport(name, method, 12, 34, full ? 0 : 16, full ? 32 : 4, full ? 32 : 4, full ? 0 : 4, 56, 7,
            full ? Double.NaN : 0.5, 3.1, 2.9, weightError, outputError, full ? Double.NaN : 2.5, full ? Double.NaN : 0.01,
            3000, after, 408, 0.25, "");
    }

    private static JsonNode json(String text) {
        try {
            return new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the fixture is no JSON", e);
        }
    }
}
