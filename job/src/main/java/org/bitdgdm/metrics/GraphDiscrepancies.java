package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.graph.BlockModel;
import org.bitdgdm.graph.GraphStatistics;
import org.bitdgdm.graph.MeanDiscrepancy.Kernel;
import org.bitdgdm.graph.MeanDiscrepancy;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.metrics.MetricDefinition.Form;
import org.bitdgdm.metrics.MetricDefinition.Need;
import org.bitdgdm.model.Vocabulary;

/**
 * How far statistics of plain graphs are from those of a test set, and how far those of the training set are: the discrepancies
 * of the published evaluation. Of a larger set the first {@value #MOST} graphs by id are taken, since every pair is compared;
 * of fewer than {@value #FEWEST} a note warns, as PolyGraph (Krimmel et al., ICLR 2026) asks: the estimate of two samples of one
 * distribution is up to 1/n + 1/m above 0, which for 40 graphs each is more than most models differ by.
 *
 * @param graphs   of the run that are compared
 * @param ofRun    by kernel
 * @param training of the training set from the same test set; empty where none is given as a file
 * @param blocks   of the graphs that are compared, those of stochastic block models
 * @param notes    which sets are small, and which are cut
 * @param spectrum of the graphs of the run that are compared
 * @param beside   what a page draws the run beside, of the test set
 */
