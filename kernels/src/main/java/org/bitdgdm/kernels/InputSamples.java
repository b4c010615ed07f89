package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Uniform samples of what flows into layers while graphs are sampled, of non-zero magnitudes and of whole rows: taken where
 * inputs arise, so that they need not be handed over, of which there are gigabytes. One thread at a time may use it.
 */
public final class InputSamples implements AutoCloseable {
    private final CpuDenoiser denoiser;
    private final List<Asked> asked;
    /** Index of the layer of each sample; -1 where it is none of the blocks', whose inputs are not recorded. */
    private final List<Integer> layers;
    private final long[] samples;
    private long recording;

    /**
     * What a sample is of.
     *
     * @param layer      name of a layer; of one outside the blocks nothing is taken
     * @param range      of diffusion steps whose inputs it takes, see {@link PackedNetwork#rangeOf}; -1: all
     * @param seed       key of its draws
     * @param stream     distinguishes samples of one seed
     * @param rows       whole rows to keep, at least 1
     * @param magnitudes to keep of entries that are not 0; 0: none
     */
    public record Asked(String layer, int range, long seed, int stream, int rows, int magnitudes) {
    }

    /**
     * What a sample has taken.
     *
     * @param magnitudes ascending
     * @param maximum    largest of all magnitudes
     * @param values     entries seen
     * @param nonZeros   entries seen that are not 0
     * @param rows       (rowCount, in) row-major
     * @param rowCount   rows kept
     */
    public record Taken(float[] magnitudes, float maximum, long values, long nonZeros, float[] rows, int rowCount) {
    }

    InputSamples(CpuDenoiser denoiser, List<Asked> asked) {
        this.denoiser = denoiser;
        this.asked = List.copyOf(asked);
        List<String> names = denoiser.model().spec().layers().stream().map(layer -> layer.quantized() ? layer.name() : "")
            .toList();
        this.layers = asked.stream().map(sample -> names.indexOf(sample.layer)).toList();
        this.samples = new long[asked.size()];
        try {
            recording = CpuNative.newRecording();
            for (int at = 0; at < samples.length; at++) {
                Asked sample = asked.get(at);
                samples[at] = CpuNative.newInputSample(in(at), sample.seed, sample.stream, sample.rows, sample.magnitudes);
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private int in(int at) {
        return denoiser.model().linear(asked.get(at).layer).in;
    }

    /**
     * Takes graphs through a step, as {@link Denoiser#advance} does, and adds the inputs of layers to the samples of all steps
     * and of this range.
     *
     * @return the first layer whose inputs are not all finite, if any; then the graphs may not have moved
     */
    public Optional<String> recordStep(GraphBatch batch, long seed, Sampler.Step step, int range) {
        List<Integer> taking = new ArrayList<>();
        for (int at = 0; at < samples.length; at++) {
            if (layers.get(at) >= 0 && (asked.get(at).range < 0 || asked.get(at).range == range)) {
                taking.add(at);
            }
        }
        int[] layersOf = taking.stream().mapToInt(layers::get).toArray();
        long[] samplesOf = taking.stream().mapToLong(at -> samples[at]).toArray();
        boolean drawn = denoiser.sampleStep(batch, seed, step, recording, layersOf, samplesOf);
        for (int at : taking) {
            if (CpuNative.sampled(samples[at])[0] == 0) {
                return Optional.of(asked.get(at).layer);
            }
        }
        if (!drawn) {
            // Fails in the same way, and says which layer is broken.
            denoiser.advance(batch, seed, List.of(step));
        }
        return Optional.empty();
    }

    /** What a sample has taken, by its number in the order in which they were asked for; its memory is given back. */
    public Taken taken(int at) {
        long[] seen = CpuNative.sampled(samples[at]);
        float[] magnitudes = new float[(int) Math.min(seen[3], asked.get(at).magnitudes)];
        CpuNative.sampledMagnitudes(samples[at], magnitudes);
        int rowCount = (int) Math.min(seen[4], asked.get(at).rows);
        float[] rows = new float[rowCount * in(at)];
        CpuNative.sampledRows(samples[at], rows);
        free(at);
        return new Taken(magnitudes, Float.intBitsToFloat((int) seen[1]), seen[2], seen[3], rows, rowCount);
    }

    private void free(int at) {
        if (samples[at] != 0) {
            CpuNative.freeInputSample(samples[at]);
            samples[at] = 0;
        }
    }

    @Override
    public void close() {
        for (int at = 0; at < samples.length; at++) {
            free(at);
        }
        if (recording != 0) {
            CpuNative.freeRecording(recording);
            recording = 0;
        }
    }
}
