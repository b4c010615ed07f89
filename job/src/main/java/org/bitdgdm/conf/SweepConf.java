package org.bitdgdm.conf;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * All that {@code sweep} is asked to do.
 *
 * @param cells    the runs, each once; they differ in {@link #axes} only
 * @param parallel cells that run at once
 */
public record SweepConf(List<SweepCell> cells, int parallel) {

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
        boolean budgets = false;
        int parallel = 1;
        for (Map<Option, Settings.Setting> point : new SweepGrid(read).points()) {
            Settings of = settings.with(point);
            SweepCell cell = SweepCell.of(JobConf.ofCell(of));
            SweepCell other = cells.putIfAbsent(cell.name(), cell);
            if (other != null && !other.sameRun(cell)) {
                throw new InputException("sweep must have cells of different names, found two different ones named "
                    + cell.name() + "; give files of recipes different names, and cells with recipe = auto no setting of"
                    + " their own besides budget, steps, schedule and seed");
            }
            budgets |= of.number(Option.BUDGET) > 0;
            parallel = of.whole(Option.PARALLEL);
        }
        Check.that(parallel >= 1, "parallel", "must be at least 1", parallel);
        Check.that(!budgets || cells.values().stream().anyMatch(cell -> cell.conf().recipe().auto()), "budget",
            "must be left out where no cell has recipe = auto", "one");
        return new SweepConf(List.copyOf(cells.values()), parallel);
    }

    /** The same with cells that are run otherwise than they were asked for, and named by that: of two that are one, the first. */
    public SweepConf settled(UnaryOperator<JobConf> run) {
        Map<String, SweepCell> settled = new LinkedHashMap<>();
        for (SweepCell cell : cells) {
            SweepCell now = SweepCell.of(run.apply(cell.conf()));
            settled.putIfAbsent(now.name(), now);
        }
        return new SweepConf(List.copyOf(settled.values()), parallel);
    }

    /** What the cells have in common: model, count, backend, folder; the axes are those of the first. */
    public JobConf common() {
        return cells.get(0).conf();
    }
}
