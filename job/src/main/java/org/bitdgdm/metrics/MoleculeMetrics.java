package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.metrics.DistributionDistances.Kind;
import org.bitdgdm.metrics.MetricDefinition.Need;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.MoleculeProperty;
import org.bitdgdm.molecule.Scaffolds;
import org.bitdgdm.molecule.ScoredMolecule;

/**
 * Metrics of a set of molecules: the one list of their definitions, and their computation on Spark. One pass counts graph by
 * graph, one shuffle by SMILES counts molecule by molecule; the driver sees counts, and of rows no more than the first ones of
 * a protocol, so memory does not grow with the set.
 */
public final class MoleculeMetrics {
    static final Distribution ATOMS = Distribution.ofClasses("atoms", "atoms", "by element");
    static final Distribution BONDS = Distribution.ofClasses("bonds", "bonds", "by class");
    static final Distribution SIZES =
        new Distribution("sizes", "sizes", "atoms per graph", "atoms", 1, Kind.JENSEN_SHANNON, true);
    /** Of every {@link MoleculeProperty}, in their order. */
    static final List<Distribution> PROPERTIES = Arrays.stream(MoleculeProperty.values()).map(property ->
        new Distribution(property.column(), property.label(), property.unit().isEmpty() ? "per molecule" : "", property.unit(),
            property.binWidth(), Kind.WASSERSTEIN, true)).toList();
    /** The one that has no axis to be drawn along. */
    static final Distribution SCAFFOLDS = new Distribution("scaffolds", "scaffolds", "", "", 0, Kind.JENSEN_SHANNON, false);
    /** What molecules are counted by, in the order of the report. */
    public static final List<Distribution> DISTRIBUTIONS =
        Stream.of(List.of(ATOMS, BONDS, SIZES), PROPERTIES, List.of(SCAFFOLDS)).flatMap(List::stream).toList();

    private static final String GRAPH_ID = "graph_id";
    private static final String SMILES = "smiles";
    private static final String GRAPHS = "graphs";
    private static final String NO_MOLECULE = "no valid molecule";
    private static final String DIGRESS = "DiGress (Vignac et al., ICLR 2023)";
    private static final String GUACAMOL = "GuacaMol (Brown et al., 2019)";

    /** Those of every protocol and vocabulary, in the order of the report. */
    private static final List<MetricDefinition<Counted>> DEFINITIONS = definitions();
    /** Those of graphs whose hydrogens are nodes, after them. */
    private static final List<MetricDefinition<Counted>> OF_HYDROGENS = List.of(
        MetricDefinition.<Counted>share("molecule_stability", of -> Measured.share(of.stability().molecules(), of.graphs()))
            .counting("share of graphs in which every atom, hydrogens among them, has all its bonds; a valid molecule that has"
                + " not counts as the one with the hydrogens that it lacks").by("DiGress, after Hoogeboom et al., ICML 2022"),
        MetricDefinition.<Counted>share("atom_stability", of -> of.stability().measured(of.graphs()))
            .counting("share of the atoms of all graphs that have all their bonds")
            .by("DiGress, after Hoogeboom et al., ICML 2022"));

    /**
     * All that is counted of a set.
     *
     * @param fragmentSquares sum over graphs of the square of the number of components
     * @param distances from the training set; empty where none is known
     * @param stability  of graphs whose hydrogens are nodes; null of others
     * @param benchmarks of the protocol
     */
    record Counted(Counts.OfMolecules counts, double fragmentSquares, Distributions distributions,
                   Optional<DistributionDistances> distances, Stable stability, Benchmarks benchmarks) {

        long graphs() {
            return counts.graphs();
        }
    }

    /**
     * Counts of {@link org.bitdgdm.molecule.Stability}.
     *
     * @param molecules   graphs all of whose atoms are stable
     * @param stableAtoms atoms that are
     * @param atoms       all atoms
     * @param squares     sum over graphs of the square of their stable atoms
     * @param products    sum over graphs of their stable atoms times their atoms
     * @param sizes       sum over graphs of the square of their atoms
     */
    record Stable(long molecules, long stableAtoms, long atoms, double squares, double products, double sizes) {
        Measured measured(long graphs) {
            return Measured.ofGraphs(stableAtoms, atoms, squares, products, sizes, graphs, 1);
        }
    }

    private MoleculeMetrics() {
    }

