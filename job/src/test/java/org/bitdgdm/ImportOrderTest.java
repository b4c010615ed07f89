package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The one direction of the code, read from its import statements. */
class ImportOrderTest {
    /** A package imports only packages to its left; the root package may import all. */
    private static final List<String> ORDER = List.of("conf", "model", "quantize", "sample", "fidelity", "recipe",
        "graph", "molecule", "benchmark", "protein", "metrics", "drawing", "family", "output", "run");
    private static final Pattern IMPORT = Pattern.compile("(?m)^import (?:static )?([A-Za-z0-9_.]+)");
    private static final Pattern JOB_PACKAGE = Pattern.compile("org\\.bitdgdm\\.([a-z]+)\\..*");

    @Test
    void everyPackageOfTheJobHasAPlaceInTheOrder() throws IOException {
        try (Stream<Path> folders = Files.list(Path.of("src/main/java/org/bitdgdm"))) {
            assertThat(folders.filter(Files::isDirectory).map(f -> f.getFileName().toString())).isSubsetOf(ORDER);
        }
    }

    @Test
    void aPackageImportsOnlyPackagesToItsLeft() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path file : sources(Path.of("src/main/java/org/bitdgdm"))) {
            int place = ORDER.indexOf(file.getParent().getFileName().toString());
            for (String imported : imports(file)) {
                Matcher job = JOB_PACKAGE.matcher(imported);
                if (place >= 0 && job.matches() && !job.group(1).equals("kernels")
                    && (!ORDER.contains(job.group(1)) || ORDER.indexOf(job.group(1)) > place)) {
                    wrong.add(file.getFileName() + " imports " + imported);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void onlyTheRootPackageKnowsItself() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (String folder : ORDER) {
            Path path = Path.of("src/main/java/org/bitdgdm", folder);
            for (Path file : Files.isDirectory(path) ? sources(path) : List.<Path>of()) {
                imports(file).stream().filter(i -> i.matches("org\\.bitdgdm\\.[A-Z].*"))
                    .forEach(i -> wrong.add(file.getFileName() + " imports " + i));
            }
        }
        assertThat(wrong).isEmpty();
    }

    /** Its routines race for static fields until one class has filled them, see Lapack. */
    @Test
    void lapackIsCalledOnlyBehindTheClassThatMakesItReady() throws IOException {
        List<String> callers = new ArrayList<>();
        for (Path file : sources(Path.of("src/main/java/org/bitdgdm"))) {
            if (imports(file).stream().anyMatch(i -> i.startsWith("org.netlib.lapack."))) {
                callers.add(file.getFileName().toString());
                assertThat(Files.readString(file)).containsAnyOf("static {\n        Dlamch.dlamch(", "static {\n        Lapack.ready();");
            }
        }
        assertThat(callers).containsExactlyInAnyOrder("Lapack.java", "DenseAlgebra.java");
    }

    @Test
    void kernelsKnowNeitherSparkNorChemistryNorTheJob() throws IOException {
        List<Path> files = sources(Path.of("../kernels/src/main/java"));
        assertThat(files).isNotEmpty();
        List<String> wrong = new ArrayList<>();
        for (Path file : files) {
            for (String imported : imports(file)) {
                if (imported.startsWith("org.apache.") || imported.startsWith("org.openscience.")
                    || imported.startsWith("org.bitdgdm.") && !imported.startsWith("org.bitdgdm.kernels.")) {
                    wrong.add(file.getFileName() + " imports " + imported);
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    private static List<Path> sources(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(f -> f.toString().endsWith(".java")).toList();
        }
    }

    private static List<String> imports(Path file) throws IOException {
        return IMPORT.matcher(Files.readString(file)).results().map(r -> r.group(1)).toList();
    }
}
