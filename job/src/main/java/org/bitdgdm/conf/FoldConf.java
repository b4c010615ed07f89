package org.bitdgdm.conf;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Backbones that a model of proteins designs sequences for, and how.
 *
 * @param structures       a folder, a glob or a file, a path or a Hadoop URI; empty: none
 * @param chains           by their authors' names; empty: every protein chain
 * @param samples          sequences of each chain
 * @param evaluations      of the network for each sample that are asked for; 0: as many as the published stride makes
 * @param transition       {@code uniform} or {@code blosum}; empty: as trained
 * @param diverse          whether residues are drawn
 * @param fix              residues that stay native
 * @param logProbabilities whether ensembles are written with all log-probabilities
 * @param own              flags of these that the user has changed, by which a model of graphs refuses them
 * @param ofGraphs         flags that only graphs have and that the user has changed
 */
public record FoldConf(String structures, List<String> chains, int samples, int evaluations, String transition,
                       boolean diverse, List<Fixed> fix, boolean logProbabilities, List<String> own, List<String> ofGraphs)
    implements Serializable {
    /** Diffusion steps between evaluations where nothing is said, the published default. */
    public static final int STRIDE = 50;
    /** No backbones. */
    public static final FoldConf NONE = new FoldConf("", List.of(), 1, 0, "", true, List.of(), false, List.of(),
        List.of());
    private static final List<Option> OWN = List.of(Option.STRUCTURES, Option.CHAINS, Option.SAMPLES, Option.TRANSITION,
        Option.DIVERSE, Option.FIX, Option.LOG_PROBABILITIES);
    private static final List<Option> OF_GRAPHS = List.of(Option.COUNT, Option.SCHEDULE, Option.SHARD_SIZE, Option.SAMPLER,
        Option.ETA, Option.OMEGA, Option.DISTORTION, Option.STOCHASTICITY, Option.NUM_ATOMS, Option.SCAFFOLD,
        Option.CUDA_PRECISION, Option.LIKELIHOOD, Option.LIKELIHOOD_TIMES, Option.REFERENCE, Option.TEST_SET,
        Option.SCAFFOLD_TEST_SET, Option.CHEMNET, Option.SMILES_COLUMN);
    private static final int MOST_SAMPLES = 100_000;
    private static final Pattern NUMBER = Pattern.compile("-?\\d+");
    private static final Pattern RANGE = Pattern.compile("([^:]+):(-?\\d+)(?:-(-?\\d+))?");

    /**
     * Residues of a chain.
     *
     * @param chain of its author
     * @param from  first number
     * @param to    last number
     */
    public record Fixed(String chain, int from, int to) implements Serializable {
        /** Whether a residue is one of them; its insertion code does not matter. */
        public boolean has(String number) {
            Matcher beginning = NUMBER.matcher(number);
            if (!beginning.lookingAt()) {
                throw new IllegalArgumentException("a residue must have a number, found " + number);
            }
            int value = Integer.parseInt(beginning.group());
            return from <= value && value <= to;
        }

        @Override
        public String toString() {
            return chain + ":" + from + "-" + to;
        }
    }

    public FoldConf {
        chains = List.copyOf(chains);
        fix = List.copyOf(fix);
        own = List.copyOf(own);
        ofGraphs = List.copyOf(ofGraphs);
        Check.that(samples >= 1 && samples <= MOST_SAMPLES, "samples", "must be 1 to " + MOST_SAMPLES, samples);
        if (!transition.isEmpty()) {
            Check.oneOf("transition", List.of("uniform", "blosum"), transition);
        }
    }

    /**
     * Refuses what sequences for backbones have not.
     *
     * @param more other options that are not for the command, and whether each is given
     * @throws InputException naming the first
     */
    public void requireOwn(Map<Option, Boolean> more) {
        Stream.concat(ofGraphs.stream(), more.entrySet().stream().filter(Map.Entry::getValue)
            .map(option -> option.getKey().flag())).findFirst().ifPresent(flag -> {
                throw new InputException(flag + " must be left out for sequences of proteins, which are --samples N of each"
                    + " chain, judged by recovery and perplexity");
            });
    }

    static FoldConf of(Settings settings) {
        List<String> chains = Arrays.stream(settings.text(Option.CHAINS).split(",")).map(String::strip)
            .filter(chain -> !chain.isEmpty()).distinct().toList();
        return new FoldConf(settings.text(Option.STRUCTURES).strip(), chains, settings.whole(Option.SAMPLES),
            settings.isDefault(Option.STEPS) ? 0 : settings.whole(Option.STEPS), settings.text(Option.TRANSITION),
            settings.on(Option.DIVERSE), settings.list(Option.FIX).stream().map(FoldConf::fixed).toList(),
            settings.on(Option.LOG_PROBABILITIES), settings.changed(OWN), settings.changed(OF_GRAPHS));
    }

    private static Fixed fixed(String text) {
        Matcher range = RANGE.matcher(text.strip());
        Check.that(range.matches(), "fix", "must look like A:10-20", "'" + text + "'");
        try {
            int from = Integer.parseInt(range.group(2));
            int to = Optional.ofNullable(range.group(3)).map(Integer::parseInt).orElse(from);
            Check.that(from <= to, "fix", "must begin with the lower number", "'" + text + "'");
            return new Fixed(range.group(1), from, to);
        } catch (NumberFormatException e) {
            throw new Check.OptionException("fix", "must have numbers of residues, found '" + text + "'");
        }
    }
}
