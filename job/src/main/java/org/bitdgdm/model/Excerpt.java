package org.bitdgdm.model;

/** Text of a file as it may stand in a message: short, on one line, printable. */
final class Excerpt {
    private static final int MAX_LENGTH = 100;

    private Excerpt() {
    }

    static String of(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints().limit(MAX_LENGTH).forEach(point -> shown.appendCodePoint(
            Character.isISOControl(point) || !Character.isDefined(point)
                || Character.getType(point) == Character.FORMAT || Character.getType(point) == Character.SURROGATE
                || Character.getType(point) == Character.LINE_SEPARATOR
                || Character.getType(point) == Character.PARAGRAPH_SEPARATOR ? '?' : point));
        return text.codePointCount(0, text.length()) > MAX_LENGTH ? shown + "…" : shown.toString();
    }
}
