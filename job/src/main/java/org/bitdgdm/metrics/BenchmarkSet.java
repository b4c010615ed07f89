package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.bitdgdm.benchmark.FingerprintBlock;
import org.bitdgdm.benchmark.MoleculeDescriptors;
import org.openscience.cdk.exception.CDKException;

/**
 * Descriptors of the different molecules of a set with how often each occurs, kept on the disks of executors: chemistry is done
 * once, and everything else is sums, sorts and joins of this table. What is no molecule, and what the toolkit cannot describe,
 * is in no number of it, and is counted with the reason.
 */
final class BenchmarkSet implements AutoCloseable {
    /** Numbers, in the order of GuacaMol's benchmark, then those of MOSES. */
    static final List<String> NUMBERS = List.of("bertz", "logp", "weight", "tpsa", "acceptors", "donors", "rotatable",
        "aliphatic_rings", "aromatic_rings", "qed", "sa");
    /** Columns of what a set is made of: text, why it is no molecule, null where it is one, and how often it occurs. */
    static final StructType LINES = new StructType().add("smiles", DataTypes.StringType).add("refused", DataTypes.StringType)
        .add("times", DataTypes.LongType);
    private static final String REFUSED = "refused";
    private static final String PROBLEM = "problem";
    private static final StructType SCHEMA = schema();
    /** Where the numbers begin. */
    private static final int FIRST = 3;
    /** Characters of a text, or of what was wrong with it, that a note quotes. */
    private static final int SHOWN = 80;

    /** With what is left out. */
    private final Dataset<Row> all;
    private final Dataset<Row> table;
    private final long molecules;
    private final long different;
    private final long passing;
    private final Left refused;
    private final Left undescribed;

    /**
     * What a set does not count.
     *
     * @param rows    how many
     * @param example the one of the smallest hash; null of none
     * @param reason  why that one
     */
    record Left(long rows, String example, String reason) {
        /** As a sentence about a set; none where nothing is left out. */
        List<String> note(String set, String what) {
            return rows == 0 ? List.of() : List.of(String.format(Locale.ROOT, "%s: %,d left out as %s, for example %s (%s)", set,
                rows, what, example, reason));
        }
    }

    private BenchmarkSet(Dataset<Row> all) {
        this.all = all;
        table = all.filter(col(REFUSED).isNull().and(col(PROBLEM).isNull())).drop(REFUSED, PROBLEM);
        refused = left(col(REFUSED));
        undescribed = left(col(PROBLEM));
        Row counts = table.agg(sum(col("times")), count(lit(1)), sum(when(col("filters"), col("times")).otherwise(0L)))
            .collectAsList().get(0);
        molecules = counts.isNullAt(0) ? 0 : counts.getLong(0);
        different = counts.getLong(1);
        passing = counts.isNullAt(2) ? 0 : counts.getLong(2);
    }

    private Left left(Column why) {
        Row found = all.filter(why.isNotNull()).agg(sum(col("times")), min(struct(col("order"), col("smiles"), why)))
            .collectAsList().get(0);
        return found.isNullAt(0) ? new Left(0, null, null)
            : new Left(found.getLong(0), found.getStruct(1).getString(1), found.getStruct(1).getString(2));
    }

    private static StructType schema() {
        StructType schema = new StructType().add("smiles", DataTypes.StringType).add("times", DataTypes.LongType)
            .add("order", DataTypes.LongType);
        for (String number : NUMBERS) {
            schema = schema.add(number, DataTypes.DoubleType);
        }
        return schema.add("filters", DataTypes.BooleanType).add("scaffold", DataTypes.StringType)
            .add("fragments", new ArrayType(DataTypes.StringType, false))
            .add("morgan", new ArrayType(DataTypes.IntegerType, false)).add(REFUSED, DataTypes.StringType)
            .add(PROBLEM, DataTypes.StringType);
    }

    /**
     * Describes molecules.
     *
     * @param smiles one column of SMILES of ours, none of them null
     */
    static BenchmarkSet of(Dataset<Row> smiles) {
        return ofLines(smiles.toDF("smiles").withColumn(REFUSED, lit(null).cast(DataTypes.StringType))
            .withColumn("times", lit(1L)));
    }

    /**
     * Describes the molecules among some lines.
     *
     * @param lines columns of {@link #LINES}; SMILES of ours where they are molecules
     */
    static BenchmarkSet ofLines(Dataset<Row> lines) {
        JavaRDD<Row> described = lines.groupBy(col("smiles"), col(REFUSED)).agg(sum(col("times")).as("times")).javaRDD()
            .mapPartitions(BenchmarkSet::described);
        return new BenchmarkSet(lines.sparkSession().createDataFrame(described, SCHEMA).persist(StorageLevel.DISK_ONLY()));
    }

    private static Iterator<Row> described(Iterator<Row> rows) {
        MoleculeDescriptors.Calculator calculator = new MoleculeDescriptors.Calculator();
        Iterable<Row> each = () -> rows;
        return StreamSupport.stream(each.spliterator(), false).map(row -> described(row, calculator)).iterator();
    }

