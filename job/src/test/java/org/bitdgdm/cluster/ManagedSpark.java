package org.bitdgdm.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;

/** A SPARK_HOME as YARN and Kubernetes need it: the assembled Spark's jars and those of a cluster manager, by links. */
final class ManagedSpark {
    private static final Path ASSEMBLED = Path.of(System.getProperty("bitdgdm.home"), "job", "target", "spark", "jars")
        .toAbsolutePath().normalize();
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

    private ManagedSpark() {
    }

    /**
     * Makes one.
     *
     * @param folder  that becomes it
     * @param manager folder with the jars of the manager
     */
    static Path of(Path folder, Path manager) throws IOException {
        Path jars = Files.createDirectories(folder.resolve("jars"));
        for (Path from : new Path[] {ASSEMBLED, manager}) {
            try (Stream<Path> all = Files.list(from)) {
                for (Path jar : all.toList()) {
                    Files.createSymbolicLink(jars.resolve(jar.getFileName()), jar);
                }
            }
        }
        Path submit = Files.createDirectories(folder.resolve("bin")).resolve("spark-submit");
        Files.writeString(submit, SUBMIT);
        Files.setPosixFilePermissions(submit, PosixFilePermissions.fromString("rwxr-xr-x"));
        return folder;
    }
}
