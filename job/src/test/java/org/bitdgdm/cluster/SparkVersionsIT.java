package org.bitdgdm.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The job's jar on a SPARK_HOME of each version of Spark, and on each Java that there is. */
class SparkVersionsIT {

    @TempDir
    private Path folder;

    @Test
    void rowsAreTheSameOnEveryVersionOfSpark() throws Exception {
        assertThat(rows("former", Map.of("SPARK_HOME", SparkHome.former(folder.resolve("spark-4.1")).toString())))
            .isEqualTo(Molecules.ofALocalRun(Molecules.GENERATE_FEW));
        assertThat(record("former")).contains("\"spark\" : \"4.1.0\"");
        assertThat(rows("present", Map.of("SPARK_HOME", SparkHome.present(folder.resolve("spark-4.2")).toString())))
            .isEqualTo(Molecules.ofALocalRun(Molecules.GENERATE_FEW));
        assertThat(record("present")).contains("\"spark\" : \"4.2.0\"");
    }

    @Test
    void aJavaIsAcceptedWhereTheHadoopOfTheSparkStartsOnIt() throws Exception {
        Map<Integer, Path> javas = javas();
        javas.keySet().removeIf(version -> version <= 17);
        assumeThat(javas).as("no Java newer than 17 in /usr/lib/jvm").isNotEmpty();
        for (var java : javas.entrySet()) {
            String home = java.getValue().toString();
            assertThat(rows("java-" + java.getKey(), Map.of("JAVA_HOME", home)))
                .isEqualTo(Molecules.ofALocalRun(Molecules.GENERATE_FEW));
            Path former = SparkHome.former(folder.resolve("spark-4.1-java-" + java.getKey()));
            try (Submission old = submit("former-java-" + java.getKey(), Map.of("JAVA_HOME", home, "SPARK_HOME",
                former.toString()))) {
                if (java.getKey() < 23) {
                    assertThat(old.await()).as(old.said()).isZero();
                } else {
                    assertThat(old.await()).as(old.said()).isEqualTo(2);
                    assertThat(old.err().lines()).hasSize(1).first().asString().startsWith("error: ")
                        .contains("is Java " + java.getKey() + ", but Hadoop 3.4.2 of Spark 4.1.0");
                }
            }
        }
    }

    private List<String> rows(String name, Map<String, String> environment) throws Exception {
        try (Submission run = submit(name, environment)) {
            assertThat(run.await()).as(run.said()).isZero();
        }
        return Molecules.rows(new Disk(folder), name + "/molecules");
    }

    private String record(String name) throws IOException {
        return Files.readString(folder.resolve(name).resolve("run.json"));
    }

    private Submission submit(String name, Map<String, String> environment) throws IOException {
        List<String> command = new ArrayList<>(Molecules.GENERATE_FEW);
        command.addAll(List.of("--out", folder.resolve(name).toString()));
        return Submission.start(folder.resolve("logs"), environment, command, List.of("--master", "local[2]"));
    }

    /** Homes by version, from their files named release. */
    private static Map<Integer, Path> javas() throws IOException {
        Map<Integer, Path> found = new TreeMap<>();
        Path all = Path.of("/usr/lib/jvm");
        if (Files.isDirectory(all)) {
            try (Stream<Path> homes = Files.list(all)) {
                for (Path home : homes.filter(each -> Files.isExecutable(each.resolve("bin/java"))
                    && Files.isReadable(each.resolve("release"))).toList()) {
                    Files.readString(home.resolve("release")).lines().filter(line -> line.startsWith("JAVA_VERSION=\""))
                        .forEach(line -> found.put(Integer.parseInt(line.replaceAll(".*?\"(\\d+).*", "$1")), home));
                }
            }
        }
        return found;
    }
}
