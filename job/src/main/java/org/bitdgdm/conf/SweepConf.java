package org.bitdgdm.conf;

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

    /** What the cells have in common: model, count, backend, folder; the recipe is that of the first. */
    public JobConf common() {
        return cells.get(0).conf();
    }
}
