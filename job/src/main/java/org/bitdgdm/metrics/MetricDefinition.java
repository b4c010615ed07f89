package org.bitdgdm.metrics;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/**
 * One number that a run can have: all that files, pages, gates, tables of sweeps, help and {@code docs/metrics.md} say of it,
 * and how it follows from what was counted.
 *
 * @param <C>       what it is computed from
 * @param name      in {@code metrics.json}, in options and as a column
 * @param label     what pages call it
 * @param meaning   what it counts, in one line
 * @param form      how its value is read
 * @param unit      of the value; empty for shares and plain numbers
 * @param column    of the rows: the verdict whose share it is, so that two runs can be compared by it; null for none
 * @param headline  whether pages and consoles begin with it
 * @param needs     what a run must be given for it
 * @param protocols under which it is counted so
 * @param source    who defines it; empty where the meaning says all
 * @param value     computes it
 */
public record MetricDefinition<C>(
    String name, String label, String meaning, Form form, String unit, String column, boolean headline, Set<Need> needs,
    Set<Protocol> protocols, String source, Function<C, Measured> value) {

    /** How a value is read. */
    public enum Form {
        /** A ratio of counts, shown in percent. */
        SHARE,
        /** A mean, or a bound, in its own unit. */
        NUMBER,
        /** A comparison of two distributions, which is no mean over graphs. */
        DISTANCE
    }

    /** What a run must be given before it can have a metric. */
    public enum Need {
        REFERENCE("a training set", "needs a training set, and neither the model nor --reference gives one"),
        TRAINING_FILE("--reference", "compares with the training set's molecules themselves; --reference FILE gives them"),
        TEST_SET("--test-set", "compares with a test set; --test-set FILE gives one"),
        SCAFFOLD_TEST_SET("--scaffold-test-set", "compares with a test set of other scaffolds; --scaffold-test-set FILE gives"
            + " one"),
        CHEMNET("--chemnet", "needs ChemNet as an ONNX file; --chemnet FILE names it"),
        FIDELITY("--fidelity", "is a comparison with the full-precision model; --fidelity N makes it"),
        LIKELIHOOD("--likelihood", "is the likelihood of given molecules; --likelihood FILE measures it"),
        OTHER_RUN("--against", "is a difference from another run; evaluate measures it with --against RUN");

        private final String label;
        private final String lacking;

        Need(String label, String lacking) {
            this.label = label;
            this.lacking = lacking;
        }

        /** In a table. */
        public String label() {
            return label;
        }

        /** What is wrong without it, after the name of the metric. */
        String lacking() {
            return lacking;
        }
    }

    /** A share of counts, under every protocol, that needs nothing. */
    static <C> MetricDefinition<C> share(String name, Function<C, Measured> value) {
        return new MetricDefinition<>(name, words(name), "", Form.SHARE, "", null, false, Set.of(),
            EnumSet.allOf(Protocol.class), "", value);
    }

    /** A number of its own, likewise. */
    static <C> MetricDefinition<C> number(String name, Function<C, Measured> value) {
        return MetricDefinition.<C>share(name, value).as(Form.NUMBER);
    }

    /** The name as words: {@code relaxed_validity} is {@code Relaxed validity}. */
    private static String words(String name) {
        return name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1).replace('_', ' ');
    }

    MetricDefinition<C> as(Form other) {
        return new MetricDefinition<>(name, label, meaning, other, unit, column, headline, needs, protocols, source, value);
    }

    MetricDefinition<C> called(String words) {
        return new MetricDefinition<>(name, words, meaning, form, unit, column, headline, needs, protocols, source, value);
    }

    MetricDefinition<C> counting(String what) {
        return new MetricDefinition<>(name, label, what, form, unit, column, headline, needs, protocols, source, value);
    }

    MetricDefinition<C> in(String ofValue) {
        return new MetricDefinition<>(name, label, meaning, form, ofValue, column, headline, needs, protocols, source, value);
    }

    MetricDefinition<C> ofColumn(String verdict) {
        return new MetricDefinition<>(name, label, meaning, form, unit, verdict, headline, needs, protocols, source, value);
    }

    MetricDefinition<C> first() {
        return new MetricDefinition<>(name, label, meaning, form, unit, column, true, needs, protocols, source, value);
    }

    MetricDefinition<C> needing(Need first, Need... others) {
        return new MetricDefinition<>(name, label, meaning, form, unit, column, headline, Set.copyOf(EnumSet.of(first, others)),
            protocols, source, value);
    }

    MetricDefinition<C> under(Protocol first, Protocol... others) {
        return new MetricDefinition<>(name, label, meaning, form, unit, column, headline, needs,
            Set.copyOf(EnumSet.of(first, others)), source, value);
    }

    MetricDefinition<C> by(String who) {
        return new MetricDefinition<>(name, label, meaning, form, unit, column, headline, needs, protocols, who, value);
    }

    /** Whether it is absent without a training set. */
    boolean needsReference() {
        return needs.contains(Need.REFERENCE);
    }

    /** Computes it. */
    Measured of(C counted) {
        return value.apply(counted);
    }

    /** Names, in order. */
    static List<String> names(List<? extends MetricDefinition<?>> definitions) {
        return definitions.stream().<String>map(MetricDefinition::name).toList();
    }
}
