package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
     * Measures one bundle; every line that comes is one of the results.
     *
     * @param model   as lines name it
     * @param nodes   of every graph
     * @param golden  whether the bundle is the shipped one, which is compared with the golden files first
     * @param compile seconds after which it compiles for no further batch size
     * @param seconds after which it is stopped; what it had measured by then counts
     * @return false if it broke off
     */
    boolean measure(ResultLines results, String model, Path bundle, int nodes, List<Integer> batches,
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
            results.add(CudaBench.note(ResultLines.PEER, model, "Skipped: " + e.getMessage()));
            return true;
        }
        process.getOutputStream().close();
        StringBuilder other = new StringBuilder();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(process.getInputStream(),
            StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                ObjectNode json = parsed(line);
                if (json == null) {
                    other.append(line).append(' ');
                } else {
                    take(json, results, model);
                }
            }
        }
        int code = process.waitFor();
        if (code == SKIPPED) {
            results.add(CudaBench.note(ResultLines.PEER, model, "Skipped: " + other.toString().strip()));
        } else if (code == STOPPED) {
            results.add(CudaBench.note(ResultLines.PEER, model,
                "Stopped after " + seconds + " s; what is missing was not measured."));
        } else if (code != 0) {
            results.add(CudaBench.note(ResultLines.PEER, model, "**digress_torch.py ended with exit code " + code
                + "**; its message is in the run's output."));
            return false;
        }
        return true;
    }

    /** An object of JSON, or null. */
    private static ObjectNode parsed(String line) {
        try {
            return line.startsWith("{") && new ObjectMapper().readTree(line) instanceof ObjectNode json ? json : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    /** As the program wrote it: its versions, its comparison with the golden files, a mode that failed, or the rate of one. */
    private static void take(ObjectNode json, ResultLines results, String model) {
        ObjectNode line = ResultLines.line(ResultLines.PEER).put("model", model);
        if (json.has("median")) {
            line.put("mode", json.get("mode").asText()).put("batch", json.get("batch").asInt())
                .put("peak_bytes", json.path("peak_bytes").asLong());
            line.putObject("graph_steps_per_second").setAll(json.retain("median", "low", "high"));
        } else {
            line.setAll(json);
        }
        results.add(line);
    }
}
