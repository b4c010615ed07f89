package org.bitdgdm.quantize;

import java.lang.ref.SoftReference;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.List;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.QuantizeConf.ActivationScale;
import org.bitdgdm.kernels.ActivationCodes;
import org.bitdgdm.kernels.InputTransform;
import org.bitdgdm.kernels.NetworkSpec;

/**
 * What the calibration has recorded of the inputs of one layer.
 *
 * @param layer      name of the layer
 * @param magnitudes uniform sample of the non-zero |x|, ascending; all of them where there are few
 * @param maximum    largest |x| of all, which the sample may lack
 * @param values     entries seen
 * @param nonZeros   entries seen that are not 0
 * @param rows       uniform sample of whole rows, (rowCount, in) row-major
 * @param rowCount   rows in that sample; 0: nothing was recorded
 * @param ranges     the same of every range of diffusion steps; empty where they were not told apart
 * @param heldOut    inputs of other graphs, which no method looks at and its error is measured on; null where there are none
 * @param latest     moments of these inputs that were asked for last, shared by the layers that read them
 */
record RecordedInputs(
    String layer, float[] magnitudes, float maximum, long values, long nonZeros, float[] rows, int rowCount,
    List<RecordedInputs> ranges, RecordedInputs heldOut, Latest latest) {

    /** Inputs of all steps, or of one range. */
    RecordedInputs(String layer, float[] magnitudes, float maximum, long values, long nonZeros, float[] rows, int rowCount) {
        this(layer, magnitudes, maximum, values, nonZeros, rows, rowCount, List.of(), null, new Latest());
    }

    /** A layer whose inputs were not recorded. */
    static RecordedInputs none(String layer) {
        return new RecordedInputs(layer, new float[0], 0, 0, 0, new float[0], 0);
    }

    /** The same inputs, of another layer that reads them. */
    RecordedInputs of(String other) {
        return new RecordedInputs(other, magnitudes, maximum, values, nonZeros, rows, rowCount,
            ranges.stream().map(range -> range.of(other)).toList(), heldOut == null ? null : heldOut.of(other),
            latest);
    }

    /** The same with what was recorded of every range of steps. */
    RecordedInputs with(List<RecordedInputs> ofRanges) {
        return new RecordedInputs(layer, magnitudes, maximum, values, nonZeros, rows, rowCount, ofRanges, heldOut, latest);
    }

    /** The same with what was recorded of other graphs. */
    RecordedInputs with(RecordedInputs ofOthers) {
        return new RecordedInputs(layer, magnitudes, maximum, values, nonZeros, rows, rowCount, ranges, ofOthers, latest);
    }

    /** The same without the sample of magnitudes, which takes memory. */
    RecordedInputs rowsOnly() {
        return new RecordedInputs(layer, new float[0], maximum, values, nonZeros, rows, rowCount,
            ranges.stream().map(RecordedInputs::rowsOnly).toList(), null, new Latest());
    }

    /** Moments that several layers ask for at once are taken once. */
    static final class Latest {
        private ActivationCodes codes;
        /** Where there is little memory they are taken again for the next recipe. */
        private SoftReference<InputMoments> moments = new SoftReference<>(null);

        private synchronized InputMoments of(RecordedInputs inputs, ActivationCodes asked, int in) {
            InputMoments known = asked.equals(codes) ? moments.get() : null;
            if (known == null) {
                known = new InputMoments(inputs, asked, in);
                moments = new SoftReference<>(known);
                codes = asked;
            }
            return known;
        }
    }

    /**
     * Means and covariances of the rows and of what codes make of them.
     *
     * @param in entries of a row
     */
    InputMoments moments(ActivationCodes codes, int in) {
        return latest.of(this, codes, in);
    }

    /** What the error of the layer is measured on: the inputs held out, or these where there are none. */
    RecordedInputs judges() {
        return heldOut == null ? this : heldOut;
    }

    /** Whether anything was recorded. */
    boolean present() {
        return rowCount > 0;
    }

    /**
     * τ: the nearest-rank percentile of the non-zero magnitudes, the ⌈p/100 · N⌉-th of N; at 100 the maximum of all. 0 if
     * all inputs were 0.
     *
     * @param percentile (0, 100]
     */
    float threshold(double percentile) {
        if (magnitudes.length == 0) {
            return 0;
        }
        if (percentile == 100) {
            return maximum;
        }
        int rank = BigDecimal.valueOf(percentile).multiply(BigDecimal.valueOf(magnitudes.length)).movePointLeft(2)
            .setScale(0, RoundingMode.CEILING).intValueExact();
        return magnitudes[rank - 1];
    }

    /** Share of all entries, zeros included, whose magnitude is above a threshold; estimated from the sample. */
    double outlierShare(float threshold) {
        if (magnitudes.length == 0) {
            return 0;
        }
        int above = 0;
        for (int k = magnitudes.length - 1; k >= 0 && magnitudes[k] > threshold; k--) {
            above++;
        }
        return (double) above / magnitudes.length * nonZeros / values;
    }

    /** The same with no more than so many of the rows. */
    RecordedInputs first(int count) {
        int fewer = Math.min(count, rowCount);
        int width = rowCount == 0 ? 0 : rows.length / rowCount;
        return new RecordedInputs(layer, magnitudes, maximum, values, nonZeros, Arrays.copyOf(rows, fewer * width), fewer);
    }

    /** What a transform makes of the recorded rows; magnitudes are those of these rows. */
    RecordedInputs transformed(InputTransform transform) {
        float[] turned = transform.apply(rows, rowCount);
        float[] sorted = new float[turned.length];
        int count = 0;
        for (float value : turned) {
            if (value != 0) {
                sorted[count++] = Math.abs(value);
            }
        }
        sorted = Arrays.copyOf(sorted, count);
        Arrays.sort(sorted);
        return new RecordedInputs(layer, sorted, count == 0 ? 0 : sorted[count - 1], turned.length, count, turned, rowCount);
    }

    /** How a recipe quantizes these inputs. */
    ActivationCodes codes(QuantizeConf recipe) {
        return codes(recipe, NetworkSpec.hasNonNegativeInput(layer));
    }

    /** The same where a transform may have made inputs negative that were not. */
    ActivationCodes signedCodes(QuantizeConf recipe) {
        return codes(recipe, false);
    }

    /** How a recipe quantizes these inputs, with codes that are known to be unsigned or not. */
    ActivationCodes codes(QuantizeConf recipe, boolean unsigned) {
        if (recipe.activationBits() > 8) {
            return ActivationCodes.off();
        }
        if (recipe.activationScale() == ActivationScale.ROW) {
            return ActivationCodes.perRow(recipe.activationBits(), unsigned);
        }
        return ActivationCodes.of(recipe.activationBits(), unsigned, threshold(recipe.thresholdPercentile()));
    }

    /** A recorded row as a layer with such codes multiplies it, outliers unquantized. */
    float[] coded(ActivationCodes codes, int row, int width) {
        float[] values = Arrays.copyOfRange(rows, row * width, (row + 1) * width);
        int lowest = codes.unsigned() ? 0 : -codes.maxCode();
        if (codes.coded()) {
            float scale = codes.scale();
            float inverse = codes.inverse();
            if (codes.perRow()) {
                float largest = 0;
                for (float value : values) {
                    largest = Math.max(largest, Math.abs(value));
                }
                scale = largest / codes.maxCode();
                inverse = scale >= Float.MIN_NORMAL ? codes.maxCode() / largest : 0;
            }
            for (int at = 0; at < width; at++) {
                if (codes.perRow() || Math.abs(values[at]) <= codes.threshold()) {
                    float code = (float) Math.max(lowest, Math.min(codes.maxCode(), Math.rint(values[at] * inverse)));
                    values[at] = code * scale;
                }
            }
        }
        return values;
    }

    /** The recorded rows with the outliers of a static threshold set to 0: X_D. */
    float[] withoutOutliers(ActivationCodes codes) {
        float[] dense = rows.clone();
        for (int at = 0; at < dense.length && codes.coded() && !codes.perRow(); at++) {
            dense[at] = Math.abs(dense[at]) > codes.threshold() ? 0 : dense[at];
        }
        return dense;
    }
}
