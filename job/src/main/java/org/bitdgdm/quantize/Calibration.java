package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.InputSamples;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.SizeGroup;

/**
 * Data-free calibration: the full-precision model samples graphs of its own, and the inputs of every layer of its blocks
 * are recorded at every step. No training data is used.
 *
 * <p>The order of what is recorded is fixed (sizes ascending, batches of ids, steps), hence so is the outcome.
 */
final class Calibration {
    /** Rows of the edge channel that one call evaluates at most, one graph at least: bounds memory. */
    private static final int ROWS_PER_CALL = 8192;
    /** One more graph for every so many, whose inputs no method sees: the error of a layer is measured on them. */
    private static final int GRAPHS_FOR_EACH_HELD_OUT = 8;
    /** Keeps the calibration's graphs apart from those of a run of the same seed. */
    private static final long SEED_OFFSET = 0x9E3779B97F4A7C15L;

    /** Takes the input of a layer that was seen at a time. */
    @FunctionalInterface
    interface Inputs {
        /** Several threads may call it at once, each for another layer. */
        void accept(String layer, float[] input, int rows, int t);

        /** Takes graphs through a step and the inputs of some layers on the way. */
        default void step(ActivationRecorder denoiser, GraphBatch batch, long seed, Sampler.Step step, Set<String> layers) {
            Taking taking = new Taking(layers, this, step.at());
            try {
                denoiser.recordStep(batch, seed, step, taking);
            } finally {
                // Where the step has failed, an input that is not finite says why.
                taking.finish();
            }
        }
    }

    /** What is recorded: runs of the full-precision model of its own, by their numbers. */
    @FunctionalInterface
    interface Runs {
        /** Records all evaluations of the runs from a first one to before a last one. */
        void record(int from, int end, Inputs inputs);
    }

    private Calibration() {
    }

    /**
     * Samples and records.
     *
     * @param model    in full precision
     * @param denoiser the same model, opened on a backend that can record
     * @param graphs   graphs to sample, and one more for every {@value #GRAPHS_FOR_EACH_HELD_OUT} to judge by
     * @param steps    steps of each, at most {@link org.bitdgdm.kernels.Diffusion#mostSteps}
     * @param runSeed  seed of the run
     * @param rows     whole rows to keep of each layer of {@link PackedModel#linears()}
     * @param ranges   ranges of steps to tell apart, see {@link PackedModel#rangeOf}; 1: none
     * @return for every layer of {@link PackedModel#linears()}, in its order
     */
    static List<RecordedInputs> run(
        PackedModel model, ActivationRecorder denoiser, int graphs, int steps, long runSeed, int[] rows, int ranges) {
        if (steps > model.diffusion().mostSteps()) {
            throw new InputException("--calibration-steps must be at most " + model.diffusion().mostSteps() + ", the "
                + (model.diffusion().schedule().linear() ? "most of a flow" : "diffusion steps of the model") + ", found " + steps);
        }
        long seed = seed(runSeed);
        return of(model, graphs, seed, rows, ranges,
            (from, end, inputs) -> walk(model, denoiser, from, end, steps, seed, inputs));
    }

    /** Key of the calibration's draws, apart from those of a run of the same seed. */
    static long seed(long runSeed) {
        return runSeed + SEED_OFFSET;
    }

    /**
     * Records runs.
     *
     * @param count runs to record, and one more for every {@value #GRAPHS_FOR_EACH_HELD_OUT} to judge by
     * @param seed  key of the samples that are kept
     * @return for every layer of {@link PackedNetwork#linears()}, in its order
     */
    static List<RecordedInputs> of(PackedNetwork model, int count, long seed, int[] rows, int ranges, Runs runs) {
        int[] few = new int[rows.length];
        Arrays.fill(few, InputCollector.ROWS);
        Map<String, RecordedInputs> fitted = recorded(
            new Recorder(model, seed, 0, rows, ranges, InputCollector.MAGNITUDES), 0, count, runs);
        Map<String, RecordedInputs> judging = recorded(new Recorder(model, seed, ranges + 1, few, ranges, 0), count,
            count + Math.max(1, count / GRAPHS_FOR_EACH_HELD_OUT), runs);
        return model.linears().stream().map(layer -> {
            String first = model.spec().layer(layer.name).firstWithInput();
            return fitted.get(first).with(judging.get(first).rowsOnly()).of(layer.name);
        }).toList();
    }

    private static Map<String, RecordedInputs> recorded(Recorder recorder, int from, int end, Runs runs) {
        try (recorder) {
            runs.record(from, end, recorder);
            return recorder.recorded();
        }
    }

    /** Samples the graphs of some ids, from a first one to before a last one. */
    private static void walk(PackedModel model, ActivationRecorder denoiser, int from, int end, int steps, long seed,
                             Inputs inputs) {
        List<Sampler.Step> taken = Sampler.of(model.diffusion()).steps(model.diffusion(), steps);
        Set<String> firstReaders = model.spec().layers().stream().filter(NetworkSpec.Layer::readsFirst)
            .map(NetworkSpec.Layer::name).collect(Collectors.toSet());
        List<SizeGroup> groups = SizeGroup.of(model.diffusion(), seed, from, end);
        for (int at = groups.size() - 1; at >= 0; at--) {
            int n = groups.get(at).n();
            for (SizeGroup part : groups.get(at).parts(Math.max(1, ROWS_PER_CALL / (n * n)))) {
                GraphBatch batch = InitialNoise.draw(model.diffusion(), n, part.ids(), seed, denoiser.firstCounter(taken));
                for (Sampler.Step step : taken) {
                    inputs.step(denoiser, batch, seed, step, firstReaders);
                }
            }
        }
    }

