package org.bitdgdm.quantize;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Method;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.PackedProteinModel;

/** Quantizes a whole model on the driver: calibration, then every layer on its own, several at a time. */
public final class Quantization {
    private static final double NANOS = 1e-9;
    /** As wide and high as a layer's input, in double, that a thread works with: H, its factors and copies on the way. */
    private static final int MATRICES = 4;

    private Quantization() {
    }

    /**
     * Quantizes a model with as many threads as there are processors, fewer where the heap is small; the outcome does not
     * depend on how many. It is calibrated where no recipe has asked for the same before, and any layer is quantized.
     *
     * @throws InputException if the settings do not fit the model, or an activation is not finite
     */
    public static QuantizedModel<PackedModel> quantize(Calibrations calibrations, QuantizeConf conf) {
        return quantize(calibrations, conf, threads(calibrations.full()));
    }

    static QuantizedModel<PackedModel> quantize(Calibrations calibrations, QuantizeConf conf, int threads) {
        long start = System.nanoTime();
        PackedModel full = calibrations.full();
        Layers layers = layers(full, conf, threads,
            rows -> calibrations.of(calibrations.graphs(conf), conf.calibrationSteps(), rows, conf.thresholdBuckets()));
        return new QuantizedModel<>(full.withRanges(layers.ranges), layers.reports, (System.nanoTime() - start) * NANOS);
    }

    /**
     * Quantizes a model of proteins, calibrated on runs of its own for given backbones.
     *
     * @throws InputException if the settings do not fit the model, or an activation is not finite
     */
    public static QuantizedModel<PackedProteinModel> quantize(ProteinCalibrations calibrations, QuantizeConf conf) {
        long start = System.nanoTime();
        PackedProteinModel full = calibrations.full();
        Layers layers = layers(full, conf, threads(full), rows -> calibrations.of(conf, rows));
        return new QuantizedModel<>(full.withRanges(layers.ranges), layers.reports, (System.nanoTime() - start) * NANOS);
    }

    /** As many as there are processors, and no more than find room for what they work with in a quarter of the heap. */
    private static int threads(PackedNetwork full) {
        long widest = full.linears().stream().mapToLong(layer -> layer.in).filter(in -> in <= InputNorm.WIDEST).max().orElse(1);
        long fit = Runtime.getRuntime().maxMemory() / 4 / (MATRICES * Double.BYTES * widest * widest);
        return (int) Math.max(1, Math.min(Runtime.getRuntime().availableProcessors(), fit));
    }

    /** Quantized layers in every range of steps, and their reports. */
    private record Layers(List<List<PackedLinear>> ranges, List<LayerReport> reports) {
    }

    /** @param recording gives the inputs of all layers, of so many whole rows each; not asked where nothing is quantized */
    private static Layers layers(PackedNetwork full, QuantizeConf conf, int threads,
                                 Function<int[], List<RecordedInputs>> recording) {
        List<QuantizeConf> recipes = LayerRecipes.of(full, conf);
        // Its own list, of which entries go as they are used.
        List<RecordedInputs> inputs = new ArrayList<>();
        if (recipes.stream().allMatch(recipe -> recipe.method() == Method.FP32)) {
            full.linears().forEach(layer -> inputs.add(RecordedInputs.none(layer.name)));
        } else {
            inputs.addAll(recording.apply(IntStream.range(0, recipes.size()).map(layer
                -> Quantizer.of(recipes.get(layer).method()).rows(full.linears().get(layer), recipes.get(layer))).toArray()));
        }
        List<List<PackedLinear>> layers = new ArrayList<>();
        List<LayerReport> reports = new ArrayList<>();
        for (Outcome outcome : inParallel(full.linears(), inputs, recipes, threads)) {
            layers.add(outcome.ranges);
            reports.add(outcome.report);
        }
        return new Layers(byRange(layers), reports);
    }

    /** @param layers of each, its form in every range of steps, or the one that it has in all of them */
    private static List<List<PackedLinear>> byRange(List<List<PackedLinear>> layers) {
        int ranges = layers.stream().mapToInt(List::size).max().orElse(1);
        List<List<PackedLinear>> byRange = new ArrayList<>();
        for (int range = 0; range < ranges; range++) {
            int at = range;
            byRange.add(layers.stream().map(layer -> layer.get(Math.min(at, layer.size() - 1))).toList());
        }
        return byRange;
    }

    private record Outcome(List<PackedLinear> ranges, LayerReport report) {
    }

    /**
     * Quantizes layers, those that read the same one after the other: with the last of them goes what was recorded for it,
     * unless it is kept for another recipe. Of all layers that takes more memory than the rest of a driver.
     *
     * @param inputs of the layers; set to null one by one
     */
    private static List<Outcome> inParallel(List<PackedLinear> layers, List<RecordedInputs> inputs,
                                            List<QuantizeConf> recipes, int threads) {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<Outcome>> futures = new ArrayList<>(layers.stream().map(layer -> (Future<Outcome>) null).toList());
            for (List<Integer> readers : readers(layers, inputs)) {
                for (int layer : readers) {
                    Callable<Outcome> task = () -> quantize(layers.get(layer), inputs.set(layer, null), recipes.get(layer));
                    futures.set(layer, pool.submit(task));
                }
            }
            List<Outcome> outcomes = new ArrayList<>();
            for (Future<Outcome> future : futures) {
                outcomes.add(future.get());
            }
            return outcomes;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InputException input) {
                throw input;
            }
            throw new IllegalStateException("quantization failed: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("quantization was interrupted", e);
        } finally {
            pool.shutdownNow();
        }
    }

    /** Numbers of layers by what they read; the largest first, so that no thread is left alone with one at the end. */
    private static List<List<Integer>> readers(List<PackedLinear> layers, List<RecordedInputs> inputs) {
        Map<RecordedInputs.Latest, List<Integer>> readers = new IdentityHashMap<>();
        IntStream.range(0, layers.size()).boxed().sorted(Comparator.comparingInt(layer -> -size(layers.get(layer))))
            .forEach(layer -> readers.computeIfAbsent(inputs.get(layer).latest(), first -> new ArrayList<>()).add(layer));
        return readers.values().stream()
            .sorted(Comparator.<List<Integer>>comparingInt(group -> -size(layers.get(group.get(0))))
                .thenComparingInt(group -> group.get(0))).toList();
    }

    private static int size(PackedLinear layer) {
        return layer.in * layer.out;
    }

    private static Outcome quantize(PackedLinear layer, RecordedInputs inputs, QuantizeConf recipe) {
        long start = System.nanoTime();
        if (!layer.isFull()) {
            throw new IllegalArgumentException(layer.name + ": already quantized");
        }
        QuantizedLayer quantized = layer.weight.length == 0 ? QuantizedLayer.untouched(layer)
            : Quantizer.of(recipe.method()).quantize(layer, inputs, recipe);
        List<PackedLinear> ranges = StepRanges.of(quantized.packed(), inputs,
            Quantizer.of(recipe.method()).adapted(recipe));
        double seconds = (System.nanoTime() - start) * NANOS;
        return new Outcome(ranges, LayerReport.of(layer, quantized, inputs, recipe, seconds)
            .withRanges(layer, ranges, inputs));
    }
}
