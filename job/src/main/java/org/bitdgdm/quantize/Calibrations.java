package org.bitdgdm.quantize;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.PackedModel;

/**
 * What calibration records of one full-precision model, recorded once for all recipes that ask for the same. It takes most
 * of the time of the simple methods, and memory as long as it is kept. Of several threads one records, and the others wait for
 * it.
 */
public final class Calibrations {
    /** Recordings kept: that of most methods, and that of one which wants more rows. */
    private static final int KEPT = 2;
    /** What molecules of QM9, with hydrogens or without, and of MOSES can afford in 50 steps. */
    public static final int MOST_GRAPHS = 64;
    static final int FEWEST_GRAPHS = 4;
    static final int MOST_PAIRS = 2_000_000;

    private final PackedModel full;
    private final int kept;
    private final Recording recording;
    private final Map<List<Object>, List<RecordedInputs>> recorded = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Object>, List<RecordedInputs>> eldest) {
            return size() > kept;
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
    public Calibrations(PackedModel full, long seed, Function<PackedModel, ? extends ActivationRecorder> opener) {
        this(full, KEPT, (graphs, steps, rows, ranges) -> {
            try (ActivationRecorder denoiser = opener.apply(full)) {
                return Calibration.run(full, denoiser, graphs, steps, seed, rows, ranges);
            }
        });
    }

    private Calibrations(PackedModel full, int kept, Recording recording) {
        this.full = full;
        this.kept = kept;
        this.recording = recording;
    }

    /** The same for one recipe: what it has recorded is not kept, since no other asks for it. */
    public Calibrations ofOneRecipe() {
        return new Calibrations(full, 0, recording);
    }

    /** The model in full precision. */
    public PackedModel full() {
        return full;
    }

    /**
     * Graphs that a recipe is calibrated with: those it asks for, or where it asks for none {@value #MOST_GRAPHS}, and fewer
     * where graphs are so large that graphs × steps × nodes² would exceed {@value #MOST_PAIRS}; never fewer than
     * {@value #FEWEST_GRAPHS}.
     */
    public int graphs(QuantizeConf conf) {
        if (conf.calibrationGraphs() > 0) {
            return conf.calibrationGraphs();
        }
        float[] sizes = full.diffusion().sizes().weights();
        double total = 0;
        double squares = 0;
        for (int n = 0; n < sizes.length; n++) {
            total += sizes[n];
            squares += sizes[n] * (double) n * n;
        }
        double affordable = MOST_PAIRS * total / (squares * conf.calibrationSteps());
        return (int) Math.max(FEWEST_GRAPHS, Math.min(MOST_GRAPHS, affordable));
    }

    /** The inputs of every layer, see {@link Calibration#run}. */
    synchronized List<RecordedInputs> of(int graphs, int steps, int[] rows, int ranges) {
        List<Object> key = List.of(graphs, steps, Arrays.toString(rows), ranges);
        return recorded.computeIfAbsent(key, absent -> recording.of(graphs, steps, rows, ranges));
    }
}
