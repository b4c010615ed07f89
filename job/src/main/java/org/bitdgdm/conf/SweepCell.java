package org.bitdgdm.conf;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One run of a sweep.
 *
 * @param name what tells it from the other cells, for example {@code rtn-w4a4-row-t100-s0}: settings that its method does
 *             not look at are left out, so that cells which would be the same run have the same name
 * @param conf all that the run is asked to do; its folder is that of the whole sweep
 */
public record SweepCell(String name, JobConf conf) {

    static SweepCell of(JobConf conf) {
        RecipeConf recipe = conf.recipe();
        StringBuilder name = new StringBuilder(recipe.recipe().isEmpty() ? conf.quantize().method()
            : recipe.auto() ? "auto" : "recipe-" + Path.of(recipe.recipe()).getFileName().toString()
                .replaceFirst("\\.[^.]*$", "").replaceAll("[^A-Za-z0-9._-]", "-"));
        append(name, "-b", recipe.auto() ? recipe.budget() : null);
        Map<String, Object> used = used(conf);
        if (used.containsKey("weight_bits")) {
            name.append("-w").append(used.get("weight_bits")).append('a').append(used.get("activation_bits"));
        }
        append(name, "-r", used.get("rank"));
        append(name, "-a", used.get("alpha"));
        append(name, "-e", used.get("residual"));
        append(name, "-h", used.get("intermediate_bits"));
        append(name, "-p", used.get("percentile"));
        append(name, "-k", used.get("threshold_buckets"));
        if ("row".equals(used.get("activation_scale"))) {
            name.append("-row");
        }
        if (Boolean.FALSE.equals(used.get("cross_term"))) {
            name.append("-minus");
        }
        name.append("-t").append(conf.sample().steps());
        if (!conf.sample().schedule().equals("uniform")) {
            name.append('-').append(conf.sample().schedule());
        }
        name.append("-s").append(Long.toUnsignedString(conf.sample().seed()));
        return new SweepCell(name.toString(), conf);
    }

    /** Whether a cell of the same name is the same run: names tell files by their last part, searches by their budget. */
    boolean sameRun(SweepCell other) {
        return conf.recipe().recipe().isEmpty() || conf.quantize().equals(other.conf.quantize())
            && (!conf.recipe().auto() || conf.recipe().equals(other.conf.recipe()));
    }

    private static void append(StringBuilder name, String key, Object value) {
        if (value != null) {
            name.append(key).append(value instanceof Double number
                ? BigDecimal.valueOf(number).stripTrailingZeros().toPlainString() : value);
        }
    }

    /** The settings of the quantization that its method looks at, by column of the table of cells. */
    public Map<String, Object> used() {
        return used(conf);
    }

    /** Whether the cell is the model itself, in full precision. */
    public boolean full() {
        return conf.recipe().recipe().isEmpty() && conf.quantize().nothing();
    }

    private static Map<String, Object> used(JobConf conf) {
        if (!conf.recipe().recipe().isEmpty()) {
            Map<String, Object> recipe = new LinkedHashMap<>();
            recipe.put("recipe", conf.recipe().recipe());
            if (conf.recipe().auto()) {
                recipe.put("budget", conf.recipe().budget());
            }
            return recipe;
        }
        return used(conf.quantize());
    }

    private static Map<String, Object> used(QuantizeConf quantize) {
        Map<String, Object> used = new LinkedHashMap<>();
        String method = quantize.method();
        if (method.equals("fp32")) {
            return used;
        }
        used.put("weight_bits", quantize.weightBits());
        used.put("activation_bits", quantize.activationBits());
        boolean coded = quantize.activationBits() <= 8;
        boolean fixed = coded && quantize.activationScale().equals("static");
        if (coded) {
            used.put("activation_scale", quantize.activationScale());
        }
        if (fixed && !method.equals("bit-dgdm-dense-activations")) {
            used.put("percentile", quantize.thresholdPercentile());
        }
        if (fixed && quantize.thresholdBuckets() > 1) {
            used.put("threshold_buckets", quantize.thresholdBuckets());
        }
        boolean factors = method.startsWith("bit-dgdm") && !method.equals("bit-dgdm-threshold");
        if (factors) {
            used.put("rank", quantize.rank());
            used.put("residual", quantize.residualBits());
            used.put("intermediate_bits", quantize.intermediateBits());
        }
        if (method.equals("svdquant")) {
            used.put("rank", quantize.rank());
        }
        if (method.startsWith("bit-dgdm") || method.equals("squeezellm")) {
            used.put("alpha", quantize.alpha());
        }
        if (fixed && method.startsWith("bit-dgdm") && !method.equals("bit-dgdm-minus")) {
            used.put("cross_term", quantize.crossTerm());
        }
        return used;
    }
}
