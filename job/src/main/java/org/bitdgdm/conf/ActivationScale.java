package org.bitdgdm.conf;

import java.util.Arrays;
import java.util.Locale;

/** Where the scale of activation codes comes from. */
public enum ActivationScale {
    /** From the threshold of the layer, fixed before sampling. */
    STATIC,
    /** From the maximum of each row at run time; then there is no threshold. */
    ROW;

    static ActivationScale of(String word) {
        Check.oneOf("activation-scale", Arrays.stream(values()).map(ActivationScale::toString).toList(), word);
        return valueOf(word.toUpperCase(Locale.ROOT));
    }

    /** The word of options and files. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
