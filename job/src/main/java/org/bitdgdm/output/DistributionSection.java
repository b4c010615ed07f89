package org.bitdgdm.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bitdgdm.metrics.BesideSet;
import org.bitdgdm.metrics.Distribution;
import org.bitdgdm.metrics.Distributions;
import org.bitdgdm.metrics.Histogram;

/** Histograms of the run, beside those of the reference set where one is known, as figures with their numbers below. */
final class DistributionSection {
    /** More bins than this make bars too thin to see; neighbours are added up. */
    private static final int MOST_BINS = 40;
    /** Whole numbers are written below each bar up to so many; beyond, the names would not fit. */
    private static final int MOST_NAMES = 16;

    private DistributionSection() {
    }

    /**
     * A figure for each distribution that was counted and can be drawn.
     *
     * @param beside drawn where the reference set has no such distribution; null without
     */
    static List<ReportPage.Figure> figures(Distributions generated, Optional<Distributions> reference, BesideSet beside,
                                           List<Distribution> kinds) {
        Optional<BesideSet> set = Optional.ofNullable(beside);
        return kinds.stream().filter(kind -> kind.drawn() && generated.find(kind.name()).isPresent()).map(kind -> {
            Optional<Histogram> known = reference.flatMap(other -> other.find(kind.name()));
            Optional<Histogram> other = set.flatMap(of -> Optional.ofNullable(of.distributions().get(kind.name())));
            return figure(kind, generated.of(kind.name()), known.or(() -> other),
                known.isPresent() || set.isEmpty() ? "reference" : set.get().set());
        }).toList();
    }

    private static ReportPage.Figure figure(Distribution kind, Histogram generated, Optional<Histogram> reference,
                                            String whose) {
        String label = kind.title();
        String what = kind.axis().isEmpty() ? generated.unit() : kind.axis();
        String title = what.isEmpty() ? label : label + ", " + what;
        List<String> labels = reference.map(generated::labelsWith).orElseGet(() -> generated.labelsWith(generated));
        boolean whole = generated.binWidth() == 1;
        boolean binned = generated.binWidth() > 0 && !(whole && labels.size() <= MOST_NAMES);
        List<Column> columns = columns(generated, reference, labels, binned);
        if (columns.isEmpty()) {
            return new ReportPage.Figure(title, "", "Not available: nothing was counted.", List.of(), List.of());
        }
        String caption = caption(columns, generated, reference, whose);
        double[] shares = columns.stream().mapToDouble(Column::share).toArray();
        double[] others = reference.isPresent() ? columns.stream().mapToDouble(Column::referenceShare).toArray() : null;
        String svg = binned
            ? Charts.bins(title, caption, edges(columns, whole ? -0.5 : 0), shares, others)
            : Charts.classes(title, caption, columns.stream().map(Column::name).toList(), shares, others);
        List<ReportPage.ShareRow> rows = columns.stream().map(column -> new ReportPage.ShareRow(
            binned ? column.range(whole) : column.name,
            cell(column.count, column.share), cell(column.referenceCount, column.referenceShare))).toList();
        return new ReportPage.Figure(title, svg, caption, List.of(binned && !whole ? "From, to below" : label),
            rows);
    }

    /** What stands over one place of the axis; {@code from} and {@code to} are 0 for classes. */
    private record Column(String name, double from, double to, long count, double share, long referenceCount,
                          double referenceShare) {

        /** What it holds; of whole numbers the first and the last. */
        String range(boolean whole) {
            return whole && to - from == 1 ? number(from) : number(from) + " to " + number(whole ? to - 1 : to);
        }
    }

    private static List<Column> columns(Histogram generated, Optional<Histogram> reference, List<String> labels,
                                        boolean binned) {
        double width = generated.binWidth();
        int together = binned ? (labels.size() + MOST_BINS - 1) / MOST_BINS : 1;
        List<Column> columns = new ArrayList<>();
        for (int first = 0; first < labels.size(); first += together) {
            List<String> part = labels.subList(first, Math.min(first + together, labels.size()));
            long count = count(generated, part);
            long referenceCount = reference.map(other -> count(other, part)).orElse(0L);
            double from = width == 0 ? 0 : Double.parseDouble(part.get(0));
            columns.add(new Column(part.get(0), from, from + together * width, count, share(count, generated.total()),
                referenceCount, share(referenceCount, reference.map(Histogram::total).orElse(0L))));
        }
        return columns;
    }

    private static long count(Histogram histogram, List<String> labels) {
        return labels.stream().mapToLong(label -> histogram.counts().getOrDefault(label, 0L)).sum();
    }

    private static double share(long count, long total) {
        return total == 0 ? 0 : (double) count / total;
    }

    /** Ends of the bins, moved so that a whole number lies in the middle of its own. */
    private static double[] edges(List<Column> columns, double moved) {
        double[] edges = new double[columns.size() + 1];
        for (int i = 0; i < columns.size(); i++) {
            edges[i] = columns.get(i).from + moved;
            edges[i + 1] = columns.get(i).to + moved;
        }
        return edges;
    }

    private static String caption(List<Column> columns, Histogram generated, Optional<Histogram> reference, String whose) {
        String counted = Numbers.count(generated.total()) + " counted";
        if (reference.isEmpty()) {
            return counted + "; no reference set known.";
        }
        double distance = columns.stream().mapToDouble(column -> Math.abs(column.share - column.referenceShare) / 2).sum();
        return counted + "; total variation distance from the " + whose + " " + Numbers.significant(distance, 2) + ".";
    }

    private static String number(double edge) {
        return edge == Math.rint(edge) ? Long.toString((long) edge) : Double.toString(edge);
    }

    private static String cell(long count, double share) {
        return Numbers.count(count) + " (" + Numbers.percent(share, Double.NaN) + ")";
    }
}