record GraphDiscrepancies(int graphs, Map<Kernel, MeanDiscrepancy.Estimate> ofRun,
                          Optional<Map<Kernel, MeanDiscrepancy.Estimate>> training, BlockModels blocks,
                          List<String> notes, Histogram spectrum, BesideSet beside) {
    static final int MOST = 1000;
    static final int FEWEST = 256;
    private static final int TASKS = 32;
    /** Of a bin of {@link GraphStatistics#clustering} and of {@link GraphStatistics#spectrum}. */
    private static final double BIN = 0.01;
    static final Distribution SPECTRUM = new Distribution("spectrum", "spectrum", "eigenvalues of normalised Laplacians", "", BIN,
        DistributionDistances.Kind.WASSERSTEIN, true);
    static final String SPECTRE = "SPECTRE and DiGress (Martinkus et al., ICML 2022; Vignac et al., ICLR 2023)";
    private static final String NONE = "no test set is given, or no graph";
    private static final List<Kernel> OF_RATIO = List.of(Kernel.DEGREE, Kernel.CLUSTERING, Kernel.ORBIT, Kernel.SPECTRAL);

    /**
     * A graph of the run.
     *
     * @param isomorphism its class
     * @param ofBlocks    whether {@link BlockModel} calls it valid
     */
    private record Compared(long graphId, GraphStatistics statistics, String isomorphism, boolean ofBlocks)
        implements Serializable {
        static Compared of(Row row) {
            Graph graph = new Graph(row.getLong(0), bytes(row.getList(1)), bytes(row.getList(2)));
            return new Compared(row.getLong(0), GraphStatistics.of(graph), row.getString(3), BlockModel.valid(graph));
        }
    }

    /**
     * Graphs of stochastic block models.
     *
     * @param valid     how many are
     * @param novel     of these, different ones that are not in the training set; null where none is known
     * @param novelOnce of these, graphs seen exactly once; null where no training set is known
     */
    record BlockModels(long valid, Long novel, Long novelOnce) {
        private static BlockModels of(List<Compared> graphs, Optional<long[]> training) {
            Map<String, Integer> different = new HashMap<>();
            graphs.stream().filter(Compared::ofBlocks).forEach(graph -> different.merge(graph.isomorphism(), 1, Integer::sum));
            Optional<List<Integer>> novel = training.map(hashes -> different.entrySet().stream()
                .filter(one -> !ReferenceSet.contains(hashes, one.getKey())).map(Map.Entry::getValue).toList());
            return new BlockModels(graphs.stream().filter(Compared::ofBlocks).count(),
                novel.map(times -> (long) times.size()).orElse(null),
                novel.map(times -> times.stream().filter(count -> count == 1).count()).orElse(null));
        }
    }

    /**
     * Compares a run; empty where no test set is given, or no row is a graph.
     *
     * @param training hashes of the training set; empty where none is known
     */
    static Optional<GraphDiscrepancies> of(Dataset<Row> rows, Vocabulary vocabulary, BenchmarkFiles files,
                                           Optional<long[]> training) {
        if (files.tests().isEmpty()) {
            return Optional.empty();
        }
        SparkSession spark = rows.sparkSession();
        List<Compared> graphs = new ArrayList<>(rows.filter(col("reason").isNull()).orderBy(col("graph_id")).limit(MOST)
            .select("graph_id", "node_types", "edges", "isomorphism_class").repartition(TASKS).javaRDD().map(Compared::of)
            .collect());
        if (graphs.isEmpty()) {
            return Optional.empty();
        }
        graphs.sort(Comparator.comparingLong(Compared::graphId));
        List<GraphStatistics> run = graphs.stream().map(Compared::statistics).toList();
        BenchmarkFiles.Graphs tests = BenchmarkFiles.graphs(files.tests().get(), vocabulary, spark, MOST);
        Optional<BenchmarkFiles.Graphs> trained =
            files.training().map(file -> BenchmarkFiles.graphs(file, vocabulary, spark, MOST));
        Map<String, BenchmarkFiles.Graphs> sets = new LinkedHashMap<>();
        sets.put("the run", new BenchmarkFiles.Graphs(run, rows.filter(col("reason").isNull()).count(), 0));
        sets.put("--test-set", tests);
        trained.ifPresent(set -> sets.put("--reference", set));
        return Optional.of(new GraphDiscrepancies(run.size(), between(run, tests.statistics()),
            trained.map(set -> between(set.statistics(), tests.statistics())), BlockModels.of(graphs, training), notes(sets),
            histogram(SPECTRUM, run, GraphStatistics::spectrum), beside(tests.statistics())));
    }

    private static BesideSet beside(List<GraphStatistics> tests) {
        Map<String, Histogram> distributions = new LinkedHashMap<>();
        distributions.put("degree", histogram(PlainGraphMetrics.DEGREE, tests, GraphStatistics::degrees));
        distributions.put("clustering", histogram(PlainGraphMetrics.CLUSTERING, tests, GraphStatistics::clustering));
        distributions.put("spectrum", histogram(SPECTRUM, tests, GraphStatistics::spectrum));
        return new BesideSet("test set", distributions, List.of());
    }

    private static Histogram histogram(Distribution kind, List<GraphStatistics> graphs, Function<GraphStatistics, double[]> counts) {
        TreeMap<Long, Long> bins = new TreeMap<>();
        for (GraphStatistics graph : graphs) {
            double[] found = counts.apply(graph);
            for (int k = 0; k < found.length; k++) {
                if (found[k] > 0) {
                    bins.merge((long) k, (long) found[k], Long::sum);
                }
            }
        }
        return kind.binned(bins);
    }

    private static List<String> notes(Map<String, BenchmarkFiles.Graphs> sets) {
        List<String> notes = new ArrayList<>();
        sets.forEach((set, of) -> {
            int graphs = of.statistics().size();
            if (of.empty() > 0) {
                notes.add("mmd_… leave out " + Amount.of(of.empty(), "graph") + " of " + set + " without a node");
            }
            if (graphs < FEWEST) {
                notes.add("mmd_… compare " + Amount.of(graphs, "graph") + " of " + set + ": of fewer than " + FEWEST
                    + " the estimate is biased by up to 1/" + graphs + " and varies as much, see PolyGraph (Krimmel et al., ICLR 2026)");
            } else if (of.graphs() > graphs) {
                notes.add("mmd_… compare the first " + MOST + " graphs of " + set);
            }
        });
        return notes;
    }

    private static byte[] bytes(List<Byte> values) {
        byte[] bytes = new byte[values.size()];
        for (int k = 0; k < bytes.length; k++) {
            bytes[k] = values.get(k);
        }
        return bytes;
    }

    private static Map<Kernel, MeanDiscrepancy.Estimate> between(List<GraphStatistics> set, List<GraphStatistics> tests) {
        Map<Kernel, MeanDiscrepancy.Estimate> found = new EnumMap<>(Kernel.class);
        for (Kernel kernel : Kernel.values()) {
            found.put(kernel, MeanDiscrepancy.of(kernel, set, tests));
        }
        return found;
    }

    /** The metrics, of whatever holds discrepancies. */
    static <C> List<MetricDefinition<C>> definitions(Function<C, Optional<GraphDiscrepancies>> of) {
        List<MetricDefinition<C>> all = new ArrayList<>();
        for (Kernel kernel : Kernel.values()) {
            all.add(MetricDefinition.<C>number("mmd_" + kernel.label(), counted -> of.apply(counted)
                .map(found -> found.measured(kernel)).orElse(Measured.none(null, 0L, NONE)))
                .as(Form.DISTANCE).needing(Need.TEST_SET).by(SPECTRE).counting("squared maximum mean discrepancy of "
                    + kernel.meaning() + " from the test set's: the biased estimate, which grows as graphs become fewer"));
        }
        all.add(MetricDefinition.<C>number("mmd_ratio", counted -> of.apply(counted).map(GraphDiscrepancies::ratio)
            .orElse(Measured.none(null, 0L, NONE))).called("MMD ratio")
            .needing(Need.TEST_SET, Need.TRAINING_FILE).by(SPECTRE)
            .counting("mean over degree, clustering, orbit and spectral of the discrepancy ÷ that of the training set"));
        all.add(MetricDefinition.<C>share("valid_sbm", counted -> of.apply(counted)
            .map(found -> Measured.share(found.blocks().valid(), found.graphs())).orElse(Measured.none(null, 0L, NONE)))
            .called("Valid as SBM").needing(Need.TEST_SET).by(SPECTRE).counting("share of the graphs compared that are of a"
                + " stochastic block model: the partition of shortest description that a seeded search finds has 2 to 5 blocks of"
                + " 20 to 40 nodes, and a mean p above 0.9 in Wald's test of the published probabilities of edges"));
        all.add(MetricDefinition.<C>share("vun_sbm", counted -> of.apply(counted)
            .map(found -> Measured.novelPerGraph(found.blocks().novel(), found.blocks().novelOnce(), found.graphs()))
            .orElse(Measured.none(null, 0L, NONE))).called("Valid as SBM, unique and novel")
            .needing(Need.TEST_SET, Need.REFERENCE).by(SPECTRE)
            .counting("different graphs of these that are isomorphic to none of the training set ÷ graphs compared"));
        return all;
    }

    private Measured measured(Kernel kernel) {
        return measured(ofRun.get(kernel));
    }

    private Measured measured(MeanDiscrepancy.Estimate found) {
        boolean interval = !Double.isNaN(found.low());
        return new Measured(found.value(), null, (long) graphs, interval ? found.low() : null,
            interval ? found.high() : null, null);
    }

    private Measured ratio() {
        if (training.isEmpty()) {
            return Measured.none(null, (long) graphs, "no training set is given as a file");
        }
        double[] factors = new double[OF_RATIO.size()];
        for (int k = 0; k < factors.length; k++) {
            Kernel kernel = OF_RATIO.get(k);
            double own = training.get().get(kernel).value();
            if (!(own > 0)) {
                return Measured.none(null, (long) graphs, "the training set's " + kernel.label() + " is no farther from the"
                    + " test set than a set from itself");
            }
            factors[k] = 1 / own / factors.length;
        }
        return measured(MeanDiscrepancy.Estimate.sum(OF_RATIO.stream().map(ofRun::get).toList(), factors));
    }
}
