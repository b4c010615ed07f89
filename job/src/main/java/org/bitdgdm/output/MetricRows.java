package org.bitdgdm.output;

import java.util.List;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.metrics.MetricReport;

/** Rows of {@code metrics/}: one per metric of the report, those without a value too, in its order. */
public final class MetricRows {
    /** Columns, in this order. */
    public static final StructType SCHEMA = new StructType()
        .add("name", DataTypes.StringType, false)
        .add("value", DataTypes.DoubleType, true)
        .add("numerator", DataTypes.LongType, true)
        .add("denominator", DataTypes.LongType, true)
        .add("low", DataTypes.DoubleType, true)
        .add("high", DataTypes.DoubleType, true)
        .add("absent", DataTypes.StringType, true)
        .add("protocol", DataTypes.StringType, false);

    private MetricRows() {
    }

    /** The table, in one partition: {@code absent} says why a metric has no value. */
    public static Dataset<Row> of(SparkSession spark, MetricReport report) {
        List<Row> rows = report.metrics().stream().map(metric -> RowFactory.create(metric.name(), metric.value(),
            metric.numerator(), metric.denominator(), metric.low(), metric.high(), report.absent().get(metric.name()),
            report.protocol().label())).toList();
        return spark.createDataFrame(rows, SCHEMA).coalesce(1);
    }
}
