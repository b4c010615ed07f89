package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The rates of {@code conf/rates.conf} from the lines of a run: weighted least squares of the time of every piece of a layer by
 * its operations, FP32, dense integer, of factors, sparse, and entries that become codes. Squares of errors count in
 * proportion to 1 ÷ time, as if variances grew with it, so that the time of all pieces together comes out right: were relative
 * errors to count, small layers, most of whose time is that of a call, would make large ones look slow.
 */
final class Rates {
    private static final List<String> NAMES = List.of("full", "dense", "factor", "sparse", "entries");
    private static final Pattern PIECE = Pattern.compile(
        "(quantize )?(fp32|rtn~w8a8|bit-dgdm~w4a4[^/]*|default~of~generate)/(\\S+)");
    private static final String HEAD = """
        # How fast backends run the parts of linear layers, in 10^9 per second on one thread; what --recipe auto takes for the
        # time of a layer. Least squares over the pieces that the benchmark has measured, written by
        # ./submit.sh bench --rates FILE.
        #
        #   full     operations of full-precision layers, two for each multiply-add
        #   dense    integer operations of dense weights and residuals
        #   factor   integer operations of low-rank factors
        #   sparse   operations of sparse weights and outlier activations
        #   entries  entries of inputs that become codes

        """;

    private Rates() {
    }

    /**
     * The file, from {@link ResultLines} of a run that has measured the pieces of a trained model.
     *
     * @throws IllegalArgumentException if pieces are missing
     */
    static String conf(List<JsonNode> lines) {
        List<double[]> rows = new ArrayList<>();
        String machine = "unknown";
        for (JsonNode line : ResultLines.of(lines, ResultLines.BEGIN)) {
            machine = line.path("cpu").asText() + ", " + line.path("cores").asInt() + " processors, commit "
                + line.path("commit").asText();
        }
        for (JsonNode line : ResultLines.of(lines, KernelBench.PIECE)) {
            Matcher piece = PIECE.matcher(line.path("name").asText());
            if (piece.matches()) {
                rows.add(row(piece, line));
            }
        }
        for (int k = 0; k < NAMES.size(); k++) {
            int kind = k;
            if (rows.stream().noneMatch(row -> row[kind] > 0)) {
                throw without(NAMES.get(k));
            }
        }
        double[] seconds = leastSquares(rows);
        StringBuilder conf = new StringBuilder(HEAD).append("rates {\n  cpu {\n    machine = ")
            .append(TextNode.valueOf(machine)).append('\n');
        for (int k = 0; k < seconds.length; k++) {
            if (!(seconds[k] > 0) || !Double.isFinite(seconds[k])) {
                throw without(NAMES.get(k));
            }
            conf.append(String.format(Locale.ROOT, "    %s = %.3g%n", NAMES.get(k), 1e-9 / seconds[k]));
        }
        return conf.append("  }\n}\n").toString();
    }

    private static IllegalArgumentException without(String name) {
        return new IllegalArgumentException("no rate of " + name + " follows from these pieces; measure those of qm9, with"
            + " --levels kernel");
    }

    /** Operations of each kind, and seconds. */
    private static double[] row(Matcher piece, JsonNode line) {
        String[] sizes = line.path("detail").asText().split(" x ");
        double rows = Double.parseDouble(sizes[0]);
        double in = Double.parseDouble(sizes[1]);
        double[] row = new double[NAMES.size() + 1];
        row[NAMES.size()] = Spread.of(line.path("seconds")).median();
        if (piece.group(1) != null) {
            row[4] = rows * in;
            return row;
        }
        double out = Double.parseDouble(sizes[2]);
        double product = 2 * rows * in * out;
        if (piece.group(2).equals("fp32")) {
            row[0] = product;
        } else if (piece.group(2).startsWith("rtn")) {
            row[1] = product;
        } else {
            row[1] = piece.group(2).contains("residual") ? product : 0;
            row[2] = line.path("integer_operations").asDouble() - row[1];
            row[3] = line.path("float_operations").asDouble();
        }
        return row;
    }

    /** Normal equations by elimination; seconds per operation. */
    private static double[] leastSquares(List<double[]> rows) {
        int n = NAMES.size();
        double[][] normal = new double[n][n + 1];
        for (double[] row : rows) {
            for (int i = 0; i < n; i++) {
                for (int j = 0; j <= n; j++) {
                    normal[i][j] += row[i] * row[j] / row[n];
                }
            }
        }
        for (int pivot = 0; pivot < n; pivot++) {
            for (int i = 0; i < n; i++) {
                double factor = i == pivot ? 0 : normal[i][pivot] / normal[pivot][pivot];
                for (int j = pivot; j <= n; j++) {
                    normal[i][j] -= factor * normal[pivot][j];
                }
            }
        }
        double[] solution = new double[n];
        for (int i = 0; i < n; i++) {
            solution[i] = normal[i][n] / normal[i][i];
        }
        return solution;
    }
}
