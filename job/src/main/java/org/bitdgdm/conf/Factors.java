package org.bitdgdm.conf;

import java.util.Arrays;
import java.util.Locale;

/** What the low-rank factors and the sparse part of Bit-DGDM are fitted to. */
public enum Factors {
    /** What a layer does to the inputs that calibration has recorded. */
    AWARE,
    /** The weight itself, as published. */
    WEIGHT;

    static Factors of(String word) {
        Check.oneOf("factors", Arrays.stream(values()).map(Factors::toString).toList(), word);
        return valueOf(word.toUpperCase(Locale.ROOT));
    }

    /** The word of options and files. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
