package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Small random linear layers in every packed form, and inputs that reach their corners; for the tests of every backend.
 *
 * <p>{@link #combinations} crosses the ways to store the weight (rank and bits of the factors, bits of the residual)
 * with the ways to code the input, the intermediate, the sparse part and the cross term; {@link #quantized} gives one
 * of them, cut out of a full-precision layer: a random low-rank part, the largest rest of some rows as sparse entries,
 * and the rounded remainder as residual, so that a layer with a residual still computes about what the full one does.
 */
public final class TestLayers {

    /** How the input is coded. */
    public enum Input {
        OFF, SIGNED, UNSIGNED, ROW, ROW_UNSIGNED, ALL_OUTLIERS
    }

    /**
     * One packed form.
     *
     * @param rank             of the low-rank part; 0 for none
     * @param factorBits       2…8, or 16 for FP32 factors
     * @param residualBits     2…8, 16 for an FP32 residual, 0 for none
     * @param input            how X is coded
     * @param activationBits   2…8 where X is coded
     * @param intermediateBits 2…8, or 32
     * @param sparseWidth      entries per row of S, before some rows are left empty
     * @param crossTerm        whether X_S S is part of the product
     */
    public record Form(int rank, int factorBits, int residualBits, Input input, int activationBits, int intermediateBits,
                       int sparseWidth, boolean crossTerm) {

        Form withInput(Input other) {
            return new Form(rank, factorBits, residualBits, other, activationBits, intermediateBits, sparseWidth, crossTerm);
        }

        Form withoutCrossTerm() {
            return new Form(rank, factorBits, residualBits, input, activationBits, intermediateBits, sparseWidth, false);
        }
    }

    /** The shape of the default method: low rank, residual, outliers, sparse part, cross term. */
    static final Form LOW_BIT = new Form(3, 4, 4, Input.SIGNED, 4, 8, 2, true);

    private TestLayers() {
    }

    /** A random layer in full precision, W about 1/√in. */
    public static PackedLinear full(String name, int in, int out, Random random) {
        return PackedLinear.full(name, in, out, TestModels.gaussians(random, in * out, 1 / Math.sqrt(in)),
            TestModels.gaussians(random, out, 0.1));
    }

    /** One random layer of the given widths for each form; named after its form. */
    public static List<PackedLinear> combinations(int in, int out, long seed) {
        Random random = new Random(seed);
        List<PackedLinear> layers = new ArrayList<>();
        for (Form form : forms()) {
            layers.add(quantized(full(form.toString(), in, out, random), form, random));
        }
        return layers;
    }

    /**
     * One random layer of the given widths for each of the forms that baselines bring: transforms of the input by scales,
     * rotations and a permutation, a low-rank branch, looked-up weights, alone and together, with every coding of the input.
     */
    public static List<PackedLinear> baselines(int in, int out, long seed) {
        Random random = new Random(seed);
        List<PackedLinear> layers = new ArrayList<>();
        for (Input input : Input.values()) {
            for (int sparseWidth : new int[] {0, 2}) {
                Form form = new Form(0, 4, 4, input, input == Input.OFF ? 32 : 4, 8, sparseWidth, true);
                PackedLinear plain = quantized(full(form.toString(), in, out, random), form, random);
                // A rotated input may be negative.
                boolean rotated = input != Input.UNSIGNED && input != Input.ROW_UNSIGNED;
                layers.add(plain.with(transform(in, rotated, random), null));
                layers.add(plain.with(null, branch(in, out, 3, random)));
                layers.add(plain.with(transform(in, rotated, random), branch(in, out, 17, random)));
                PackedLinear factors = quantized(full("factors, " + form, in, out, random),
                    new Form(3, 4, 4, input, input == Input.OFF ? 32 : 8, 8, sparseWidth, true), random);
                layers.add(factors.with(transform(in, rotated, random), branch(in, out, 1, random)));
                layers.add(lookedUp(plain, 3, random));
                layers.add(lookedUp(plain, 8, random).with(transform(in, rotated, random), null));
            }
        }
        return layers;
    }

    /** The same model with transformed inputs, and a branch beside the product, in all layers of the transformer blocks. */
    static PackedModel transformed(PackedModel quantized, int rank, long seed) {
        Random random = new Random(seed);
        return quantized.withLinears(quantized.linears().stream().map(layer -> quantized.spec().layer(layer.name).quantized()
            ? layer.with(transform(layer.in, !NetworkSpec.hasNonNegativeInput(layer.name), random),
                branch(layer.in, layer.out, rank, random)) : layer).toList());
    }

    /** Positive scales and, if asked, rotations in blocks of 16 on both sides of a permutation. */
    private static InputTransform transform(int in, boolean rotated, Random random) {
        float[] scale = new float[in];
        for (int i = 0; i < in; i++) {
            scale[i] = 0.5f + random.nextFloat();
        }
        if (!rotated) {
            return InputTransform.scaling(scale);
        }
        List<Integer> order = new ArrayList<>(IntStream.range(0, in).boxed().toList());
        Collections.shuffle(order, random);
        int size = InputTransform.rotationSize(in, 16);
        return new InputTransform(in, scale, 16, rounded(TestModels.gaussians(random, size, 0.25)),
            order.stream().mapToInt(Integer::intValue).toArray(), rounded(TestModels.gaussians(random, size, 0.25)));
    }

    private static LowRankBranch branch(int in, int out, int rank, Random random) {
        return new LowRankBranch(in, out, rank, rounded(TestModels.gaussians(random, in * rank, 1 / Math.sqrt(in))),
            rounded(TestModels.gaussians(random, rank * out, 1 / Math.sqrt(rank))));
    }

    /** The same layer with random tables in the place of its residual. */
    private static PackedLinear lookedUp(PackedLinear layer, int bits, Random random) {
        int entries = 1 + random.nextInt(1 << bits);
        byte[] indices = new byte[layer.in * layer.out];
        for (int at = 0; at < indices.length; at++) {
            indices[at] = (byte) random.nextInt(entries);
        }
        return PackedLinear.quantized("looked up, " + layer.name, layer.in, layer.out, layer.bias, layer.activation, null, null,
            32, 0, null, layer.sparse, true, new Codebook(layer.in, layer.out, bits, entries, indices,
                rounded(TestModels.gaussians(random, layer.out * entries, 1 / Math.sqrt(layer.in)))));
    }

    private static float[] rounded(float[] values) {
        for (int at = 0; at < values.length; at++) {
            values[at] = Bfloat16.round(values[at]);
        }
        return values;
    }

    /**
     * The same model with ranges of steps, whose thresholds and scales of H are those of the layers times 1, ¾, ⁹⁄₁₆ …
     */
    public static PackedModel withRanges(PackedModel model, int ranges) {
        List<List<PackedLinear>> all = new ArrayList<>();
        for (int range = 0; range < ranges; range++) {
            float factor = (float) Math.pow(0.75, range);
            all.add(range == 0 ? model.linears() : model.linears().stream().map(layer -> layer.hasStaticScale()
                ? layer.withScales(ActivationCodes.of(layer.activation.bits(), layer.activation.unsigned(),
                    layer.activation.threshold() * factor), layer.intermediateScale * factor) : layer).toList());
        }
        return model.withRanges(all);
    }

    /** Every form that behaves differently from the others. */
    public static List<Form> forms() {
        List<Form> forms = new ArrayList<>();
        int[][] weights = {{3, 4, 0}, {3, 4, 4}, {0, 4, 4}, {0, 4, 8}, {3, 8, 2}, {3, 16, 0},
            {0, 4, 16}, {3, 4, 16}, {0, 4, 0}};
        for (int[] weight : weights) {
            for (Input input : Input.values()) {
                for (int intermediateBits : weight[0] > 0 ? new int[] {4, 8, 32} : new int[] {8}) {
                    for (int sparseWidth : new int[] {0, 2}) {
                        for (int bits : input == Input.OFF ? new int[] {32} : new int[] {2, 4, 8}) {
                            Form form = new Form(weight[0], weight[1], weight[2], input, bits, intermediateBits, sparseWidth,
                                true);
                            forms.add(form);
                            if (sparseWidth > 0 && bits == 4) {
                                forms.add(form.withoutCrossTerm());
                            }
                        }
                    }
                }
            }
        }
        return forms;
    }

    /** A full-precision layer in another form; its input is taken to be about standard normal. */
    public static PackedLinear quantized(PackedLinear full, Form form, Random random) {
        int in = full.in;
        int out = full.out;
        int rank = Math.min(form.rank(), Math.min(in, out));
        CodeMatrix left = null;
        CodeMatrix right = null;
        if (rank > 0) {
            double deviation = Math.pow(in, -0.25) * Math.pow(rank, -0.25);
            left = coded(in, rank, form.factorBits(), false, TestModels.gaussians(random, in * rank, deviation));
            right = coded(out, rank, form.factorBits(), true, TestModels.gaussians(random, out * rank, deviation));
        }
        float[] rest = full.weight.clone();
        for (int i = 0; i < in; i++) {
            for (int o = 0; o < out; o++) {
                for (int c = 0; c < rank; c++) {
                    rest[i * out + o] -= left.get(i, c) * right.get(o, c);
                }
            }
        }
        SparseRows sparse = sparse(rest, in, out, Math.min(form.sparseWidth(), out), random);
        CodeMatrix residual = form.residualBits() == 0 ? null : coded(in, out, form.residualBits(), false, rest);
        float intermediateScale = 0;
        if (rank > 0 && form.intermediateBits() <= 8) {
            // About 2.5 standard deviations of H: some of its entries are clamped.
            double deviation = Math.sqrt(in) * Math.pow(in, -0.25) * Math.pow(rank, -0.25);
            intermediateScale = (float) (2.5 * deviation / CodeMatrix.maxCode(form.intermediateBits()));
        }
        return PackedLinear.quantized(full.name, in, out, full.bias, activation(form), left, right, form.intermediateBits(),
            intermediateScale, residual, sparse, form.crossTerm());
    }

    private static ActivationCodes activation(Form form) {
        int bits = form.activationBits();
        return switch (form.input()) {
            case OFF -> ActivationCodes.off();
            case SIGNED -> ActivationCodes.of(bits, false, 1.5f);
            case UNSIGNED -> ActivationCodes.of(bits, true, 1.5f);
            case ROW -> ActivationCodes.perRow(bits, false);
            case ROW_UNSIGNED -> ActivationCodes.perRow(bits, true);
            case ALL_OUTLIERS -> ActivationCodes.of(bits, false, 0);
        };
    }

    /** Rounds to the nearest code; the scale of a row or column is its largest magnitude ÷ the largest code. */
    private static CodeMatrix coded(int rows, int cols, int bits, boolean scalePerRow, float[] values) {
        if (bits > 8) {
            return CodeMatrix.full(rows, cols, values.clone());
        }
        float[] scale = new float[scalePerRow ? rows : cols];
        for (int at = 0; at < values.length; at++) {
            int s = scalePerRow ? at / cols : at % cols;
            scale[s] = Math.max(scale[s], Math.abs(values[at]) / CodeMatrix.maxCode(bits));
        }
        byte[] codes = new byte[values.length];
        for (int at = 0; at < values.length; at++) {
            float unit = scale[scalePerRow ? at / cols : at % cols];
            codes[at] = (byte) (unit == 0 ? 0 : Math.rint(values[at] / unit));
        }
        return new CodeMatrix(rows, cols, bits, scalePerRow, codes, scale, new float[0]);
    }

    /** Moves up to {@code width} entries of each row of {@code rest} to S; every third row has none. */
    private static SparseRows sparse(float[] rest, int rows, int cols, int width, Random random) {
        int[] columns = new int[rows * width];
        float[] values = new float[rows * width];
        for (int row = 0; row < rows; row++) {
            int column = -1;
            for (int k = 0; k < width; k++) {
                int left = cols - 1 - column;
                if (column == -2 || row % 3 == 2 || left < 1) {
                    columns[row * width + k] = -1;
                    column = -2;
                } else {
                    column += 1 + random.nextInt(Math.max(1, left / (width - k)));
                    columns[row * width + k] = column;
                    values[row * width + k] = rest[row * cols + column];
                    rest[row * cols + column] = 0;
                }
            }
        }
        return new SparseRows(rows, cols, width, columns, values);
    }

    /**
     * An input of the layer: about standard normal with a tenth of large entries and some zeros, not negative where codes
     * are unsigned; the first row is all zero, the second all on ties between codes.
     *
     * @return (rows, in) row-major
     */
    public static float[] input(PackedLinear layer, int rows, Random random) {
        ActivationCodes activation = layer.activation;
        Supplier<Float> entry = () -> {
            float value = (float) (random.nextGaussian() * (random.nextInt(10) == 0 ? 4 : 1));
            return random.nextInt(8) == 0 ? 0 : activation.coded() && activation.unsigned() ? Math.abs(value) : value;
        };
        float[] input = new float[rows * layer.in];
        for (int at = 0; at < input.length; at++) {
            int row = at / layer.in;
            float tie = (random.nextInt(activation.coded() ? activation.maxCode() : 1) + 0.5f) * activation.scale();
            input[at] = row == 0 ? 0 : row == 1 && activation.scale() > 0 ? tie : entry.get();
        }
        return input;
    }

    /**
     * The same model with all layers of the transformer blocks in one form; layers whose input is a ReLU's take unsigned
     * codes where the form's are signed.
     */
    public static PackedModel quantized(PackedModel model, Form form, long seed) {
        Random random = new Random(seed);
        List<PackedLinear> linears = new ArrayList<>();
        for (PackedLinear linear : model.linears()) {
            linears.add(model.spec().layer(linear.name).quantized()
                ? quantized(linear, NetworkSpec.hasNonNegativeInput(linear.name) ? unsigned(form) : form, random) : linear);
        }
        return model.withLinears(linears);
    }

    private static Form unsigned(Form form) {
        return switch (form.input()) {
            case SIGNED -> form.withInput(Input.UNSIGNED);
            case ROW -> form.withInput(Input.ROW_UNSIGNED);
            default -> form;
        };
    }
}
