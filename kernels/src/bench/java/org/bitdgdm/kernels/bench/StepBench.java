package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.Distortion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.Schedule;
import org.bitdgdm.kernels.Stochasticity;

/** Times whole reverse steps of batches: features, network, posterior and draw, one native call for many steps. */
final class StepBench {
    private static final long SEED = 7;
    /** Steps of the runs that are compared before anything is timed. */
    private static final int CHECKED_STEPS = 2;
    /** FP32 sums through up to 12 layers against double, of logits of order 1 to 10. */
    static final double FLOAT_TOLERANCE = 2e-3;
    /** Mean difference of logits over their mean magnitude, where a sum on the edge of two codes may fall either way. */
    private static final double CODE_TOLERANCE = 0.05;
    private static final double NANOS = 1e-9;

    /** Graph-steps per second of one setting. */
    record Step(BenchModel model, Setting setting, int threads, int batch, Spread rate) {

        /** @param besideOthers whether it was measured beside {@link Setting#OTHERS} */
        ObjectNode line(boolean besideOthers) {
            ObjectNode line = ResultLines.line(ResultLines.STEP).put("model", model.name()).put("setting", setting.name())
                .put("threads", threads).put("batch", batch).put("beside_others", besideOthers);
            rate.write(line.putObject("graph_steps_per_second"));
            return line;
        }
    }

    /** What is timed beside {@link #POSTERIOR} to see what a step costs with another rule; the parameters are DeFoG's for QM9. */
    private static final Map<String, Sampler> RULES = rules();
    /** DiGress's own rule, of which all other tables are. */
    static final String POSTERIOR = "posterior";
    /** Line of {@link RuleStep}. */
    static final String RULE = "rule";

    /** Graph-steps per second of one setting by one rule of steps, all rules in the same rounds. */
    record RuleStep(String model, String setting, String rule, int threads, int batch, Spread rate) {
        static RuleStep of(JsonNode line) {
            return new RuleStep(line.path("model").asText(), line.path("setting").asText(), line.path("rule").asText(),
                line.path("threads").asInt(), line.path("batch").asInt(), Spread.of(line.path("graph_steps_per_second")));
        }

        ObjectNode line() {
            ObjectNode line = ResultLines.line(RULE).put("model", model).put("setting", setting).put("rule", rule)
                .put("threads", threads).put("batch", batch);
            rate.write(line.putObject("graph_steps_per_second"));
            return line;
        }
    }

    private static Map<String, Sampler> rules() {
        Map<String, Sampler> rules = new LinkedHashMap<>();
        rules.put(POSTERIOR, Sampler.posterior(Schedule.UNIFORM));
        rules.put("flow", Sampler.flow(Distortion.IDENTITY, 0, 0, Stochasticity.GENERAL));
        rules.put("flow, η 10, ω 0.05", Sampler.flow(Distortion.IDENTITY, 10, 0.05f, Stochasticity.GENERAL));
        rules.put("tau-leaping", Sampler.leaps());
        return rules;
    }

    private final BenchOptions options;
    private final BenchModel model;
    private final GraphBatch graphs;

    /** @param graphs at {@link BenchModel#startTime}, as many as the largest batch */
    StepBench(BenchOptions options, BenchModel model, GraphBatch graphs) {
        this.options = options;
        this.model = model;
        this.graphs = graphs;
    }

    static Denoiser open(PackedModel model, String isa, int threads) {
        return Denoisers.open(Backend.CPU, model, new BackendOptions(threads, isa, null));
    }

    /** The view of a cpu denoiser that shows what its layers take in. */
    static ActivationRecorder recorder(Denoiser denoiser) {
        return (ActivationRecorder) denoiser;
    }

