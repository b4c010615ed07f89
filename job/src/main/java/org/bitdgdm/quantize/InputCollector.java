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
    /** Entries that are looked at together: in most of them nothing is taken. */
    private static final int CHUNK = 256;
    /** Bounds the memory of the driver, at the wide layers of y. */
    static final int MOST_ROWS = 2048;

    private final String layer;
    private final int in;
    private final int kept;
    /** Null where no magnitude is kept. */
    private final SkipReservoir magnitudeReservoir;
    private final SkipReservoir rowReservoir;
    private final float[] magnitudes;
    private final float[] rows;
    private float maximum;
    private long values;
    private long nonZeros;
    private long rowsSeen;

    /** Keeps {@link #ROWS} rows. */
    InputCollector(String layer, int in, long seed, int stream) {
        this(layer, in, seed, stream, ROWS);
    }

    /** Keeps {@link #MAGNITUDES} magnitudes. */
    InputCollector(String layer, int in, long seed, int stream, int kept) {
        this(layer, in, seed, stream, kept, MAGNITUDES);
    }

    /**
     * @param in         width of the layer's input
     * @param seed       key of the samples
     * @param stream     number of the layer, distinct for every layer of a model
     * @param kept       rows to keep; at least 1
     * @param magnitudes magnitudes to keep; 0: none
     */
    InputCollector(String layer, int in, long seed, int stream, int kept, int magnitudes) {
        this.layer = layer;
        this.in = in;
        this.kept = kept;
        this.magnitudes = new float[magnitudes];
        this.magnitudeReservoir = magnitudes == 0 ? null : new SkipReservoir(magnitudes, seed, 2L * stream);
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
        long seen = nonZeros;
        for (int from = 0; from < count * in; from += CHUNK) {
            int end = Math.min(from + CHUNK, count * in);
            largest = Math.max(largest, largest(input, from, end));
            int others = nonZeros(input, from, end);
            if (magnitudeReservoir != null && magnitudeReservoir.next() < seen + others) {
                sample(input, from, end, seen);
            }
            seen += others;
        }
        if (!(largest <= Float.MAX_VALUE)) {
            throw notFinite(layer, t);
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

    /** What is said of an entry that is NaN or infinite. */
    static InputException notFinite(String layer, int t) {
        return new InputException("the input of layer " + layer + " is not finite at step t = " + t
            + " of the calibration; the model cannot be quantized, check its weights");
    }

    /** NaN if any is. */
    private static float largest(float[] input, int from, int end) {
        float largest = 0;
        for (int at = from; at < end; at++) {
            largest = Math.max(largest, Math.abs(input[at]));
        }
        return largest;
    }

    private static int nonZeros(float[] input, int from, int end) {
        int count = 0;
        for (int at = from; at < end; at++) {
            int magnitude = Float.floatToRawIntBits(input[at]) & Integer.MAX_VALUE;
            // The sign of −magnitude.
            count += -magnitude >>> 31;
        }
        return count;
    }

    /** Takes those of the reservoir's next that are among these. */
    private void sample(float[] input, int from, int end, long seen) {
        long before = seen;
        for (int at = from; at < end; at++) {
            if (input[at] != 0) {
                if (before == magnitudeReservoir.next()) {
                    magnitudes[magnitudeReservoir.take()] = Math.abs(input[at]);
                }
                before++;
            }
        }
    }

    /** What was seen. Nothing may be taken afterwards: samples that are full are given away, not copied, of which there are many. */
    RecordedInputs recorded() {
        float[] sample = first(magnitudes, (int) Math.min(nonZeros, magnitudes.length));
        Arrays.sort(sample);
        int rowCount = (int) Math.min(rowsSeen, kept);
        return new RecordedInputs(layer, sample, maximum, values, nonZeros, first(rows, rowCount * in), rowCount);
    }

    private static float[] first(float[] all, int count) {
        return count == all.length ? all : Arrays.copyOf(all, count);
    }
}
