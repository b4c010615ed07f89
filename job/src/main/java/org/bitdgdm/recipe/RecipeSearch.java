package org.bitdgdm.recipe;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.RecipeConf;
import org.bitdgdm.conf.RecipeFile;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.quantize.QuantizedModel;
import org.bitdgdm.recipe.Candidates.Candidate;

/**
 * {@code --recipe auto}: the fastest settings of every layer of the blocks within a budget of divergence.
 *
 * <ol>
 * <li>{@link LayerScans} quantizes the model with each candidate and measures every layer of it alone;</li>
 * <li>{@link Knapsack} chooses a candidate, or full precision, for each group of layers that read the same input: least
 *     {@link LayerRates.Cost}, of equal ones the smaller layers, with the sum of the divergences within the budget;</li>
 * <li>the chosen model is quantized as a whole and its divergence measured. It is within the budget where the upper end of
 *     its 95% interval is: that some graphs happened to diverge little is no proof. The sum is a prediction: where it was too
 *     low, or far too high, the budget of step 2 is changed in proportion and steps 2 and 3 are repeated, {@value #ROUNDS}
 *     times in all at most, and never for a choice that was measured before;</li>
 * <li>the cheapest of them that is within the budget is verified along graphs that nothing was chosen by, as
 *     {@code --fidelity} measures; where it fails the next one is, and at last ones with a lower aim;</li>
 * <li>times so far were predictions: {@link StepRates} measures the speed of the choice, of full precision, of plain W8A8 and
 *     of each candidate that could be taken for all layers alike. Where one of these is faster and within the budget too, it
 *     is the result.</li>
 * </ol>
 *
 * <p>Graphs and steps are, of a model of proteins, sequences and evaluations.
 *
 * @param <M> form of the model
 */
public final class RecipeSearch<M extends PackedNetwork> {
    private static final int ROUNDS = 4;
    /** Graphs and steps of step 3. */
    private static final int SEARCHED = 32;
    private static final int SEARCHED_STEPS = 20;
    /** Graphs and steps of step 4 where {@code --fidelity} does not say. */
    private static final int VERIFIED = 64;
    private static final int VERIFIED_STEPS = 50;
    /** Key of the random draws of step 3; apart from that of the verification. */
    private static final long SEARCH_SEED = 0x52656369_70657321L;
    /** Below this share of the budget another round may find a cheaper choice. */
    private static final double WELL_BELOW = 0.8;
    /** Aim of a further round, as a share of the budget. */
    private static final double AIM = 0.95;
    /** A sum of divergences of so many budgets may still turn out within one; above it is not tried for all layers alike. */
    private static final double HOPEFUL = 1.5;
    /** Smaller differences in speed are chance. */
    static final double FASTER = 1.02;
    private static final Map<String, String> PLAIN = Map.of("method", "rtn", "weight-bits", "8", "activation-bits", "8",
        "activation-scale", "row");
    private static final double MILLI = 1e3;

    private final LayerScans<M> scans;
    private final StudiedModel<M> studied;
    private final StudiedModel.Words words;
    private final JobConf conf;
    private final PrintStream console;
    private final LayerRates rates;
    private final double budget;
    private Candidates<M> candidates;

    /** A choice, quantized. */
    private record Made<M extends PackedNetwork>(int[] choices, QuantizeConf recipe, QuantizedModel<M> model, double predicted,
                                                 double seconds) {
    }

    /** A choice and the divergence of the whole model along graphs that it was not chosen by. */
    private record Verified<M extends PackedNetwork>(Made<M> made, Estimate measured) {
        boolean within(double budget) {
            return measured.upper() <= budget;
        }
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
     * @param <M>         form of the model
     */
    public record Chosen<M extends PackedNetwork>(QuantizeConf recipe, QuantizedModel<M> model,
                                                  List<SensitivityScan.OfLayer> alone, double predicted, Estimate measured,
                                                  double seconds, double fullSeconds, String text) {
    }

    /**
     * Nothing is done yet.
     *
     * @param scans what was found out about the layers of the model before
     * @throws InputException if no rates of the backend were measured
     */
    public RecipeSearch(LayerScans<M> scans, JobConf conf, PrintStream console) {
        this.scans = scans;
        this.studied = scans.studied();
        this.words = studied.words();
        this.conf = conf;
        this.console = console;
        this.rates = LayerRates.of(studied.backend());
        this.budget = conf.recipe().budget();
    }

