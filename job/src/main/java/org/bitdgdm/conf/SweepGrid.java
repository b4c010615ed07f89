package org.bitdgdm.conf;

import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.Settings.Setting;

/**
 * The section {@code sweep} of a file: lists of values whose every combination is a run. A key with one value needs no list.
 * {@code cells = [{ ... }, { ... }]} holds several such grids, each laid over the keys beside it, where not every
 * combination is wanted.
 */
final class SweepGrid {
    /** Combinations above this are taken for a mistake. */
    private static final int MOST_POINTS = 1000;
    private static final String CELLS = "cells";
    /** Keys of the whole sweep, each with one value. */
    private static final List<Option> WHOLE = List.of(Option.COUNT, Option.PARALLEL);

    private final ConfFile file;

    SweepGrid(ConfFile file) {
        this.file = file;
    }

    /**
     * All combinations, in the order of the file's grids and lists.
     *
     * @throws InputException for an unknown key, a value of the wrong type, an empty list or too many combinations
     */
    List<Map<Option, Setting>> points() {
        ConfigObject section = file.sweep();
        Map<Option, List<Setting>> common = axes(section, true);
        List<Map<Option, Setting>> points = new ArrayList<>();
        if (section.get(CELLS) == null) {
            points.addAll(combinations(common));
        } else if (section.get(CELLS) instanceof ConfigList grids) {
            for (ConfigValue grid : grids) {
                if (!(grid instanceof ConfigObject keys)) {
                    throw new InputException("sweep.cells must be a list of sections { ... }, found " + grid.unwrapped()
                        + " in " + file.where(grid));
                }
                Map<Option, List<Setting>> axes = new EnumMap<>(common);
                axes.putAll(axes(keys, false));
                points.addAll(combinations(axes));
                requireFew(points, section);
            }
        } else {
            throw new InputException("sweep.cells must be a list of sections { ... }, found "
                + section.get(CELLS).unwrapped() + " in " + file.where(section.get(CELLS)));
        }
        requireFew(points, section);
        return points;
    }

    private void requireFew(List<Map<Option, Setting>> points, ConfigObject section) {
        if (points.size() > MOST_POINTS) {
            throw new InputException("sweep must have at most " + MOST_POINTS + " cells, found more in "
                + file.where(section));
        }
    }

    private Map<Option, List<Setting>> axes(ConfigObject section, boolean whole) {
        Map<String, Option> known = new LinkedHashMap<>();
        Option.axes().forEach(option -> known.put(option.word(), option));
        known.put(Option.THRESHOLD_PERCENTILE.column(), Option.THRESHOLD_PERCENTILE);
        WHOLE.forEach(option -> known.put(option.word(), option));
        Map<Option, List<Setting>> axes = new EnumMap<>(Option.class);
        section.forEach((key, value) -> {
            if (whole && key.equals(CELLS)) {
                return;
            }
            Option option = known.get(key);
            if (option == null || WHOLE.contains(option) && !whole) {
                throw new InputException("unknown key sweep." + key + " in " + file.where(value)
                    + "; the nearest known one is " + Nearest.of(key, known.keySet().stream().toList()));
            }
            List<ConfigValue> values = value instanceof ConfigList list && !WHOLE.contains(option) ? list : List.of(value);
            if (values.isEmpty()) {
                throw new InputException("sweep." + key + " must have at least one value, found none in "
                    + file.where(value));
            }
            axes.put(option, values.stream().map(each -> new Setting(file.read(option, each), file.where(each))).toList());
        });
        return axes;
    }

    /** Every combination; later options of {@link Option} change fastest. */
    private static List<Map<Option, Setting>> combinations(Map<Option, List<Setting>> axes) {
        List<Map<Option, Setting>> points = List.of(Map.of());
        for (Map.Entry<Option, List<Setting>> axis : axes.entrySet()) {
            if ((long) points.size() * axis.getValue().size() > MOST_POINTS) {
                throw new InputException("sweep must have at most " + MOST_POINTS + " cells, found more");
            }
            List<Map<Option, Setting>> longer = new ArrayList<>();
            for (Map<Option, Setting> point : points) {
                for (Setting value : axis.getValue()) {
                    Map<Option, Setting> with = point.isEmpty() ? new EnumMap<>(Option.class) : new EnumMap<>(point);
                    with.put(axis.getKey(), value);
                    longer.add(with);
                }
            }
            points = longer;
        }
        return points;
    }
}
