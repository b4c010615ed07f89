package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** PyTorch on the same GPU: runs digress_torch.py and reads its lines as they come. */
final class CudaPeer {
    private static final int SKIPPED = 3;
    /** Exit code of {@code timeout} where the time was up. */
    private static final int STOPPED = 124;
    private static final int REPEATS = 5;

    private final Path home;
    private final String python;
    private final List<String> device;

    /**
     * @param home   root of the repository
     * @param python interpreter
     * @param device flags that name where it runs
     */
    CudaPeer(Path home, String python, List<String> device) {
        this.home = home;
        this.python = python;
        this.device = device;
    }

    /**
     * Measures one bundle; every line that comes goes into the section and, where it is a rate, to {@code rates}.
     *
     * @param nodes   of every graph
     * @param golden  whether the bundle is the shipped one, which is compared with the golden files first
     * @param compile seconds after which it compiles for no further batch size
     * @param seconds after which it is stopped; what it had measured by then counts
     * @return false if it broke off
     */
    boolean measure(CudaReport.Section section, CudaRates rates, Path bundle, int nodes, List<Integer> batches,
                    boolean golden, int compile, long seconds) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("timeout", "--kill-after=5", Long.toString(seconds), python,
            "kernels/src/bench/python/digress_torch.py", "--bench"));
        command.addAll(device);
        command.addAll(List.of("--bundle", bundle.toString(), "--nodes", Integer.toString(nodes), "--repeats",
            Integer.toString(REPEATS), "--seconds", "0.15", "--compile-seconds", Integer.toString(compile), "--batches"));
        batches.forEach(batch -> command.add(batch.toString()));
        if (golden) {
            command.add("--golden-check");
        }
        Process process;
        try {
            process = new ProcessBuilder(command).directory(home.toFile()).redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        } catch (IOException e) {
            section.line("Skipped: %s", e.getMessage());
            return true;
        }
        process.getOutputStream().close();
        StringBuilder other = new StringBuilder();
        boolean[] table = new boolean[1];
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(),
            StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode json = parsed(line);
                if (json == null) {
                    other.append(line).append(' ');
                } else {
                    take(json, section, rates, table);
                }
            }
        }
        int code = process.waitFor();
        if (code == SKIPPED) {
            section.line("Skipped: %s", other.toString().strip());
        } else if (code == STOPPED) {
            section.line("");
            section.line("Stopped after %d s; what is missing was not measured.", seconds);
        } else if (code != 0) {
            section.line("");
            section.line("**digress_torch.py ended with exit code %d**; its message is in the run's output.", code);
            return false;
        }
        return true;
    }

    /** An object of JSON, or null. */
    private static JsonNode parsed(String line) {
        try {
            JsonNode json = line.startsWith("{") ? new ObjectMapper().readTree(line) : null;
            return json != null && json.isObject() ? json : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private static void take(JsonNode json, CudaReport.Section section, CudaRates rates, boolean[] table) {
        if (json.has("torch")) {
            section.line("PyTorch %s, Python %s, on %s; products in FP32 with precision \"%s\". Features, posterior and"
                + " draws are in FP32 in all modes, and not compiled.", json.get("torch").asText(), json.get("python").asText(),
                json.get("device").asText(), json.get("float32_matmul").asText());
            section.line("");
        } else if (json.has("check")) {
            section.line("Against the golden files at most %.0f%% of the tolerance of 1e-5 + 1e-4 |value| is used (%s).",
                100 * json.get("used").asDouble(), json.get("check").asText());
            section.line("");
        } else {
            if (!table[0]) {
                section.line("| mode | batch | graph-steps/s | range | peak of allocated bytes |");
                section.line("|---|---|---|---|---|");
                table[0] = true;
            }
            String mode = json.get("mode").asText();
            if (json.has("failed")) {
                section.line("| %s | %s | failed: %s | | |", mode, json.path("batch").asText(""),
                    json.get("failed").asText().replace('|', '/'));
                return;
            }
            CudaRates.Row row = new CudaRates.Row(mode, false, json.get("batch").asInt(), json.get("median").asDouble(),
                json.get("peak_bytes").asLong());
            rates.add(row);
            section.line("| %s | %d | %,.0f | %,.0f–%,.0f | %,d |", mode, row.batch(), row.rate(),
                json.get("low").asDouble(), json.get("high").asDouble(), row.peakBytes());
        }
    }
}
