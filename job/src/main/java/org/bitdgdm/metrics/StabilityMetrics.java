package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Stability of molecules whose hydrogens are nodes, see {@link org.bitdgdm.molecule.Stability}. */
public final class StabilityMetrics {
    /** Names of the metrics, in order. */
    public static final List<String> NAMES = List.of("molecule_stability", "atom_stability");
    /** What they count. */
    public static final Map<String, String> MEANINGS = Map.of(
        "molecule_stability", "share of graphs in which every atom, hydrogens among them, has all its bonds; a valid molecule "
            + "that has not counts as the one with the hydrogens that it lacks",
        "atom_stability", "share of the atoms of all graphs that have all their bonds");

    private StabilityMetrics() {
    }

    /** Computes them of rows with the columns {@code stable} and {@code stable_atoms}. */
    public static List<Metric> of(Dataset<Row> rows) {
        Row found = rows.agg(total(when(col("stable"), 1L).otherwise(0L)), count(lit(1)), total(col("stable_atoms")),
            total(col("num_atoms"))).first();
        long graphs = found.getLong(1);
        long atoms = found.getLong(3);
        Interval ofMolecules = graphs == 0 ? null : Interval.wilson(found.getLong(0), graphs);
        // Atoms of one molecule depend on each other, so that they have no interval of independent ones.
        return List.of(
            graphs == 0 ? new Metric(NAMES.get(0), null, 0L, 0L, null, null)
                : new Metric(NAMES.get(0), found.getLong(0) / (double) graphs, found.getLong(0), graphs, ofMolecules.low(),
                    ofMolecules.high()),
            atoms == 0 ? new Metric(NAMES.get(1), null, 0L, 0L, null, null)
                : new Metric(NAMES.get(1), found.getLong(2) / (double) atoms, found.getLong(2), atoms, null, null));
    }

    private static Column total(Column numbers) {
        return coalesce(sum(numbers), lit(0L)).cast("bigint");
    }
}