    private static List<MetricDefinition<Counted>> definitions() {
        List<MetricDefinition<Counted>> all = new ArrayList<>(List.of(
            MetricDefinition.<Counted>share("validity", of -> Measured.share(of.counts().valid(), of.graphs())).first()
                .counting("share of graphs in which no atom exceeds its valence and aromatic bonds kekulise, without charges")
                .ofColumn("valid").by(DIGRESS),
            MetricDefinition.<Counted>share("relaxed_validity", of -> Measured.share(of.counts().relaxedValid(), of.graphs()))
                .first().counting("the same, where N, O and S with one bond order too many take charge +1")
                .ofColumn("relaxed_valid").by(DIGRESS),
            MetricDefinition.<Counted>share("uniqueness", of -> Measured.uniqueness(of.counts().distinct(), of.counts().once(),
                of.counts().relaxedValid(), NO_MOLECULE)).first().under(Protocol.DIGRESS, Protocol.MOSES)
                .counting("different molecules ÷ relaxed-valid graphs").by(DIGRESS),
            MetricDefinition.<Counted>share("uniqueness", of -> Measured.uniqueness(of.counts().distinct(), of.counts().once(),
                of.graphs(), "no graphs")).first().under(Protocol.GUACAMOL)
                .counting("different molecules ÷ graphs asked for").by(GUACAMOL),
            MetricDefinition.<Counted>share("novelty", of -> Measured.novelty(of.counts().novel(), of.counts().novelOnce(),
                of.counts().distinct(), of.counts().once(), of.counts().relaxedValid(), NO_MOLECULE)).first()
                .under(Protocol.DIGRESS, Protocol.MOSES).needing(Need.REFERENCE)
                .counting("different molecules absent from the training set ÷ different molecules").by(DIGRESS),
            MetricDefinition.<Counted>share("novelty", MoleculeMetrics::novelPerGraph).first().under(Protocol.GUACAMOL)
                .needing(Need.REFERENCE)
                .counting("different molecules absent from the training set ÷ graphs asked for").by(GUACAMOL),
            MetricDefinition.<Counted>share("vun", MoleculeMetrics::novelPerGraph).called("Valid, unique and novel")
                .needing(Need.REFERENCE).counting("different molecules absent from the training set ÷ graphs"),
            MetricDefinition.<Counted>share("connected", of -> Measured.share(of.counts().connected(), of.graphs()))
                .counting("share of graphs of one component, valid or not; a line that is no molecule has none")
                .ofColumn("connected"),
            MetricDefinition.<Counted>number("mean_fragments", of -> Measured.mean(of.counts().fragments(),
                of.fragmentSquares(), of.graphs()))
                .called("Fragments per graph")
                .counting("components of all graphs ÷ graphs, lines that are no molecule among them")));
        for (int prefix : Protocol.MOSES.prefixes()) {
            all.add(MetricDefinition.<Counted>share("unique@" + prefix, of -> Measured.prefix(prefix,
                of.counts().prefixes().get(prefix))).under(Protocol.MOSES)
                .counting(String.format(Locale.ROOT, "different molecules among the first %,d by graph id", prefix))
                .by("MOSES (Polykovskiy et al., 2020)"));
        }
        Stream.concat(PROPERTIES.stream(), Stream.of(ATOMS, BONDS, SIZES, SCAFFOLDS)).forEach(compared -> all.add(
            compared.metric(of -> DistributionDistances.measured(compared, of.distances(), of.graphs()))));
        all.addAll(Benchmarks.definitions(Counted::benchmarks));
        return List.copyOf(all);
    }

    private static Measured novelPerGraph(Counted of) {
        return Measured.novelPerGraph(of.counts().novel(), of.counts().novelOnce(), of.graphs());
    }

    private static List<MetricDefinition<Counted>> definitions(Protocol protocol, boolean hydrogens) {
        return Stream.concat(DEFINITIONS.stream(), hydrogens ? OF_HYDROGENS.stream() : Stream.of())
            .filter(definition -> definition.protocols().contains(protocol)).toList();
    }

    /** Names of all, whatever protocol and vocabulary, for help. */
    public static List<String> names() {
        return Stream.concat(DEFINITIONS.stream(), OF_HYDROGENS.stream()).map(MetricDefinition::name).distinct().toList();
    }

