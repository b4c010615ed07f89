package org.bitdgdm.conf;

import java.util.stream.Collectors;

/**
 * Bad input of the user (option, file, folder, master), told in one sentence: what, found value, where, remedy. Ends the
 * job with exit code 2 and without a stack trace. Messages quote what files hold, so each is made one printable line of
 * bounded length, whatever that was.
 */
public class InputException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final int MAX_LENGTH = 2000;
    /** The longest excerpt of a file, in characters. */
    private static final int EXCERPT = 100;

    public InputException(String message) {
        super(line(message));
    }

    public InputException(String message, Throwable cause) {
        super(line(message), cause);
    }

    private static String line(String message) {
        return message.length() <= MAX_LENGTH ? printable(message)
            : printable(message.substring(0, MAX_LENGTH / 2)) + " … " + printable(message.substring(message.length()
                - MAX_LENGTH / 2));
    }

    /** A text with a question mark for all that a terminal would obey or hide: controls, marks of direction, line ends. */
    public static String printable(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints().forEach(point -> shown.appendCodePoint(switch (Character.getType(point)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.UNASSIGNED, Character.LINE_SEPARATOR,
                Character.PARAGRAPH_SEPARATOR -> '?';
            default -> point;
        }));
        return shown.toString();
    }

    /** What an exception says, on one line: no stack trace, none of the codes by which Spark's documentation sorts it. */
    public static String oneLine(Throwable failed) {
        return oneLine(failed.getMessage() == null ? failed.getClass().getSimpleName() : failed.getMessage());
    }

    /** The same of what was said. */
    public static String oneLine(String said) {
        return said.replaceFirst("^\\[[A-Z0-9_.]+] ", "").replaceFirst(" SQLSTATE: \\w+\\s*$", "")
            .replaceFirst("^requirement failed: ", "").lines().filter(line -> !line.startsWith("\tat ")).map(String::strip)
            .filter(line -> !line.isEmpty()).collect(Collectors.joining(" ")).replaceFirst("\\.$", "");
    }

    /** Text of a file as it may stand in a message: short, on one line, printable. */
    public static String excerpt(String text) {
        // Cut before it is counted: a text may be as long as the file.
        String start = text.substring(0, Math.min(text.length(), 2 * EXCERPT));
        boolean whole = start.length() == text.length() && start.codePointCount(0, start.length()) <= EXCERPT;
        return printable(whole ? text
            : start.substring(0, start.offsetByCodePoints(0, Math.min(EXCERPT, start.codePointCount(0, start.length())))))
            + (whole ? "" : "…");
    }
}
