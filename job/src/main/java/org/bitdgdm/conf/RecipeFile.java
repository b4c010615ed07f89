package org.bitdgdm.conf;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

/**
 * A whole recipe as a file: HOCON with the section {@code quantize} of {@code conf/bitdgdm.conf} and nothing else, so that
 * it can be read, edited and given back with {@code --recipe}.
 */
public final class RecipeFile {
    private static final String SECTION = "quantize.";

    private RecipeFile() {
    }

    /**
     * The text of a recipe.
     *
     * @param comment lines for people, each written behind a #
     */
    public static String text(QuantizeConf recipe, List<String> comment) {
        StringBuilder text = new StringBuilder();
        comment.forEach(line -> text.append("# ").append(line).append('\n'));
        text.append("quantize {\n");
        Values values = new Values();
        values.put(recipe);
        values.map().forEach((key, value) -> {
            text.append("  ").append(key.substring(SECTION.length())).append(" = ");
            if (value instanceof List<?> list) {
                StringJoiner lines = new StringJoiner("\n    ", list.isEmpty() ? "[" : "[\n    ", list.isEmpty() ? "]" : "\n  ]");
                list.forEach(element -> lines.add(quoted(element)));
                text.append(lines);
            } else {
                text.append(value instanceof String ? quoted(value) : String.format(Locale.ROOT, "%s", value));
            }
            text.append('\n');
        });
        return text.append("}\n").toString();
    }

    private static String quoted(Object text) {
        return '"' + String.valueOf(text).replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /**
     * The options with those of the file of {@code --recipe} over what other files say of the quantization; as they are
     * where none is named.
     *
     * @throws InputException if the file holds anything else, or a flag sets what it is to say
     */
    static Settings over(Settings settings) {
        String file = settings.text(Option.RECIPE).strip();
        if (file.isEmpty() || file.equals(RecipeConf.AUTO)) {
            return settings;
        }
        for (Option option : Option.values()) {
            if (isPart(option) && settings.isFlag(option)) {
                throw new InputException("--recipe " + file + " is the whole recipe; leave out " + option.flag()
                    + ", or change it in the file");
            }
        }
        Map<Option, Settings.Setting> read = ConfFile.recipe(Home.file(file)).settings();
        Map<Option, Settings.Setting> recipe = new EnumMap<>(Option.class);
        // What the file leaves out is the default, whatever other files say: the file alone decides.
        ConfFile.defaults().settings().forEach((option, setting) -> {
            if (isPart(option)) {
                recipe.put(option, setting);
            }
        });
        read.forEach((option, setting) -> {
            if (!isPart(option)) {
                throw new InputException("a recipe holds settings of the section quantize only, found " + option.key()
                    + " in " + setting.where());
            }
            recipe.put(option, setting);
        });
        return settings.with(recipe);
    }

    /** Whether an option is one of {@link QuantizeConf}. */
    private static boolean isPart(Option option) {
        return option.key().startsWith(SECTION) && option != Option.RECIPE && option != Option.BUDGET
            && option != Option.CANDIDATE;
    }
}