    /**
     * Compares with the reference and with the scalar kernels.
     *
     * @throws IllegalStateException if the results differ; nothing should be timed then
     */
    void verify(Setting.Packed packed) {
        GraphBatch one = BenchModel.first(graphs, 1);
        float[][] found = logits(packed.model(), options.cpuIsa(), one);
        float[][] scalar = logits(packed.model(), "scalar", one);
        require(packed, Arrays.equals(found[0], scalar[0]) && Arrays.equals(found[1], scalar[1]),
            "must have the bits of the scalar kernels");
        if (packed.setting() == Setting.FP32 || model.trained()) {
            try (ReferenceDenoiser reference = new ReferenceDenoiser(packed.model())) {
                float[][] expected = logits(reference, packed.model().architecture(), one);
                for (int part = 0; part < 2; part++) {
                    requireNear(packed, expected[part], found[part]);
                }
            }
        }
    }

    private void requireNear(Setting.Packed packed, float[] expected, float[] found) {
        boolean exact = packed.setting() == Setting.FP32;
        double off = difference(expected, found, exact);
        require(packed, off <= (exact ? FLOAT_TOLERANCE : CODE_TOLERANCE),
            "must have logits near the reference's, found them off by " + off);
    }

    /**
     * How far logits are from others.
     *
     * @param exact whether both are sums in FP32 or better: then the largest difference, relative where logits are large;
     *              where one has codes, the mean difference over the mean magnitude
     */
    static double difference(float[] expected, float[] found, boolean exact) {
        double difference = 0;
        double magnitude = 0;
        double worst = 0;
        for (int k = 0; k < expected.length; k++) {
            double distance = Math.abs((double) found[k] - expected[k]);
            difference += distance;
            magnitude += Math.abs(expected[k]);
            worst = Math.max(worst, distance / (1 + Math.abs(expected[k])));
        }
        return exact ? worst : difference / magnitude;
    }

    private void require(Setting.Packed packed, boolean holds, String rule) {
        if (!holds) {
            throw new IllegalStateException(model.name() + ", " + packed.setting().name() + ": " + rule
                + "; nothing is timed");
        }
    }

    private float[][] logits(PackedModel packed, String isa, GraphBatch batch) {
        try (Denoiser denoiser = open(packed, isa, 1)) {
            return logits(denoiser, packed.architecture(), batch);
        }
    }

    private float[][] logits(Denoiser denoiser, Architecture architecture, GraphBatch batch) {
        float[] nodes = new float[batch.nodes().length * architecture.nodeTypes()];
        float[] edges = new float[batch.edges().length * architecture.edgeTypes()];
        denoiser.logits(batch, model.startTime(), nodes, edges);
        return new float[][] {nodes, edges};
    }

    /**
     * Times all settings with all numbers of threads and all batch sizes, in rounds of one repeat each: what disturbs the
     * machine for some seconds then falls on one repeat of many measurements, and not on all repeats of one.
     */
    List<Step> time(List<Setting.Packed> settings) {
        return time(settings, options.threadCounts(), model.batches(options.full()));
    }

    /** Times settings with some numbers of threads and batch sizes only. */
    List<Step> time(List<Setting.Packed> settings, List<Integer> threadCounts, List<Integer> batches) {
        List<Denoiser> open = new ArrayList<>();
        try {
            List<Timed> all = new ArrayList<>();
            for (Setting.Packed packed : settings) {
                GraphBatch expected = null;
                for (int threads : threadCounts) {
                    Denoiser denoiser = open(packed.model(), options.cpuIsa(), threads);
                    open.add(denoiser);
                    for (int size : batches.stream().sorted((a, b) -> b - a).toList()) {
                        GraphBatch start = BenchModel.first(graphs, size);
                        long begin = System.nanoTime();
                        GraphBatch end = advance(denoiser, start, CHECKED_STEPS);
                        double seconds = (System.nanoTime() - begin) * NANOS;
                        expected = expected == null ? end : expected;
                        require(packed, Arrays.equals(end.nodes(), BenchModel.first(expected, size).nodes())
                            && Arrays.equals(end.edges(), BenchModel.first(expected, size).edges()),
                            "a graph must not depend on the batch or the threads");
                        all.add(new Timed(packed.setting(), threads, denoiser, start, count(denoiser, start, seconds),
                            new double[options.repeats()]));
                    }
                }
            }
            for (int repeat = 0; repeat < options.repeats(); repeat++) {
                for (Timed timed : all) {
                    timed.rates[repeat] = rate(timed);
                }
            }
            return all.stream().map(timed -> new Step(model, timed.setting, timed.threads, timed.start.size(),
                Spread.of(timed.rates))).toList();
        } finally {
            open.forEach(Denoiser::close);
        }
    }

