package org.bitdgdm.conf;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * The recipe of a quantization: everything that decides the packed model besides the full-precision one.
 *
 * @param weightBits          2…8, or 16/32 = weights stay in full precision
 * @param activationBits      2…8, or 16/32 = activations stay in full precision
 * @param rank                rank of the low-rank part, at least 1; smaller matrices take min(rank, in, out)
 * @param rankLeft            share of what a layer does to its inputs that may lie beyond the columns of its low-rank part,
 *                            below 1, which then has no more columns than that takes; 0: {@code rank} columns; with aware
 *                            factors and no residual only
 * @param factors             what the low-rank part is fitted to; in files of versions that had one way only, null: WEIGHT
 * @param outerBits           bits of the weights outside the blocks, 2…8, or 16/32 = full precision; with aware factors only
 * @param alpha               largest share of non-zero entries in a row or column of S, 0…1
 * @param thresholdPercentile percentile of non-zero |x| above which an activation is an outlier, (0, 100]
 * @param residualBits        bits of the residual E; 0 drops it (the literal paper)
 * @param intermediateBits    bits of the codes between the two factors; 16/32 = stays FP32
 * @param crossTerm           whether X_S S is computed; false only in the ablation
 * @param calibrationGraphs   graphs that the full-precision model samples to set thresholds; 0: by their size
 * @param calibrationSteps    steps of each of them
 * @param thresholdBuckets    ranges of diffusion steps with thresholds and static scales of their own; 1: the same for all
 * @param overrides           layer-name pattern (glob over DiGress's names) to {@code key -> value} of this record, first
 *                            match wins; {@code method = fp32} leaves a layer alone
 */
public record QuantizeConf(
    Method method, int weightBits, int activationBits, int rank, double rankLeft, Factors factors, int outerBits,
    double alpha, double thresholdPercentile, int residualBits, int intermediateBits,
    ActivationScale activationScale, boolean crossTerm, int calibrationGraphs, int calibrationSteps, int thresholdBuckets,
    Map<String, Map<String, String>> overrides) {

    public QuantizeConf {
        Objects.requireNonNull(method, "method");
        Objects.requireNonNull(activationScale, "activationScale");
        Check.bits("weight-bits", weightBits);
        Check.bits("activation-bits", activationBits);
        Check.that(rank >= 1, "rank", "must be at least 1", rank);
        Check.that(rankLeft >= 0 && rankLeft < 1, "rank-left", "must be at least 0 and below 1", rankLeft);
        factors = factors == null ? Factors.WEIGHT : factors;
        // Files of versions that lacked it.
        outerBits = outerBits == 0 ? 32 : outerBits;
        Check.bits("outer-bits", outerBits);
        Check.that(alpha >= 0 && alpha <= 1, "alpha", "must be in 0..1", alpha);
        Check.that(thresholdPercentile > 0 && thresholdPercentile <= 100, "threshold-percentile",
            "must be above 0 and at most 100", thresholdPercentile);
        Check.that(residualBits == 0 || Check.bits(residualBits), "residual",
            "must be in 2..8, or 16 or 32 for full precision, or 0 to drop it", residualBits);
        Check.bits("intermediate-bits", intermediateBits);
        Check.that(calibrationGraphs >= 0, "calibration-graphs", "must be at least 1, or 0 for a number by the size of graphs",
            calibrationGraphs);
        Check.that(calibrationSteps >= 1, "calibration-steps", "must be at least 1", calibrationSteps);
        Check.that(thresholdBuckets >= 1, "threshold-buckets", "must be at least 1", thresholdBuckets);
        Check.that(thresholdBuckets <= calibrationSteps, "threshold-buckets", "must be at most calibration-steps, "
            + calibrationSteps + ", so that every range of steps is seen", thresholdBuckets);
        overrides = Collections.unmodifiableMap(new LinkedHashMap<>(overrides));
    }

    static QuantizeConf of(Settings settings) {
        return of(settings::get);
    }

    /** The recipe of the values of its options, each as {@link Option.Kind} has it. */
    @SuppressWarnings("unchecked")
    static QuantizeConf of(Function<Option, Object> value) {
        QuantizeConf recipe = new QuantizeConf(Method.of((String) value.apply(Option.METHOD)),
            (Integer) value.apply(Option.WEIGHT_BITS), (Integer) value.apply(Option.ACTIVATION_BITS),
            (Integer) value.apply(Option.RANK), (Double) value.apply(Option.RANK_LEFT),
            Factors.of((String) value.apply(Option.FACTORS)),
            (Integer) value.apply(Option.OUTER_BITS), (Double) value.apply(Option.ALPHA),
            (Double) value.apply(Option.THRESHOLD_PERCENTILE), (Integer) value.apply(Option.RESIDUAL),
            (Integer) value.apply(Option.INTERMEDIATE_BITS),
            ActivationScale.of((String) value.apply(Option.ACTIVATION_SCALE)), (Boolean) value.apply(Option.CROSS_TERM),
            (Integer) value.apply(Option.CALIBRATION_GRAPHS), (Integer) value.apply(Option.CALIBRATION_STEPS),
            (Integer) value.apply(Option.THRESHOLD_BUCKETS),
            Overrides.parse((List<String>) value.apply(Option.OVERRIDE)));
        Check.that(recipe.thresholdBuckets == 1 || recipe.method == Method.FP32 || recipe.hasThreshold(),
            "threshold-buckets", "must be 1 where no threshold is fixed before sampling (activation-bits "
                + recipe.activationBits + ", activation-scale " + recipe.activationScale + ")", recipe.thresholdBuckets);
        recipe.method.check(recipe);
        Overrides.check(recipe, recipe.overrides);
        return recipe;
    }

    /** Its options and their values, each as {@link Option.Kind} has it. */
    public Map<Option, Object> values() {
        Map<Option, Object> values = new EnumMap<>(Option.class);
        values.put(Option.METHOD, method.toString());
        values.put(Option.WEIGHT_BITS, weightBits);
        values.put(Option.ACTIVATION_BITS, activationBits);
        values.put(Option.RANK, rank);
        values.put(Option.RANK_LEFT, rankLeft);
        values.put(Option.FACTORS, factors.toString());
        values.put(Option.OUTER_BITS, outerBits);
        values.put(Option.ALPHA, alpha);
        values.put(Option.THRESHOLD_PERCENTILE, thresholdPercentile);
        values.put(Option.THRESHOLD_BUCKETS, thresholdBuckets);
        values.put(Option.RESIDUAL, residualBits);
        values.put(Option.INTERMEDIATE_BITS, intermediateBits);
        values.put(Option.ACTIVATION_SCALE, activationScale.toString());
        values.put(Option.CROSS_TERM, crossTerm);
        values.put(Option.CALIBRATION_GRAPHS, calibrationGraphs);
        values.put(Option.CALIBRATION_STEPS, calibrationSteps);
        values.put(Option.OVERRIDE, Overrides.texts(overrides));
        return values;
    }

    /** The same with other values of some options, each as {@link Option.Kind} has it. */
    public QuantizeConf with(Map<Option, ?> changes) {
        Map<Option, Object> values = values();
        values.putAll(changes);
        return of(values::get);
    }

    /** The recipe of one layer: this one with the first override whose pattern matches the name; it has no overrides. */
    public QuantizeConf forLayer(String name) {
        return withSettings(Overrides.firstMatch(overrides, name));
    }

    /** The same with some settings changed, as in an override; it has no overrides. */
    public QuantizeConf withSettings(Map<String, String> settings) {
        Map<Option, Object> changes = Overrides.read(settings);
        changes.put(Option.OVERRIDE, List.of());
        // A layer without static scales has none to differ between ranges of steps.
        if ((Integer) changes.getOrDefault(Option.ACTIVATION_BITS, activationBits) > 8
            || !changes.getOrDefault(Option.ACTIVATION_SCALE, activationScale.toString()).equals("static")) {
            changes.put(Option.THRESHOLD_BUCKETS, 1);
        }
        return with(changes);
    }

    /** Nothing but settings of layers by their names: a layer without any is left in full precision. */
    public QuantizeConf ofLayers(Map<String, Map<String, String>> layers) {
        return with(Map.of(Option.METHOD, Method.FP32.toString(), Option.OVERRIDE, Overrides.texts(layers)));
    }

    /** Whether no layer is quantized. */
    public boolean nothing() {
        return method == Method.FP32 && overrides.isEmpty();
    }

    /** Whether layers take fewer columns than {@code rank} where little lies beyond. */
    public boolean ranksByLayer() {
        return rankLeft > 0 && factors == Factors.AWARE && residualBits == 0;
    }

    /** Whether activations above a threshold that is fixed before sampling stay in full precision. */
    public boolean hasThreshold() {
        return activationBits <= 8 && activationScale == ActivationScale.STATIC;
    }

    /** The recipe in a few words, for titles. */
    public String title() {
        return method.title(this);
    }

    /** Whether an override names this layer: such a layer is quantized even if it is not by default. */
    public boolean overrides(String name) {
        return overrides.keySet().stream().anyMatch(pattern -> Overrides.matches(pattern, name));
    }

    /** What the low-rank factors and the sparse part of Bit-DGDM are fitted to. */
    public enum Factors {
        /** What a layer does to the inputs that calibration has recorded. */
        AWARE,
        /** The weight itself, as published. */
        WEIGHT;

        static Factors of(String word) {
            Check.oneOf("factors", Arrays.stream(values()).map(Factors::toString).toList(), word);
            return valueOf(word.toUpperCase(Locale.ROOT));
        }

        /** The word of options and files. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Where the scale of activation codes comes from. */
    public enum ActivationScale {
        /** From the threshold of the layer, fixed before sampling. */
        STATIC,
        /** From the maximum of each row at run time; then there is no threshold. */
        ROW;

        static ActivationScale of(String word) {
            Check.oneOf("activation-scale", Arrays.stream(values()).map(ActivationScale::toString).toList(), word);
            return valueOf(word.toUpperCase(Locale.ROOT));
        }

        /** The word of options and files. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
