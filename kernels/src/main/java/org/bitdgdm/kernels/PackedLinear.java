package org.bitdgdm.kernels;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * One linear layer {@code Y = X W + b} as a backend takes it: X is rows × in, W is in × out, the transpose of what a
 * checkpoint stores. Either in full precision ({@code weight}) or as parts ({@code W ≈ L Rᵀ + E + S}), those of Bit-DGDM;
 * other methods replace E by a {@link Codebook}, X by {@code X T} ({@link InputTransform}), or add {@code (X A) B}
 * ({@link LowRankBranch}).
 *
 * <p>The product of the quantized form, with Q the activation codes, all in this order, X being X T
 * throughout where there is a transform:
 * <ol>
 * <li>{@code A = Q(X_D) L} in int32; {@code H = A · (s_x · s_L[c])}; if intermediateBits ≤ 8,
 *     {@code q_H = rint(A · (s_x · s_L[c] · inverse_H))} clamped to ±maxCode, and {@code Y = (q_H Rᵀ) · (scale_H · s_R[o])},
 *     else {@code Y = H R̂ᵀ} in FP32;</li>
 * <li>{@code Y += (Q(X_D) E) · (s_x · s_E[o])}, the inner product in int32;</li>
 * <li>{@code Y += X_S (L̂R̂ᵀ + Ê)}, FP32;</li>
 * <li>{@code Y += X S}, FP32; without the cross term {@code X_D S} (X_D unquantized);</li>
 * <li>{@code Y += b}, and {@code Y += (X A) B}, FP32, where there is a branch.</li>
 * </ol>
 * If any of the dense operands is not coded (a codebook never is), {@code Y = X̃ D + X S + b} in FP32 instead, with
 * D = {@link #densePart()} and X̃ = X, its coded entries replaced by {@code code · scale}; H is not formed. {@link LinearReference} is this in code.
 */
public final class PackedLinear {
    /** DiGress's own name of the module, for example {@code tf_layers.0.self_attn.q}. */
    public final String name;
    /** d_in. */
    public final int in;
    /** d_out; may be 0. */
    public final int out;
    /** (out) b. */
    public final float[] bias;
    /** (in, out) row-major W in full precision; null if quantized. */
    public final float[] weight;
    /** How X is quantized; off in full precision. */
    public final ActivationCodes activation;
    /** (in, rank) L, a scale per rank column; null if there is no low-rank part. */
    public final CodeMatrix left;
    /** (out, rank) R, a scale per row (output channel); null if there is no low-rank part. */
    public final CodeMatrix right;
    /** Bits of the codes of H = Q(X_D) L; 16 or 32: stays FP32. */
    public final int intermediateBits;
    /** Static scale of H. */
    public final float intermediateScale;
    /** FP32 reciprocal of {@link #intermediateScale}; 0 where that is 0. */
    public final float intermediateInverse;
    /** (in, out) E, or the whole W of a round-to-nearest layer; a scale per column (output channel); may be null. */
    public final CodeMatrix residual;
    /** (in, out) S; null in full precision, empty (width 0) if there is none. */
    public final SparseRows sparse;
    /** Whether X_S S is part of the product; false only in the ablation. */
    public final boolean crossTerm;
    /** (in, out) looked-up weight in the place of {@link #residual}; null if there is none. */
    public final Codebook codebook;
    /** What becomes of X first; null if nothing. */
    public final InputTransform transform;
    /** Low-rank term of the unquantized X; null if there is none. */
    public final LowRankBranch branch;

    private PackedLinear(String name, int in, int out, float[] bias, float[] weight, ActivationCodes activation,
                         CodeMatrix left, CodeMatrix right, int intermediateBits, float intermediateScale,
                         CodeMatrix residual, SparseRows sparse, boolean crossTerm, Codebook codebook,
                         InputTransform transform, LowRankBranch branch) {
        this.name = Objects.requireNonNull(name, "name");
        this.in = in;
        this.out = out;
        this.bias = bias;
        this.weight = weight;
        this.activation = activation;
        this.left = left;
        this.right = right;
        this.intermediateBits = intermediateBits;
        this.intermediateScale = intermediateScale;
        this.intermediateInverse = intermediateScale >= Float.MIN_NORMAL ? 1 / intermediateScale : 0;
        this.residual = residual;
        this.sparse = sparse;
        this.crossTerm = crossTerm;
        this.codebook = codebook;
        this.transform = transform;
        this.branch = branch;
        check(bias.length == out, "bias must have " + out + " entries, found " + bias.length);
        check(weight == null || weight.length == Math.multiplyExact(in, out), "weight must be " + in + " x " + out);
        check((weight == null) == (sparse != null), "a layer is either full precision or quantized");
        check((left == null) == (right == null), "left and right factor go together");
        if (left != null) {
            check(left.rows() == in && right.rows() == out && left.cols() == right.cols(),
                "factors must be " + in + " x r and " + out + " x r");
            check(!left.scalePerRow() && right.scalePerRow() || !left.coded(),
                "left factor has a scale per rank column, right factor one per output channel");
        }
        check(residual == null || residual.rows() == in && residual.cols() == out && !residual.scalePerRow(),
            "residual must be " + in + " x " + out + " with a scale per output channel");
        check(sparse == null || sparse.rows() == in && sparse.cols() == out, "sparse part must be " + in + " x " + out);
        check(intermediateBits >= 2 && intermediateBits <= 8 || intermediateBits == 16 || intermediateBits == 32,
            "intermediate bits must be in 2..8, 16 or 32, found " + intermediateBits);
        check(intermediateScale >= 0 && Float.isFinite(intermediateScale),
            "intermediate scale must be finite and not negative, found " + intermediateScale);
        check(codebook == null || codebook.in() == in && codebook.out() == out && residual == null && left == null,
            "a codebook must be " + in + " x " + out + " and the only dense part");
        check(transform == null || transform.width() == in, "input transform must be " + in + " wide");
        check(branch == null || branch.in() == in && branch.out() == out, "branch must be " + in + " x r and r x " + out);
        check(sparse != null || codebook == null && transform == null && branch == null,
            "a full-precision layer has no other part");
    }

    /** A layer in full precision; {@code weight} is (in, out) row-major. */
    public static PackedLinear full(String name, int in, int out, float[] weight, float[] bias) {
        return new PackedLinear(name, in, out, bias, Objects.requireNonNull(weight), ActivationCodes.off(), null, null, 32,
            0, null, null, true, null, null, null);
    }

    /** A quantized layer; {@code left}, {@code right} and {@code residual} may be null where the method has none. */
    public static PackedLinear quantized(String name, int in, int out, float[] bias, ActivationCodes activation,
                                         CodeMatrix left, CodeMatrix right, int intermediateBits, float intermediateScale,
                                         CodeMatrix residual, SparseRows sparse, boolean crossTerm) {
        return quantized(name, in, out, bias, activation, left, right, intermediateBits, intermediateScale, residual, sparse,
            crossTerm, null);
    }

    /** A quantized layer whose weight may be looked up, {@code left}, {@code right} and {@code residual} then being null. */
    public static PackedLinear quantized(String name, int in, int out, float[] bias, ActivationCodes activation,
                                         CodeMatrix left, CodeMatrix right, int intermediateBits, float intermediateScale,
                                         CodeMatrix residual, SparseRows sparse, boolean crossTerm, Codebook codebook) {
        return new PackedLinear(name, in, out, bias, null, activation, left, right, intermediateBits, intermediateScale,
            residual, Objects.requireNonNull(sparse), crossTerm, codebook, null, null);
    }

    /** A layer of looked-up weights and a sparse part, its input in full precision. */
    public static PackedLinear lookedUp(String name, float[] bias, Codebook codebook, SparseRows sparse) {
        return quantized(name, codebook.in(), codebook.out(), bias, ActivationCodes.off(), null, null, 32, 0, null, sparse,
            true, codebook);
    }

    /** This quantized layer with a transform of its input and a branch beside its product, either of which may be null. */
    public PackedLinear with(InputTransform ofInput, LowRankBranch beside) {
        return new PackedLinear(name, in, out, bias, weight, activation, left, right, intermediateBits, intermediateScale,
            residual, sparse, crossTerm, codebook, ofInput, beside);
    }

    /** This layer with other static scales of its input and of H; everything else is shared. */
    public PackedLinear withScales(ActivationCodes codes, float scaleOfH) {
        check(codes.bits() == activation.bits() && codes.unsigned() == activation.unsigned()
            && codes.perRow() == activation.perRow(), "other scales must be of codes of the same kind");
        return new PackedLinear(name, in, out, bias, weight, codes, left, right, intermediateBits, scaleOfH, residual, sparse,
            crossTerm, codebook, transform, branch);
    }

    /** Whether another layer differs from this one in static scales at most: it shares all its parts. */
    boolean sharesPartsWith(PackedLinear other) {
        return name.equals(other.name) && bias == other.bias && weight == other.weight && left == other.left
            && right == other.right && residual == other.residual && sparse == other.sparse && codebook == other.codebook
            && transform == other.transform && branch == other.branch && crossTerm == other.crossTerm
            && intermediateBits == other.intermediateBits && activation.bits() == other.activation.bits()
            && activation.unsigned() == other.activation.unsigned() && activation.perRow() == other.activation.perRow()
            && (hasStaticScale() || activation.equals(other.activation) && intermediateScale == other.intermediateScale);
    }

    /** Whether the input is coded with a scale fixed at packing. */
    public boolean hasStaticScale() {
        return activation.coded() && !activation.perRow();
    }

    /** The parts that this layer is made of; none in full precision. */
    public Set<PackedForm> forms() {
        Set<PackedForm> forms = EnumSet.noneOf(PackedForm.class);
        if (left != null) {
            forms.add(PackedForm.FACTORS);
        }
        if (residual != null) {
            forms.add(PackedForm.RESIDUAL);
        }
        if (sparse != null && sparse.entries() > 0) {
            forms.add(PackedForm.SPARSE);
        }
        if (transform != null) {
            forms.add(PackedForm.TRANSFORM);
        }
        if (branch != null) {
            forms.add(PackedForm.BRANCH);
        }
        if (codebook != null) {
            forms.add(PackedForm.CODEBOOK);
        }
        return forms;
    }

    private void check(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(name + ": " + rule);
        }
    }

    /** Whether W is in full precision. */
    public boolean isFull() {
        return weight != null;
    }

    /** Rank of the low-rank part; 0 if there is none. */
    public int rank() {
        return left == null ? 0 : left.cols();
    }

    /** Whether the dense products run on integers: weights and activations both coded. */
    public boolean integerProduct() {
        return !isFull() && activation.coded() && codebook == null
            && (left == null || left.coded()) && (right == null || right.coded()) && (residual == null || residual.coded());
    }

    /** Bytes of the layer as stored and broadcast, bias included. */
    public long bytes() {
        long bytes = 4L * bias.length;
        if (isFull()) {
            return bytes + 4L * weight.length;
        }
        bytes += left == null ? 0 : left.bytes() + right.bytes();
        bytes += residual == null ? 0 : residual.bytes();
        bytes += codebook == null ? 0 : codebook.bytes();
        bytes += transform == null ? 0 : transform.bytes();
        bytes += branch == null ? 0 : branch.bytes();
        return bytes + sparse.bytes();
    }

    /**
     * Multiply-adds of one row of X, of whatever bits, sparse weights included; outliers of X, whose number depends on X,
     * are not.
     */
    public long multiplyAdds() {
        long size = (long) in * out;
        if (isFull()) {
            return size;
        }
        long rest = (transform == null ? 0 : transform.multiplyAdds())
            + (branch == null ? 0 : (long) branch.rank() * (in + out));
        if (!integerProduct()) {
            return rest + size + (activation.coded() ? sparse.entries() : 0);
        }
        return rest + (long) rank() * (in + out) + (residual == null ? 0 : size) + sparse.entries();
    }

    /**
     * The dense part L̂R̂ᵀ + Ê, or the looked-up weight, in FP32, (in, out) row-major; each entry is summed in double and
     * rounded once.
     *
     * @throws IllegalStateException if the layer is in full precision
     */
    public float[] densePart() {
        if (isFull()) {
            throw new IllegalStateException(name + ": a full-precision layer has no dense part");
        }
        float[] dense = new float[in * out];
        double[] ofRight = new double[rank() * out];
        for (int at = 0; at < ofRight.length; at++) {
            ofRight[at] = right.get(at % out, at / out);
        }
        double[] sums = new double[out];
        for (int i = 0; i < in; i++) {
            Arrays.fill(sums, 0);
            // The order of every sum is that of ranks, whatever the order of the loops.
            for (int c = 0; c < rank(); c++) {
                addScaled(sums, left.get(i, c), ofRight, c * out);
            }
            for (int o = 0; o < out; o++) {
                double rest = residual != null ? residual.get(i, o) : codebook != null ? codebook.get(i, o) : 0;
                dense[i * out + o] = (float) (sums[o] + rest);
            }
        }
        return dense;
    }

    private static void addScaled(double[] sums, double factor, double[] values, int from) {
        for (int o = 0; o < sums.length; o++) {
            sums[o] += factor * values[from + o];
        }
    }
}
