package org.bitdgdm.quantize;

import java.util.Arrays;
import org.bitdgdm.conf.InputException;

/** Takes the inputs of one layer, call by call, and keeps two uniform samples: of non-zero magnitudes and of rows. */
final class InputCollector {
    /** Magnitudes kept for each layer. */
    static final int MAGNITUDES = 1 << 16;
    /** Rows kept for each layer by methods that ask for no more. */
    static final int ROWS = 256;
    /** Rows for each input channel of methods that ask for more: enough for a Hessian to be well conditioned. */
    static final int ROWS_PER_CHANNEL = 4;
    /** Bounds the memory of the driver, at the wide layers of y. */
    static final int MOST_ROWS = 2048;

    private final String layer;
    private final int in;
    private final int kept;
    private final SkipReservoir magnitudeReservoir;
    private final SkipReservoir rowReservoir;
    private final float[] magnitudes = new float[MAGNITUDES];
    private final float[] rows;
    private float maximum;
    private long values;
    private long nonZeros;
    private long rowsSeen;

    /** Keeps {@link #ROWS} rows. */
    InputCollector(String layer, int in, long seed, int stream) {
        this(layer, in, seed, stream, ROWS);
    }

    /**
     * @param in     width of the layer's input
     * @param seed   key of the samples
     * @param stream number of the layer, distinct for every layer of a model
     * @param kept   rows to keep; at least 1
     */
    InputCollector(String layer, int in, long seed, int stream, int kept) {
        this.layer = layer;
        this.in = in;
        this.kept = kept;
        this.magnitudeReservoir = new SkipReservoir(MAGNITUDES, seed, 2L * stream);
        this.rowReservoir = new SkipReservoir(kept, seed, 2L * stream + 1);
        this.rows = new float[Math.multiplyExact(kept, in)];
    }

    /**
     * Takes rows.
     *
     * @param input (count, in) row-major
     * @param count rows
     * @param t     diffusion time at which they were seen, for messages
     * @throws InputException if an entry is NaN or infinite
     */
    void accept(float[] input, int count, int t) {
        float largest = maximum;
        boolean finite = true;
        long seen = nonZeros;
        long next = magnitudeReservoir.next();
        for (int at = 0; at < count * in; at++) {
            float magnitude = Math.abs(input[at]);
            finite &= magnitude <= Float.MAX_VALUE;
            largest = magnitude > largest ? magnitude : largest;
            if (seen == next && magnitude > 0) {
                magnitudes[magnitudeReservoir.take()] = magnitude;
                next = magnitudeReservoir.next();
            }
            seen += magnitude > 0 ? 1 : 0;
        }
        if (!finite) {
            throw new InputException("the input of layer " + layer + " is not finite at step t = " + t
                + " of the calibration; the model cannot be quantized, check its weights");
        }
        while (rowReservoir.next() < rowsSeen + count) {
            int row = (int) (rowReservoir.next() - rowsSeen);
            System.arraycopy(input, row * in, rows, rowReservoir.take() * in, in);
        }
        maximum = largest;
        nonZeros = seen;
        values += (long) count * in;
        rowsSeen += count;
    }

    /** What was seen so far. */
    RecordedInputs recorded() {
        float[] sample = Arrays.copyOf(magnitudes, (int) Math.min(nonZeros, MAGNITUDES));
        Arrays.sort(sample);
        int rowCount = (int) Math.min(rowsSeen, kept);
        return new RecordedInputs(layer, sample, maximum, values, nonZeros, Arrays.copyOf(rows, rowCount * in), rowCount);
    }
}
