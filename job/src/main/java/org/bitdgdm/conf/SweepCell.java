package org.bitdgdm.conf;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.bitdgdm.conf.QuantizeConf.ActivationScale;
import org.bitdgdm.conf.QuantizeConf.Factors;

/**
 * One run of a sweep.
 *
 * @param name what tells it from the other cells, for example {@code rtn-w4a4-row-t100-s0}: settings that its method does
 *             not look at are left out, so that cells which would be the same run have the same name
 * @param conf all that the run is asked to do; its folder is that of the whole sweep
 */
public record SweepCell(String name, JobConf conf) {
    /** What stands before the value of a setting in a name, or for one that is no number. */
    private static final Map<Option, String> TAGS = tags();
    /** Values that a name does not mention. */
    private static final Set<Object> USUAL = Set.of(Factors.WEIGHT.toString(), ActivationScale.STATIC.toString(), true);

    private static Map<Option, String> tags() {
        Map<Option, String> tags = new LinkedHashMap<>();
        tags.put(Option.BUDGET, "-b");
        tags.put(Option.WEIGHT_BITS, "-w");
        tags.put(Option.ACTIVATION_BITS, "a");
        tags.put(Option.RANK, "-r");
        tags.put(Option.RANK_LEFT, "-l");
        tags.put(Option.FACTORS, "-aware");
        tags.put(Option.OUTER_BITS, "-o");
        tags.put(Option.ALPHA, "-a");
        tags.put(Option.RESIDUAL, "-e");
        tags.put(Option.INTERMEDIATE_BITS, "-h");
        tags.put(Option.THRESHOLD_PERCENTILE, "-p");
        tags.put(Option.THRESHOLD_BUCKETS, "-k");
        tags.put(Option.ACTIVATION_SCALE, "-row");
        tags.put(Option.CROSS_TERM, "-minus");
        return tags;
    }

    static SweepCell of(JobConf conf) {
        RecipeConf recipe = conf.recipe();
        StringBuilder name = new StringBuilder(recipe.recipe().isEmpty() ? conf.quantize().method().toString()
            : recipe.auto() ? "auto" : "recipe-" + Path.of(recipe.recipe()).getFileName().toString()
                .replaceFirst("\\.[^.]*$", "").replaceAll("[^A-Za-z0-9._-]", "-"));
        Map<Option, Object> used = settings(conf);
        TAGS.forEach((option, tag) -> append(name, tag, used.get(option)));
        name.append("-t").append(conf.sample().steps());
        if (!conf.sample().schedule().equals("uniform")) {
            name.append('-').append(conf.sample().schedule());
        }
        name.append(conf.sample().sampler().words());
        name.append("-s").append(Long.toUnsignedString(conf.sample().seed()));
        return new SweepCell(name.toString(), conf);
    }

    /** Whether a cell of the same name is the same run: names tell files by their last part, searches by their budget. */
    boolean sameRun(SweepCell other) {
        return conf.recipe().recipe().isEmpty() || conf.quantize().equals(other.conf.quantize())
            && (!conf.recipe().auto() || conf.recipe().equals(other.conf.recipe()));
    }

    /** Words stand alone, and only where they are not the usual ones. */
    private static void append(StringBuilder name, String tag, Object value) {
        if (value instanceof String || value instanceof Boolean) {
            name.append(USUAL.contains(value) ? "" : tag);
        } else if (value != null) {
            name.append(tag).append(value instanceof Double number
                ? BigDecimal.valueOf(number).stripTrailingZeros().toPlainString() : value);
        }
    }

    /** The settings of the quantization that its method looks at, by column of the table of cells. */
    public Map<String, Object> used() {
        Map<String, Object> used = new LinkedHashMap<>();
        settings(conf).forEach((option, value) -> used.put(option.column(), value));
        return used;
    }

    /** Whether the cell is the model itself, in full precision. */
    public boolean full() {
        return conf.recipe().recipe().isEmpty() && conf.quantize().nothing();
    }

    /** The same by option, without the method. */
    private static Map<Option, Object> settings(JobConf conf) {
        Map<Option, Object> used = new EnumMap<>(Option.class);
        RecipeConf recipe = conf.recipe();
        if (recipe.recipe().isEmpty()) {
            used.putAll(conf.quantize().values());
            used.keySet().retainAll(conf.quantize().method().uses(conf.quantize()));
            used.remove(Option.METHOD);
        } else {
            used.put(Option.RECIPE, recipe.recipe());
            if (recipe.auto()) {
                used.put(Option.BUDGET, recipe.budget());
            }
        }
        return used;
    }
}
