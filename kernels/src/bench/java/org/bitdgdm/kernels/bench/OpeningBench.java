package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.PackedModelFormat;

/**
 * How long an executor takes from the bytes of a broadcast model to the end of its first step: the hash, the layers, their
 * packing for the processor, and a step of one graph.
 */
final class OpeningBench {
    /** Of lines of results. */
    static final String KIND = "opening";

    private static final int REPEATS = 5;
    private static final double NANOS = 1e-9;

    /**
     * What it took.
     *
     * @param bytes   of the model as it is broadcast
     * @param first   seconds of the first time, when classes were not loaded yet, as on an executor
     * @param seconds of all times
     */
    record Opening(long bytes, double first, Spread seconds) {
        static Opening of(JsonNode line) {
            return new Opening(line.path("bytes").asLong(), line.path("first").asDouble(), Spread.of(line.path("seconds")));
        }

        ObjectNode line() {
            ObjectNode line = ResultLines.line(KIND).put("bytes", bytes).put("first", first);
            seconds.write(line.putObject("seconds"));
            return line;
        }
    }

    private OpeningBench() {
    }

    static Opening measure(BenchOptions options) {
        BenchModel model = BenchModel.large();
        byte[] packed = PackedModelFormat.toBytes(model.full());
        int last = model.full().diffusion().steps();
        double[] seconds = new double[REPEATS];
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            long begin = System.nanoTime();
            try (CpuDenoiser denoiser = new CpuDenoiser(PackedModelFormat.fromBytes(packed),
                new BackendOptions(options.threads(), options.cpuIsa(), null))) {
                GraphBatch batch = model.graphs(1, denoiser);
                denoiser.advance(batch, 1, new int[] {last, last - 1});
            }
            seconds[repeat] = (System.nanoTime() - begin) * NANOS;
        }
        return new Opening(packed.length, seconds[0], Spread.of(Arrays.copyOf(seconds, REPEATS)));
    }
}