    /** Times the rules of steps on all threads with some settings, in rounds of one repeat each. */
    List<RuleStep> timeRules(List<Setting.Packed> settings, int size) {
        List<Denoiser> open = new ArrayList<>();
        try {
            List<RuleTimed> all = new ArrayList<>();
            GraphBatch start = BenchModel.first(graphs, size);
            for (Setting.Packed packed : settings) {
                Denoiser denoiser = open(packed.model(), options.cpuIsa(), options.threads());
                open.add(denoiser);
                RULES.forEach((name, sampler) -> {
                    List<Sampler.Step> steps = sampler.steps(packed.model().diffusion(), model.full().architecture().diffusionSteps());
                    List<Sampler.Step> late = steps.subList(steps.size() / 2, steps.size() - 1);
                    long begin = System.nanoTime();
                    denoiser.advance(BenchModel.first(start, size), SEED, late.subList(0, CHECKED_STEPS));
                    int count = Math.min(late.size(), steps((System.nanoTime() - begin) * NANOS / CHECKED_STEPS));
                    all.add(new RuleTimed(packed.setting().name(), name, denoiser, late.subList(0, count),
                        new double[options.repeats()]));
                });
            }
            for (int repeat = 0; repeat < options.repeats(); repeat++) {
                for (RuleTimed timed : all) {
                    GraphBatch batch = BenchModel.first(start, size);
                    long begin = System.nanoTime();
                    timed.denoiser.advance(batch, SEED, timed.steps);
                    timed.rates[repeat] = (double) timed.steps.size() * size / ((System.nanoTime() - begin) * NANOS);
                }
            }
            return all.stream().map(timed -> new RuleStep(model.name(), timed.setting, timed.rule, options.threads(), size,
                Spread.of(timed.rates))).toList();
        } finally {
            open.forEach(Denoiser::close);
        }
    }

    private record RuleTimed(String setting, String rule, Denoiser denoiser, List<Sampler.Step> steps, double[] rates) {
    }

    /** @param count steps of a repeat */
    private record Timed(Setting setting, int threads, Denoiser denoiser, GraphBatch start, int count, double[] rates) {
    }

    /**
     * Steps of a repeat.
     *
     * @param seconds that {@link #CHECKED_STEPS} took, cold
     */
    private int count(Denoiser denoiser, GraphBatch start, double seconds) {
        int count = steps(seconds / CHECKED_STEPS);
        // Cold code and pages made the first guess too low.
        long begin = System.nanoTime();
        advance(denoiser, start, count);
        return steps((System.nanoTime() - begin) * NANOS / count);
    }

    /** Graph-steps per second of one repeat. */
    private double rate(Timed timed) {
        // Another model was in the caches.
        advance(timed.denoiser, BenchModel.first(timed.start, 1), 1);
        GraphBatch batch = BenchModel.first(timed.start, timed.start.size());
        int[] times = times(timed.count);
        long begin = System.nanoTime();
        timed.denoiser.advance(batch, SEED, times);
        return (double) timed.count * batch.size() / ((System.nanoTime() - begin) * NANOS);
    }

    /** Steps that fill a repeat: at least 1, at most those from the start to time 0. */
    private int steps(double secondsOfOne) {
        return (int) Math.max(1, Math.min(model.startTime(), Math.round(options.seconds() / secondsOfOne)));
    }

    private GraphBatch advance(Denoiser denoiser, GraphBatch start, int count) {
        GraphBatch batch = BenchModel.first(start, start.size());
        denoiser.advance(batch, SEED, times(count));
        return batch;
    }

    private int[] times(int count) {
        int[] times = new int[count + 1];
        for (int i = 0; i <= count; i++) {
            times[i] = model.startTime() - i;
        }
        return times;
    }
}
