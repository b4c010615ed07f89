package org.bitdgdm.recipe;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.RecipeConf;
import org.bitdgdm.conf.RecipeFile;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.LayerSensitivity;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.LayerReport;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.sample.BackendOpener;

/**
 * {@code --recipe auto}: the cheapest settings of every layer of the blocks within a budget of divergence.
 *
 * <ol>
 * <li>the model is quantized with each candidate, and {@link SensitivityScan} measures every layer of it alone;</li>
 * <li>{@link Knapsack} chooses a candidate, or full precision, for each group of layers that read the same input, so that
 *     codes of it are made once: least {@link LayerCost}, of equal ones the smaller layers, with the sum of the divergences
 *     within the budget;</li>
 * <li>the chosen model is quantized as a whole and its divergence measured as {@code --fidelity} does. It is within the
 *     budget where the upper end of its 95% interval is: that some graphs happened to diverge little is no proof. The sum is
 *     a prediction: where it was too low, or far too high, the budget of step 2 is changed in proportion and steps 2 and 3
 *     are repeated, {@value #ROUNDS} times in all at most, and never for a choice that was measured before.</li>
 * </ol>
 * The result is the cheapest verified choice.
 */
public final class RecipeSearch {
    private static final int ROUNDS = 4;
    /** Graphs and steps of the verification where {@code --fidelity} does not say. */
    private static final int VERIFIED = 32;
    private static final int VERIFIED_STEPS = 20;
    /** Graphs of the scan where {@code --sensitivity} does not say. */
    private static final int SCANNED = 8;
    /** Below this share of the budget another round may find a cheaper choice. */
    private static final double WELL_BELOW = 0.8;
    /** Aim of a further round, as a share of the budget. */
    private static final double AIM = 0.95;
    /** What a byte counts besides time: decides between layers of equal time, never otherwise. */
    private static final double SECONDS_PER_BYTE = 1e-16;
    private static final double MILLI = 1e3;

    private final JavaSparkContext spark;
    private final Calibrations calibrations;
    private final BackendOpener opener;
    private final JobConf conf;
    private final PrintStream console;
    private final LayerRates rates;
    private final LayerCost costs;
    private final List<Integer> blocks = new ArrayList<>();
    /** Indices into {@link #blocks}, by the layers that read one input. */
    private final List<List<Integer>> groups;
    private final List<Candidate> candidates = new ArrayList<>();

    /** Settings, and what they do to each layer of {@link #blocks}. */
    private record Candidate(Map<String, String> settings, List<LayerSensitivity> alone, double[] divergence,
                             double[] seconds, double[] bytes) {
    }

    /**
     * A verified recipe.
     *
     * @param recipe      settings of every layer
     * @param model       quantized with it
     * @param alone       divergence of its layers, each alone
     * @param predicted   the sum of these
     * @param measured    divergence of the whole model
     * @param seconds     predicted time of the layers of the blocks, for one graph and step
     * @param fullSeconds the same in full precision
     * @param text        the recipe as a file
     */
    public record Chosen(QuantizeConf recipe, QuantizedModel model, List<LayerSensitivity> alone, double predicted,
                         Estimate measured, double seconds, double fullSeconds, String text) {
    }

    /**
     * Nothing is done yet.
     *
     * @throws InputException if no rates of the backend were measured
     */
    public RecipeSearch(JavaSparkContext spark, Calibrations calibrations, BackendOpener opener, JobConf conf,
                        PrintStream console) {
        this.spark = spark;
        this.calibrations = calibrations;
        this.opener = opener;
        this.conf = conf;
        this.console = console;
        this.rates = LayerRates.of(opener.backend().label());
        this.costs = new LayerCost(rates, calibrations.full());
        List<PackedLinear> linears = calibrations.full().linears();
        for (int layer = 0; layer < linears.size(); layer++) {
            if (PackedModel.isBlockLinear(linears.get(layer).name)) {
                blocks.add(layer);
            }
        }
        Map<String, List<Integer>> inputs = new LinkedHashMap<>();
        for (int at = 0; at < blocks.size(); at++) {
            inputs.computeIfAbsent(PackedModel.firstWithInputOf(linears.get(blocks.get(at)).name), none -> new ArrayList<>())
                .add(at);
        }
        this.groups = List.copyOf(inputs.values());
    }

    /**
     * Searches.
     *
     * @throws InputException if no choice tried is within the budget when verified
     */
    public Chosen find() {
        long start = System.nanoTime();
        scan();
        double aim = conf.recipe().budget();
        Chosen best = null;
        double nearest = Double.POSITIVE_INFINITY;
        Set<List<Integer>> tried = new HashSet<>();
        FidelityConf verification = conf.fidelity().on() ? conf.fidelity() : new FidelityConf(VERIFIED,
            Math.min(VERIFIED_STEPS, calibrations.full().diffusion().steps()));
        try (FidelityProbe probe = new FidelityProbe(spark, calibrations.full(), verification, opener, true)) {
            for (int round = 1; round <= ROUNDS; round++) {
                int[] choices = choose(aim);
                if (!tried.add(Arrays.stream(choices).boxed().toList())) {
                    break;
                }
                Chosen found = verify(choices, probe);
                double upper = found.measured().upper();
                console.printf(Locale.ROOT, "recipe %d: predicted %.3g, measured %.3g ± %.2g, at most %.3g, budget %.3g;"
                    + " layers %.3f ms, FP32 %.3f ms%n", round, found.predicted(), found.measured().value(),
                    found.measured().standardError(), upper, conf.recipe().budget(), MILLI * found.seconds(),
                    MILLI * found.fullSeconds());
                boolean within = upper <= conf.recipe().budget();
                if (within && (best == null || found.seconds() < best.seconds())) {
                    best = found;
                }
                nearest = Math.min(nearest, upper);
                if (within && upper >= WELL_BELOW * conf.recipe().budget() || upper == 0) {
                    break;
                }
                aim = AIM * conf.recipe().budget() * found.predicted() / upper;
            }
        }
        if (best == null) {
            throw new InputException(String.format(Locale.ROOT, "--budget must be a divergence that the candidates can reach"
                + " with the upper end of its 95%% interval; of %d recipes tried the nearest has %.3g where %.3g is asked"
                + " for",
                tried.size(), nearest, conf.recipe().budget()));
        }
        console.printf(Locale.ROOT, "recipe found in %.0f s, %d tried%n", (System.nanoTime() - start) * 1e-9, tried.size());
        return best;
    }

