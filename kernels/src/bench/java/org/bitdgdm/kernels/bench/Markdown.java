package org.bitdgdm.kernels.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A page while it is written. */
final class Markdown {
    private final StringBuilder text = new StringBuilder();

    /** What stands in an earlier page from a heading on, which people write below the tables; the heading alone without one. */
    static String from(Path page, String heading) throws IOException {
        String text = Files.exists(page) ? Files.readString(page) : "";
        int from = text.indexOf(heading);
        return from < 0 ? heading + "\n\n(nothing written yet)\n" : text.substring(from);
    }

    void line(String format, Object... values) {
        text.append(values.length == 0 ? format : String.format(Locale.ROOT, format, values)).append('\n');
    }

    void table(String... columns) {
        line("| " + String.join(" | ", columns) + " |");
        line("|" + "---|".repeat(columns.length));
    }

    void row(Object... cells) {
        List<String> texts = new ArrayList<>();
        for (Object cell : cells) {
            texts.add(cell instanceof Double number ? significant(number) : String.valueOf(cell));
        }
        line("| " + String.join(" | ", texts) + " |");
    }

    /** Three digits, without an exponent. */
    static String significant(double value) {
        double magnitude = Math.abs(value);
        return String.format(Locale.ROOT, magnitude >= 100 ? "%,.0f" : magnitude >= 10 ? "%.1f" : "%.2f", value);
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f%%", 100 * share);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
