package org.bitdgdm.kernels;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The {@code cpu} backend: C++ kernels for scalar code, AVX2 and AVX-512, chosen when opened, bit-identical to each
 * other. Packs the model once; then every call is one call of native code for the whole batch and all its steps.
 *
 * <p>Graphs of a batch are worked on in small groups, which are spread over {@link BackendOptions#threads} threads, the
 * caller's among them. Any number of threads may use one instance at once; {@link #close} waits for them.
 *
 * <p>A thread that samples works in 4 n² (de + b) bytes for each graph of a group, 20 n² once, and 4 n² for each column of edge
 * features, where widths count in multiples of
 * 16 and a group has one graph as soon as its edges take more than half of 1.5 MiB, and in what does not grow with n²: for
 * the largest graphs of DiGress's data sets, stochastic block models of 187 nodes, less than 16 MiB in all. Recording keeps
 * the inputs of all layers besides.
 */
public final class CpuDenoiser implements ActivationRecorder {
    private final PackedModel model;
    private final String isa;
    private final int threads;
    /** Calls hold the read lock, so that the native object lives until the last one has returned. */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    /** Address of the native object; 0 once closed. */
    private long engine;

    /**
     * Loads the native library and packs a model.
     *
     * @throws KernelException if the library cannot be loaded here or the processor lacks the instruction set asked for
     */
    public CpuDenoiser(PackedModel model, BackendOptions options) {
        this.model = Objects.requireNonNull(model, "model");
        this.isa = isa(options);
        this.threads = options.threads();
        this.engine = CpuNative.open(model, isa, threads);
    }

    /**
     * The instruction set that options stand for here: scalar, avx2 or avx512.
     *
     * @throws KernelException if the library cannot be loaded here or the processor lacks the instruction set asked for
     */
    static String isa(BackendOptions options) {
        NativeLibrary.load(options.nativeDirectory());
        if (options.cpuIsa().equals("auto")) {
            return CpuNative.bestIsa();
        }
        CpuNative.requireIsa(options.cpuIsa());
        return options.cpuIsa();
    }

    @Override
    public Diffusion diffusion() {
        return model.diffusion();
    }

    @Override
    public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
        requireFits(batch);
        GraphBatch start = BrokenLayer.copy(batch);
        try {
            advanceNative(batch, seed, steps);
        } catch (NotFiniteException e) {
            throw BrokenLayer.named(e, model, this, () -> start, steps,
                (graphs, one) -> advanceNative(graphs, seed, one));
        }
    }

    private void advanceNative(GraphBatch batch, long seed, List<Sampler.Step> steps) {
        whileOpen(() -> CpuNative.advance(engine, model, batch, seed, steps));
    }

    @Override
    public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
        requireFits(batch);
        batch.requireLogits(model.architecture(), nodeLogits, edgeLogits);
        whileOpen(() -> CpuNative.logits(engine, model, batch, step, nodeLogits, edgeLogits));
        BrokenLayer.requireFinite(model, () -> this, batch, step, nodeLogits, edgeLogits);
    }

    @Override
    public void record(GraphBatch batch, Sampler.Step step, Sink sink) {
        record(batch, 0, step, false, sink);
    }

    @Override
    public void recordStep(GraphBatch batch, long seed, Sampler.Step step, Sink sink) {
        record(batch, seed, step, true, sink);
    }

    @Override
    public Optional<InputSamples> samples(List<InputSamples.Asked> asked) {
        return Optional.of(new InputSamples(this, asked));
    }

    PackedModel model() {
        return model;
    }

    /** Takes the graphs through a step and adds inputs to native samples; returns whether the step was taken. */
    boolean sampleStep(GraphBatch batch, long seed, Sampler.Step step, long recording, int[] layers, long[] samples) {
        requireFits(batch);
        boolean[] wanted = new boolean[model.spec().layers().size()];
        for (int layer : layers) {
            wanted[layer] = true;
        }
        whileOpen(() -> CpuNative.sampleStep(engine, model, batch, seed, step, recording, wanted, layers, samples));
        return CpuNative.drawn(recording);
    }

    /** @param taken whether the graphs take the step; if not, they stay as they are */
    private void record(GraphBatch batch, long seed, Sampler.Step step, boolean taken, Sink sink) {
        requireFits(batch);
        whileOpen(() -> {
            List<NetworkSpec.Layer> layers = List.copyOf(model.spec().layers());
            boolean[] wanted = new boolean[layers.size()];
            for (int layer = 0; layer < wanted.length; layer++) {
                wanted[layer] = layers.get(layer).quantized() && sink.wants(layers.get(layer).name());
            }
            long recording = CpuNative.record(engine, model, batch, seed, step, taken, wanted);
            boolean drawn;
            try {
                for (int layer = 0; layer < wanted.length; layer++) {
                    if (wanted[layer]) {
                        String name = layers.get(layer).name();
                        float[] input = new float[CpuNative.recorded(recording, layer, null)];
                        CpuNative.recorded(recording, layer, input);
                        sink.accept(name, input, input.length / model.linear(name).in);
                    }
                }
                drawn = CpuNative.drawn(recording);
            } finally {
                CpuNative.freeRecording(recording);
            }
            if (!drawn) {
                // Fails in the same way, and says which layer is broken.
                advance(batch, seed, List.of(step));
            }
        });
    }

    /**
     * The network's inputs as the native code computes them; the same bits as {@link GraphFeatures}.
     *
     * @param nodeInput   (B, n, nodeInputs) written
     * @param edgeInput   (B, n, n, edgeInputs) written where edges have features; else empty
     * @param globalInput (B, globalInputs) written
     */
    void features(GraphBatch batch, Sampler.Step step, float[] nodeInput, float[] edgeInput, float[] globalInput) {
        requireFits(batch);
        whileOpen(() -> CpuNative.features(engine, batch, step, nodeInput, edgeInput, globalInput));
    }

    /** The same at time t, of a network whose edges have none. */
    void features(GraphBatch batch, int t, float[] nodeInput, float[] globalInput) {
        features(batch, Sampler.Step.at(diffusion(), t), nodeInput, new float[0], globalInput);
    }

    /** Bytes that its threads work in, once calls have returned. */
    long scratchBytes() {
        lock.readLock().lock();
        try {
            requireOpen();
            return CpuNative.scratchBytes(engine);
        } finally {
            lock.readLock().unlock();
        }
    }

    private void requireFits(GraphBatch batch) {
        batch.requireFits(model.architecture());
        if (batch.nodeCount() > GraphFeatures.MAX_NODES) {
            throw new IllegalArgumentException("graph features are exact up to " + GraphFeatures.MAX_NODES
                + " nodes, found " + batch.nodeCount());
        }
    }

    private void whileOpen(Runnable call) {
        lock.readLock().lock();
        try {
            requireOpen();
            call.run();
        } finally {
            lock.readLock().unlock();
        }
    }

    private void requireOpen() {
        if (engine == 0) {
            throw new IllegalStateException("this cpu denoiser is closed");
        }
    }

    @Override
    public String describe() {
        return "cpu (" + isa + ", " + threads + (threads == 1 ? " thread)" : " threads)");
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            requireOpen();
            CpuNative.close(engine);
            engine = 0;
        } finally {
            lock.writeLock().unlock();
        }
    }
}
