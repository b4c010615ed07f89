package org.bitdgdm.kernels.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** Runs the other programs of the benchmark. */
final class Programs {

    /**
     * How a program ended.
     *
     * @param code   exit code
     * @param output what it wrote to its standard output
     */
    record Outcome(int code, String output) {
    }

    private Programs() {
    }

    /** Runs a program to its end; its standard error goes to ours. */
    static Outcome run(Path folder, List<String> command, String input) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).directory(folder.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (OutputStream stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    /**
     * The output of a program that must succeed.
     *
     * @throws IllegalStateException if its exit code is not 0
     */
    static String output(Path folder, List<String> command, String input) throws IOException, InterruptedException {
        Outcome outcome = run(folder, command, input);
        if (outcome.code() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " ended with exit code " + outcome.code()
                + "; see its message above");
        }
        return outcome.output();
    }
}
