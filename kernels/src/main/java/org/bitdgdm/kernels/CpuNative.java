package org.bitdgdm.kernels;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The functions of the native library, as {@code bitdgdm_jni.cpp} defines them, and the handing over of packed layers.
 * Handles are addresses: whoever gets one frees it once and checks everything before the call.
 *
 * <p>Native failures arrive as {@link KernelException}, contradictions in what was handed over as
 * {@link IllegalStateException}.
 */
final class CpuNative {
    private static final int LEFT = 0;
    private static final int RIGHT = 1;
    private static final int RESIDUAL = 2;

    private CpuNative() {
    }

    /** Packs a model and opens it; the handle goes to {@link #close}. */
    static long open(PackedModel model, String isa, int threads) {
        Architecture a = model.architecture();
        Diffusion diffusion = model.diffusion();
        long network = newNetwork(a.layers(), a.heads(), a.nodeTypes(), a.edgeTypes(), a.maxNodes(),
            a.variant() == Variant.FIXED_BUG, a.features().ordinal(), a.hasMolecularFeatures(), a.walks(), a.absorbing(),
            model.stepRanges());
        try {
            setWeights(network, a.nodeWeights(), a.maxWeight());
            setLimits(network, diffusion.limits().nodes(), diffusion.limits().edges());
            for (NetworkSpec.Layer layer : model.spec().layers()) {
                long linear = linearOf(model, layer);
                try {
                    addLinear(network, layer.block(), layer.module(), linear);
                } finally {
                    freeLinear(linear);
                }
            }
            for (NetworkSpec.Norm norm : model.spec().norms()) {
                LayerNorm values = model.norm(norm.name());
                addNorm(network, norm.block(), norm.module(), values.weight(), values.bias());
            }
            return open(network, isa, threads);
        } finally {
            freeNetwork(network);
        }
    }

    /** Packs a model of proteins and opens it; the handle goes to {@link #closeProteins}. */
    static long open(PackedProteinModel model, String isa, int threads) {
        ProteinArchitecture a = model.architecture();
        long network = newProteinNetwork(a.layers(), a.nodesNormalised(), a.edgesUpdated(), a.structureAt().ordinal(),
            model.stepRanges());
        try {
            for (NetworkSpec.Layer layer : model.spec().layers()) {
                long linear = linearOf(model, layer);
                try {
                    addProteinLinear(network, layer.block(), layer.module(), linear);
                } finally {
                    freeLinear(linear);
                }
            }
            for (NetworkSpec.Norm norm : model.spec().norms()) {
                LayerNorm values = model.norm(norm.name());
                addProteinNorm(network, norm.block(), norm.module(), values.weight(), values.bias());
            }
            return openProteins(network, isa, threads);
        } finally {
            freeProteinNetwork(network);
        }
    }

    /** Hands over one layer with its scales of all ranges of steps; the handle goes to {@link #freeLinear}. */
    private static long linearOf(PackedNetwork model, NetworkSpec.Layer layer) {
        long linear = linearOf(model.linear(layer.name()));
        try {
            for (int range = 1; range < model.stepRanges(); range++) {
                addScales(linear, model.linear(layer.name(), range));
            }
            return linear;
        } catch (RuntimeException e) {
            freeLinear(linear);
            throw e;
        }
    }

    /**
     * The product of one layer, outside any model: what tests and benchmarks of layers call.
     *
     * @param input (rows, in) row-major
     * @return (rows, out) row-major
     */
    static float[] product(PackedLinear layer, String isa, float[] input, int rows) {
        float[] output = new float[rows * layer.out];
        long linear = linearOf(layer);
        try {
            product(linear, isa, input, rows, output);
        } finally {
            freeLinear(linear);
        }
        return output;
    }

    /** Hands over one layer; the handle goes to {@link #freeLinear}. */
    private static long linearOf(PackedLinear layer) {
        long linear = newLinear(layer.in, layer.out, layer.bias);
        try {
            if (layer.transform != null) {
                InputTransform transform = layer.transform;
                setTransform(linear, transform.scale(), transform.block(), transform.first(), transform.permutation(),
                    transform.second());
            }
            if (layer.branch != null) {
                setBranch(linear, layer.branch.rank(), layer.branch.down(), layer.branch.up());
            }
            ActivationCodes activation = layer.activation;
            setActivation(linear, activation.bits(), activation.unsigned(), activation.perRow(), activation.threshold(),
                activation.scale(), activation.inverse());
            if (layer.isFull()) {
                setWeight(linear, layer.weight);
                return linear;
            }
            SparseRows sparse = layer.sparse;
            setSparse(linear, sparse.width(), sparse.columns(), sparse.values(), layer.crossTerm);
            if (!layer.integerProduct()) {
                setWeight(linear, layer.densePart());
                return linear;
            }
            if (layer.left != null) {
                setMatrix(linear, LEFT, layer.left);
                setMatrix(linear, RIGHT, layer.right);
                setIntermediate(linear, layer.intermediateBits, layer.intermediateScale, layer.intermediateInverse);
            }
            if (layer.residual != null) {
                setMatrix(linear, RESIDUAL, layer.residual);
            }
            if (!activation.perRow()) {
                setDense(linear, layer.densePart());
            }
            return linear;
        } catch (RuntimeException e) {
            freeLinear(linear);
            throw e;
        }
    }

