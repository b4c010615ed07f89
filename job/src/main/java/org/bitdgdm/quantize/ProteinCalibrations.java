package org.bitdgdm.quantize;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;

/**
 * What calibration records of one full-precision model of proteins, recorded once for all recipes that ask for the same; see
 * {@link Calibrations}. Of several threads one records, and the others wait for it.
 */
public final class ProteinCalibrations {
    /** Recordings kept: those of most methods, which want few rows or many, each with static scales or without. */
    private static final int KEPT = 3;

    private final PackedProteinModel full;
    private final long seed;
    private final int kept;
    private final Supplier<ProteinDenoiser> opener;
    private final Function<QuantizeConf, List<ProteinGraph>> backbones;
    private final Map<List<Object>, List<RecordedInputs>> recorded = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<Object>, List<RecordedInputs>> eldest) {
            return size() > kept;
        }
    };

    /**
     * Records nothing yet.
     *
     * @param full      in full precision
     * @param seed      of the runs; calibration derives its own from it
     * @param opener    opens the model; closed after each recording
     * @param backbones that it designs sequences for, at least one, the same for the same number of calibration graphs
     */
    public ProteinCalibrations(PackedProteinModel full, long seed, Supplier<ProteinDenoiser> opener,
                               Function<QuantizeConf, List<ProteinGraph>> backbones) {
        this(full, seed, KEPT, opener, backbones);
    }

    private ProteinCalibrations(PackedProteinModel full, long seed, int kept, Supplier<ProteinDenoiser> opener,
                                Function<QuantizeConf, List<ProteinGraph>> backbones) {
        this.full = full;
        this.seed = seed;
        this.kept = kept;
        this.opener = opener;
        this.backbones = backbones;
    }

    /** The same for one recipe: what it has recorded is not kept, since no other asks for it. */
    public ProteinCalibrations ofOneRecipe() {
        return new ProteinCalibrations(full, seed, 0, opener, backbones);
    }

    /** The model in full precision. */
    public PackedProteinModel full() {
        return full;
    }

    /** The inputs of every layer, see {@link Calibration#of}. */
    synchronized List<RecordedInputs> of(QuantizeConf conf, int[] rows) {
        List<Object> key = List.of(conf.calibrationGraphs(), conf.calibrationSteps(), conf.thresholdBuckets(),
            Arrays.toString(rows));
        List<RecordedInputs> known = recorded.get(key);
        if (known == null) {
            try (ProteinDenoiser denoiser = opener.get()) {
                known = new ProteinCalibration(denoiser, backbones.apply(conf), conf, seed).recorded(full, rows,
                    conf.thresholdBuckets());
            }
            recorded.put(key, known);
        }
        return known;
    }
}
