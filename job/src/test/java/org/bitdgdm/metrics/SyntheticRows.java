package org.bitdgdm.metrics;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Rows of the shape of {@code molecules/} without any chemistry, as many as wanted, made on executors.
 *
 * <p>Ten million rows in a JVM of 2 GiB that is driver and executor, under three minutes on two busy cores:
 * {@code _JAVA_OPTIONS=-Xmx2g ./mvnw -pl job -am test -Dtest=MoleculeMetricsTest#countsManyRows
 * -Dsurefire.failIfNoSpecifiedTests=false -Dbitdgdm.synthetic.rows=10000000}.
 */
final class SyntheticRows {
    private SyntheticRows() {
    }

    /**
     * Graphs of 9 carbons in a chain, all valid.
     *
     * @param kind SQL expression over {@code id} that numbers the molecule of a row; equal numbers are equal molecules
     */
    static Dataset<Row> of(SparkSession spark, long rows, String kind) {
        return spark.range(rows).selectExpr("id AS graph_id", "9 AS num_atoms",
            "array_repeat(CAST(0 AS TINYINT), 9) AS atom_types",
            "transform(sequence(0, 35), k -> CAST(IF(k IN (0, 8, 15, 21, 26, 30, 33, 35), 1, 0) AS TINYINT)) AS bonds",
            "concat('C1CC(N)OC1', hex(" + kind + ")) AS smiles", "true AS valid", "true AS relaxed_valid",
            "true AS connected", "1 AS num_fragments", "CAST(null AS STRING) AS reason",
            "100 + (id % 40) * 1.0D AS weight", "(id % 16) * 0.25D AS logp", "CAST(id % 4 AS INT) AS rings");
    }
}