    /**
     * Searches.
     *
     * @throws InputException if no choice tried is within the budget when verified
     */
    public Chosen<M> find() {
        long start = System.nanoTime();
        candidates = scans.candidates(conf, rates, console);
        List<Made<M>> within = search();
        FidelityConf verification = studied.within(conf.fidelity().on() ? conf.fidelity()
            : conf.fidelity().with(VERIFIED, VERIFIED_STEPS));
        Chosen<M> chosen = fastest(within, scans.probe(verification, FidelityProbe.SEED), verification);
        console.printf(Locale.ROOT, "recipe found in %.0f s%n", (System.nanoTime() - start) * 1e-9);
        return chosen;
    }

    /** The choices within the budget along the graphs of the search, the cheapest first. */
    private List<Made<M>> search() {
        double aim = budget;
        double nearest = Double.POSITIVE_INFINITY;
        List<Made<M>> found = new ArrayList<>();
        Set<List<Integer>> tried = new HashSet<>();
        FidelityProbe<M, ?> probe = scans.probe(studied.within(conf.fidelity().with(SEARCHED, SEARCHED_STEPS)),
            SEARCH_SEED);
        for (int round = 1; round <= ROUNDS; round++) {
            int[] choices = candidates.choose(aim);
            if (!tried.add(Arrays.stream(choices).boxed().toList())) {
                break;
            }
            Made<M> made = make(choices);
            double upper = verify("recipe " + round, made, probe).measured().upper();
            if (upper <= budget) {
                found.add(made);
            }
            nearest = Math.min(nearest, upper);
            if (upper <= budget && upper >= WELL_BELOW * budget || upper == 0) {
                break;
            }
            aim = AIM * budget * made.predicted() / upper;
        }
        if (found.isEmpty()) {
            throw outOfReach(tried.size(), nearest);
        }
        found.sort(Comparator.comparingDouble(Made<M>::seconds));
        return found;
    }

    private InputException outOfReach(int tried, double nearest) {
        return new InputException(String.format(Locale.ROOT, "--budget must be a divergence that the candidates can reach"
            + " with the upper end of its 95%% interval; of %d recipes tried the nearest has %.3g where %.3g is asked for",
            tried, nearest, budget));
    }

    private void say(String what, Made<M> made, Estimate measured) {
        console.printf(Locale.ROOT, "%s: predicted %.3g, measured %.3g ± %.2g, at most %.3g, budget %.3g; layers %.3f ms,"
            + " FP32 %.3f ms%n", what, made.predicted(), measured.value(), measured.standardError(), measured.upper(), budget,
            MILLI * made.seconds(), MILLI * fullSeconds());
    }

    private double fullSeconds() {
        return candidates.seconds(candidates.uniform(0));
    }

    private Made<M> make(int[] choices) {
        QuantizeConf recipe = conf.quantize().ofLayers(candidates.settings(choices));
        return new Made<>(choices, recipe, studied.quantize(recipe), candidates.divergence(choices),
            candidates.seconds(choices));
    }

    /** Step 4; where none of the choices is within the budget after all, the aim is lowered as in step 3. */
    private Verified<M> verified(List<Made<M>> within, FidelityProbe<M, ?> probe, FidelityConf verification) {
        String what = "verified on " + verification.graphs() + " " + words.things() + " of " + verification.steps() + " "
            + words.steps();
        List<Made<M>> tried = new ArrayList<>(within);
        double nearest = Double.POSITIVE_INFINITY;
        for (int at = 0; at < tried.size(); at++) {
            Verified<M> found = verify(what, tried.get(at), probe);
            if (found.within(budget)) {
                return found;
            }
            nearest = Math.min(nearest, found.measured().upper());
            if (at + 1 == tried.size() && tried.size() < within.size() + ROUNDS) {
                int[] tighter = candidates.choose(AIM * budget * found.made().predicted() / found.measured().upper());
                if (tried.stream().noneMatch(made -> Arrays.equals(made.choices(), tighter))) {
                    tried.add(make(tighter));
                }
            }
        }
        throw outOfReach(tried.size(), nearest);
    }

    private Verified<M> verify(String what, Made<M> made, FidelityProbe<M, ?> probe) {
        Estimate measured = probe.measure(made.model().model()).divergence().graph();
        say(what, made, measured);
        return new Verified<>(made, measured);
    }

