package org.bitdgdm.output;

import java.awt.BasicStroke;
import java.awt.Font;
import java.awt.Shape;
import java.awt.Stroke;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Rectangle2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import org.bitdgdm.drawing.InlineSvg;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.Axis;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.plot.DatasetRenderingOrder;
import org.jfree.chart.plot.Plot;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.category.BarRenderer;
import org.jfree.chart.renderer.category.LevelRenderer;
import org.jfree.chart.renderer.category.StandardBarPainter;
import org.jfree.chart.renderer.xy.StandardXYBarPainter;
import org.jfree.chart.renderer.xy.XYBarRenderer;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.data.category.DefaultCategoryDataset;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/**
 * The charts of the report as inline SVG, drawn by JFreeChart. Bars are what the run generated, lines what it is compared
 * with. Axes carry numbers only; what they mean stands in the caption of the page, where it can wrap and be selected.
 */
final class Charts {
    private static final int WIDTH = 340;
    private static final int HEIGHT = 180;
    static final Font FONT = new PageFont(11);
    static final Stroke HAIRLINE = new BasicStroke(1);
    private static final Stroke REFERENCE_LINE = new BasicStroke(2);
    private static final RectangleInsets NO_INSETS = RectangleInsets.ZERO_INSETS;

    private Charts() {
    }

    /**
     * Shares of a few classes.
     *
     * @param classes   names, in the order of the axis
     * @param generated share of each class, 0…1
     * @param reference the same for the reference set; null where none is known
     */
    static String classes(String title, String text, List<String> classes, double[] generated, double[] reference) {
        DefaultCategoryDataset bars = new DefaultCategoryDataset();
        DefaultCategoryDataset lines = new DefaultCategoryDataset();
        for (int i = 0; i < classes.size(); i++) {
            bars.addValue(generated[i], "generated", classes.get(i));
            if (reference != null) {
                lines.addValue(reference[i], "reference", classes.get(i));
            }
        }
        BarRenderer barRenderer = new BarRenderer();
        barRenderer.setBarPainter(new StandardBarPainter());
        barRenderer.setShadowVisible(false);
        barRenderer.setMaximumBarWidth(0.14);
        barRenderer.setSeriesPaint(0, SvgCanvas.Colour.GENERATED);
        LevelRenderer lineRenderer = new LevelRenderer();
        lineRenderer.setMaximumItemWidth(0.19);
        lineRenderer.setSeriesPaint(0, SvgCanvas.Colour.REFERENCE);
        lineRenderer.setDefaultStroke(REFERENCE_LINE);
        lineRenderer.setAutoPopulateSeriesStroke(false);

        CategoryAxis names = new CategoryAxis();
        quiet(names);
        names.setTickMarksVisible(false);
        names.setMaximumCategoryLabelLines(1);
        CategoryPlot plot = new CategoryPlot(bars, names, shareAxis(Math.max(max(generated), max(reference))), barRenderer);
        plot.setDataset(1, lines);
        plot.setRenderer(1, lineRenderer);
        plot.setDatasetRenderingOrder(DatasetRenderingOrder.FORWARD);
        plot.setRangeGridlinePaint(SvgCanvas.Colour.GRID);
        plot.setRangeGridlineStroke(HAIRLINE);
        return drawn(plot, WIDTH, HEIGHT, title, text);
    }

    /**
     * Shares of the bins of a continuous property.
     *
     * @param edges     ascending, one more than there are bins
     * @param generated share of each bin, 0…1
     * @param reference the same for the reference set; null where none is known
     */
    static String bins(String title, String text, double[] edges, double[] generated, double[] reference) {
        XYIntervalSeries bars = new XYIntervalSeries("generated");
        XYSeries outline = new XYSeries("reference", false);
        for (int i = 0; i < generated.length; i++) {
            double middle = (edges[i] + edges[i + 1]) / 2;
            bars.add(middle, edges[i], edges[i + 1], generated[i], 0, generated[i]);
            if (reference != null) {
                outline.add(edges[i], reference[i]);
                outline.add(edges[i + 1], reference[i]);
            }
        }
        XYIntervalSeriesCollection barData = new XYIntervalSeriesCollection();
        barData.addSeries(bars);
        XYBarRenderer barRenderer = new XYBarRenderer(0.12);
        barRenderer.setBarPainter(new StandardXYBarPainter());
        barRenderer.setShadowVisible(false);
        barRenderer.setDrawBarOutline(false);
        barRenderer.setSeriesPaint(0, SvgCanvas.Colour.GENERATED);
        XYLineAndShapeRenderer lineRenderer = new XYLineAndShapeRenderer(true, false);
        lineRenderer.setSeriesPaint(0, SvgCanvas.Colour.REFERENCE);
        lineRenderer.setDrawSeriesLineAsPath(true);
        lineRenderer.setSeriesStroke(0, REFERENCE_LINE);

        NumberAxis values = new NumberAxis();
        quiet(values);
        values.setRange(edges[0], edges[edges.length - 1]);
        XYPlot plot = new XYPlot(barData, values, shareAxis(Math.max(max(generated), max(reference))), barRenderer);
        plot.setDataset(1, new XYSeriesCollection(outline));
        plot.setRenderer(1, lineRenderer);
        plot.setDatasetRenderingOrder(DatasetRenderingOrder.FORWARD);
        plot.setDomainGridlinesVisible(false);
        plot.setRangeGridlinePaint(SvgCanvas.Colour.GRID);
        plot.setRangeGridlineStroke(HAIRLINE);
        return drawn(plot, WIDTH, HEIGHT, title, text);
    }