    private static void setMatrix(long linear, int part, CodeMatrix matrix) {
        setMatrix(linear, part, matrix.rows(), matrix.cols(), matrix.coded(), matrix.codes(), matrix.scale(),
            matrix.values());
    }

    /** The static scales of a later range of steps. */
    private static void addScales(long linear, PackedLinear later) {
        ActivationCodes activation = later.activation;
        addScales(linear, activation.threshold(), activation.scale(), activation.inverse(), later.intermediateScale,
            later.intermediateInverse);
    }

    /** Hash of the sources that the loaded library was built from. */
    static native String buildId();

    /** The widest instruction set that this processor and build support: scalar, avx2 or avx512. */
    static native String bestIsa();

    /** Fails with a {@link KernelException} where an instruction set is not supported. */
    static native void requireIsa(String isa);

    private static native long newLinear(int in, int out, float[] bias);

    private static native void setWeight(long linear, float[] weight);

    private static native void setActivation(
        long linear, int bits, boolean isUnsigned, boolean perRow, float threshold, float scale, float inverse);

    private static native void setMatrix(
        long linear, int part, int rows, int cols, boolean coded, byte[] codes, float[] scale, float[] values);

    private static native void setIntermediate(long linear, int bits, float scale, float inverse);

    private static native void setDense(long linear, float[] dense);

    private static native void setSparse(long linear, int width, int[] columns, float[] values, boolean crossTerm);

    private static native void setTransform(
        long linear, float[] scale, int block, float[] first, int[] permutation, float[] second);

    private static native void setBranch(long linear, int rank, float[] down, float[] up);

    private static native void addScales(
        long linear, float threshold, float scale, float inverse, float intermediateScale, float intermediateInverse);

    private static native void freeLinear(long linear);

    private static native void product(long linear, String isa, float[] input, int rows, float[] output);

    /** y = e^x as the kernels compute it; for x ≤ 88. */
    static native void exponential(String isa, float[] x, float[] y);

    private static native long newNetwork(int layers, int heads, int nodeTypes, int edgeTypes, int maxNodes,
                                          boolean fixedBug, int features, boolean molecular, int walks, boolean absorbing,
                                          int stepRanges);

    private static native void setWeights(long network, float[] nodeWeights, float maxWeight);

    private static native void setLimits(long network, float[] nodeMarginal, float[] edgeMarginal);

    /**  block −1 for a layer outside the blocks */
    private static native void addLinear(long network, int block, String module, long linear);

    private static native void addNorm(long network, int block, String module, float[] weight, float[] bias);

    private static native void freeNetwork(long network);

    private static native long open(long network, String isa, int threads);

    static native void close(long engine);

    /** Takes graphs through steps, in place. */
    static void advance(long engine, PackedModel model, GraphBatch batch, long seed, List<Sampler.Step> steps) {
        advance(engine, batch.nodeCount(), batch.ids(), batch.nodes(), batch.edges(), seed, wholes(model, steps),
            reals(steps));
    }

    /** The whole fields of steps, in the order of {@code Step} of model.h. */
    private static int[] wholes(PackedModel model, List<Sampler.Step> steps) {
        return steps.stream().flatMapToInt(step -> IntStream.of(step.rule().ordinal(), step.to(), model.rangeOf(step.at()),
            step.stochasticity().ordinal())).toArray();
    }

    /** The real fields of steps, in the order of {@code Step} of model.h. */
    private static float[] reals(List<Sampler.Step> steps) {
        FloatBuffer fields = FloatBuffer.allocate(6 * steps.size());
        steps.forEach(step -> fields.put(new float[] {step.time(), step.beta(), step.alphaBarFrom(), step.alphaBarTo(),
            step.eta(), step.omega()}));
        return fields.array();
    }

    private static native void advance(long engine, int nodeCount, long[] ids, byte[] nodes, byte[] edges, long seed,
                                       int[] wholes, float[] reals);

    /** Logits of graphs at the start of a step. */
    static void logits(long engine, PackedModel model, GraphBatch batch, Sampler.Step step, float[] nodeLogits,
                       float[] edgeLogits) {
        logits(engine, batch.nodeCount(), batch.ids(), batch.nodes(), batch.edges(), step.time(), model.rangeOf(step.at()),
            nodeLogits, edgeLogits);
    }

    private static native void logits(long engine, int nodeCount, long[] ids, byte[] nodes, byte[] edges, float time,
                                      int range, float[] nodeLogits, float[] edgeLogits);

    /** Inputs of the network at the start of a step. */
    static void features(long engine, GraphBatch batch, Sampler.Step step, float[] nodeInput, float[] edgeInput,
                         float[] globalInput) {
        features(engine, batch.nodeCount(), batch.ids(), batch.nodes(), batch.edges(), step.time(), nodeInput, edgeInput,
            globalInput);
    }

    private static native void features(long engine, int nodeCount, long[] ids, byte[] nodes, byte[] edges, float time,
                                        float[] nodeInput, float[] edgeInput, float[] globalInput);