    /** The metrics that a run can have. */
    public static MetricRegistry registry(Protocol protocol, Vocabulary vocabulary) {
        List<MetricDefinition<Counted>> own = definitions(protocol, vocabulary.hydrogens());
        List<MetricDefinition<RunDifference>> differences = Stream.concat(
            own.stream().filter(definition -> definition.column() != null).map(RunDifference::of),
            Arrays.stream(MoleculeProperty.values()).map(property ->
                RunDifference.ofNumbers(property.column(), property.label(), property.unit()))).toList();
        return new MetricRegistry("protocol " + protocol.label(), protocol == Protocol.DIGRESS ? DISTRIBUTIONS
            : Stream.of(DISTRIBUTIONS, Benchmarks.DISTRIBUTIONS).flatMap(List::stream).toList(), own, differences, "more valid");
    }

    /** Makes a report of what was counted. */
    static MetricReport report(Protocol protocol, Counted counted) {
        return MetricReport.of(protocol, counted.counts(), counted.distributions(),
            definitions(protocol, counted.stability() != null), counted);
    }

    /**
     * Computes counts, metrics and distributions.
     *
     * @param molecules  rows with the columns of {@code molecules/}; read twice, more often for prefixes
     * @param about      how many there are, about
     * @param vocabulary what the classes of the rows stand for
     * @param reference  the training set; without one, novelty is absent
     * @param files      what the protocol's benchmark compares with
     * @param protocol   what is divided by what
     */
    public static MetricReport compute(Dataset<Row> molecules, long about, Vocabulary vocabulary,
                                       Optional<ReferenceSet> reference, BenchmarkFiles files, Protocol protocol) {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(molecules.sparkSession().sparkContext());
        Dataset<Row> smiles = molecules.filter(col("relaxed_valid")).select(col(GRAPH_ID), col(SMILES));
        try {
            // In their order, which that of sums and files follows; a set of the language's own has one for each JVM.
            Set<String> scaffolds = new LinkedHashSet<>();
            reference.flatMap(set -> set.distributions().find(SCAFFOLDS.name()))
                .ifPresent(known -> scaffolds.addAll(known.counts().keySet()));
            spark.sc().setJobDescription("metrics: different molecules");
            Alongside<SmilesTally> differing = Alongside.begin("different-molecules", () ->
                different(smiles, about, spark, reference.map(ReferenceSet::hashes).orElse(new long[0]), scaffolds));
            spark.sc().setJobDescription("metrics: verdicts and distributions");
            GraphTally graphs = graphs(molecules, vocabulary);
            SmilesTally different = differing.result();
            spark.sc().setJobDescription("metrics: first molecules");
            SortedMap<Integer, Counts.OfMolecules.PrefixCounts> prefixes =
                prefixes(smiles, protocol.prefixes(), graphs.relaxedValid());
            Counts.OfMolecules counts = new Counts.OfMolecules(graphs.graphs(), graphs.valid(), graphs.relaxedValid(),
                graphs.connected(), graphs.fragments(), different.distinct(), different.once(),
                reference.isEmpty() ? null : Long.valueOf(different.novel()),
                reference.isEmpty() ? null : Long.valueOf(different.novelOnce()), prefixes);
            Distributions found = graphs.distributions().with(different.scaffolds().among(scaffolds));
            spark.sc().setJobDescription("metrics: benchmark");
            Benchmarks benchmarks = Benchmarks.of(molecules, graphs.graphs(), vocabulary, files, protocol);
            for (Histogram counted : benchmarks.counted()) {
                found = found.with(counted);
            }
            Distributions all = found;
            spark.sc().setJobDescription("metrics: stability");
            List<String> notes = new ArrayList<>(notes(graphs, all, different.scaffolds().unwritten()));
            notes.addAll(benchmarks.notes());
            return report(protocol, new Counted(counts, graphs.fragmentSquares(), all, reference.map(set ->
                DistributionDistances.of(DISTRIBUTIONS, all, graphs.moments(), set.distributions())),
                vocabulary.hydrogens() ? stable(molecules) : null, benchmarks)).noting(notes).beside(benchmarks.beside());
        } finally {
            spark.sc().setJobDescription(null);
        }
    }

