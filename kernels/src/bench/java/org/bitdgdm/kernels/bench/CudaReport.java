package org.bitdgdm.kernels.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The Markdown file of the cuda benchmark. Its sections are named from the start, in the order of reading; they are filled
 * in the order of measuring, and the file is written after every line, so that a run that is cut off leaves what it had.
 * A section that the run has not come to says so, but for bounds, of which the earlier file's stay.
 */
final class CudaReport {
    /** Below this line a report is written by people, and kept. */
    static final String HANDWRITTEN = "## What the kernels do about each term";
    private static final String BOUNDS = "## Bounds";

    private final Path file;
    private final String head;
    private final String below;
    private final Map<String, StringBuilder> sections = new LinkedHashMap<>();

    /**
     * @param file   to write; null: lines are only printed
     * @param flags  of the run, as the first lines have them
     * @param titles of all sections, each with its #
     */
    CudaReport(Path file, String flags, List<String> titles) throws IOException {
        this.file = file;
        this.head = "# Speed of the cuda backend\n\nWritten by `./submit.sh bench --backend cuda" + flags
            + "`. Do not edit above \"" + HANDWRITTEN.substring(3) + "\".\n";
        String earlier = file != null && Files.exists(file) ? Files.readString(file) : "";
        int from = earlier.indexOf(HANDWRITTEN);
        this.below = from < 0 ? HANDWRITTEN + "\n" : earlier.substring(from);
        for (String title : titles) {
            String kept = title.startsWith(BOUNDS) ? body(earlier, title) : "";
            sections.put(title, new StringBuilder(kept.isEmpty() ? "Not measured: the run has not come to this.\n" : kept));
        }
        if (file != null) {
            Files.createDirectories(file.toAbsolutePath().getParent());
        }
    }

    /** What stands under a title in a report; empty where there is no such title. */
    private static String body(String report, String title) {
        int from = report.indexOf(title + "\n");
        int to = report.indexOf("\n## ", from + 1);
        return from < 0 || to < 0 ? "" : report.substring(from + title.length(), to).strip() + "\n";
    }

    /** One section while it is filled. */
    final class Section {
        private final StringBuilder text;

        private Section(StringBuilder text) {
            this.text = text;
        }

        /** Prints a line, adds it, and writes the file. */
        void line(String format, Object... values) {
            String line = values.length == 0 ? format : String.format(Locale.ROOT, format, values);
            System.out.println(line);
            text.append(line).append('\n');
            save();
        }
    }

    /** Empties a section and begins to fill it. */
    Section begin(String title) {
        StringBuilder text = sections.get(title);
        if (text == null) {
            throw new IllegalArgumentException("the report has no section \"" + title + "\", only " + sections.keySet());
        }
        text.setLength(0);
        System.out.println("\n" + title + "\n");
        return new Section(text);
    }

    private void save() {
        if (file == null) {
            return;
        }
        try {
            Files.writeString(file, text());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the report " + file, e);
        }
    }

    String text() {
        StringBuilder all = new StringBuilder(head);
        sections.forEach((title, text) -> all.append('\n').append(title).append("\n\n").append(text));
        return all.append('\n').append(below).toString();
    }
}
