package org.bitdgdm.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/** A SPARK_HOME as a distribution has it, of Maven's jars: its spark-submit calls Spark's own launcher. */
final class SparkHome {
    private static final Path BUILD = Path.of(System.getProperty("bitdgdm.home")).toAbsolutePath().normalize();
    /** What a distribution's bin/spark-class does with the command that the launcher prints, NUL after each word. */
    private static final String SUBMIT = """
        #!/usr/bin/env bash
        set -euo pipefail
        SPARK_HOME=$(cd "$(dirname "$0")/.." && pwd)
        export SPARK_HOME SPARK_SCALA_VERSION=2.13
        words=()
        while IFS= read -r -d '' word; do
          words+=("$word")
        done < <("${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx128m -cp "$SPARK_HOME/jars/*" org.apache.spark.launcher.Main \\
          org.apache.spark.deploy.SparkSubmit "$@"; printf '%d\\0' $?)
        [ "${words[-1]}" = 0 ] || exit "${words[-1]}"
        exec "${words[1]#$'\\n'}" "${words[@]:2:${#words[@]}-3}"
        """;

    private SparkHome() {
    }

    /** The oldest Spark that the job is tested on. */
    static Path former(Path folder) throws IOException {
        return of(folder, BUILD.resolve("clusters/spark-4.1/target/jars"));
    }

    /** The Spark that the job is built with. */
    static Path present(Path folder) throws IOException {
        return of(folder, BUILD.resolve("job/target/spark/jars"));
    }

    /**
     * The Spark that the job is built with and the jars of a cluster manager. It lies in the folder of what is built and is
     * made anew, since a temporary folder of JUnit's says of each of its links that it is removed.
     *
     * @param name    of the manager
     * @param manager folder with its jars
     */
    static Path managed(String name, Path manager) throws IOException {
        Path folder = BUILD.resolve("job/target/spark-" + name);
        FileUtils.deleteDirectory(folder.toFile());
        Path jars = Files.createDirectories(folder.resolve("all-jars"));
        for (Path from : new Path[] {BUILD.resolve("job/target/spark/jars"), manager}) {
            try (Stream<Path> all = Files.list(from)) {
                for (Path jar : all.toList()) {
                    Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
                }
            }
        }
        return of(folder, jars);
    }

    private static Path of(Path folder, Path jars) throws IOException {
        Path submit = Files.createDirectories(folder.resolve("bin")).resolve("spark-submit");
        Files.writeString(submit, SUBMIT);
        Files.setPosixFilePermissions(submit, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.createSymbolicLink(folder.resolve("jars"), jars);
        return folder;
    }
}
