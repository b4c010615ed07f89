package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * What a run has measured as JSON lines, each an object with its {@link #KIND}, in the order of measuring. The file grows with
 * every line, so that a run that is cut off leaves what it had; pages and rates are made of the lines and of nothing else.
 */
final class ResultLines {
    /** What a line is of. */
    static final String KIND = "kind";
    /** The machine and what is asked of it: the first line of a run. */
    static final String BEGIN = "begin";
    /** The last line of a run that came to its end; behind it only lines that a later run has added. */
    static final String END = "end";
    static final String MODEL = "model";
    static final String STEP = "step";
    /** The setting of {@code generate} without flags. */
    static final String DEFAULT = "default";
    /** Speed of another runtime. */
    static final String PEER = "peer";
    /** The commit of a line of the job, which may be of a later run. */
    static final String COMMIT = "measured_on";
    /** The processor of such a line. */
    static final String CPU = "measured_with";
    private static final JsonMapper JSON = new JsonMapper();

    private final Path file;
    private final List<JsonNode> lines = new ArrayList<>();
    private final Consumer<List<JsonNode>> page;

    /**
     * Begins a file.
     *
     * @param file to write; null: lines are only printed
     * @param kept which lines of an earlier run stay in it; null: none, whatever is there
     * @param page what is to be done with all lines when one has come
     */
    ResultLines(Path file, Predicate<JsonNode> kept, Consumer<List<JsonNode>> page) throws IOException {
        this.file = file;
        this.page = page;
        if (file != null) {
            Files.createDirectories(file.toAbsolutePath().getParent());
            if (kept != null && Files.exists(file)) {
                read(file).stream().filter(kept).forEach(lines::add);
            }
        }
    }

    static ObjectNode line(String kind) {
        return JSON.createObjectNode().put(KIND, kind);
    }

    /** Writes a line behind those that are there, and to the console. */
    void add(ObjectNode line) {
        ObjectNode known = known(line);
        lines.add(known);
        System.out.println(known);
        try {
            if (file != null) {
                // Beside it first: a run that is ended while it writes leaves the lines before.
                Path next = file.resolveSibling(file.getFileName() + ".next");
                Files.write(next, lines.stream().map(JsonNode::toString).toList());
                Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the results cannot be written to " + file, e);
        }
        page.accept(all());
    }

    /** The line with null for NaN, which JSON has not. */
    private static ObjectNode known(ObjectNode line) {
        line.properties().forEach(field -> {
            JsonNode value = field.getValue();
            if (value instanceof ObjectNode inner) {
                known(inner);
            } else if (value.isDouble() && !Double.isFinite(value.doubleValue())) {
                field.setValue(JSON.getNodeFactory().nullNode());
            }
        });
        return line;
    }

    List<JsonNode> all() {
        return List.copyOf(lines);
    }

    /** @throws IllegalArgumentException if a line is no object with a kind */
    static List<JsonNode> read(Path file) throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String text : Files.readAllLines(file)) {
            try {
                JsonNode line = JSON.readTree(text);
                if (line.path(KIND).isTextual()) {
                    lines.add(line);
                    continue;
                }
            } catch (JsonProcessingException e) {
                // Said below, with the line's number.
            }
            throw new IllegalArgumentException("line " + (lines.size() + 1) + " of " + file + " is no result: " + text);
        }
        return lines;
    }

    /** The lines of one kind. */
    static List<JsonNode> of(List<JsonNode> lines, String kind) {
        return lines.stream().filter(line -> line.path(KIND).asText().equals(kind)).toList();
    }
}
