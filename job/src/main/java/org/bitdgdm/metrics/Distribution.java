package org.bitdgdm.metrics;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * Something that graphs, or parts of them, are counted by: what a histogram of it is called and how two of them are compared.
 *
 * @param name     in files
 * @param label    what pages call it
 * @param axis     what stands along the axis; empty where the unit says it
 * @param unit     of the labels; empty for classes and counts
 * @param binWidth width of a bin; 0 where labels are classes
 * @param distance how far two of them are apart
 * @param drawn    whether there is an axis to draw it along
 */
public record Distribution(String name, String label, String axis, String unit, double binWidth,
                           DistributionDistances.Kind distance, boolean drawn) {

    /** One whose labels are classes. */
    static Distribution ofClasses(String name, String label, String axis) {
        return new Distribution(name, label, axis, "", 0, DistributionDistances.Kind.JENSEN_SHANNON, true);
    }

    /** The metric that says how far a run is from its training set. */
    <C> MetricDefinition<C> metric(Function<C, Measured> found) {
        return MetricDefinition.number(distance.prefix() + name, found).as(MetricDefinition.Form.DISTANCE)
            .called(distance.label() + " " + label).counting(distance.meaning(label)).in(distance.unit(unit))
            .needing(MetricDefinition.Need.REFERENCE).by(distance.source());
    }

    /** The name as a title. */
    public String title() {
        return label.equals(label.toLowerCase(Locale.ROOT))
            ? label.substring(0, 1).toUpperCase(Locale.ROOT) + label.substring(1) : label;
    }

    /** A histogram of counts by class, or by label. */
    Histogram counted(Map<String, Long> counts) {
        return new Histogram(name, unit, binWidth, counts);
    }

    /** A histogram of counts by bin, bin k beginning at k times the width. */
    Histogram binned(Map<Long, Long> counts) {
        Map<String, Long> labelled = new LinkedHashMap<>();
        counts.forEach((bin, count) -> labelled.put(Histogram.label(bin, binWidth), count));
        return counted(labelled);
    }
}
