import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Prints a row of Markdown for each run folder given: metrics with intervals, speed, bytes. Used by compare.sh. */
public final class CompareTable {
    private CompareTable() {
    }

    public static void main(String[] folders) throws Exception {
        ObjectMapper json = new ObjectMapper();
        System.out.println("| setting | validity | relaxed | uniqueness | novelty | graphs/s | model bytes |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (String folder : folders) {
            JsonNode metrics = json.readTree(Files.readAllBytes(Path.of(folder, "metrics.json"))).path("metrics");
            JsonNode run = json.readTree(Files.readAllBytes(Path.of(folder, "run.json")));
            StringBuilder row = new StringBuilder("| ").append(Path.of(folder).getFileName());
            for (String name : new String[] {"validity", "relaxed_validity", "uniqueness", "novelty"}) {
                row.append(" | ").append(ratio(metrics, name));
            }
            long before = run.at("/model_bytes/before").asLong();
            long after = run.at("/model_bytes/after").asLong();
            double rate = run.path("graphs_per_second").asDouble();
            row.append(String.format(Locale.ROOT, " | %.1f | %,d (÷ %.2f) |", rate, after, before / (double) after));
            System.out.println(row);
        }
    }

    private static String ratio(JsonNode metrics, String name) {
        for (JsonNode metric : metrics) {
            if (metric.path("name").asText().equals(name) && metric.path("value").isNumber()) {
                return String.format(Locale.ROOT, "%.1f%% (%.1f–%.1f)", 100 * metric.path("value").asDouble(),
                    100 * metric.path("low").asDouble(), 100 * metric.path("high").asDouble());
            }
        }
        return "not available";
    }
}
