package org.bitdgdm.quantize;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.output.DecompositionTable;

/**
 * The study of decompositions as a program: {@code ./submit.sh bench decomposition MODEL RESULTS}. Its rows go to RESULTS, a
 * JSON line each, and the tables that are made of these lines to the console; where RESULTS is there already, nothing runs
 * again.
 */
public final class DecompositionBench {
    private static final JsonMapper JSON = new JsonMapper();

    private DecompositionBench() {
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("error: bench decomposition takes the folder of a model and the file of its results, found "
                + arguments.length + " arguments");
            System.exit(2);
        }
        ModelBundle bundle = ModelBundle.load(Path.of(arguments[0]));
        Path results = Path.of(arguments[1]);
        if (!Files.exists(results)) {
            Path part = results.resolveSibling(results.getFileName() + ".part");
            Files.write(part, lines(DecompositionStudy.run(bundle.packed(), System.err::println)));
            Files.move(part, results);
        }
        System.out.print(DecompositionTable.markdown(bundle.name(), rows(Files.readAllLines(results))));
    }

    /** A JSON line for each row. */
    static List<String> lines(List<DecompositionStudy.Row> rows) throws IOException {
        List<String> lines = new ArrayList<>();
        for (DecompositionStudy.Row row : rows) {
            lines.add(JSON.writeValueAsString(row));
        }
        return lines;
    }

    /** What {@link #lines} wrote. */
    static List<DecompositionStudy.Row> rows(List<String> lines) throws IOException {
        List<DecompositionStudy.Row> rows = new ArrayList<>();
        for (String line : lines) {
            rows.add(JSON.readValue(line, DecompositionStudy.Row.class));
        }
        return rows;
    }
}
