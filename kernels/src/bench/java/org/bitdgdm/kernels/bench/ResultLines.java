package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a run has measured as JSON lines: the machine, then a line for every piece and every setting's step, with all repeats. */
final class ResultLines {
    static final JsonMapper JSON = new JsonMapper();
    /** What a line is of. */
    static final String KIND = "kind";
    static final String MACHINE = "machine";
    static final String PIECE = "piece";
    static final String STEP = "step";

    private ResultLines() {
    }

    static List<String> of(Results results) {
        List<String> lines = new ArrayList<>(List.of(machine(results.machine)));
        for (Results.OfModel of : results.models) {
            of.pieces.forEach(piece -> lines.add(piece(of.model.name(), piece)));
            of.steps.forEach(step -> lines.add(step(step)));
            of.others.forEach(step -> lines.add(step(step)));
        }
        return lines;
    }

    static String machine(Machine machine) {
        return JSON.createObjectNode().put(KIND, MACHINE).put("cpu", machine.cpu()).put("cores", machine.cores())
            .put("system", machine.system()).put("compiler", machine.compiler()).put("jvm", machine.jvm())
            .put("commit", machine.commit()).toString();
    }

    static String piece(String model, KernelBench.Measurement piece) {
        ObjectNode line = JSON.createObjectNode().put(KIND, PIECE).put("model", model).put("name", piece.name())
            .put("detail", piece.detail()).put("float_operations", piece.floatOperations())
            .put("integer_operations", piece.integerOperations()).put("bytes", piece.bytes()).put("items", piece.items());
        put(line.putArray("seconds"), piece.seconds());
        return line.toString();
    }

    private static String step(StepBench.Step step) {
        ObjectNode line = JSON.createObjectNode().put(KIND, STEP).put("model", step.model().name())
            .put("setting", step.setting().name()).put("threads", step.threads()).put("batch", step.batch());
        put(line.putArray("graph_steps_per_second"), step.rate());
        return line.toString();
    }

    private static void put(ArrayNode values, Spread spread) {
        Arrays.stream(spread.values()).forEach(values::add);
    }
}
