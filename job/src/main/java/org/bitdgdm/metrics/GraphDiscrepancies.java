package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.graph.GraphStatistics;
import org.bitdgdm.graph.MeanDiscrepancy;
import org.bitdgdm.graph.MeanDiscrepancy.Kernel;
import org.bitdgdm.graph.PlainGraph;
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
 * @param notes    which sets are small, and which are cut
 */
record GraphDiscrepancies(int graphs, Map<Kernel, MeanDiscrepancy.Estimate> ofRun,
                          Optional<Map<Kernel, MeanDiscrepancy.Estimate>> training, List<String> notes) {
    static final int MOST = 1000;
    static final int FEWEST = 256;
    private static final String SPECTRE = "SPECTRE and DiGress (Martinkus et al., ICML 2022; Vignac et al., ICLR 2023)";
    private static final List<Kernel> OF_RATIO = List.of(Kernel.DEGREE, Kernel.CLUSTERING, Kernel.ORBIT, Kernel.SPECTRAL);

    /** Compares a run; empty where no test set is given, or no row is a graph. */
    static Optional<GraphDiscrepancies> of(Dataset<Row> rows, Vocabulary vocabulary, BenchmarkFiles files) {
        if (files.tests().isEmpty()) {
            return Optional.empty();
        }
        SparkSession spark = rows.sparkSession();
        List<GraphStatistics> run = rows.filter(col("reason").isNull()).orderBy(col("graph_id")).limit(MOST)
            .select("graph_id", "node_types", "edges").javaRDD().map(GraphDiscrepancies::statistics).collect();
        if (run.isEmpty()) {
            return Optional.empty();
        }
        List<GraphStatistics> tests = BenchmarkFiles.graphs(files.tests().get(), vocabulary, spark, MOST);
        Optional<List<GraphStatistics>> training =
            files.training().map(file -> BenchmarkFiles.graphs(file, vocabulary, spark, MOST));
        Map<String, Integer> sizes = new LinkedHashMap<>();
        sizes.put("the run", run.size());
        sizes.put("--test-set", tests.size());
        training.ifPresent(set -> sizes.put("--reference", set.size()));
        return Optional.of(new GraphDiscrepancies(run.size(), between(run, tests), training.map(set -> between(set, tests)),
            notes(sizes)));
    }

    private static List<String> notes(Map<String, Integer> sizes) {
        List<String> notes = new ArrayList<>();
        sizes.forEach((set, graphs) -> {
            if (graphs < FEWEST) {
                notes.add("mmd_… compare " + graphs + " graphs of " + set + ": of fewer than " + FEWEST + " the estimate is biased"
                    + " by up to 1/" + graphs + " and varies as much, see PolyGraph (Krimmel et al., ICLR 2026)");
            } else if (graphs == MOST) {
                notes.add("mmd_… compare the first " + MOST + " graphs of " + set);
            }
        });
        return notes;
    }

    private static GraphStatistics statistics(Row row) {
        return GraphStatistics.of(new PlainGraph(row.getLong(0), bytes(row.getList(1)), bytes(row.getList(2))));
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
                .map(found -> found.measured(kernel)).orElse(Measured.none(null, 0L, "no test set is given, or no graph")))
                .as(Form.DISTANCE).needing(Need.TEST_SET).by(SPECTRE).counting("squared maximum mean discrepancy of "
                    + kernel.meaning() + " from the test set's: the biased estimate, which grows as graphs become fewer"));
        }
        all.add(MetricDefinition.<C>number("mmd_ratio", counted -> of.apply(counted).map(GraphDiscrepancies::ratio)
            .orElse(Measured.none(null, 0L, "no test set is given, or no graph"))).called("MMD ratio")
            .needing(Need.TEST_SET, Need.TRAINING_FILE).by(SPECTRE)
            .counting("mean over degree, clustering, orbit and spectral of the discrepancy ÷ that of the training set"));
        return all;
    }

    private Measured measured(Kernel kernel) {
        MeanDiscrepancy.Estimate found = ofRun.get(kernel);
        boolean interval = !Double.isNaN(found.low());
        return new Measured(found.value(), null, (long) graphs, interval ? found.low() : null,
            interval ? found.high() : null, null);
    }

    private Measured ratio() {
        if (training.isEmpty()) {
            return Measured.none(null, (long) graphs, "no training set is given as a file");
        }
        double sum = 0;
        for (Kernel kernel : OF_RATIO) {
            double own = training.get().get(kernel).value();
            if (!(own > 0)) {
                return Measured.none(null, (long) graphs, "the training set's " + kernel.label() + " is no farther from the"
                    + " test set than a set from itself");
            }
            sum += ofRun.get(kernel).value() / own / OF_RATIO.size();
        }
        return Measured.around(sum, null, graphs, null);
    }
}
