package org.bitdgdm.metrics;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What others have published of their models under a benchmark, as they print it; nothing of it was measured here.
 *
 * @param model  whose
 * @param source where it is printed
 * @param values by name of a metric; other names are of what is not computed here
 */
public record PublishedValues(String model, String source, Map<String, String> values) {
    private static final String FILE = "published.tsv";
    private static final int FIELDS = 5;

    /**
     * Those of a benchmark.
     *
     * @param benchmark a protocol of molecules, or graphs
     */
    public static List<PublishedValues> of(String benchmark) {
        Map<String, PublishedValues> found = new LinkedHashMap<>();
        try (InputStream file = PublishedValues.class.getResourceAsStream(FILE);
             BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
            lines.lines().filter(line -> !line.startsWith("#")).map(line -> line.split("\t"))
                .filter(fields -> fields.length == FIELDS && fields[0].equals(benchmark)).forEach(fields ->
                    found.computeIfAbsent(fields[1], model -> new PublishedValues(model, fields[2], new LinkedHashMap<>()))
                        .values().put(fields[3], fields[4]));
        } catch (IOException e) {
            throw new UncheckedIOException("the jar lacks " + FILE, e);
        }
        return new ArrayList<>(found.values());
    }
}
