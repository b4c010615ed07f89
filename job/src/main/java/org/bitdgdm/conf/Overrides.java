package org.bitdgdm.conf;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Settings of single layers: {@code PATTERN:key=value,...}, the first pattern that matches a layer's name counts. */
final class Overrides {
    private static final String OVERRIDE = "override";

    private Overrides() {
    }

    static Map<String, Map<String, String>> parse(List<String> texts) {
        Map<String, Map<String, String>> overrides = new LinkedHashMap<>();
        for (String text : texts) {
            int colon = text.indexOf(':');
            Check.that(colon > 0 && colon < text.length() - 1, OVERRIDE, "must look like PATTERN:key=value,...",
                "'" + text + "'");
            Map<String, String> values = values(OVERRIDE, "PATTERN:key=value,...", text, text.substring(colon + 1));
            String pattern = text.substring(0, colon).strip();
            Check.that(overrides.put(pattern, values) == null, OVERRIDE, "must have each pattern once", pattern + " twice");
        }
        return overrides;
    }

    /** Settings without a pattern: {@code key=value,...}. */
    static List<Map<String, String>> candidates(List<String> texts) {
        return texts.stream().map(text -> values("candidate", "key=value,...", text, text)).toList();
    }

    private static Map<String, String> values(String option, String form, String whole, String settings) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String part : settings.split(",", -1)) {
            int equals = part.indexOf('=');
            Check.that(equals > 0, option, "must look like " + form, "'" + whole + "'");
            String key = part.substring(0, equals).strip();
            Check.that(values.put(key, part.substring(equals + 1).strip()) == null, option, "must set each key once",
                key + " twice in '" + whole + "'");
        }
        return values;
    }

    /** {@code PATTERN:key=value,...} of each. */
    static List<String> texts(Map<String, Map<String, String>> overrides) {
        return overrides.entrySet().stream().map(o -> o.getKey() + ":" + text(o.getValue())).toList();
    }

    /** {@code key=value,...}. */
    static String text(Map<String, String> values) {
        return values.entrySet().stream().map(entry -> entry.getKey() + "=" + entry.getValue())
            .collect(Collectors.joining(","));
    }

    /** Builds the recipe of every pattern once, so that a bad value is known before any layer is. */
    static void check(QuantizeConf conf, Map<String, Map<String, String>> overrides) {
        overrides.forEach((pattern, values) -> check(OVERRIDE, "of '" + pattern + "'", conf, values));
    }

    /**
     * Builds a recipe once.
     *
     * @param option that has brought the values
     * @param which  of its values this is, for people
     */
    static void check(String option, String which, QuantizeConf conf, Map<String, String> values) {
        List<String> known = Arrays.stream(Option.values()).filter(Option::perLayer).map(Option::word).toList();
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                throw new Check.OptionException(option, which + " has the unknown key " + key
                    + "; the nearest known one is " + Nearest.of(key, known));
            }
        }
        try {
            conf.withSettings(values);
        } catch (Check.OptionException e) {
            throw new Check.OptionException(option, which + ": " + e.option() + " " + e.rule());
        }
    }

    static Map<String, String> firstMatch(Map<String, Map<String, String>> overrides, String name) {
        return overrides.entrySet().stream().filter(o -> matches(o.getKey(), name)).map(Map.Entry::getValue).findFirst()
            .orElse(Map.of());
    }

    /** Glob match of the whole name: {@code *} is any run of characters, dots too; {@code ?} is any single one. */
    static boolean matches(String pattern, String name) {
        // Not by a regular expression, whose time grows with the power of the number of stars.
        int at = 0;
        int star = -1;
        int taken = 0;
        int n = 0;
        while (n < name.length()) {
            if (at < pattern.length() && pattern.charAt(at) == '*') {
                star = at++;
                taken = n;
            } else if (at < pattern.length() && (pattern.charAt(at) == '?' || pattern.charAt(at) == name.charAt(n))) {
                at++;
                n++;
            } else if (star >= 0) {
                at = star + 1;
                n = ++taken;
            } else {
                return false;
            }
        }
        while (at < pattern.length() && pattern.charAt(at) == '*') {
            at++;
        }
        return at == pattern.length();
    }

    /** Settings of one layer as values of their options. */
    static Map<Option, Object> read(Map<String, String> settings) {
        Map<Option, Object> values = new EnumMap<>(Option.class);
        settings.forEach((key, text) -> {
            Option option = Option.ofName(key).orElseThrow();
            try {
                values.put(option, option.kind().read(text));
            } catch (IllegalArgumentException e) {
                throw new Check.OptionException(key, option.kind().rule() + ", found '" + text + "'");
            }
        });
        return values;
    }
}
