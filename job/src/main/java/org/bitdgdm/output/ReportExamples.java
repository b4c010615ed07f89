package org.bitdgdm.output;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.not;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A few graphs of a run, always those with the lowest ids, so that the choice flatters nobody and never changes.
 *
 * @param molecules different valid molecules
 * @param refused   graphs that are not valid
 */
public record ReportExamples(List<Molecule> molecules, List<Refused> refused) {
    private static final int MOST_MOLECULES = 24;
    private static final int MOST_REFUSED = 8;
    /** Among how many valid graphs different molecules are looked for: a model that repeats itself shows fewer. */
    private static final int VALID_LOOKED_AT = 20 * MOST_MOLECULES;

    public ReportExamples {
        molecules = List.copyOf(molecules);
        refused = List.copyOf(refused);
    }

    /** A valid molecule. */
    public record Molecule(long graphId, String smiles) {
    }

    /**
     * A graph that is not valid.
     *
     * @param smiles of what the relaxed rules kept; null where nothing was
     */
    public record Refused(long graphId, String reason, String smiles) {
    }

    /**
     * Examples of {@code molecules/}; only a fixed number of rows comes to the driver.
     *
     * @param molecules rows with the columns of {@link MoleculeRows#SCHEMA}
     */
    public static ReportExamples of(Dataset<Row> molecules) {
        Map<String, Molecule> different = new LinkedHashMap<>();
        for (Row row : first(molecules, col("valid"), VALID_LOOKED_AT)) {
            if (different.size() < MOST_MOLECULES) {
                different.putIfAbsent(row.getString(2), new Molecule(row.getLong(0), row.getString(2)));
            }
        }
        List<Refused> refused = first(molecules, not(col("valid")), MOST_REFUSED).stream()
            .map(row -> new Refused(row.getLong(0), row.getString(1), row.getString(2))).toList();
        return new ReportExamples(List.copyOf(different.values()), refused);
    }

    private static List<Row> first(Dataset<Row> molecules, Column condition, int most) {
        return molecules.filter(condition).select("graph_id", "reason", "smiles").orderBy("graph_id").limit(most)
            .collectAsList();
    }
}
