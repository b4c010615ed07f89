package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Another runtime on the network of a model.
 *
 * @param model   name of the model; empty in lines of runs that had one peer, on the shipped one
 * @param version of the runtime, or why it was skipped
 * @param what    it does, in words
 * @param full    whether in FP32, so that ours is measured against it
 * @param rows    one for each layout and batch size; empty where it was skipped
 */
record Peer(String model, String version, String what, boolean full, List<Row> rows) {
    /** Exit code of the program where PyTorch or a fast BLAS is absent. */
    static final int SKIPPED = 3;
    private static final String STEP = "FP32: features, network, posterior and draw";

    /** Graph-steps per second of all processes, or callers within one process, together. */
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
        return new Peer(line.path("model").asText(), line.path("version").asText(), line.path("what").asText(STEP),
            line.path("full").asBoolean(true), rows);
    }

    ObjectNode line() {
        ObjectNode line = ResultLines.line(ResultLines.PEER).put("model", model).put("version", version).put("what", what)
            .put("full", full);
        ArrayNode all = line.putArray("rows");
        rows.forEach(row -> all.addObject().put("processes", row.processes).put("threads", row.threads)
            .put("batch", row.batch).put("median", row.median).put("low", row.low).put("high", row.high));
        return line;
    }

    /** Whole steps of the shipped model in PyTorch, by digress_torch.py. */
    static Peer ofSteps(String model, BenchOptions options) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(options.python(), "kernels/src/bench/python/digress_torch.py"));
        Programs.Outcome check;
        try {
            List<String> checking = new ArrayList<>(command);
            checking.add("--check");
            check = Programs.run(options.home(), checking, "");
        } catch (IOException e) {
            return skipped(model, "peer skipped: " + e.getMessage());
        }
        if (check.code() == SKIPPED) {
            return skipped(model, check.output().strip());
        }
        if (check.code() != 0) {
            throw new IllegalStateException("the peer must agree with the golden files before it is timed, found:\n"
                + check.output());
        }
        command.addAll(List.of("--bench", "--repeats", Integer.toString(options.repeats()), "--seconds",
            Double.toString(options.seconds()), "--layouts", "1x1", "1x" + options.threads(), options.threads() + "x1"));
        Programs.Outcome outcome = Programs.run(options.home(), command, "");
        if (outcome.code() == SKIPPED) {
            return skipped(model, outcome.output().strip());
        }
        if (outcome.code() != 0) {
            throw new IllegalStateException("the peer ended with exit code " + outcome.code() + "; see its message above");
        }
        JsonNode json = new ObjectMapper().readTree(outcome.output());
        List<Row> rows = new ArrayList<>();
        for (JsonNode row : json.get("rows")) {
            rows.add(Row.of(row));
        }
        return new Peer(model, "PyTorch " + json.get("torch").asText() + ", BLAS " + json.get("blas").asText(), STEP, true,
            rows);
    }

    /** One that was not measured. */
    static Peer skipped(String model, String why) {
        return new Peer(model, why, STEP, true, List.of());
    }

    /** The runtime in a word or two, without what it is linked with. */
    String name() {
        return version.replaceFirst(",.*", "");
    }

    /** The fastest layout and batch size; only where it was measured. */
    Row best() {
        return rows.stream().max((a, b) -> Double.compare(a.median, b.median)).orElseThrow();
    }
}