    /** What the toolkit could not say, and where RDKit would say something else. */
    private static List<String> notes(GraphTally graphs, Distributions found, long unwritten) {
        long withLogp = found.of(MoleculeProperty.LOGP.column()).total();
        List<String> notes = new ArrayList<>();
        note(notes, graphs.afterKekulisation(), "graphs not valid for a valence exceeded after kekulisation, where RDKit does not"
            + " look (their reason ends so)");
        note(notes, graphs.notWritten(), "graphs not valid because the toolkit cannot write them, though they hold every rule"
            + " (their reason begins \"" + ScoredMolecule.NOT_WRITTEN.strip() + "\")");
        note(notes, graphs.relaxedValid() - withLogp, "molecules without a value in the column logp, left out of w1_logp");
        note(notes, unwritten, "molecules whose scaffold the toolkit cannot write, among the others of js_scaffolds");
        return notes;
    }

    private static void note(List<String> notes, long count, String what) {
        if (count > 0) {
            notes.add(String.format(Locale.ROOT, "%s: %,d", what, count));
        }
    }

    private static Stable stable(Dataset<Row> molecules) {
        Column stable = col("stable_atoms").cast("bigint");
        Column atoms = col("num_atoms").cast("bigint");
        Row found = molecules.agg(total(when(col("stable"), 1L).otherwise(0L)), total(stable), total(atoms),
            total(stable.multiply(stable)), total(stable.multiply(atoms)), total(atoms.multiply(atoms))).first();
        return new Stable(found.getLong(0), found.getLong(1), found.getLong(2), found.getLong(3), found.getLong(4),
            found.getLong(5));
    }

    private static Column total(Column numbers) {
        return coalesce(sum(numbers), lit(0L)).cast("bigint");
    }

    private static GraphTally graphs(Dataset<Row> molecules, Vocabulary vocabulary) {
        Column[] columns = GraphTally.COLUMNS.stream().map(name -> col(name)).toArray(Column[]::new);
        return molecules.select(columns).javaRDD()
            .treeAggregate(new GraphTally(vocabulary), GraphTally::add, GraphTally::merge);
    }

    private static SmilesTally different(Dataset<Row> smiles, long about, JavaSparkContext spark, long[] hashes,
                                         Set<String> scaffolds) {
        Broadcast<long[]> training = spark.broadcast(hashes);
        try {
            // Divided by what their chemistry takes, where there is any.
            Dataset<Row> divided = scaffolds.isEmpty() ? smiles
                : smiles.repartition(BenchmarkSet.tasks(smiles.sparkSession(), about), col(SMILES));
            return divided.groupBy(col(SMILES)).agg(count(lit(1)).as(GRAPHS)).javaRDD()
                .mapPartitions(rows -> List.of(counted(rows, training.value(), scaffolds)).iterator())
                .treeAggregate(new SmilesTally(), SmilesTally::merge, SmilesTally::merge);
        } finally {
            training.destroy();
        }
    }

    private static SmilesTally counted(Iterator<Row> rows, long[] training, Set<String> scaffolds) {
        SmilesTally tally = new SmilesTally();
        Scaffolds toolkit = new Scaffolds();
        while (rows.hasNext()) {
            Row row = rows.next();
            if (!scaffolds.isEmpty()) {
                String label = ScaffoldTally.label(row.getString(0), toolkit);
                tally.addScaffold(scaffolds.contains(label) || label.equals(ScaffoldTally.UNWRITTEN) ? label
                    : ScaffoldTally.OTHER, row.getLong(1));
            }
            tally.add(row.getLong(1), ReferenceSet.contains(training, row.getString(0)));
        }
        return tally;
    }

    /** Counts among the first molecules by graph id, for each length of which there are as many; the longest is bounded. */
    private static SortedMap<Integer, Counts.OfMolecules.PrefixCounts> prefixes(Dataset<Row> smiles, List<Integer> lengths,
                                                                               long molecules) {
        SortedMap<Integer, Counts.OfMolecules.PrefixCounts> prefixes = new TreeMap<>();
        List<Integer> whole = lengths.stream().filter(length -> length <= molecules).toList();
        if (whole.isEmpty()) {
            return prefixes;
        }
        List<Row> first = smiles.orderBy(col(GRAPH_ID)).limit(Collections.max(whole)).select(col(SMILES)).collectAsList();
        for (int length : whole) {
            Map<String, Long> times = first.subList(0, length).stream().collect(
                Collectors.groupingBy(row -> row.getString(0), Collectors.counting()));
            prefixes.put(length, new Counts.OfMolecules.PrefixCounts(times.size(),
                times.values().stream().filter(found -> found == 1).count()));
        }
        return prefixes;
    }
}
