package org.bitdgdm.conf;

import java.util.List;

/** The door of every option: one sentence naming rule, option and found value. */
final class Check {
    private Check() {
    }

    static void that(boolean holds, String option, String rule, Object found) {
        if (!holds) {
            throw new InputException("--" + option + " " + rule + ", found " + found);
        }
    }

    static void oneOf(String option, List<String> known, String found) {
        that(known.contains(found), option, "must be one of " + String.join(", ", known), found);
    }

    static void bits(String option, int found) {
        that(found >= 2 && found <= 8 || found == 16 || found == 32, option, "must be in 2..8, or 16 or 32 for off", found);
    }
}
