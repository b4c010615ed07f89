package org.bitdgdm.conf;

import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.bitdgdm.kernels.Distortion;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.kernels.Stochasticity;

/**
 * How graphs are taken from noise to data.
 *
 * @param sampler       {@code auto}, {@code posterior}, {@code flow} or {@code tau-leaping}
 * @param eta           η of a flow
 * @param omega         ω of a flow
 * @param distortion    of a flow's times, a label of {@link Distortion}
 * @param stochasticity which jumps η is of, a label of {@link Stochasticity}
 * @param atoms         numbers of nodes that graphs may have, N or FROM-TO; empty: those of the training set
 * @param scaffold      SMILES of a fragment that every molecule holds; empty: none
 */
public record SamplerConf(String sampler, double eta, double omega, String distortion, String stochasticity, String atoms,
                          String scaffold) implements Serializable {
    /** Before all constants of this class, which are checked by it. */
    private static final Pattern ATOMS = Pattern.compile("(\\d{1,6})(?:-(\\d{1,6}))?");
    /** The sampler that a model was trained for, with nothing added. */
    public static final SamplerConf AUTO = new SamplerConf("auto", 0, 0, Distortion.IDENTITY.label(),
        Stochasticity.GENERAL.label(), "", "");
    /** Letters of a scaffold in a name. */
    private static final int MOST_SHOWN = 24;
    /** Hexadecimal digits of a hash in a name. */
    private static final int TOLD_BY = 8;

    public SamplerConf {
        Check.oneOf("sampler", List.of("auto", "posterior", "flow", "tau-leaping"), sampler);
        Check.that(eta >= 0 && eta <= Float.MAX_VALUE, "eta", "must be at least 0", eta);
        Check.that(omega >= 0 && omega <= Float.MAX_VALUE, "omega", "must be at least 0", omega);
        Check.oneOf("distortion", Distortion.labels(), distortion);
        Check.oneOf("stochasticity", Stochasticity.labels(), stochasticity);
        Check.that(atoms.isEmpty() || ATOMS.matcher(atoms).matches(), "num-atoms", "must be a number, or FROM-TO", atoms);
        Check.that(range(atoms).map(range -> range[0] <= range[1]).orElse(true), "num-atoms",
            "must be a number, or FROM-TO with the smaller number first", atoms);
    }

    /** Without a scaffold. */
    public SamplerConf(String sampler, double eta, double omega, String distortion, String stochasticity, String atoms) {
        this(sampler, eta, omega, distortion, stochasticity, atoms, "");
    }

    /** The sampler itself, whatever graphs it is asked for. */
    SamplerConf alone() {
        return new SamplerConf(sampler, eta, omega, distortion, stochasticity, "");
    }

    /** The options that are not as in {@link #AUTO}. */
    public List<Option> given() {
        Map<Option, Boolean> given = new EnumMap<>(Option.class);
        given.put(Option.SAMPLER, !sampler.equals(AUTO.sampler));
        given.put(Option.ETA, eta != AUTO.eta);
        given.put(Option.OMEGA, omega != AUTO.omega);
        given.put(Option.DISTORTION, !distortion.equals(AUTO.distortion));
        given.put(Option.STOCHASTICITY, !stochasticity.equals(AUTO.stochasticity));
        given.put(Option.NUM_ATOMS, !atoms.equals(AUTO.atoms));
        given.put(Option.SCAFFOLD, !scaffold.equals(AUTO.scaffold));
        return given.entrySet().stream().filter(Map.Entry::getValue).map(Map.Entry::getKey).toList();
    }

    /** First and last number of nodes that graphs may have; empty: those of the training set. */
    public Optional<int[]> range() {
        return range(atoms);
    }

    private static Optional<int[]> range(String atoms) {
        Matcher matcher = ATOMS.matcher(atoms);
        return matcher.matches() ? Optional.of(new int[] {Integer.parseInt(matcher.group(1)),
            Integer.parseInt(matcher.group(2) == null ? matcher.group(1) : matcher.group(2))}) : Optional.empty();
    }

    static SamplerConf of(Settings settings) {
        return new SamplerConf(settings.text(Option.SAMPLER), settings.number(Option.ETA), settings.number(Option.OMEGA),
            settings.text(Option.DISTORTION), settings.text(Option.STOCHASTICITY), settings.text(Option.NUM_ATOMS),
            settings.text(Option.SCAFFOLD).strip());
    }

    /** What differs from {@link #AUTO}, as words of a name; empty where nothing does. */
    public String words() {
        StringBuilder words = new StringBuilder();
        if (!sampler.equals(AUTO.sampler)) {
            words.append('-').append(sampler);
        }
        words.append(eta == 0 ? "" : "-eta" + plain(eta)).append(omega == 0 ? "" : "-omega" + plain(omega));
        if (!distortion.equals(AUTO.distortion)) {
            words.append('-').append(distortion);
        }
        words.append(atoms.isEmpty() ? "" : "-n" + atoms).append(scaffold.isEmpty() ? "" : "-around-" + safe(scaffold));
        return words.append(stochasticity.equals(AUTO.stochasticity) ? "" : "-" + stochasticity.replace(':', '-')).toString();
    }

    /** What differs from {@link #AUTO} but the scaffold, for people; empty where nothing does. */
    public String text() {
        Map<String, Boolean> parts = new LinkedHashMap<>();
        parts.put(sampler, !sampler.equals(AUTO.sampler));
        parts.put("η " + plain(eta), eta != 0);
        parts.put("ω " + plain(omega), omega != 0);
        parts.put(distortion, !distortion.equals(AUTO.distortion));
        parts.put(stochasticity, !stochasticity.equals(AUTO.stochasticity));
        parts.put(atoms + " nodes each", !atoms.isEmpty());
        return parts.entrySet().stream().filter(Map.Entry::getValue).map(Map.Entry::getKey).collect(Collectors.joining(", "));
    }

    /** A text as part of a file's name, and which text it is where that does not show. */
    private static String safe(String text) {
        String shown = text.replaceAll("[^A-Za-z0-9]", "_");
        shown = shown.length() > MOST_SHOWN ? shown.substring(0, MOST_SHOWN) : shown;
        return shown.equals(text) ? text : shown + "-" + Sha256.of(text.getBytes(StandardCharsets.UTF_8)).substring(0, TOLD_BY);
    }

    private static String plain(double value) {
        return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
    }
}
