package org.bitdgdm.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ends of a job that are not its own: one sentence each, and nothing that a next start does not mend. */
class StoppedIT {

    @TempDir
    private Path folder;

    private Submission submit(String out, List<String> spark, String... more) throws Exception {
        List<String> command = new ArrayList<>(Molecules.GENERATE);
        command.addAll(List.of(more));
        command.addAll(List.of("--out", out));
        return Submission.start(folder.resolve("logs"), Map.of(), command, spark);
    }

    /** What the job said on the standard error, besides the command and the JVM's own warning. */
    private static List<String> sentences(Submission run) throws Exception {
        return run.err().lines().filter(line -> !line.startsWith("+ ") && !line.startsWith("WARNING: Using incubator"))
            .toList();
    }

    @Test
    void aSignalIsOneSentenceAndTheSameCommandMakesTheRest() throws Exception {
        stop("TERM", 15, "quantizing");
    }

    @Test
    void soIsTheSignalOfAKeyboard() throws Exception {
        // A program in the background of a shell without job control, and all that it starts, ignores it.
        String ignored = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("SigIgn:"))
            .findFirst().orElseThrow().replaceFirst("SigIgn:\\s*", "");
        assumeThat(Long.parseUnsignedLong(ignored, 16) & 1L << 2 - 1).as("SIGINT is ignored here").isZero();
        stop("INT", 2, "quantized in");
    }

    private void stop(String signal, int number, String when) throws Exception {
        String out = folder.resolve("run").toString();
        try (Submission run = submit(out, List.of("--master", "local[2]"))) {
            while (!run.out().contains(when)) {
                assertThat(run.runs()).as(run.said()).isTrue();
                Thread.sleep(20);
            }
            run.signal(signal);
            assertThat(run.await()).as(signal).isEqualTo(128 + number);
            assertThat(sentences(run)).containsExactly(
                "error: stopped before the end, by a signal or its cluster; the same command makes what is missing");
        }
        try (Submission again = submit(out, List.of("--master", "local[2]"))) {
            assertThat(again.await()).as(again.said()).isZero();
        }
        assertThat(Molecules.rows(new Disk(folder), "run/molecules")).isEqualTo(Molecules.ofALocalRun());
    }

    @Test
    void aMissingConnectorIsNamedWithItsVersion() throws Exception {
        try (Submission run = submit("s3a://bucket/run", List.of("--master", "local[2]"))) {
            assertThat(run.await()).as(run.said()).isEqualTo(2);
            assertThat(sentences(run)).containsExactly("error: the connector of a file system is missing, class"
                + " org.apache.hadoop.fs.s3a.S3AFileSystem of Hadoop 3.5.0; add it with --spark --packages"
                + " org.apache.hadoop:hadoop-aws:3.5.0");
        }
    }
}
