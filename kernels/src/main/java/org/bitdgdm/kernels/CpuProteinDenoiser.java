package org.bitdgdm.kernels;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The {@code cpu} backend of sequences: C++ kernels for scalar code, AVX2 and AVX-512, bit-identical to each other. What
 * depends on the backbone alone, the edges of every layer among it, is computed once for all sequences and times; in full
 * precision and with static scales the first layer of the messages is multiplied once for each residue, not for each edge.
 *
 * <p>Sequences of a call are spread over {@link BackendOptions#threads} threads. Any number of threads may use one instance at
 * once, each with backbones of its own; {@link #close} waits for them.
 */
public final class CpuProteinDenoiser implements ProteinDenoiser {
    private final PackedProteinModel model;
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
    public CpuProteinDenoiser(PackedProteinModel model, BackendOptions options) {
        this.model = Objects.requireNonNull(model, "model");
        this.isa = CpuDenoiser.isa(options);
        this.threads = options.threads();
        this.engine = CpuNative.open(model, isa, threads);
    }

    @Override
    public ResidueDiffusion diffusion() {
        return model.diffusion();
    }

    @Override
    public Conditioned condition(ProteinGraph protein) {
        return new Backbone(protein);
    }

    private final class Backbone implements Conditioned {
        private final ProteinGraph protein;
        /** Address of the native object; 0 once closed. */
        private long handle;

        Backbone(ProteinGraph protein) {
            this.protein = protein;
            this.handle = CpuNative.backbone(protein);
        }

        @Override
        public ProteinGraph protein() {
            return protein;
        }

        @Override
        public void logits(byte[] sequences, int t, float[] logits) {
            ReferenceProteinDenoiser.requireFits(protein, model.diffusionSteps(), sequences, t, logits);
            whileOpen(() -> CpuNative.proteinLogits(engine, open(), sequences, t, model.rangeOf(t), logits));
        }

        @Override
        public void record(byte[] sequence, int t, ActivationRecorder.Sink sink) {
            ReferenceProteinDenoiser.requireFits(protein, model.diffusionSteps(), sequence, t,
                new float[sequence.length * ResidueDiffusion.CLASSES]);
            whileOpen(() -> {
                List<NetworkSpec.Layer> layers = List.copyOf(model.spec().layers());
                boolean[] wanted = new boolean[layers.size()];
                for (int layer = 0; layer < wanted.length; layer++) {
                    wanted[layer] = layers.get(layer).quantized();
                }
                long recording = CpuNative.recordProtein(engine, open(), sequence, t, model.rangeOf(t), wanted);
                try {
                    for (int layer = 0; layer < wanted.length; layer++) {
                        if (wanted[layer]) {
                            String name = layers.get(layer).name();
                            float[] input = new float[CpuNative.recorded(recording, layer, null)];
                            CpuNative.recorded(recording, layer, input);
                            sink.accept(name, input, input.length / model.linear(name).in);
                        }
                    }
                } finally {
                    CpuNative.freeRecording(recording);
                }
            });
        }

        private long open() {
            if (handle == 0) {
                throw new IllegalStateException("this backbone is closed");
            }
            return handle;
        }

        @Override
        public void close() {
            if (handle != 0) {
                CpuNative.freeBackbone(handle);
                handle = 0;
            }
        }
    }

    private void whileOpen(Runnable call) {
        lock.readLock().lock();
        try {
            if (engine == 0) {
                throw new IllegalStateException("this cpu denoiser is closed");
            }
            call.run();
        } finally {
            lock.readLock().unlock();
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
            if (engine == 0) {
                throw new IllegalStateException("this cpu denoiser is closed");
            }
            CpuNative.closeProteins(engine);
            engine = 0;
        } finally {
            lock.writeLock().unlock();
        }
    }
}
