package org.bitdgdm.model;

import org.bitdgdm.conf.InputException;

/** Text of a file as it may stand in a message: short, on one line, printable. */
public final class Excerpt {
    private static final int MAX_LENGTH = 100;

    private Excerpt() {
    }

    /** The text, cut and with what cannot be printed written out. */
    public static String of(String text) {
        // Cut before it is counted: a text may be as long as the file.
        String start = text.substring(0, Math.min(text.length(), 2 * MAX_LENGTH));
        boolean whole = start.length() == text.length() && start.codePointCount(0, start.length()) <= MAX_LENGTH;
        return InputException.printable(whole ? text
            : start.substring(0, start.offsetByCodePoints(0, Math.min(MAX_LENGTH, start.codePointCount(0, start.length())))))
            + (whole ? "" : "…");
    }
}
