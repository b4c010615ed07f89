package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.floor;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.pmod;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
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
    /** What molecules are cut into. */
    static final List<String> PARTS = List.of("fragments", "scaffold");
    private static final StructType SCHEMA = schema();
    /** Where the numbers begin. */
    private static final int FIRST = 3;
    /** Characters of a text, or of what was wrong with it, that a note quotes. */
    private static final int SHOWN = 80;
    /** Rows that a task describes, where there are many. */
    private static final int ROWS_PER_TASK = 100_000;
    /** By which a number of hashes below a bound may exceed what is expected. */
    private static final int DEVIATIONS = 6;
    /** For each core, so that none waits long for another. */
    private static final int TASKS_PER_CORE = 2;
    /** Compiled patterns, and what has been learnt of atoms and written of parts: good for all tasks of a thread. */
    private static final ThreadLocal<MoleculeDescriptors.Calculator> CALCULATOR =
        ThreadLocal.withInitial(MoleculeDescriptors.Calculator::new);

    /** With what is left out. */
    private final Dataset<Row> all;
    private final Dataset<Row> table;
    private final int tasks;
    private final long molecules;
    private final long different;
    private final long passing;
    private final Left refused;
    private final Left undescribed;
    /** The last sample of fingerprints, and how it was asked for; null before the first. */
    private FingerprintBlock sampled;
    private List<Integer> asked;

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

    private BenchmarkSet(Dataset<Row> all, int tasks) {
        this.all = all;
        this.tasks = tasks;
        Column kept = col(REFUSED).isNull().and(col(PROBLEM).isNull());
        table = all.filter(kept).drop(REFUSED, PROBLEM);
        Row counts = all.agg(times(col(REFUSED).isNotNull()), left(REFUSED), times(col(PROBLEM).isNotNull()), left(PROBLEM),
            times(kept), count(when(kept, lit(1))), times(kept.and(col("filters")))).collectAsList().get(0);
        refused = left(counts, 0);
        undescribed = left(counts, 2);
        molecules = counts.getLong(4);
        different = counts.getLong(5);
        passing = counts.getLong(6);
    }

    private static Column times(Column which) {
        return coalesce(sum(when(which, col("times"))), lit(0L));
    }

    private static Column left(String why) {
        return min(when(col(why).isNotNull(), struct(col("order"), col("smiles"), col(why))));
    }

    private static Left left(Row counts, int at) {
        return counts.isNullAt(at + 1) ? new Left(0, null, null)
            : new Left(counts.getLong(at), counts.getStruct(at + 1).getString(1), counts.getStruct(at + 1).getString(2));
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
     * @param rows   how many there are, about
     */
    static BenchmarkSet of(Dataset<Row> smiles, long rows) {
        return of(smiles, rows, true);
    }

    /**
     * The same.
     *
     * @param complexity whether the number bertz is asked for; it is NaN where not
     */
    static BenchmarkSet of(Dataset<Row> smiles, long rows, boolean complexity) {
        return ofLines(smiles.toDF("smiles").withColumn(REFUSED, lit(null).cast(DataTypes.StringType))
            .withColumn("times", lit(1L)), rows, complexity);
    }

    /**
     * Describes the molecules among some lines.
     *
     * @param lines      columns of {@link #LINES}; SMILES of ours where they are molecules
     * @param rows       how many there are, about
     * @param complexity whether the number bertz is asked for
     */
    static BenchmarkSet ofLines(Dataset<Row> lines, long rows, boolean complexity) {
        int tasks = tasks(lines.sparkSession(), rows);
        // By number: Spark would give little text to one task, whatever chemistry it means.
        JavaRDD<Row> described = lines.repartition(tasks, col("smiles")).groupBy(col("smiles"), col(REFUSED))
            .agg(sum(col("times")).as("times")).javaRDD().mapPartitions(part -> described(part, complexity));
        return new BenchmarkSet(lines.sparkSession().createDataFrame(described, SCHEMA).persist(StorageLevel.DISK_ONLY()),
            tasks);
    }

    /** Among how many tasks the chemistry of so many rows is divided. */
    static int tasks(SparkSession spark, long rows) {
        return (int) Math.max(TASKS_PER_CORE * spark.sparkContext().defaultParallelism(), rows / ROWS_PER_TASK);
    }

    /** The calculator of this thread. */
    static MoleculeDescriptors.Calculator calculator() {
        return CALCULATOR.get();
    }

    private static Iterator<Row> described(Iterator<Row> rows, boolean complexity) {
        MoleculeDescriptors.Calculator calculator = calculator();
        Iterable<Row> each = () -> rows;
        return StreamSupport.stream(each.spliterator(), false).map(row -> described(row, calculator, complexity)).iterator();
    }

    private static Row described(Row row, MoleculeDescriptors.Calculator calculator, boolean complexity) {
        String smiles = row.getString(0);
        if (!row.isNullAt(1)) {
            return left(smiles, row.getLong(2), row.getString(1), null);
        }
        try {
            MoleculeDescriptors found = calculator.of(smiles, complexity);
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

    JavaSparkContext spark() {
        return JavaSparkContext.fromSparkContext(all.sparkSession().sparkContext());
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
        return smallest(most).select(col("smiles"), lit(1L).as("times"), col("order"));
    }

    /**
     * Different molecules, at most so many: those of the smallest hashes. Hashes are spread evenly, so that all but little more
     * than those are left out where they lie; a sort of all would bring every row to one task.
     */
    private Dataset<Row> smallest(int most) {
        if (different <= most) {
            return table;
        }
        double wanted = most + DEVIATIONS * Math.sqrt(most);
        Dataset<Row> low = below(wanted / different);
        while (low.count() < most) {
            wanted *= 2;
            low = below(wanted / different);
        }
        return low.orderBy(col("order"), col("smiles")).limit(most);
    }

    /** Molecules whose hashes lie in the lowest such share of all hashes. */
    private Dataset<Row> below(double share) {
        return share >= 1 ? table : table.filter(col("order").leq((long) ((share - 0.5) * 0x1p64)));
    }

    /** SMILES with the identifiers that fold to fingerprints. */
    Dataset<Row> fragments() {
        return table.select(col("smiles"), col("morgan"));
    }

    /** Values of numbers: columns what, the number's name, value and times. */
    Dataset<Row> values(List<String> numbers) {
        Column[] each = numbers.stream().map(number -> struct(lit(number).as("what"), col(number).as("value")))
            .toArray(Column[]::new);
        return table.select(explode(array(each)).as("each"), col("times")).select(col("each.what"), col("each.value"),
            col("times"));
    }

    /** Columns kind, {@link #PARTS}, what, a BRICS fragment or a scaffold, and those of its molecules. */
    private Dataset<Row> parts(Column... ofMolecules) {
        return PARTS.stream().map(kind -> {
            Column what = kind.equals("fragments") ? explode(col(kind)) : col(kind);
            return table.select(Stream.concat(Stream.of(lit(kind).as("kind"), what.as("what")), Arrays.stream(ofMolecules))
                .toArray(Column[]::new));
        }).reduce(Dataset::union).orElseThrow().filter(col("what").isNotNull());
    }

    /**
     * How often each BRICS fragment and each scaffold occurs here and in another set.
     *
     * @return columns kind, one of {@link #PARTS}, what, a and b, in few partitions; numbers as doubles
     */
    Dataset<Row> counts(BenchmarkSet other) {
        return parts(col("times").as("a"), lit(0L).as("b")).union(other.parts(lit(0L).as("a"), col("times").as("b")))
            .groupBy(col("kind"), col("what")).agg(sum(col("a")).cast(DataTypes.DoubleType).as("a"),
                sum(col("b")).cast(DataTypes.DoubleType).as("b")).coalesce(Math.max(tasks, other.tasks));
    }

    /**
     * For each of {@link #PARTS} the sum over molecules of the square of the sum of what each of a molecule's fragments or
     * scaffolds weighs.
     *
     * @param weights columns kind, what and slope, at most 1 in size
     */
    Map<String, Double> sumsOfSquares(Dataset<Row> weights) {
        Map<String, Double> sums = new HashMap<>();
        parts(col("smiles"), col("times")).join(weights, new String[] {"kind", "what"})
            .groupBy(col("kind"), col("smiles"), col("times")).agg(ExactSum.ofFractions(col("slope")).as("moved"))
            .groupBy(col("kind"))
            .agg(ExactSum.ofFractions(col("times").multiply(col("moved")).multiply(col("moved")))).collectAsList()
            .forEach(row -> sums.put(row.getString(0), row.getDouble(1)));
        return sums;
    }

    /** Of each number how often it lies in each of its bins of a width. */
    Map<String, SortedMap<Long, Long>> binned(Map<String, Double> widths) {
        Column[] each = widths.entrySet().stream().map(one -> struct(lit(one.getKey()).as("what"),
            floor(col(one.getKey()).divide(one.getValue())).as("bin"))).toArray(Column[]::new);
        Map<String, SortedMap<Long, Long>> bins = new HashMap<>();
        widths.keySet().forEach(number -> bins.put(number, new TreeMap<>()));
        table.select(explode(array(each)).as("each"), col("times")).groupBy(col("each.what"), col("each.bin"))
            .agg(sum(col("times"))).collectAsList().forEach(row ->
                bins.get(row.getString(0)).put(row.getLong(1), row.getLong(2)));
        return bins;
    }

    /** At most so many different molecules, the same ones on every cluster: those of the smallest hashes. */
    List<Row> sample(int most) {
        // In one order always, since sums of floating point numbers over them depend on it.
        return smallest(most).orderBy(col("order"), col("smiles")).collectAsList();
    }

    /**
     * Fingerprints of the molecules of {@link #sample}, in their order. The last are kept: they are compared with several sets.
     */
    FingerprintBlock fingerprints(int most, int bits) {
        if (sampled == null || !asked.equals(List.of(most, bits))) {
            sampled = block(smallest(most), bits);
            asked = List.of(most, bits);
        }
        return sampled;
    }

    /** Fingerprints of one of {@code blocks} parts of the set, as equal as hashes make them. */
    FingerprintBlock part(int block, int blocks, int bits) {
        return block(blocks == 1 ? table : table.filter(pmod(col("order"), lit((long) blocks)).equalTo((long) block)), bits);
    }

    /**
     * A molecule's fingerprint, with what it is sorted and weighed by.
     *
     * @param bits packed
     */
    private record Print(long order, String smiles, long times, long[] bits) implements Serializable {
    }

    private static FingerprintBlock block(Dataset<Row> molecules, int bits) {
        List<Print> prints = new ArrayList<>(molecules.select("order", "smiles", "times", "morgan").javaRDD().map(row ->
            new Print(row.getLong(0), row.getString(1), row.getLong(2), packed(row.getList(3), bits))).collect());
        prints.sort(Comparator.comparingLong(Print::order).thenComparing(Print::smiles));
        int words = bits / Long.SIZE;
        long[] packed = new long[prints.size() * words];
        double[] weights = new double[prints.size()];
        for (int row = 0; row < weights.length; row++) {
            weights[row] = prints.get(row).times();
            System.arraycopy(prints.get(row).bits(), 0, packed, row * words, words);
        }
        return new FingerprintBlock(packed, weights);
    }

    private static long[] packed(List<Integer> morgan, int bits) {
        long[] packed = new long[bits / Long.SIZE];
        for (int id : morgan) {
            int bit = Integer.remainderUnsigned(id, bits);
            packed[bit / Long.SIZE] |= 1L << bit;
        }
        return packed;
    }

    /** Values of a number of rows of {@link #sample}. */
    static double[] numbers(List<Row> rows, String number) {
        int column = FIRST + NUMBERS.indexOf(number);
        return rows.stream().mapToDouble(row -> row.getDouble(column)).toArray();
    }

    @Override
    public void close() {
        all.unpersist();
    }
}
