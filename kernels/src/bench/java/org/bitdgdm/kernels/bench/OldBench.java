package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Molecules per second of sampling by an earlier build and by this one, in full precision and with each build's default. */
final class OldBench {
    /** Of lines of results. */
    static final String KIND = "builds";

    private static final List<String> RUN = List.of("generate", "--count", "1500", "--steps", "100");

    /** What is run, by its name on the page, with the ratio that it must have. */
    private enum Flags {
        FULL("--method fp32", "0.97×", List.of("--method", "fp32")),
        DEFAULT("none, each build's default", "1.4×", List.of());

        final String label;
        final String bar;
        final List<String> flags;

        Flags(String label, String bar, List<String> flags) {
            this.label = label;
            this.bar = bar;
            this.flags = flags;
        }
    }

    /** Molecules per second with some flags. */
    record Kind(String name, String bar, Spread old, Spread now) {
        double ratio() {
            return now.median() / old.median();
        }
    }

    /**
     * Both builds.
     *
     * @param command without what differs
     * @param commit  of the old one
     */
    record Builds(String command, String commit, List<Kind> kinds) {
        static Builds of(JsonNode line) {
            List<Kind> kinds = new ArrayList<>();
            line.path("kinds").forEach(kind -> kinds.add(new Kind(kind.path("flags").asText(), kind.path("bar").asText(),
                Spread.of(kind.path("old")), Spread.of(kind.path("now")))));
            return new Builds(line.path("command").asText(), line.path("commit").asText(), kinds);
        }

        ObjectNode line() {
            ObjectNode line = ResultLines.line(KIND).put("command", command).put("commit", commit);
            ArrayNode all = line.putArray("kinds");
            for (Kind kind : kinds) {
                ObjectNode one = all.addObject().put("flags", kind.name).put("bar", kind.bar);
                kind.old.write(one.putObject("old"));
                kind.now.write(one.putObject("now"));
            }
            return line;
        }
    }

    private final BenchOptions options;
    private final Path folder;

    OldBench(BenchOptions options) {
        this.options = options;
        this.folder = options.home().resolve("kernels/target/bench/builds");
    }

    Builds measure() throws IOException, InterruptedException {
        Path old = options.old().orElseThrow();
        Map<Flags, List<double[]>> rates = new LinkedHashMap<>();
        for (int repeat = 0; repeat < options.starts(); repeat++) {
            for (Flags flags : Flags.values()) {
                // Each goes first every other time.
                boolean oldFirst = repeat % 2 == 0;
                double first = rate(oldFirst ? old.resolve("submit.sh") : options.submit(), flags);
                double second = rate(oldFirst ? options.submit() : old.resolve("submit.sh"), flags);
                rates.computeIfAbsent(flags, none -> new ArrayList<>()).add(oldFirst ? new double[] {first, second}
                    : new double[] {second, first});
            }
        }
        List<Kind> kinds = new ArrayList<>();
        rates.forEach((flags, pairs) -> kinds.add(new Kind(flags.label, flags.bar, spread(pairs, 0), spread(pairs, 1))));
        return new Builds(String.join(" ", RUN), Machine.here(old).commit(), kinds);
    }

    private static Spread spread(List<double[]> pairs, int which) {
        return Spread.of(pairs.stream().mapToDouble(pair -> pair[which]).toArray());
    }

    private double rate(Path submit, Flags flags) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(RUN);
        command.addAll(flags.flags);
        return WorkersBench.rate(submit, command, folder, "local[" + options.threads() + "]");
    }
}
