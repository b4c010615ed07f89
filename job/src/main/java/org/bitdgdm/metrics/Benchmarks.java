package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.metrics.MetricDefinition.Form;
import org.bitdgdm.metrics.MetricDefinition.Need;
import org.bitdgdm.model.Vocabulary;

/**
 * What published benchmarks of molecules measure beside ratios of counts: the list of their definitions, and their computation.
 *
 * @param described molecules that have descriptors; null where none were computed
 * @param all       molecules, those without descriptors too
 * @param moses     under its protocol; null under others
 * @param guacamol  under its protocol where the training set is given as a file; null elsewhere
 * @param network   whether a network is given
 * @param reason    why GuacaMol's have no value
 * @param notes     what is left out
 * @param counted   {@link #DISTRIBUTIONS} over the run's molecules; none where none were computed
 * @param beside    what a page draws them beside; null without a set to compare with
 */
record Benchmarks(Long described, long all, MosesScores moses, GuacamolScores guacamol, boolean network, String reason,
                  List<String> notes, List<Histogram> counted, BesideSet beside) {
    /** What pages draw of a benchmark beside {@link MoleculeMetrics#DISTRIBUTIONS}; reference sets do not hold it. */
    static final List<Distribution> DISTRIBUTIONS = List.of(
        new Distribution("qed", "QED", "", "", 0.02, DistributionDistances.Kind.WASSERSTEIN, true),
        new Distribution("sa", "synthetic accessibility", "", "", 0.1, DistributionDistances.Kind.WASSERSTEIN, true));
    /** None were asked for. */
    static final Benchmarks NONE = new Benchmarks(null, 0, null, null, false,
        "no training set's molecules are given", List.of(), List.of(), null);
    private static final String MOSES = "MOSES (Polykovskiy et al., 2020)";
    private static final String GUACAMOL = "GuacaMol (Brown et al., 2019)";
    private static final String NO_MOLECULE = "no valid molecule";
    private static final String NO_NETWORK = "needs ChemNet, whose weights cannot be shipped, and a set to compare with: export"
        + " the network of the Python package fcd by torch.onnx.export and name the file by --chemnet";
    private static final String NO_DISTANCE = "needs a set to compare with, and at least two molecules of both";
    private static final double FCD_SCALE = 0.2;
    private static final Map<String, String> PROPERTIES = Map.of("logp", "Crippen's logP", "sa", "synthetic accessibility",
        "qed", "QED", "weight", "weight");

    /**
     * Computes what a protocol has; molecules of a run are those of relaxed-valid graphs.
     *
     * @param graphs rows of the run
     */
    static Benchmarks of(Dataset<Row> molecules, long graphs, Vocabulary vocabulary, BenchmarkFiles files, Protocol protocol) {
        if (protocol == Protocol.DIGRESS || protocol == Protocol.GUACAMOL && files.training().isEmpty()) {
            return NONE;
        }
        try (BenchmarkSet set = BenchmarkSet.of(molecules.filter(col("relaxed_valid")).select(col("smiles")), graphs,
            protocol == Protocol.GUACAMOL)) {
            List<String> notes = new ArrayList<>(set.undescribed().note("molecules of the run", "without descriptors"));
            notes.addAll(tooFew(protocol, set, graphs));
            return protocol == Protocol.MOSES ? moses(set, molecules, vocabulary, files, notes)
                : guacamol(set, molecules, vocabulary, files, notes);
        }
    }

    /** MOSES's tables are of so many molecules generated, valid or not; GuacaMol's of so many different ones. */
    private static List<String> tooFew(Protocol protocol, BenchmarkSet set, long generated) {
        long rows = protocol == Protocol.MOSES ? generated : set.different();
        return rows >= protocol.molecules() ? List.of() : List.of(String.format(Locale.ROOT, protocol == Protocol.MOSES
            ? "the benchmark's numbers are of %s of %,d generated where its published tables are of %,d generated: comparisons of"
                + " distributions depend on the number"
            : "the benchmark's numbers are of %s, %,d of them different, where its published tables are of %,d different ones:"
                + " comparisons of distributions depend on the number", Amount.of(set.molecules(), "molecule"), rows,
            protocol.molecules()));
    }

    private Benchmarks(BenchmarkSet set, MosesScores moses, GuacamolScores guacamol, BenchmarkFiles files, String reason,
                       List<String> notes, BesideSet beside) {
        this(set.molecules(), set.molecules() + set.undescribed().rows(), moses, guacamol, files.chemNet().isPresent(), reason,
            notes, BesideSet.histograms(set), beside);
    }

    private static Benchmarks moses(BenchmarkSet set, Dataset<Row> run, Vocabulary vocabulary, BenchmarkFiles files,
                                    List<String> notes) {
        SparkSession spark = run.sparkSession();
        Optional<BenchmarkSet> tests = files.tests().map(file -> BenchmarkFiles.molecules(file, vocabulary, spark, false));
        Optional<BenchmarkSet> scaffolds =
            files.scaffolds().map(file -> BenchmarkFiles.molecules(file, vocabulary, spark, false));
        try {
            tests.ifPresent(of -> notes.addAll(BenchmarkFiles.notes(of, "--test-set", files.tests().orElseThrow())));
            scaffolds.ifPresent(of ->
                notes.addAll(BenchmarkFiles.notes(of, "--scaffold-test-set", files.scaffolds().orElseThrow())));
            return new Benchmarks(set, MosesScores.of(set, tests, scaffolds, files.network()), null, files, "", notes,
                tests.map(of -> BesideSet.of("test set", of, run)).orElse(null));
        } finally {
            tests.ifPresent(BenchmarkSet::close);
            scaffolds.ifPresent(BenchmarkSet::close);
        }
    }

    private static Benchmarks guacamol(BenchmarkSet set, Dataset<Row> run, Vocabulary vocabulary, BenchmarkFiles files,
                                       List<String> notes) {
        SparkSession spark = run.sparkSession();
        try (BenchmarkSet training = BenchmarkFiles.molecules(files.training().orElseThrow(), vocabulary, spark)) {
            notes.addAll(BenchmarkFiles.notes(training, "--reference", files.training().orElseThrow()));
            if (Math.min(set.different(), training.different()) < 2) {
                return new Benchmarks(set, null, null, files, "fewer than two different molecules", notes, null);
            }
            GuacamolScores scores = GuacamolScores.of(set, training, files.network(),
                JavaSparkContext.fromSparkContext(spark.sparkContext()));
            return new Benchmarks(set, null, scores, files, "a descriptor has the same value for all molecules", notes,
                BesideSet.of("training set", training, run));
        }
    }

    /** The metrics, of whatever holds benchmarks. */
    static <C> List<MetricDefinition<C>> definitions(Function<C, Benchmarks> of) {
        List<MetricDefinition<C>> all = new ArrayList<>(List.of(
            MetricDefinition.<C>share("described", counted -> described(of.apply(counted)))
                .under(Protocol.MOSES, Protocol.GUACAMOL).counting("share of molecules of which all descriptors could be"
                    + " computed; the others count nowhere in the benchmark, and a note names one"),
            MetricDefinition.<C>share("filters", counted -> filters(of.apply(counted).moses())).under(Protocol.MOSES).by(MOSES)
                .counting("share of molecules without charge, ring of eight or more atoms, other atoms than C, N, S, O, F, Cl,"
                    + " Br and H, or a pattern of MOSES's medicinal chemistry filters and PAINS"),
            MetricDefinition.<C>number("intdiv", counted -> ofRun(of.apply(counted), MosesScores::diversity)).called("IntDiv")
                .under(Protocol.MOSES).by(MOSES).counting("1 − mean Tanimoto similarity of all pairs of molecules, each with"
                    + " itself among them, by Morgan fingerprints of radius 2 and 1,024 bits"),
            MetricDefinition.<C>number("intdiv2", counted -> ofRun(of.apply(counted), MosesScores::diversity2))
                .called("IntDiv2").under(Protocol.MOSES).by(MOSES)
                .counting("1 − mean over molecules of the root of the mean squared similarity with all")));
        all.addAll(compared("", "the test set", Need.TEST_SET, counted -> of.apply(counted), MosesScores::test));
        all.addAll(compared("_sf", "the scaffold test set", Need.SCAFFOLD_TEST_SET, counted -> of.apply(counted),
            MosesScores::scaffolds));
        all.add(MetricDefinition.<C>number("kl_score", counted -> guacamol(of.apply(counted), GuacamolScores::score, 1))
            .called("KL score").under(Protocol.GUACAMOL).needing(Need.TRAINING_FILE).by(GUACAMOL)
            .counting("mean of e^(−divergence) over nine descriptors and the similarity with the nearest other molecule, of"
                + " different molecules from those of the training set"));
        Function<C, Optional<Estimate>> chemNet =
            counted -> Optional.ofNullable(of.apply(counted).guacamol()).map(GuacamolScores::chemNet);
        all.add(Benchmarks.<C>distance("fcd_cdk", "FCD", "the training set (10,000 different molecules of each at most)",
            Need.TRAINING_FILE, of, chemNet).under(Protocol.GUACAMOL));
        all.add(MetricDefinition.<C>number("fcd_cdk_score", counted -> chemNet.apply(counted).map(Benchmarks::score)
            .orElse(noDistance(of.apply(counted)))).called("FCD score of CDK SMILES").under(Protocol.GUACAMOL)
            .needing(Need.TRAINING_FILE, Need.CHEMNET).by(GUACAMOL).counting("e^(−fcd_cdk ÷ 5)"));
        for (String name : GuacamolScores.NAMES) {
            all.add(MetricDefinition.<C>number("kl_" + name, counted -> guacamol(of.apply(counted),
                scores -> scores.divergences().get(name), Double.POSITIVE_INFINITY)).as(Form.DISTANCE).in("nats")
                .under(Protocol.GUACAMOL).needing(Need.TRAINING_FILE).by(GUACAMOL)
                .counting("divergence of " + name.replace('_', ' ') + " from the training set's"));
        }
        return List.copyOf(all);
    }

    private static <C> List<MetricDefinition<C>> compared(String suffix, String set, Need need, Function<C, Benchmarks> of,
                                                          Function<MosesScores, Optional<MosesScores.Compared>> with) {
        Function<C, Optional<MosesScores.Compared>> found =
            counted -> Optional.ofNullable(of.apply(counted).moses()).flatMap(with);
        String absent = "no molecules, or none of " + set + " are given";
        List<MetricDefinition<C>> all = new ArrayList<>(List.of(
            MetricDefinition.<C>number("snn" + suffix, counted -> found.apply(counted).map(one -> estimate(one.nearest()))
                .orElse(Measured.none(null, 0L, absent))).called("SNN" + label(suffix))
                .counting("mean Tanimoto similarity with the nearest molecule of " + set),
            MetricDefinition.<C>number("frag" + suffix, counted -> cosine(found.apply(counted)
                .map(MosesScores.Compared::fragments), of.apply(counted), absent)).called("Frag" + label(suffix))
                .counting("cosine of the counts of BRICS fragments and those of " + set),
            MetricDefinition.<C>number("scaf" + suffix, counted -> cosine(found.apply(counted)
                .map(MosesScores.Compared::scaffolds), of.apply(counted), absent)).called("Scaf" + label(suffix))
                .counting("cosine of the counts of scaffolds of two or more rings and those of " + set)));
        for (String property : MosesScores.PROPERTIES) {
            all.add(MetricDefinition.<C>number("wasserstein_" + property + suffix, counted -> Measured.distance(
                found.apply(counted).map(one -> one.distances().get(property)), DistributionDistances.Kind.WASSERSTEIN,
                molecules(of.apply(counted)), absent)).as(Form.DISTANCE).in(property.equals("weight") ? "g/mol" : "")
                .counting("Wasserstein-1 distance of " + PROPERTIES.get(property) + " from " + set));
        }
        return Stream.concat(all.stream().map(definition -> definition.needing(need).by(MOSES)),
            Stream.of(Benchmarks.<C>distance("fcd_cdk" + suffix, "FCD" + label(suffix), set, need, of, counted ->
                found.apply(counted).map(MosesScores.Compared::chemNet))))
            .map(definition -> definition.under(Protocol.MOSES)).toList();
    }

    private static <C> MetricDefinition<C> distance(String name, String label, String set, Need need,
                                                    Function<C, Benchmarks> of, Function<C, Optional<Estimate>> distance) {
        return MetricDefinition.<C>number(name, counted -> distance.apply(counted)
            .map(found -> Measured.signed(found).within(0, Double.POSITIVE_INFINITY))
            .orElse(noDistance(of.apply(counted)))).as(Form.DISTANCE).called(label + " of CDK SMILES")
            .needing(need, Need.CHEMNET).by("Preuer et al., J. Chem. Inf. Model. 58, 2018")
            .counting("Fréchet distance from " + set + " by the network of --chemnet, which reads SMILES: these are written by the"
                + " CDK, where the published FCD has RDKit's, so that with ChemNet too it is another number");
    }

    private static Measured noDistance(Benchmarks of) {
        return Measured.none(null, 0L, of.network() ? NO_DISTANCE : NO_NETWORK);
    }

    private static Measured score(Estimate distance) {
        double score = Math.exp(-FCD_SCALE * distance.value());
        Double error = distance.standardError();
        return new Measured(score, null, distance.count(),
            error == null ? null : Math.exp(-FCD_SCALE * (distance.value() + Interval.Z * error)),
            error == null ? null : Math.min(1, Math.exp(-FCD_SCALE * (distance.value() - Interval.Z * error))), null);
    }

    private static String label(String suffix) {
        return suffix.isEmpty() ? "" : " of other scaffolds";
    }

    private static long molecules(Benchmarks of) {
        return of.moses() == null ? 0 : of.moses().molecules();
    }

    private static Measured described(Benchmarks of) {
        return of.described() == null ? Measured.none(null, 0L, of.reason())
            : of.all() == 0 ? Measured.none(0L, 0L, NO_MOLECULE) : Measured.share(of.described(), of.all());
    }

    private static Measured filters(MosesScores of) {
        return of == null || of.molecules() == 0 ? Measured.none(null, 0L, NO_MOLECULE)
            : Measured.share(of.passing(), of.molecules());
    }

    private static Measured ofRun(Benchmarks of, Function<MosesScores, Estimate> which) {
        return of.moses() == null || of.moses().molecules() == 0 ? Measured.none(null, 0L, NO_MOLECULE)
            : estimate(which.apply(of.moses()));
    }

    private static Measured estimate(Estimate found) {
        return Measured.signed(found);
    }

    private static Measured cosine(Optional<Estimate> found, Benchmarks of, String absent) {
        return found.map(value -> Measured.signed(value).within(0, 1))
            .orElse(Measured.none(null, molecules(of), absent + ", or a set has nothing to count"));
    }

    private static Measured guacamol(Benchmarks of, Function<GuacamolScores, Estimate> which, double most) {
        Estimate found = of.guacamol() == null ? null : which.apply(of.guacamol());
        return found == null || Double.isNaN(found.value()) ? Measured.none(null, 0L, of.reason())
            : Measured.signed(found).within(0, most);
    }
}
