package org.bitdgdm.output;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import org.bitdgdm.conf.Json;

/**
 * {@code run.json}: what was asked for, what ran, how long it took. Filled while the run goes on, written once at its end.
 * Values that are not known are absent, never 0.
 */
public final class RunRecord {
    private static final int FORMAT = 1;

    private final ObjectNode root = Json.MAPPER.createObjectNode().put("format", FORMAT);

    /** @param command for example {@code generate} */
    public RunRecord(String command) {
        root.put("command", command);
        root.put("started", now());
        // In the order in which a reader wants them.
        for (String part : new String[] {"versions", "hashes", "model_bytes", "graphs", "timings"}) {
            root.putObject(part);
        }
    }

    private static String now() {
        return Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
    }

    private ObjectNode part(String name) {
        return (ObjectNode) root.get(name);
    }

    /** The full configuration: records, maps and plain values. */
    public RunRecord configuration(Object configuration) {
        root.set("configuration", Json.MAPPER.valueToTree(configuration));
        return this;
    }

    /** The fingerprint whose run this is. */
    public RunRecord fingerprint(Fingerprint fingerprint) {
        root.set("fingerprint", Json.MAPPER.valueToTree(fingerprint));
        return this;
    }

    /** Versions by name. */
    public RunRecord versions(Map<String, String> versions) {
        versions.forEach(part("versions")::put);
        return this;
    }

    /** A SHA-256 in hexadecimal, of for example {@code model}. */
    public RunRecord hash(String of, String hash) {
        part("hashes").put(of, hash);
        return this;
    }

    /** What ran, for example {@code backend} and {@code cpu (avx512)}. */
    public RunRecord fact(String name, String value) {
        root.put(name, value);
        return this;
    }

    /** Bytes of the parameters before and after quantization, and of what was broadcast. */
    public RunRecord modelBytes(long before, long after, long broadcast) {
        part("model_bytes").put("before", before).put("after", after).put("broadcast", broadcast);
        return this;
    }

    /** Seconds of one phase, under {@code timings.<phase>_seconds}. */
    public RunRecord timing(String phase, double seconds) {
        if (Double.isFinite(seconds)) {
            part("timings").put(phase + "_seconds", seconds);
        }
        return this;
    }

    /**
     * Graphs, {@code timings.sampling_seconds}, {@code graphs_per_second}, {@code core_seconds_per_million_graphs} and
     * {@code joules_per_million_graphs}.
     *
     * @param count graphs of the run
     * @param run   all its starts together
     */
    public RunRecord sampling(long count, RunTimings.Sampled run) {
        part("graphs").put("count", count).put("sampled", run.sampled()).put("kept", run.kept());
        if (run.sampled() > 0) {
            timing("sampling", run.seconds());
        }
        number("graphs_per_second", run.graphsPerSecond());
        number("core_seconds_per_million_graphs", run.coreSecondsPerMillion());
        number("joules_per_million_graphs", run.joulesPerMillion());
        return this;
    }

    private void number(String name, double value) {
        if (Double.isFinite(value)) {
            root.put(name, value);
        }
    }

    /** The record so far, for the report. */
    public ObjectNode json() {
        return root.deepCopy();
    }

    /** The file, with the present as its end. */
    public byte[] toBytes() throws IOException {
        root.put("finished", now());
        return Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }
}
