package org.bitdgdm.conf;

import com.typesafe.config.ConfigObject;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All that {@code sweep} is asked to do.
 *
 * @param cells the runs, each once; they differ in recipe, steps and seed only
 */
public record SweepConf(List<SweepCell> cells) {
    private static final String STUDY = "study";
    private static final String DECOMPOSITION = "decomposition";

    public SweepConf {
        cells = List.copyOf(cells);
    }

    /**
     * Validates every cell before any of them runs. Flags win over the grid, as they do over all files.
     *
     * @param file the file of {@code --config}, with a section {@code sweep}
     * @throws InputException naming the option, its value and, if a file set it, file and line
     */
    public static SweepConf of(Settings settings, Optional<Path> file) {
        if (file.isEmpty()) {
            throw new InputException("sweep needs --config FILE with a section sweep { ... }; conf/sweeps holds some");
        }
        ConfFile read = ConfFile.read(file.get(), ConfFile.defaults());
        Map<String, SweepCell> cells = new LinkedHashMap<>();
        for (Map<Option, Settings.Setting> point : new SweepGrid(read).points()) {
            SweepCell cell = SweepCell.of(JobConf.of(settings.with(point)));
            cells.putIfAbsent(cell.name(), cell);
        }
        return new SweepConf(List.copyOf(cells.values()));
    }

    /**
     * Whether a file asks for the study of decompositions, {@code sweep { study = decomposition }}, instead of a grid.
     *
     * @throws InputException if it asks for another study, or for a grid beside it
     */
    public static boolean isDecompositionStudy(Optional<Path> file) {
        if (file.isEmpty()) {
            return false;
        }
        ConfigObject section = ConfFile.read(file.get(), ConfFile.defaults()).sweep();
        if (!section.containsKey(STUDY)) {
            return false;
        }
        if (!DECOMPOSITION.equals(section.get(STUDY).unwrapped()) || section.size() > 1) {
            throw new InputException("sweep.study must be " + DECOMPOSITION + " and stand alone in its section, found "
                + section.unwrapped() + " in " + file.get());
        }
        return true;
    }

    /** What the cells have in common: model, count, backend, folder; the recipe is that of the first. */
    public JobConf common() {
        return cells.get(0).conf();
    }
}
