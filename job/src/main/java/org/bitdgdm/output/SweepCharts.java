package org.bitdgdm.output;

import java.awt.BasicStroke;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.NumberFormat;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.annotations.XYTextAnnotation;
import org.jfree.chart.axis.LogarithmicAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;

/**
 * The charts of a sweep: points with intervals, each with the number of its row in the table, some of them joined by lines.
 */
final class SweepCharts {
    private static final int WIDTH = 520;
    private static final int HEIGHT = 300;
    private static final Shape DOT = new Ellipse2D.Double(-3.5, -3.5, 7, 7);
    /** Room around the points: of a linear axis its length, of a logarithmic one its decades. */
    private static final double MARGIN = 0.08;

    /**
     * One cell.
     *
     * @param row  number in the table
     * @param x    position; above 0 where the axis is logarithmic
     * @param y    position; 0 lies below the lower end of a logarithmic axis
     * @param low  lower end of the interval of y; not above y
     * @param high upper end of the interval of y; not below y
     * @param best whether to mark it
     */
    record Point(int row, double x, double y, double low, double high, boolean best) {
    }

    private SweepCharts() {
    }

    /**
     * Draws points.
     *
     * @param lines what belongs together, at least one point in all; each list is joined by a line in its order
     * @param logX  whether the horizontal axis is logarithmic
     * @param logY  whether the vertical axis is logarithmic
     * @param share whether y is a share, shown in percent
     */
    static String draw(String title, String text, List<List<Point>> lines, boolean logX, boolean logY, boolean share) {
        XYIntervalSeriesCollection data = new XYIntervalSeriesCollection();
        XYErrorRenderer renderer = new XYErrorRenderer();
        renderer.setDrawXError(false);
        renderer.setErrorPaint(SvgCanvas.Colour.AXIS);
        renderer.setErrorStroke(Charts.HAIRLINE);
        renderer.setDefaultShape(DOT);
        renderer.setAutoPopulateSeriesShape(false);
        double lowest = lines.stream().flatMap(List::stream).mapToDouble(Point::y).filter(y -> !logY || y > 0).min()
            .orElseThrow();
        ValueAxis vertical = axis(lines, logY, share, true);
        // Where points of 0 are drawn on an axis that has no 0: between its end and all others.
        double edge = vertical.getLowerBound() * Math.pow(vertical.getUpperBound() / vertical.getLowerBound(), MARGIN / 2);
        XYPlot plot = new XYPlot(data, axis(lines, logX, false, false), vertical, renderer);
        for (List<Point> line : lines) {
            for (boolean best : new boolean[] {false, true}) {
                XYIntervalSeries series = new XYIntervalSeries(data.getSeriesCount(), false, true);
                line.stream().filter(point -> line.size() > 1 || point.best == best).forEach(point -> {
                    if (logY && point.y == 0) {
                        series.add(point.x, point.x, point.x, edge, edge, edge);
                        return;
                    }
                    // An interval that reaches 0 has no lower end on a logarithmic axis.
                    double low = logY ? Math.max(point.low, lowest / 10) : point.low;
                    series.add(point.x, point.x, point.x, point.y, Math.min(low, point.y), point.high);
                });
                if (series.isEmpty() || line.size() > 1 && best) {
                    continue;
                }
                int at = data.getSeriesCount();
                data.addSeries(series);
                renderer.setSeriesPaint(at, best ? SvgCanvas.Colour.POINT : SvgCanvas.Colour.GENERATED);
                renderer.setSeriesLinesVisible(at, line.size() > 1);
                renderer.setSeriesStroke(at, new BasicStroke(1.5f));
            }
            line.forEach(point -> plot.addAnnotation(logY && point.y == 0
                ? label("  " + point.row + " (0)", point.x, edge) : label("  " + point.row, point.x, point.y)));
        }
        plot.setDomainGridlinePaint(SvgCanvas.Colour.GRID);
        plot.setDomainGridlineStroke(Charts.HAIRLINE);
        plot.setRangeGridlinePaint(SvgCanvas.Colour.GRID);
        plot.setRangeGridlineStroke(Charts.HAIRLINE);
        return Charts.drawn(plot, WIDTH, HEIGHT, title, text);
    }

    private static XYTextAnnotation label(String text, double x, double y) {
        XYTextAnnotation label = new XYTextAnnotation(text, x, y);
        label.setTextAnchor(TextAnchor.BOTTOM_LEFT);
        label.setFont(Charts.FONT);
        label.setPaint(SvgCanvas.Colour.TEXT);
        return label;
    }

    private static ValueAxis axis(List<List<Point>> lines, boolean logarithmic, boolean share, boolean vertical) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        boolean zeros = false;
        for (List<Point> line : lines) {
            for (Point point : line) {
                if (logarithmic && vertical && point.y == 0) {
                    zeros = true;
                    continue;
                }
                double bottom = vertical && !logarithmic ? point.low : vertical ? point.y : point.x;
                low = Math.min(low, bottom);
                high = Math.max(high, vertical ? point.high : point.x);
            }
        }
        ValueAxis axis;
        if (logarithmic) {
            LogarithmicAxis decades = new LogarithmicAxis(null);
            double room = Math.pow(high / low, MARGIN) * 1.2;
            decades.setRange(low / (zeros ? room * room * room : room), high * room);
            decades.setNumberFormatOverride(format("0.#######"));
            axis = decades;
        } else {
            NumberAxis linear = new NumberAxis();
            double room = (high > low ? high - low : Math.max(Math.abs(high), 1) / 10) * MARGIN;
            linear.setRange(low - room, high + room);
            linear.setNumberFormatOverride(format(share ? "0.##%" : "#,##0.####"));
            axis = linear;
        }
        Charts.quiet(axis);
        return axis;
    }

    private static NumberFormat format(String pattern) {
        return new DecimalFormat(pattern, DecimalFormatSymbols.getInstance(Locale.ROOT));
    }
}
