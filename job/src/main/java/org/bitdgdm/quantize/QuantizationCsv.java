package org.bitdgdm.quantize;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * {@code quantization.csv}: a row for every linear layer, RFC 4180, UTF-8, a header line, points as decimal separators,
 * empty fields where a value is not defined.
 */
public final class QuantizationCsv {
    /** The columns, in order; what they mean is said at {@link LayerReport}. */
    public static final List<String> COLUMNS = List.of("layer", "method", "in", "out", "rank", "weight_bits",
        "activation_bits", "residual_bits", "nnz", "iterations", "objective", "kurtosis_before", "kurtosis_after",
        "weight_error", "output_error", "threshold", "outlier_share", "bytes_before", "bytes_after", "multiply_adds",
        "seconds", "note");
    /** Further columns where layers were measured alone, see {@link Alone}. */
    public static final List<String> ALONE_COLUMNS = List.of("kl_node_alone", "kl_edge_alone", "kl_graph_alone",
        "kl_graph_alone_se");
    private static final Alone NOT_MEASURED = new Alone(Double.NaN, Double.NaN, Double.NaN, Double.NaN);
    private static final String LINE_END = "\r\n";

    private QuantizationCsv() {
    }

    /** Writes the reports to a file, replacing it. */
    public static void write(Path file, List<LayerReport> layers) throws IOException {
        Files.writeString(file, toCsv(layers), StandardCharsets.UTF_8);
    }

    /** The text of the file. */
    public static String toCsv(List<LayerReport> layers) {
        return toCsv(layers, Map.of());
    }

    /**
     * The text of the file with {@link #ALONE_COLUMNS}.
     *
     * @param alone by name of the layer; layers that are not in it have empty fields; empty: no such columns
     */
    public static String toCsv(List<LayerReport> layers, Map<String, Alone> alone) {
        StringBuilder csv = new StringBuilder(String.join(",", COLUMNS));
        if (!alone.isEmpty()) {
            csv.append(',').append(String.join(",", ALONE_COLUMNS));
        }
        csv.append(LINE_END);
        for (LayerReport row : layers) {
            csv.append(String.join(",", quoted(row.layer()), row.method(), whole(row.in()), whole(row.out()),
                whole(row.rank()), whole(row.weightBits()), whole(row.activationBits()), whole(row.residualBits()),
                whole(row.nnz()), whole(row.iterations()), number(row.objective()), number(row.kurtosisBefore()),
                number(row.kurtosisAfter()), number(row.weightError()), number(row.outputError()), number(row.threshold()),
                number(row.outlierShare()), whole(row.bytesBefore()), whole(row.bytesAfter()), whole(row.multiplyAdds()),
                Double.isNaN(row.seconds()) ? "" : String.format(Locale.ROOT, "%.3f", row.seconds()),
                quoted(row.note())));
            if (!alone.isEmpty()) {
                Alone of = alone.getOrDefault(row.layer(), NOT_MEASURED);
                csv.append(',').append(String.join(",", number(of.node()), number(of.edge()), number(of.graph()),
                    number(of.standardError())));
            }
            csv.append(LINE_END);
        }
        return csv.toString();
    }

    private static String whole(long value) {
        return Long.toString(value);
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.6g", value);
    }

    private static String quoted(String text) {
        return text.matches("[^,\"\r\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    /**
     * What quantizing one layer alone does to the model: columns of {@code quantization.csv}, in nats.
     *
     * @param node          divergence per node and step
     * @param edge          divergence per edge i &lt; j and step; NaN without edges
     * @param graph         divergence summed over a graph, per graph and step
     * @param standardError of {@code graph}; NaN for a single graph
     */
    public record Alone(double node, double edge, double graph, double standardError) {
    }
}