    /**
     * One row of dots per kind of layer.
     *
     * @param rows   names, from top to bottom
     * @param points values of each row, 0 or more; a point that is not finite is left out
     */
    static String dots(String title, String text, List<String> rows, List<double[]> points) {
        XYSeries series = new XYSeries("value", false);
        double largest = 0;
        for (int row = 0; row < rows.size(); row++) {
            for (double value : points.get(row)) {
                if (Double.isFinite(value)) {
                    series.add(value, row);
                    largest = Math.max(largest, value);
                }
            }
        }
        XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(false, true);
        Shape dot = new Ellipse2D.Double(-3, -3, 6, 6);
        renderer.setSeriesShape(0, dot);
        renderer.setSeriesPaint(0, SvgCanvas.Colour.POINT);
        renderer.setDrawOutlines(false);

        SymbolAxis names = new SymbolAxis(null, rows.toArray(new String[0]));
        quiet(names);
        names.setGridBandsVisible(false);
        names.setInverted(true);
        names.setTickMarksVisible(false);
        names.setRange(-0.7, rows.size() - 0.3);
        XYPlot plot = new XYPlot(new XYSeriesCollection(series), shareAxis(largest), names, renderer);
        plot.setDomainGridlinePaint(SvgCanvas.Colour.GRID);
        plot.setDomainGridlineStroke(HAIRLINE);
        plot.setRangeGridlinePaint(SvgCanvas.Colour.GRID);
        plot.setRangeGridlineStroke(HAIRLINE);
        return drawn(plot, 520, 30 + 17 * rows.size(), title, text);
    }

    private static NumberAxis shareAxis(double largest) {
        double top = largest > 0 ? largest : 1;
        NumberTickUnit unit = (NumberTickUnit) NumberAxis.createStandardTickUnits().getCeilingTickUnit(top / 5);
        NumberAxis axis = new NumberAxis();
        quiet(axis);
        axis.setTickUnit(unit, false, true);
        axis.setRange(0, top * 1.06);
        String pattern = unit.getSize() >= 0.01 ? "0%" : unit.getSize() >= 0.001 ? "0.0%" : "0.000%";
        axis.setNumberFormatOverride(new DecimalFormat(pattern, DecimalFormatSymbols.getInstance(Locale.ROOT)));
        axis.setAxisLineVisible(false);
        axis.setTickMarksVisible(false);
        return axis;
    }

    /** Thin lines and muted small text. */
    static void quiet(Axis axis) {
        axis.setTickLabelFont(FONT);
        axis.setLabelFont(FONT);
        axis.setTickLabelPaint(SvgCanvas.Colour.TEXT);
        axis.setAxisLinePaint(SvgCanvas.Colour.AXIS);
        axis.setTickMarkPaint(SvgCanvas.Colour.AXIS);
        axis.setAxisLineStroke(HAIRLINE);
        if (axis instanceof ValueAxis values) {
            values.setMinorTickMarksVisible(false);
        }
    }

    private static double max(double[] values) {
        double largest = 0;
        for (int i = 0; values != null && i < values.length; i++) {
            largest = Math.max(largest, values[i]);
        }
        return largest;
    }

    /** The plot as markup for the page. */
    static String drawn(Plot plot, int width, int height, String title, String text) {
        plot.setBackgroundPaint(null);
        plot.setOutlineVisible(false);
        plot.setInsets(new RectangleInsets(6, 0, 0, 12));
        JFreeChart chart = new JFreeChart(null, FONT, plot, false);
        chart.setBackgroundPaint(null);
        chart.setPadding(NO_INSETS);
        return InlineSvg.markup(
            SvgCanvas.draw(width, height, canvas -> chart.draw(canvas, new Rectangle2D.Double(0, 0, width, height))),
            "chart", title, text);
    }
}
