package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * What the numbers of a run depend on besides the code.
 *
 * @param cpu      model name
 * @param cores    processors
 * @param system   kernel
 * @param compiler first line of its version
 * @param jvm      name and version
 * @param commit   of the sources, marked where files differ from it
 */
record Machine(String cpu, int cores, String system, String compiler, String jvm, String commit) {
    /** How long the processors are watched while this program waits. */
    private static final long WATCH_MILLIS = 2000;
    /** Other programs' share of the processors from which on a machine is not quiet. */
    private static final double QUIET = 0.05;

    static Machine here(Path home) throws IOException, InterruptedException {
        String compiler = System.getenv().getOrDefault("CXX", "g++");
        return new Machine(cpuName(), Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch"),
            Programs.output(home, List.of(compiler, "--version"), "").lines().findFirst().orElse(compiler),
            System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"), commit(home));
    }

    /** The first line of results of a run on the processor. */
    ObjectNode begin() {
        return ResultLines.line(ResultLines.BEGIN).put("cpu", cpu).put("cores", cores).put("system", system)
            .put("compiler", compiler).put("jvm", jvm).put("commit", commit);
    }

    /** A line that may stay beside those of other machines and commits, with what it is of. */
    ObjectNode sign(ObjectNode line) {
        return line.put(ResultLines.COMMIT, commit).put(ResultLines.CPU, cpu + ", " + cores + " processors");
    }

    private static String cpuName() throws IOException {
        Path file = Path.of("/proc/cpuinfo");
        if (!Files.exists(file)) {
            return "unknown processor";
        }
        try (Stream<String> lines = Files.lines(file)) {
            return lines.filter(line -> line.startsWith("model name")).findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1).strip()).orElse("unknown processor");
        }
    }

    /** The commit of the sources; in a pack that was made of them, what it was made of. */
    static String commit(Path home) throws InterruptedException {
        try {
            Path noted = home.resolve("COMMIT");
            if (Files.exists(noted)) {
                return Files.readString(noted).strip();
            }
            Programs.Outcome commit = Programs.run(home, List.of("git", "rev-parse", "--short=12", "HEAD"), "");
            Programs.Outcome status = Programs.run(home, List.of("git", "status", "--porcelain", "--untracked-files=no",
                "--", "kernels/src", "conf"), "");
            if (commit.code() != 0 || status.code() != 0) {
                return "unknown";
            }
            return commit.output().strip() + (status.output().isBlank() ? "" : " with changes");
        } catch (IOException e) {
            return "unknown";
        }
    }

    /**
     * The share of all processors that others use, this machine's host included; NaN where the system does not tell.
     * Waits while it watches.
     */
    static double busyShare() throws IOException, InterruptedException {
        Path file = Path.of("/proc/stat");
        if (!Files.exists(file)) {
            return Double.NaN;
        }
        long[] before = ticks(file);
        Thread.sleep(WATCH_MILLIS);
        long[] after = ticks(file);
        return 1 - (double) (after[0] - before[0]) / (after[1] - before[1]);
    }

    /** Idle and all ticks of all processors since the start. */
    private static long[] ticks(Path file) throws IOException {
        String[] words = Files.readAllLines(file).get(0).trim().split("\\s+");
        long all = 0;
        for (int i = 1; i < words.length; i++) {
            all += Long.parseLong(words[i]);
        }
        // idle and waiting for a disk
        return new long[] {Long.parseLong(words[4]) + Long.parseLong(words[5]), all};
    }

    /** A sentence on what else ran before and after the measurements. */
    static String quietness(double before, double after) {
        if (Double.isNaN(before)) {
            return "Whether other programs ran is not known on this system.";
        }
        String shares = String.format(Locale.ROOT, "%.0f%% of the processors before the run, %.0f%% after it",
            100 * before, 100 * after);
        return before <= QUIET && after <= QUIET ? "The machine was quiet: others used " + shares + "."
            : "**The machine was not quiet: others used " + shares + ". Repeat the run on a quiet one before comparing.**";
    }
}