    private static Row described(Row row, MoleculeDescriptors.Calculator calculator) {
        String smiles = row.getString(0);
        if (!row.isNullAt(1)) {
            return left(smiles, row.getLong(2), row.getString(1), null);
        }
        try {
            MoleculeDescriptors found = calculator.of(smiles);
            Integer[] morgan = new Integer[found.morgan().length];
            for (int k = 0; k < morgan.length; k++) {
                morgan[k] = found.morgan()[k];
            }
            return RowFactory.create(smiles, row.getLong(2), ReferenceSet.hash(smiles), found.bertz(), found.logP(),
                found.weight(),
                found.polarSurface(), (double) found.acceptors(), (double) found.donors(), (double) found.rotatable(),
                (double) found.aliphaticRings(), (double) found.aromaticRings(), found.qed(), found.sa(),
                found.passesFilters(), found.scaffold(), found.fragments().toArray(new String[0]), morgan, null, null);
        } catch (CDKException | RuntimeException e) {
            // One molecule that the toolkit stumbles over must not end a run of millions; it is counted as such.
            return left(smiles, row.getLong(2), null, shown(String.valueOf(e).lines().findFirst().orElse("")));
        }
    }

    private static Row left(String text, long times, String refused, String problem) {
        Object[] values = new Object[SCHEMA.size()];
        values[0] = shown(text);
        values[1] = times;
        values[2] = ReferenceSet.hash(text);
        Arrays.fill(values, FIRST, values.length, null);
        values[values.length - 2] = refused;
        values[values.length - 1] = problem;
        return RowFactory.create(values);
    }

    private static String shown(String text) {
        return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    }

    /** Rows of the set that have descriptors. */
    long molecules() {
        return molecules;
    }

    /** Lines that are no molecule. */
    Left refused() {
        return refused;
    }

    /** Rows whose molecule the toolkit cannot describe. */
    Left undescribed() {
        return undescribed;
    }

    /** Different ones of them. */
    long different() {
        return different;
    }

    /** Of all, those that pass MOSES's filters. */
    long passing() {
        return passing;
    }

    /** SMILES with how often they occur and their hashes. */
    Dataset<Row> molecule() {
        return table.select(col("smiles"), col("times"), col("order"));
    }

    /** The molecules of {@link #sample} as {@link #molecule} has them, each once. */
    Dataset<Row> different(int most) {
        Dataset<Row> kept = different <= most ? table : table.orderBy(col("order"), col("smiles")).limit(most);
        return kept.select(col("smiles"), lit(1L).as("times"), col("order"));
    }

    /** SMILES with the identifiers that fold to fingerprints. */
    Dataset<Row> fragments() {
        return table.select(col("smiles"), col("morgan"));
    }

    /** Values of a number with how often they occur. */
    Dataset<Row> values(String number) {
        return table.select(col(number).as("value"), col("times"));
    }

    /** BRICS fragments, or scaffolds, with how often they occur. */
    Dataset<Row> counts(String column) {
        Column each = column.equals("fragments") ? explode(col(column)) : col(column);
        return table.select(each.as("what"), col("times")).filter(col("what").isNotNull()).groupBy(col("what"))
            .agg(sum(col("times")).as("times"));
    }

    /**
     * Sum over molecules of the square of the sum of what each of a molecule's fragments or scaffolds weighs.
     *
     * @param column  as in {@link #counts}
     * @param weights columns what and slope
     */
    double sumOfSquares(String column, Dataset<Row> weights) {
        Column each = column.equals("fragments") ? explode(col(column)) : col(column);
        Row found = table.select(col("smiles"), col("times"), each.as("what")).filter(col("what").isNotNull())
            .join(weights, "what").groupBy(col("smiles"), col("times")).agg(sum(col("slope")).as("moved"))
            .agg(sum(col("times").multiply(col("moved")).multiply(col("moved")))).collectAsList().get(0);
        return found.isNullAt(0) ? 0 : found.getDouble(0);
    }

    /** At most so many different molecules, the same ones on every cluster: those of the smallest hashes. */
    List<Row> sample(int most) {
        // In one order always, since sums of floating point numbers over them depend on it.
        Dataset<Row> ordered = table.orderBy(col("order"), col("smiles"));
        return (different <= most ? ordered : ordered.limit(most)).collectAsList();
    }

    /** One of {@code blocks} parts of the set, as equal as hashes make them. */
    List<Row> part(int block, int blocks) {
        return blocks == 1 ? table.select("smiles", "times", "order", "morgan").collectAsList()
            : table.filter(pmod(col("order"), lit((long) blocks)).equalTo((long) block))
                .select("smiles", "times", "order", "morgan").collectAsList();
    }

    /** Values of a number of rows of {@link #sample}. */
    static double[] numbers(List<Row> rows, String number) {
        int column = FIRST + NUMBERS.indexOf(number);
        return rows.stream().mapToDouble(row -> row.getDouble(column)).toArray();
    }

    /** Fingerprints of so many bits of rows of {@link #sample} or {@link #part}. */
    static FingerprintBlock fingerprints(List<Row> rows, int bits) {
        int words = bits / Long.SIZE;
        long[] packed = new long[rows.size() * words];
        double[] weights = new double[rows.size()];
        for (int row = 0; row < rows.size(); row++) {
            weights[row] = rows.get(row).getLong(1);
            for (Object id : rows.get(row).getList(rows.get(row).size() - 1)) {
                int bit = Integer.remainderUnsigned((Integer) id, bits);
                packed[row * words + bit / Long.SIZE] |= 1L << bit;
            }
        }
        return new FingerprintBlock(packed, weights);
    }

    @Override
    public void close() {
        all.unpersist();
    }
}
