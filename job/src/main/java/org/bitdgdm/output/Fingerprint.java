package org.bitdgdm.output;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.TreeSet;

/**
 * What a run is, as short texts by name: two runs of equal {@code rows} write the same rows into the same shards.
 *
 * @param rows       everything that decides a row or its shard: model, recipe, seed, steps, count, backend, versions
 * @param evaluation what decides metrics and report besides the rows, such as protocol and reference set; a finished run
 *                   asked for with another evaluation keeps its molecules
 */
public record Fingerprint(Map<String, String> rows, Map<String, String> evaluation) {

    public Fingerprint {
        rows = copy(rows);
        evaluation = copy(evaluation);
    }

    private static Map<String, String> copy(Map<String, String> entries) {
        Map<String, String> copy = new LinkedHashMap<>();
        entries.forEach((name, value) -> copy.put(name, Objects.requireNonNull(value, name)));
        return java.util.Collections.unmodifiableMap(copy);
    }

    /**
     * What differs between a run in a folder and the one asked for, for example
     * {@code seed (0 there, 1 asked for), steps (50 there, 100 asked for)}; empty if nothing does.
     */
    static String difference(Map<String, String> there, Map<String, String> asked) {
        TreeSet<String> names = new TreeSet<>(there.keySet());
        names.addAll(asked.keySet());
        StringJoiner differences = new StringJoiner(", ");
        for (String name : names) {
            if (!Objects.equals(there.get(name), asked.get(name))) {
                differences.add(name + " (" + there.getOrDefault(name, "none") + " there, "
                    + asked.getOrDefault(name, "none") + " asked for)");
            }
        }
        return differences.toString();
    }
}