    /** Steps 4 and 5. */
    private Chosen<M> fastest(List<Made<M>> within, FidelityProbe<M, ?> probe, FidelityConf verification) {
        Verified<M> taken = verified(within, probe, verification);
        List<Candidate<M>> all = candidates.all();
        double[] alike = new double[all.size()];
        Speeds speeds = speeds(taken.made().model().model(), alike);
        console.println(predicted(taken.made()) + "; " + measured(speeds, speeds.chosen()));
        String instead = "";
        double speed = speeds.chosen();
        for (int at : faster(speeds.chosen(), alike)) {
            String settings = RecipeConf.text(all.get(at).settings());
            Verified<M> plain = verify(settings + " for all layers", make(candidates.uniform(at)), probe);
            if (plain.within(budget)) {
                instead = String.format(Locale.ROOT, "One candidate for all layers, %s, was measured faster than the mixture"
                    + " predicted best: %.0f %s against %.0f.", settings, alike[at], words.rate(), speeds.chosen());
                console.println(instead);
                taken = plain;
                speed = alike[at];
                break;
            }
        }
        Made<M> made = taken.made();
        return new Chosen<>(made.recipe(), made.model(), candidates.alone(made.choices()), made.predicted(), taken.measured(),
            made.seconds(), fullSeconds(), RecipeFile.text(made.recipe(),
                header(made, taken.measured(), verification, instead, measured(speeds, speed))));
    }

    /**
     * Speeds in steps of a graph per second of one task.
     *
     * @param chosen of the mixture
     * @param full   of full precision
     * @param plain  of plain W8A8, which people would take without a search
     */
    private record Speeds(double chosen, double full, double plain) {
    }

    /** @param alike (candidates) gets the speed of each for all layers; NaN where its divergences are far above the budget */
    private Speeds speeds(M mixture, double[] alike) {
        List<Candidate<M>> all = candidates.all();
        int plain = IntStream.range(0, all.size()).filter(at -> all.get(at).settings().equals(PLAIN)).findFirst().orElse(-1);
        List<M> timed = new ArrayList<>(List.of(mixture));
        List<Integer> places = new ArrayList<>();
        for (int at = 0; at < all.size(); at++) {
            if (at == 0 || at == plain || candidates.divergence(candidates.uniform(at)) <= HOPEFUL * budget) {
                timed.add(all.get(at).model());
                places.add(at);
            }
        }
        if (plain < 0) {
            timed.add(studied.quantize(conf.quantize().withSettings(PLAIN)).model());
        }
        double[] found = studied.speeds(timed, conf.sample().batchSize());
        Arrays.fill(alike, Double.NaN);
        for (int k = 0; k < places.size(); k++) {
            alike[places.get(k)] = found[k + 1];
        }
        return new Speeds(found[0], alike[0], plain < 0 ? found[found.length - 1] : alike[plain]);
    }

    /**
     * The candidates that are faster for all layers alike than a mixture is, the fastest first.
     *
     * @param speeds of the candidates; NaN: not measured
     */
    static List<Integer> faster(double mixture, double[] speeds) {
        List<Integer> faster = new ArrayList<>();
        for (int at = 0; at < speeds.length; at++) {
            if (speeds[at] > FASTER * mixture) {
                faster.add(at);
            }
        }
        faster.sort(Comparator.comparingDouble(at -> -speeds[at]));
        return faster;
    }

    private String predicted(Made<M> made) {
        return String.format(Locale.ROOT, "layers of the blocks predicted %.3f ms, FP32 %.3f ms", MILLI * made.seconds(),
            MILLI * fullSeconds());
    }

    /** Times of whole steps by their speeds. */
    private String measured(Speeds speeds, double chosen) {
        return String.format(Locale.ROOT, "whole steps measured %.3f ms, FP32 %.3f ms, plain W8A8 %.3f ms, in one task on %s",
            MILLI / chosen, MILLI / speeds.full(), MILLI / speeds.plain(), studied.backend());
    }

    private List<String> header(Made<M> made, Estimate measured, FidelityConf verification, String instead,
                                String times) {
        List<String> lines = new ArrayList<>(List.of(
            "A recipe for every layer of the blocks, chosen by --recipe auto; --recipe FILE takes it back.",
            String.format(Locale.ROOT, "Divergence per %s, in nats: budget %.4g, predicted %.4g, measured %.4g"
                + " (standard error %.2g, 95%% interval up to %.4g)", words.each(), budget, made.predicted(),
                measured.value(), measured.standardError(), measured.upper()),
            String.format(Locale.ROOT, "along %d %s of %d %s that it was not chosen by.", verification.graphs(),
                words.things(), verification.steps(), words.steps()),
            "Time per " + words.each() + ": " + predicted(made) + ";", times + "."));
        if (!instead.isEmpty()) {
            lines.add(instead);
        }
        lines.add("Rates: " + rates.machine() + ".");
        return lines;
    }
}
