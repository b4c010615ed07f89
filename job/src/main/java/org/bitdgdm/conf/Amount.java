package org.bitdgdm.conf;

import java.util.Locale;

/** A number of things in words. */
public final class Amount {
    private Amount() {
    }

    /** A count with its noun: {@code 1 layer}, {@code 1,000 layers}. */
    public static String of(long count, String noun) {
        return String.format(Locale.ROOT, "%,d %s%s", count, noun, count == 1 ? "" : "s");
    }
}
