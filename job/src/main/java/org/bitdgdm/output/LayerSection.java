package org.bitdgdm.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.bitdgdm.conf.Method;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.quantize.LayerReport;

/**
 * What quantization did to each layer, as the report shows it. Layers of the same kind in different blocks share a row of
 * the chart: kinds differ more than blocks do.
 */
final class LayerSection {
    private static final String FULL_PRECISION = Method.FP32.toString();
    /** After the name. */
    private static final List<String> COLUMNS = List.of("Method", "Shape", "Output error", "Weight error", "Rank",
        "Bits W / X / E", "Entries of S", "Iterations", "Kurtosis", "Threshold", "Outliers", "Size",
        "Seconds", "Note");

    private final List<LayerReport> layers;
    private final List<LayerReport> quantized;

    LayerSection(List<LayerReport> layers) {
        this.layers = layers;
        this.quantized = layers.stream().filter(layer -> !layer.method().equals(FULL_PRECISION)).toList();
    }

    boolean isEmpty() {
        return quantized.isEmpty();
    }

    List<String> columns() {
        return COLUMNS;
    }

    String summary() {
        long before = layers.stream().mapToLong(LayerReport::bytesBefore).sum();
        long after = layers.stream().mapToLong(LayerReport::bytesAfter).sum();
        String worst = quantized.stream().filter(layer -> Double.isFinite(layer.outputError()))
            .max(Comparator.comparingDouble(LayerReport::outputError))
            .map(layer -> "; the largest error of an output is " + Numbers.relative(layer.outputError()) + ", in "
                + layer.layer())
            .orElse("");
        return Numbers.count(quantized.size()) + " of " + Numbers.count(layers.size()) + " linear layers are quantized, "
            + Numbers.bytesChange(before, after) + worst + ".";
    }

    List<ReportPage.LayerFigure> figures() {
        return List.of(
            figure("Error of a layer's output", LayerReport::outputError,
                "‖XW − Y‖ ÷ ‖XW‖ on recorded inputs that were held out, a dot per layer."),
            figure("Error of a layer's weight", LayerReport::weightError,
                "‖W − Ŵ‖ ÷ ‖W‖, Frobenius, a dot per layer."));
    }

    private ReportPage.LayerFigure figure(String label, ToDoubleFunction<LayerReport> error, String caption) {
        Map<String, List<Double>> rows = new LinkedHashMap<>();
        for (LayerReport layer : quantized) {
            rows.computeIfAbsent(NetworkSpec.module(layer.layer()), kind -> new ArrayList<>())
                .add(error.applyAsDouble(layer));
        }
        List<double[]> points = rows.values().stream()
            .map(values -> values.stream().mapToDouble(Double::doubleValue).toArray()).toList();
        double[] known = points.stream().flatMapToDouble(Arrays::stream).filter(Double::isFinite).sorted().toArray();
        if (known.length == 0) {
            return new ReportPage.LayerFigure(label, "", "Not available: no inputs were recorded.");
        }
        double median = (known[(known.length - 1) / 2] + known[known.length / 2]) / 2;
        String range = "Median " + Numbers.relative(median) + ", largest "
            + Numbers.relative(known[known.length - 1]) + ".";
        String svg = Charts.dots(label, range + " The table below has every layer.", List.copyOf(rows.keySet()), points);
        return new ReportPage.LayerFigure(label, svg, caption + " " + range);
    }

    List<ReportPage.LayerRow> rows() {
        return layers.stream().map(LayerSection::row).toList();
    }

    private static ReportPage.LayerRow row(LayerReport layer) {
        boolean full = layer.method().equals(FULL_PRECISION);
        return new ReportPage.LayerRow(layer.layer(), List.of(
            layer.method(),
            layer.in() + " × " + layer.out(),
            full ? "" : share(layer.outputError()),
            full ? "" : share(layer.weightError()),
            full ? "" : decomposed(layer, layer.rank()),
            full ? "" : layer.weightBits() + " / " + layer.activationBits() + " / " + layer.residualBits(),
            full ? "" : layer.rank() == 0 && layer.nnz() == 0 ? "–" : Numbers.count(layer.nnz()),
            full ? "" : decomposed(layer, layer.iterations()),
            full ? "" : number(layer.kurtosisBefore()) + " → " + number(layer.kurtosisAfter()),
            full ? "" : number(layer.threshold()),
            full ? "" : Double.isNaN(layer.outlierShare()) ? "–" : Numbers.fixed(100 * layer.outlierShare(), 2) + "%",
            full ? Numbers.bytes(layer.bytesBefore()) : Numbers.bytesChange(layer.bytesBefore(), layer.bytesAfter()),
            full ? "" : number(layer.seconds()),
            layer.note()));
    }

    /** What only a layer with factors has. */
    private static String decomposed(LayerReport layer, int value) {
        return layer.rank() == 0 ? "–" : Numbers.count(value);
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "–" : Numbers.significant(value, 3);
    }

    private static String share(double value) {
        return Double.isNaN(value) ? "–" : Numbers.relative(value);
    }
}