    /** Hands the inputs of one step on, a few layers at a time; of layers that read the same only the first. */
    private static final class Taking implements ActivationRecorder.Sink {
        /** Bounds memory: what waits is kept besides what the denoiser keeps. */
        private static final int AT_ONCE = 8;

        private final Set<String> layers;
        private final Inputs inputs;
        private final int t;
        private final List<Supplier<Optional<InputException>>> waiting = new ArrayList<>();

        Taking(Set<String> layers, Inputs inputs, int t) {
            this.layers = layers;
            this.inputs = inputs;
            this.t = t;
        }

        @Override
        public boolean wants(String layer) {
            return layers.contains(layer);
        }

        @Override
        public void accept(String layer, float[] input, int rows) {
            waiting.add(() -> {
                try {
                    inputs.accept(layer, input, rows, t);
                    return Optional.empty();
                } catch (InputException notFinite) {
                    return Optional.of(notFinite);
                }
            });
            if (waiting.size() == AT_ONCE) {
                finish();
            }
        }

        /** Collects what waits; of several layers that are not finite the first is told. */
        void finish() {
            Optional<InputException> failure = waiting.parallelStream().map(Supplier::get).flatMap(Optional::stream)
                .findFirst();
            waiting.clear();
            if (failure.isPresent()) {
                throw failure.get();
            }
        }
    }

    /**
     * Collects the inputs of layers: one sample for all that read the same input, so that they get one threshold. A backend that
     * takes samples itself takes the same ones.
     */
    private static final class Recorder implements Inputs, AutoCloseable {
        private final int ranges;
        private final int diffusionSteps;
        private final List<InputSamples.Asked> asked = new ArrayList<>();
        private final Map<String, Integer> widths = new HashMap<>();
        /** Of each that is asked for, in its order; empty before the first input, and where the backend takes samples. */
        private final List<InputCollector> collectors = new ArrayList<>();
        /** By layer, those of all steps before those of ranges. */
        private final Map<String, List<Integer>> numbers = new HashMap<>();
        /** Null before the first step; empty where the backend takes none. */
        private Optional<InputSamples> own;

        /**
         * @param stream     tells the samples of recorders apart: each takes 1 + ranges of them
         * @param magnitudes to keep of each layer
         */
        Recorder(PackedNetwork model, long seed, int stream, int[] rows, int ranges, int magnitudes) {
            this.ranges = ranges;
            this.diffusionSteps = model.diffusionSteps();
            Map<String, Integer> mostRows = new HashMap<>();
            List<PackedLinear> layers = model.linears();
            for (int layer = 0; layer < layers.size(); layer++) {
                mostRows.merge(model.spec().layer(layers.get(layer).name).firstWithInput(), rows[layer], Math::max);
            }
            for (int layer = 0; layer < layers.size(); layer++) {
                PackedLinear linear = layers.get(layer);
                if (model.spec().layer(linear.name).readsFirst()) {
                    widths.put(linear.name, linear.in);
                    ask(linear.name, new InputSamples.Asked(linear.name, -1, seed, stream * layers.size() + layer,
                        mostRows.get(linear.name), magnitudes));
                    for (int range = 0; range < (ranges > 1 ? ranges : 0); range++) {
                        ask(linear.name, new InputSamples.Asked(linear.name, range, seed,
                            (stream + range + 1) * layers.size() + layer, InputCollector.ROWS, magnitudes));
                    }
                }
            }
        }

        private void ask(String layer, InputSamples.Asked sample) {
            numbers.computeIfAbsent(layer, absent -> new ArrayList<>()).add(asked.size());
            asked.add(sample);
        }

        @Override
        public void step(ActivationRecorder denoiser, GraphBatch batch, long seed, Sampler.Step step, Set<String> layers) {
            if (own == null) {
                own = denoiser.samples(asked);
            }
            if (own.isEmpty()) {
                collect();
                Inputs.super.step(denoiser, batch, seed, step, layers);
                return;
            }
            own.get().recordStep(batch, seed, step, PackedNetwork.rangeOf(step.at(), ranges, diffusionSteps)).ifPresent(layer -> {
                throw InputCollector.notFinite(layer, step.at());
            });
        }

        /** Makes the collectors that take what backends hand over. */
        private synchronized void collect() {
            if (collectors.isEmpty()) {
                asked.forEach(sample -> collectors.add(new InputCollector(sample.layer(), widths.get(sample.layer()),
                    sample.seed(), sample.stream(), sample.rows(), sample.magnitudes())));
            }
        }

        @Override
        public void accept(String layer, float[] input, int count, int t) {
            collect();
            List<Integer> those = numbers.getOrDefault(layer, List.of());
            for (int number : those) {
                int range = asked.get(number).range();
                if (range < 0 || range == PackedNetwork.rangeOf(t, ranges, diffusionSteps)) {
                    collectors.get(number).accept(input, count, t);
                }
            }
        }

        /** What was read, by the first layer that reads it. */
        Map<String, RecordedInputs> recorded() {
            Map<String, RecordedInputs> recorded = new HashMap<>();
            numbers.forEach((layer, those) -> {
                List<RecordedInputs> all = those.stream().map(this::recorded).toList();
                recorded.put(layer, all.get(0).with(all.subList(1, all.size())));
            });
            return recorded;
        }

        private RecordedInputs recorded(int number) {
            if (own == null || own.isEmpty()) {
                collect();
                return collectors.get(number).recorded();
            }
            InputSamples.Taken taken = own.get().taken(number);
            return new RecordedInputs(asked.get(number).layer(), taken.magnitudes(), taken.maximum(), taken.values(),
                taken.nonZeros(), taken.rows(), taken.rowCount());
        }

        @Override
        public void close() {
            if (own != null) {
                own.ifPresent(InputSamples::close);
            }
        }
    }
}
