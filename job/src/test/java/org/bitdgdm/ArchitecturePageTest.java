package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page for newcomers names packages, classes and files that there are, and lists that stay short. */
class ArchitecturePageTest {
    private static final Path HOME = Path.of("..");
    private static final Path PAGE = HOME.resolve("docs/architecture.md");
    private static final Pattern WORD = Pattern.compile("`([^`]+)`");
    /** A class, behind its package or not. */
    private static final Pattern CLASS = Pattern.compile("(?:([a-z]+)[./])?([A-Z][a-z]\\w*)");
    private static final Pattern FILE = Pattern.compile("(?:[\\w-]+/)*[\\w-]+\\.(?:inl|cuh|conf|md|json)");
    /** Files of one row; more would say that a wall is missing. */
    private static final int MOST = 6;

    private static Map<Path, String> sources() throws IOException {
        try (Stream<Path> job = Files.walk(HOME.resolve("job/src/main/java"));
             Stream<Path> kernels = Files.walk(HOME.resolve("kernels/src/main"));
             Stream<Path> tests = Files.list(HOME.resolve("job/src/test/java/org/bitdgdm"))) {
            return Stream.of(job, kernels, tests).flatMap(files -> files).filter(Files::isRegularFile)
                .collect(Collectors.toMap(file -> file, ArchitecturePageTest::text));
        }
    }

    private static String text(Path file) {
        try {
            return file.toString().endsWith(".java") ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void everyNameIsThatOfSomething() throws IOException {
        Map<Path, String> sources = sources();
        Set<String> unknown = new TreeSet<>();
        int seen = 0;
        // The picture is between fences.
        String text = Files.readString(PAGE).replaceAll("(?s)```.*?```", "");
        for (Matcher words = WORD.matcher(text); words.find();) {
            String word = words.group(1);
            Matcher named = CLASS.matcher(word);
            if (named.matches()) {
                seen++;
                Pattern declared = Pattern.compile("\\b(?:class|record|interface|enum) " + named.group(2) + "\\b");
                boolean found = sources.entrySet().stream().anyMatch(source -> (named.group(1) == null
                    || source.getKey().getParent().endsWith(named.group(1))) && declared.matcher(source.getValue()).find());
                if (!found) {
                    unknown.add(word);
                }
            } else if (FILE.matcher(word).matches()) {
                seen++;
                boolean known = sources.keySet().stream().anyMatch(file -> file.endsWith(word))
                    || Files.exists(HOME.resolve(word)) || List.of("model.json", "metrics.json").contains(word);
                if (!known) {
                    unknown.add(word);
                }
            }
        }
        assertThat(unknown).isEmpty();
        assertThat(seen).isGreaterThan(40);
    }

    @Test
    void whatIsToBeTouchedIsFewFiles() throws IOException {
        List<String> rows = Files.readAllLines(PAGE).stream().filter(line -> line.startsWith("| a") || line.startsWith("| ex"))
            .toList();
        assertThat(rows).hasSizeGreaterThan(10);
        for (String row : rows) {
            // What comes behind a semicolon follows by itself.
            String files = row.split(";")[0];
            assertThat(WORD.matcher(files).results().filter(word -> CLASS.matcher(word.group(1)).matches()
                || FILE.matcher(word.group(1)).matches())).as(row).hasSizeLessThanOrEqualTo(MOST);
        }
    }
}
