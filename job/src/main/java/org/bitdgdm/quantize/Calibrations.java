package org.bitdgdm.quantize;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.PackedModel;

/**
 * What calibration records of one full-precision model, recorded once for all recipes that ask for the same. It takes most
 * of the time of the simple methods. Of several threads one records, and the others wait for it.
 */
public final class Calibrations {
    /** Recordings kept: that of most methods, and that of one which wants more rows. */
    private static final int KEPT = 2;

    private final PackedModel full;
    private final Recording recording;
    private final Map<List<Object>, List<RecordedInputs>> recorded = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Object>, List<RecordedInputs>> eldest) {
            return size() > KEPT;
        }
    };

    /** Records anew. */
    private interface Recording {
        List<RecordedInputs> of(int graphs, int steps, int[] rows, int ranges);
    }

    /**
     * Records nothing yet.
     *
     * @param full   in full precision
     * @param seed   seed of the run; calibration derives its own from it
     * @param opener opens the model on a backend that can record; closed after each recording
     */
    public <D extends Denoiser & ActivationRecorder> Calibrations(PackedModel full, long seed,
                                                                  Function<PackedModel, D> opener) {
        this.full = full;
        this.recording = (graphs, steps, rows, ranges) -> {
            try (D denoiser = opener.apply(full)) {
                return Calibration.run(full, denoiser, graphs, steps, seed, rows, ranges);
            }
        };
    }

    /** The model in full precision. */
    public PackedModel full() {
        return full;
    }

    /** The inputs of every layer, see {@link Calibration#run}. */
    synchronized List<RecordedInputs> of(int graphs, int steps, int[] rows, int ranges) {
        List<Object> key = List.of(graphs, steps, Arrays.toString(rows), ranges);
        return recorded.computeIfAbsent(key, absent -> recording.of(graphs, steps, rows, ranges));
    }
}