    /**
     * Evaluates at the start of a step and keeps the inputs of layers; the handle goes to {@link #freeRecording}.
     *
     * @param draw   whether the graphs then take the step, see {@link #drawn}
     * @param wanted whether of each layer, in the order of the {@link NetworkSpec}
     */
    static long record(long engine, PackedModel model, GraphBatch batch, long seed, Sampler.Step step, boolean draw,
                       boolean[] wanted) {
        List<Sampler.Step> one = List.of(step);
        return record(engine, batch.nodeCount(), batch.ids(), batch.nodes(), batch.edges(), seed, draw, wholes(model, one),
            reals(one), wanted);
    }

    private static native long record(long engine, int nodeCount, long[] ids, byte[] nodes, byte[] edges, long seed,
                                      boolean draw, int[] wholes, float[] reals, boolean[] wanted);

    /** Whether the step was taken, if any; the graphs are as before where logits were not finite. */
    static native boolean drawn(long recording);

    /** Copies the recorded input of a layer to {@code to}, unless that is null; returns its number of entries. */
    static native int recorded(long recording, int layer, float[] to);

    /** Memory for the inputs of one step after the other; the handle goes to {@link #freeRecording}. */
    static native long newRecording();

    /** An empty sample, see {@link InputSamples.Asked}; the handle goes to {@link #freeInputSample}. */
    static native long newInputSample(int in, long seed, long stream, int rows, int magnitudes);

    static native void freeInputSample(long sample);

    /**
     * Takes graphs through a step, in place, and adds the inputs of layers to samples; see {@link #drawn}.
     *
     * @param wanted  whether of each layer, in the order of the {@link NetworkSpec}
     * @param layers  index of the layer of each sample
     * @param samples handles, each once
     */
    static void sampleStep(long engine, PackedModel model, GraphBatch batch, long seed, Sampler.Step step, long recording,
                           boolean[] wanted, int[] layers, long[] samples) {
        List<Sampler.Step> one = List.of(step);
        sampleStep(engine, batch.nodeCount(), batch.ids(), batch.nodes(), batch.edges(), seed, wholes(model, one), reals(one),
            recording, wanted, layers, samples);
    }

    private static native void sampleStep(long engine, int nodeCount, long[] ids, byte[] nodes, byte[] edges, long seed,
                                          int[] wholes, float[] reals, long recording, boolean[] wanted, int[] layers,
                                          long[] samples);

    /** What a sample has seen: 1 if all was finite, else 0; bits of the largest magnitude, entries, those not 0, rows. */
    static native long[] sampled(long sample);

    /** The kept magnitudes, ascending: as many as were kept of those not 0. */
    static native void sampledMagnitudes(long sample, float[] to);

    /** As many of the kept rows as have room, row-major. */
    static native void sampledRows(long sample, float[] to);

    static native void multiply(double[] sums, double[] columns, double[] factors, int rows, int cols, int inner,
                                boolean byFours);

    /** Writes the upper triangle. */
    static native void gram(float[] rows, int count, int in, double[] gram);

    /** Exactly one of U and the diagonal is null. */
    static native void roundVectors(double[] upper, double[] diagonal, int[] order, boolean[] dead, int size, double[] vectors,
                                    int count, int maxCode, byte[] codes, float[] scales);

    static native boolean inverseCholesky(double[] matrix, int n);

    /** Whether {@link #nearest} and {@link #means} may be called. */
    static native boolean comparesFingerprints();

    static native void nearest(long[] bits, int[] set, int from, int to, long[] otherBits, int[] otherSet, int words,
                               float[] nearest);

    static native void means(long[] bits, int[] set, double[] shares, int from, int to, int words, double[] means);

    /** Bytes that the threads of an engine work in, as far as none is at work. */
    static native long scratchBytes(long engine);

    static native void freeRecording(long recording);

    private static native long newProteinNetwork(int layers, boolean nodesNormalised, boolean edgesUpdated, int structureAt,
                                                 int stepRanges);

    private static native void addProteinLinear(long network, int block, String module, long linear);

    private static native void addProteinNorm(long network, int block, String module, float[] weight, float[] bias);

    private static native void freeProteinNetwork(long network);

    private static native long openProteins(long network, String isa, int threads);

    static native void closeProteins(long engine);

    /** Hands over a protein; the handle goes to {@link #freeBackbone}. */
    static long backbone(ProteinGraph protein) {
        return newBackbone(protein.sources(), protein.targets(), protein.nodeFeatures(), protein.structure(),
            protein.positions(), protein.edgeFeatures());
    }

    private static native long newBackbone(int[] sources, int[] targets, float[] nodeFeatures, float[] structure,
                                           float[] positions, float[] edgeFeatures);

    static native void freeBackbone(long backbone);

    static native void proteinLogits(long engine, long backbone, byte[] sequences, float time, int range, float[] logits);

    /** Evaluates and keeps the inputs of layers, see {@link #record}. */
    static native long recordProtein(long engine, long backbone, byte[] sequence, float time, int range, boolean[] wanted);
}
