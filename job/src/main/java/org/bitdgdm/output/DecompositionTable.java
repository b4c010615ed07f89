package org.bitdgdm.output;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.quantize.DecompositionStudy;
import org.bitdgdm.quantize.DecompositionStudy.Way;

/** The rows of a study of decompositions: as a table of Spark, as CSV, and as Markdown with seeds put together. */
public final class DecompositionTable {
    /** Columns of the table and of the CSV, see {@link DecompositionStudy.Row}. */
    static final StructType SCHEMA = new StructType()
        .add("subject", DataTypes.StringType, false)
        .add("share", DataTypes.DoubleType, false)
        .add("condition", DataTypes.DoubleType, false)
        .add("seed", DataTypes.IntegerType, false)
        .add("method", DataTypes.StringType, false)
        .add("iterations", DataTypes.IntegerType, false)
        .add("arrived", DataTypes.BooleanType, false)
        .add("error", DataTypes.DoubleType, false);

    private DecompositionTable() {
    }

    /** The rows in one partition. */
    public static Dataset<Row> of(SparkSession spark, List<DecompositionStudy.Row> rows) {
        return spark.createDataFrame(rows.stream().map(row -> RowFactory.create(row.subject(), row.share(), row.condition(),
            row.seed(), row.way().label(), row.iterations(), row.arrived(), row.error())).toList(), SCHEMA).coalesce(1);
    }

    /** The rows as CSV with a header line. */
    public static String csv(List<DecompositionStudy.Row> rows) {
        StringBuilder csv = new StringBuilder(String.join(",", SCHEMA.fieldNames())).append("\r\n");
        for (DecompositionStudy.Row row : rows) {
            csv.append(String.join(",", row.subject(), Double.toString(row.share()), Double.toString(row.condition()),
                Integer.toString(row.seed()), row.way().label(), Integer.toString(row.iterations()),
                Boolean.toString(row.arrived()), Double.toString(row.error()))).append("\r\n");
        }
        return csv.toString();
    }

    /** Three tables: against the share of outliers, against the condition number, and layers of the model. */
    public static String markdown(String model, List<DecompositionStudy.Row> rows) {
        return "Planted matrices: relative error of the low-rank part, and iterations until it is below 0.001 (– where it"
            + " never was); means over seeds.\n\n"
            + table("share of outliers", rows, row -> row.subject().equals("outliers") ? percent(row.share()) : null)
            + "\n" + table("condition number", rows, row -> row.subject().equals("condition")
                ? Numbers.significant(row.condition(), 3) : null)
            + "\nLayers of " + model + ": ‖W − L Rᵀ − S‖ ÷ ‖W‖, and iterations until it no longer changes; the condition"
            + " number is that of the part of rank 16 that ScaledGD finds.\n\n"
            + table("layer, condition number", rows, row -> row.subject().startsWith("tf_layers")
                ? row.subject() + ", " + Numbers.significant(row.condition(), 3) : null);
    }

    private static String table(String first, List<DecompositionStudy.Row> rows,
                                Function<DecompositionStudy.Row, String> group) {
        Map<String, List<DecompositionStudy.Row>> groups = new LinkedHashMap<>();
        for (DecompositionStudy.Row row : rows) {
            String name = group.apply(row);
            if (name != null) {
                groups.computeIfAbsent(name, absent -> new ArrayList<>()).add(row);
            }
        }
        StringBuilder text = new StringBuilder("| ").append(first);
        for (Way way : Way.values()) {
            text.append(" | ").append(way.label()).append(": error");
            text.append(way == Way.SVD ? "" : " | iterations");
        }
        text.append(" |\n|---|---|---|---|---|---|\n");
        groups.forEach((name, members) -> {
            StringJoiner line = new StringJoiner(" | ", "| ", " |\n");
            line.add(name);
            for (Way way : Way.values()) {
                List<DecompositionStudy.Row> of = members.stream().filter(row -> row.way() == way).toList();
                line.add(String.format(Locale.ROOT, "%.2e", of.stream().mapToDouble(DecompositionStudy.Row::error).average()
                    .orElseThrow()));
                if (way != Way.SVD) {
                    line.add(of.stream().allMatch(DecompositionStudy.Row::arrived) ? String.format(Locale.ROOT, "%.0f",
                        of.stream().mapToInt(DecompositionStudy.Row::iterations).average().orElseThrow()) : "–");
                }
            }
            text.append(line);
        });
        return text.toString();
    }

    private static String percent(double share) {
        return BigDecimal.valueOf(share).movePointRight(2).stripTrailingZeros().toPlainString() + "%";
    }
}
