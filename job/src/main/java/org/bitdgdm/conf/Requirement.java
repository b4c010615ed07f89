package org.bitdgdm.conf;

import java.io.Serializable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One bound of the gate of a nightly pipeline, as {@code validity>=0.9}. Whether a metric of that name exists is known to
 * the metrics only.
 *
 * @param metric     name of the metric as in {@code metrics.json}
 * @param comparison one of {@code >=}, {@code >}, {@code <=}, {@code <}
 * @param bound      a finite number in the metric's own unit, ratios as 0…1
 */
public record Requirement(String metric, String comparison, double bound) implements Serializable {
    private static final Pattern FORM = Pattern.compile("\\s*([A-Za-z][A-Za-z0-9_.@-]*)\\s*(>=|<=|>|<)\\s*(\\S+)\\s*");

    /**
     * Reads one value of {@code --require}.
     *
     * @throws InputException if it has not the form metric, comparison, number
     */
    static Requirement parse(String text) {
        Matcher form = FORM.matcher(text);
        Check.that(form.matches(), "require", "must look like validity>=0.9 (with >=, >, <= or <)", "'" + text + "'");
        double bound;
        try {
            bound = Double.parseDouble(form.group(3));
        } catch (NumberFormatException e) {
            bound = Double.NaN;
        }
        Check.that(Double.isFinite(bound), "require", "must end in a number", "'" + text + "'");
        return new Requirement(form.group(1), form.group(2), bound);
    }

    /** Whether a value of the metric is within the bound; NaN never is. */
    public boolean holds(double value) {
        return switch (comparison) {
            case ">=" -> value >= bound;
            case ">" -> value > bound;
            case "<=" -> value <= bound;
            case "<" -> value < bound;
            default -> throw new IllegalStateException("no comparison " + comparison);
        };
    }

    @Override
    public String toString() {
        return metric + comparison + bound;
    }

    /**
     * A finished run that does not meet a {@link Requirement}: its files are complete and stay, the job ends with exit code 3.
     * The message names metric, found value and bound.
     */
    public static final class Unmet extends RuntimeException {
        private static final long serialVersionUID = 1;

        public Unmet(String message) {
            super(message);
        }
    }
}