    private void scan() {
        FidelityConf scan = new FidelityConf(conf.scan().on() ? conf.scan().graphs() : SCANNED, conf.scan().steps());
        console.printf("recipe: %d candidates, each of %d layers alone along %d graphs of %d steps%n",
            conf.recipe().candidates().size(), blocks.size(), scan.graphs(), scan.steps());
        PackedModel full = calibrations.full();
        add(Map.of("method", "fp32"), full, List.of(), List.of());
        try (SensitivityScan sensitivity = new SensitivityScan(spark, full, scan, opener)) {
            for (Map<String, String> settings : conf.recipe().candidates()) {
                QuantizedModel quantized = Quantization.quantize(calibrations, conf.quantize().with(settings));
                Candidate added = add(settings, quantized.model(), quantized.layers(),
                    sensitivity.measure(quantized.model()));
                console.printf(Locale.ROOT, "  %s: sum of divergences %.3g, layers %.3f ms, %,d bytes%n",
                    RecipeConf.text(settings), Arrays.stream(added.divergence()).sum(),
                    MILLI * Arrays.stream(added.seconds()).sum(), (long) Arrays.stream(added.bytes()).sum());
            }
        }
    }

    private Candidate add(Map<String, String> settings, PackedModel model, List<LayerReport> reports,
                          List<LayerSensitivity> alone) {
        Map<String, Double> divergenceOf = new LinkedHashMap<>();
        alone.forEach(one -> divergenceOf.put(one.layer(), one.graph().value()));
        double[] divergence = new double[blocks.size()];
        double[] seconds = new double[blocks.size()];
        double[] bytes = new double[blocks.size()];
        for (int at = 0; at < blocks.size(); at++) {
            PackedLinear layer = model.linears().get(blocks.get(at));
            divergence[at] = divergenceOf.getOrDefault(layer.name, 0.0);
            seconds[at] = costs.seconds(layer, reports.isEmpty() ? Double.NaN : reports.get(blocks.get(at)).outlierShare());
            bytes[at] = layer.bytes();
        }
        Candidate candidate = new Candidate(settings, alone, divergence, seconds, bytes);
        candidates.add(candidate);
        return candidate;
    }

    private int[] choose(double budget) {
        double[][] cost = new double[groups.size()][candidates.size()];
        double[][] loss = new double[groups.size()][candidates.size()];
        for (int group = 0; group < groups.size(); group++) {
            for (int choice = 0; choice < candidates.size(); choice++) {
                Candidate candidate = candidates.get(choice);
                for (int at : groups.get(group)) {
                    cost[group][choice] += candidate.seconds()[at] + SECONDS_PER_BYTE * candidate.bytes()[at];
                    loss[group][choice] += candidate.divergence()[at];
                }
            }
        }
        // Full precision has no loss, so that there always is a choice.
        int[] ofGroups = Knapsack.solve(cost, loss, budget);
        int[] choices = new int[blocks.size()];
        for (int group = 0; group < groups.size(); group++) {
            for (int at : groups.get(group)) {
                choices[at] = ofGroups[group];
            }
        }
        return choices;
    }

    private Chosen verify(int[] choices, FidelityProbe probe) {
        Map<String, Map<String, String>> layers = new LinkedHashMap<>();
        List<LayerSensitivity> alone = new ArrayList<>();
        double predicted = 0;
        double seconds = 0;
        for (int at = 0; at < choices.length; at++) {
            Candidate candidate = candidates.get(choices[at]);
            String name = calibrations.full().linears().get(blocks.get(at)).name;
            layers.put(name, candidate.settings());
            predicted += candidate.divergence()[at];
            seconds += candidate.seconds()[at];
            candidate.alone().stream().filter(one -> one.layer().equals(name)).forEach(alone::add);
        }
        QuantizeConf recipe = conf.quantize().ofLayers(layers);
        QuantizedModel model = Quantization.quantize(calibrations, recipe);
        Estimate measured = probe.measure(model.model()).divergence().graph();
        double fullSeconds = Arrays.stream(candidates.get(0).seconds()).sum();
        List<String> comment = List.of(
            "A recipe for every layer of the blocks, chosen by --recipe auto; --recipe FILE takes it back.",
            String.format(Locale.ROOT, "Divergence per graph and step, in nats: budget %.4g, predicted %.4g, measured %.4g"
                + " (standard error %.2g, 95%% interval up to %.4g).", conf.recipe().budget(), predicted, measured.value(),
                measured.standardError(), measured.upper()),
            String.format(Locale.ROOT, "Time of these layers per graph and step, predicted: %.3f ms, FP32 %.3f ms.",
                MILLI * seconds, MILLI * fullSeconds),
            "Rates: " + rates.machine() + ".");
        return new Chosen(recipe, model, alone, predicted, measured, seconds, fullSeconds, RecipeFile.text(recipe, comment));
    }
}
