package org.bitdgdm.kernels.bench;

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
 * @param load     processes that wanted a core in the last minute before the run; NaN where not known
 */
record Machine(String cpu, int cores, String system, String compiler, String jvm, String commit, double load) {

    static Machine here(Path home) throws IOException, InterruptedException {
        String compiler = System.getenv().getOrDefault("CXX", "g++");
        return new Machine(cpuName(), Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name") + " " + System.getProperty("os.version") + " " + System.getProperty("os.arch"),
            Programs.output(home, List.of(compiler, "--version"), "").lines().findFirst().orElse(compiler),
            System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"), commit(home), loadAverage());
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

    private static String commit(Path home) throws InterruptedException {
        try {
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

    private static double loadAverage() throws IOException {
        Path file = Path.of("/proc/loadavg");
        return Files.exists(file) ? Double.parseDouble(Files.readString(file).split(" ")[0]) : Double.NaN;
    }

    /** A warning where other programs share the cores; empty where they do not. */
    String warning() {
        return load > 0.5 ? String.format(Locale.ROOT, "**Other programs ran: the load before the start was %.1f. "
            + "These numbers are worthless.**", load) : "";
    }
}
