package org.bitdgdm.conf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The recipe of a quantization: everything that decides the packed model besides the full-precision one.
 *
 * @param method              one of {@link #METHODS}
 * @param weightBits          2…8, or 16/32 = weights stay in full precision
 * @param activationBits      2…8, or 16/32 = activations stay in full precision
 * @param rank                rank of the low-rank part, at least 1; smaller matrices take min(rank, in, out)
 * @param alpha               largest share of non-zero entries in a row or column of S, 0…1
 * @param thresholdPercentile percentile of non-zero |x| above which an activation is an outlier, (0, 100]
 * @param residualBits        bits of the residual E; 0 drops it (the literal paper)
 * @param intermediateBits    bits of the codes between the two factors; 16/32 = stays FP32
 * @param activationScale     {@code static} or {@code row}
 * @param crossTerm           whether X_S S is computed; false only in the ablation
 * @param calibrationGraphs   graphs that the full-precision model samples to set thresholds
 * @param calibrationSteps    steps of each of them
 * @param thresholdBuckets    ranges of diffusion steps with thresholds and static scales of their own; 1: the same for all
 * @param overrides           layer-name pattern (glob over DiGress's names) to {@code key -> value} of this record, first
 *                            match wins; {@code method = fp32} leaves a layer alone
 */
public record QuantizeConf(
    String method, int weightBits, int activationBits, int rank, double alpha, double thresholdPercentile,
    int residualBits, int intermediateBits, String activationScale, boolean crossTerm,
    int calibrationGraphs, int calibrationSteps, int thresholdBuckets, Map<String, Map<String, String>> overrides) {

    /** Methods this version knows; all but {@code fp32} quantize. */
    public static final List<String> METHODS = List.of("fp32", "rtn", "gptq", "squeezellm", "svdquant", "duquant",
        "bit-dgdm", "bit-dgdm-dense-activations", "bit-dgdm-threshold", "bit-dgdm-minus");

    public QuantizeConf {
        Check.oneOf("method", METHODS, method);
        Check.bits("weight-bits", weightBits);
        Check.bits("activation-bits", activationBits);
        Check.that(rank >= 1, "rank", "must be at least 1", rank);
        Check.that(alpha >= 0 && alpha <= 1, "alpha", "must be in 0..1", alpha);
        Check.that(thresholdPercentile > 0 && thresholdPercentile <= 100, "threshold-percentile",
            "must be above 0 and at most 100", thresholdPercentile);
        Check.that(residualBits == 0 || Check.bits(residualBits), "residual",
            "must be in 2..8, or 16 or 32 for full precision, or 0 to drop it", residualBits);
        Check.bits("intermediate-bits", intermediateBits);
        Check.oneOf("activation-scale", List.of("static", "row"), activationScale);
        Check.that(calibrationGraphs >= 1, "calibration-graphs", "must be at least 1", calibrationGraphs);
        Check.that(calibrationSteps >= 1, "calibration-steps", "must be at least 1", calibrationSteps);
        Check.that(thresholdBuckets >= 1, "threshold-buckets", "must be at least 1", thresholdBuckets);
        Check.that(thresholdBuckets <= calibrationSteps, "threshold-buckets", "must be at most calibration-steps, "
            + calibrationSteps + ", so that every range of steps is seen", thresholdBuckets);
        Check.that(thresholdBuckets == 1 || method.equals("fp32") || activationBits <= 8 && activationScale.equals("static"),
            "threshold-buckets", "must be 1 where no threshold is fixed before sampling (activation-bits " + activationBits
                + ", activation-scale " + activationScale + ")", thresholdBuckets);
        Check.that(!method.equals("gptq") || weightBits <= 8, "weight-bits",
            "must be in 2..8 for method gptq, which does nothing but choose codes of weights", weightBits);
        Check.that(!method.equals("squeezellm") || weightBits <= 8, "weight-bits",
            "must be in 2..8 for method squeezellm, which does nothing but put weights into tables", weightBits);
        Check.that(!method.equals("squeezellm") || activationBits > 8, "activation-bits",
            "must be 16 or 32 for method squeezellm, which looks weights up and computes in full precision", activationBits);
        Check.that(!method.equals("bit-dgdm-minus") && !method.equals("bit-dgdm-dense-activations") || activationBits <= 8
                && activationScale.equals("static"), "method", "must be another than one that takes away a part of"
                + " sparse-dense activations where those are off (activation-bits " + activationBits + ", activation-scale "
                + activationScale + ")", method);
        overrides = Collections.unmodifiableMap(new LinkedHashMap<>(overrides));
        if (!overrides.isEmpty()) {
            Overrides.check(new QuantizeConf(method, weightBits, activationBits, rank, alpha, thresholdPercentile,
                residualBits, intermediateBits, activationScale, crossTerm, calibrationGraphs, calibrationSteps,
                thresholdBuckets, Map.of()), overrides);
        }
    }

    static QuantizeConf of(Settings settings) {
        return new QuantizeConf(settings.text(Option.METHOD), settings.whole(Option.WEIGHT_BITS),
            settings.whole(Option.ACTIVATION_BITS), settings.whole(Option.RANK), settings.number(Option.ALPHA),
            settings.number(Option.THRESHOLD_PERCENTILE), settings.whole(Option.RESIDUAL),
            settings.whole(Option.INTERMEDIATE_BITS), settings.text(Option.ACTIVATION_SCALE),
            settings.on(Option.CROSS_TERM), settings.whole(Option.CALIBRATION_GRAPHS),
            settings.whole(Option.CALIBRATION_STEPS), settings.whole(Option.THRESHOLD_BUCKETS),
            Overrides.parse(settings.list(Option.OVERRIDE)));
    }

    /** The recipe of one layer: this one with the first override whose pattern matches the name; it has no overrides. */
    public QuantizeConf forLayer(String name) {
        return Overrides.with(this, Overrides.firstMatch(overrides, name));
    }

    /** The same with some settings changed, as in an override; it has no overrides. */
    public QuantizeConf with(Map<String, String> values) {
        return Overrides.with(this, values);
    }

    /** Nothing but settings of layers by their names: a layer without any is left in full precision. */
    public QuantizeConf ofLayers(Map<String, Map<String, String>> layers) {
        return new QuantizeConf("fp32", weightBits, activationBits, rank, alpha, thresholdPercentile, residualBits,
            intermediateBits, activationScale, crossTerm, calibrationGraphs, calibrationSteps, thresholdBuckets,
            layers);
    }

    /** Whether no layer is quantized. */
    public boolean nothing() {
        return method.equals("fp32") && overrides.isEmpty();
    }

    /** The same with another percentile, and without overrides. */
    public QuantizeConf withThresholdPercentile(double percentile) {
        return new QuantizeConf(method, weightBits, activationBits, rank, alpha, percentile, residualBits, intermediateBits,
            activationScale, crossTerm, calibrationGraphs, calibrationSteps, thresholdBuckets, Map.of());
    }

    /** The same without X_S S, and without overrides. */
    public QuantizeConf withoutCrossTerm() {
        return new QuantizeConf(method, weightBits, activationBits, rank, alpha, thresholdPercentile, residualBits,
            intermediateBits, activationScale, false, calibrationGraphs, calibrationSteps, thresholdBuckets, Map.of());
    }

    /** Whether an override names this layer: such a layer is quantized even if it is not by default. */
    public boolean overrides(String name) {
        return overrides.keySet().stream().anyMatch(pattern -> Overrides.matches(pattern, name));
    }
}
