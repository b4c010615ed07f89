package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * PyTorch on the shipped model, measured by digress_torch.py.
 *
 * @param rows    one for each layout and batch size; empty where it was skipped
 * @param version of PyTorch and its BLAS, or why it was skipped
 */
record Peer(List<Row> rows, String version) {
    /** Exit code of the program where PyTorch or a fast BLAS is absent. */
    private static final int SKIPPED = 3;

    /** Graph-steps per second of all processes together. */
    record Row(int processes, int threads, int batch, double median, double low, double high) {

        private static Row of(JsonNode row) {
            return new Row(row.path("processes").asInt(), row.path("threads").asInt(), row.path("batch").asInt(),
                row.path("median").asDouble(), row.path("low").asDouble(), row.path("high").asDouble());
        }
    }

    /** From a line of results. */
    static Peer of(JsonNode line) {
        List<Row> rows = new ArrayList<>();
        line.path("rows").forEach(row -> rows.add(Row.of(row)));
        return new Peer(rows, line.path("version").asText());
    }

    ObjectNode line() {
        ObjectNode line = ResultLines.line(ResultLines.PEER).put("version", version);
        ArrayNode all = line.putArray("rows");
        rows.forEach(row -> all.addObject().put("processes", row.processes).put("threads", row.threads)
            .put("batch", row.batch).put("median", row.median).put("low", row.low).put("high", row.high));
        return line;
    }

    static Peer measure(BenchOptions options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(options.python(), "kernels/src/bench/python/digress_torch.py"));
        Programs.Outcome check;
        try {
            List<String> checking = new ArrayList<>(command);
            checking.add("--check");
            check = Programs.run(options.home(), checking, "");
        } catch (IOException e) {
            return new Peer(List.of(), "peer skipped: " + e.getMessage());
        }
        if (check.code() == SKIPPED) {
            return new Peer(List.of(), check.output().strip());
        }
        if (check.code() != 0) {
            throw new IllegalStateException("the peer must agree with the golden files before it is timed, found:\n"
                + check.output());
        }
        command.addAll(List.of("--bench", "--repeats", Integer.toString(options.repeats()), "--seconds",
            Double.toString(options.seconds()), "--layouts", "1x1", "1x" + options.threads(), options.threads() + "x1"));
        Programs.Outcome outcome = Programs.run(options.home(), command, "");
        if (outcome.code() == SKIPPED) {
            return new Peer(List.of(), outcome.output().strip());
        }
        if (outcome.code() != 0) {
            throw new IllegalStateException("the peer ended with exit code " + outcome.code() + "; see its message above");
        }
        JsonNode json = new ObjectMapper().readTree(outcome.output());
        List<Row> rows = new ArrayList<>();
        for (JsonNode row : json.get("rows")) {
            rows.add(Row.of(row));
        }
        return new Peer(rows, "PyTorch " + json.get("torch").asText() + ", BLAS " + json.get("blas").asText());
    }

    /** The fastest layout and batch size; only where it was measured. */
    Row best() {
        return rows.stream().max((a, b) -> Double.compare(a.median, b.median)).orElseThrow();
    }
}
