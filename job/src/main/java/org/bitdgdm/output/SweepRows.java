package org.bitdgdm.output;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.conf.Option;
import org.bitdgdm.fidelity.Divergence;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricRegistry;

/** Rows of {@code cells/}: one per cell of a sweep, in its order; what a cell does not have is null. */
public final class SweepRows {
    /** Settings that every cell has; of the others it has those that its method looks at. */
    private static final Set<Option> ALWAYS = EnumSet.of(Option.METHOD, Option.STEPS, Option.SCHEDULE, Option.SAMPLER,
        Option.ETA, Option.OMEGA, Option.DISTORTION, Option.STOCHASTICITY, Option.NUM_ATOMS,
        Option.SCAFFOLD, Option.SEED);

    private SweepRows() {
    }

    /**
     * Columns, in their order: settings, then metrics, each followed by the ends of its 95% interval as {@code <name>_low} and
     * {@code _high}, then costs.
     */
    static StructType schema(MetricRegistry names) {
        StructType schema = new StructType()
            .add("cell", DataTypes.StringType, false)
            .add("status", DataTypes.StringType, false)
            .add("error", DataTypes.StringType, true);
        for (Option axis : Option.axes()) {
            schema = schema.add(axis.column(), switch (axis.kind()) {
                case TEXT, LIST -> DataTypes.StringType;
                case WHOLE -> DataTypes.IntegerType;
                case LONG, SEED -> DataTypes.LongType;
                case NUMBER -> DataTypes.DoubleType;
                case SWITCH -> DataTypes.BooleanType;
            }, !ALWAYS.contains(axis));
        }
        schema = schema.add(Option.COUNT.column(), DataTypes.LongType, false);
        for (String metric : names.headline()) {
            schema = withInterval(schema, metric);
        }
        for (String metric : names.comparisons()) {
            schema = withInterval(schema, metric);
        }
        // By range of steps, largest times first: the time each begins at, divergence of a whole per step, its standard error.
        schema = schema.add("kl_range_from", DataTypes.createArrayType(DataTypes.IntegerType), true)
            .add(names.divergence() + "_range", DataTypes.createArrayType(DataTypes.DoubleType), true)
            .add(names.divergence() + "_range_se", DataTypes.createArrayType(DataTypes.DoubleType), true);
        for (String metric : names.details()) {
            schema = withInterval(schema, metric);
        }
        for (String metric : names.differences()) {
            schema = withInterval(schema, metric);
        }
        return schema
            .add("graphs_per_second", DataTypes.DoubleType, true)
            .add("sampling_seconds", DataTypes.DoubleType, true)
            .add("quantization_seconds", DataTypes.DoubleType, true)
            .add("bytes_before", DataTypes.LongType, true)
            .add("bytes_after", DataTypes.LongType, true)
            .add("backend", DataTypes.StringType, true);
    }

    private static StructType withInterval(StructType schema, String metric) {
        return schema.add(metric, DataTypes.DoubleType, true).add(metric + "_low", DataTypes.DoubleType, true)
            .add(metric + "_high", DataTypes.DoubleType, true);
    }

    private static void add(List<Object> values, Optional<Metric> metric) {
        values.add(metric.map(Metric::value).orElse(null));
        values.add(metric.map(Metric::low).orElse(null));
        values.add(metric.map(Metric::high).orElse(null));
    }

    /** The table, in one partition. */
    public static Dataset<Row> of(SparkSession spark, List<SweepEntry> entries, MetricRegistry names) {
        return spark.createDataFrame(entries.stream().map(entry -> row(entry, names)).toList(), schema(names)).coalesce(1);
    }

    private static Row row(SweepEntry entry, MetricRegistry names) {
        Map<String, Object> used = entry.cell().used();
        List<Object> values = new ArrayList<>();
        values.add(entry.cell().name());
        values.add(entry.done() ? "done" : "failed");
        values.add(entry.done() ? null : entry.error());
        Map<String, Object> asked = entry.cell().conf().values();
        for (Option axis : Option.axes()) {
            values.add(axis == Option.METHOD && used.containsKey(Option.RECIPE.column()) ? "recipe"
                : ALWAYS.contains(axis) ? asked.get(axis.key()) : used.get(axis.column()));
        }
        values.add(entry.run().at("/graphs/count").asLong(((Number) asked.get(Option.COUNT.key())).longValue()));
        names.headline().forEach(name -> add(values, entry.metric(name)));
        names.comparisons().forEach(name -> add(values, entry.metric(name)));
        List<Divergence> ranges = entry.done() && entry.metrics().fidelity() != null
            ? entry.metrics().fidelity().ranges() : null;
        values.add(ranges == null ? null : ranges.stream().map(Divergence::from).toArray(Integer[]::new));
        values.add(ranges == null ? null : ranges.stream().map(range -> range.graph().value()).toArray(Double[]::new));
        values.add(ranges == null ? null
            : ranges.stream().map(range -> range.graph().standardError()).toArray(Double[]::new));
        names.details().forEach(name -> add(values, entry.metric(name)));
        names.differences().forEach(name -> add(values, entry.difference(name)));
        values.add(known(entry.graphsPerSecond()));
        values.add(known(entry.run().at("/timings/sampling_seconds").asDouble(Double.NaN)));
        values.add(known(entry.run().at("/timings/quantization_seconds").asDouble(Double.NaN)));
        values.add(entry.bytesBefore() == 0 ? null : entry.bytesBefore());
        values.add(entry.bytes() == 0 ? null : entry.bytes());
        values.add(entry.run().path("backend").asText(null));
        return RowFactory.create(values.toArray());
    }

    private static Double known(double value) {
        return Double.isFinite(value) ? value : null;
    }
}
