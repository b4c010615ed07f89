import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Prints the rates of conf/rates.conf from a report of the benchmark: {@code java docs/results/Rates.java
 * kernels/benchmarks/cpu.md}. Weighted least squares (relative errors) of the time of every piece by its operations: FP32,
 * dense integer, factors, sparse, and entries that become codes.
 */
public class Rates {
    private static final List<String> NAMES = List.of("full", "dense", "factor", "sparse", "entries");
    private static final Pattern PIECE = Pattern.compile("(quantize )?(fp32|rtn w8a8|bit-dgdm w4a4[^:]*): (\\S+)");
    private static final int RANK = 16;

    public static void main(String[] args) throws IOException {
        String text = Files.readString(Path.of(args[0]));
        List<double[]> rows = new ArrayList<>();
        for (String line : text.lines().toList()) {
            String[] cells = line.split("\\|", -1);
            Matcher piece = cells.length > 5 ? PIECE.matcher(cells[1].strip()) : null;
            if (piece == null || !piece.matches()) {
                continue;
            }
            String[] sizes = cells[2].strip().split(" × ");
            double micros = number(cells[3]);
            double entries = Double.parseDouble(sizes[0]) * Double.parseDouble(sizes[1]);
            double[] row = new double[NAMES.size() + 1];
            row[NAMES.size()] = micros;
            if (piece.group(1) != null) {
                row[4] = entries;
            } else {
                double in = Double.parseDouble(sizes[1]);
                double out = Double.parseDouble(sizes[2]);
                double product = 2 * entries * out;
                if (piece.group(2).equals("fp32")) {
                    row[0] = product;
                } else if (piece.group(2).startsWith("rtn")) {
                    row[1] = product;
                } else {
                    row[1] = piece.group(2).contains("residual") ? product : 0;
                    row[2] = 2 * Double.parseDouble(sizes[0]) * RANK * (in + out);
                    row[3] = Math.max(0, number(cells[4]) * 1e3 * micros - row[1] - row[2]);
                }
            }
            rows.add(row);
        }
        double[] perOperation = leastSquares(rows);
        System.out.printf("    machine = \"%s, %s\"%n", fact(text, "CPU"), "commit " + fact(text, "commit"));
        for (int k = 0; k < perOperation.length; k++) {
            System.out.printf(Locale.ROOT, "    %s = %.3g%n", NAMES.get(k), 1e-3 / perOperation[k]);
        }
    }

    private static double number(String cell) {
        return Double.parseDouble(cell.strip().replace(",", ""));
    }

    private static String fact(String text, String name) {
        return text.lines().filter(line -> line.startsWith("| " + name + " |")).findFirst().orElseThrow().split("\\|")[2].strip();
    }

    /** Normal equations by elimination; microseconds per operation. */
    private static double[] leastSquares(List<double[]> rows) {
        int n = NAMES.size();
        double[][] normal = new double[n][n + 1];
        for (double[] row : rows) {
            for (int i = 0; i < n; i++) {
                for (int j = 0; j <= n; j++) {
                    normal[i][j] += row[i] * row[j] / (row[n] * row[n]);
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
