package org.bitdgdm.conf;

import java.util.List;

/** The door of every option: one sentence naming rule, option and found value. */
final class Check {
    private Check() {
    }

    static void that(boolean holds, String option, String rule, Object found) {
        if (!holds) {
            throw new OptionException(option, rule + ", found " + (found.equals("") ? "nothing" : found));
        }
    }

    static void oneOf(String option, List<String> known, String found) {
        that(known.contains(found), option, "must be one of " + String.join(", ", known), found);
    }

    static void bits(String option, int found) {
        that(bits(found), option, "must be in 2..8, or 16 or 32 for off", found);
    }

    static boolean bits(int found) {
        return found >= 2 && found <= 8 || found == 16 || found == 32;
    }

    /**
     * The rule of {@link Check} that does not hold. Kept apart from the flag's name, so that a value from a file can be
     * blamed on its key and line instead.
     */
    static final class OptionException extends InputException {
        private static final long serialVersionUID = 1;

        private final String option;
        private final String rule;

        OptionException(String option, String rule) {
            super("--" + option + " " + rule);
            this.option = option;
            this.rule = rule;
        }

        String option() {
            return option;
        }

        String rule() {
            return rule;
        }
    }
}
