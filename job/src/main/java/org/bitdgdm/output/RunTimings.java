package org.bitdgdm.output;

import com.fasterxml.jackson.core.JacksonException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.ChecksumException;
import org.bitdgdm.conf.Json;

/**
 * What the starts of a run have taken so far, kept in its folder: a start that finds the work done still knows how long it
 * took. A start that was killed leaves no time; its graphs count as kept.
 *
 * @param quantizationSeconds null if nothing was quantized
 * @param sampling            the starts that have sampled
 */
public record RunTimings(Double quantizationSeconds, List<Sampling> sampling) {
    private static final String FILE = "_run/timings.json";

    /**
     * Sampling of one start.
     *
     * @param graphs  sampled
     * @param seconds first sampling task's start to last one's end
     */
    public record Sampling(long graphs, double seconds) {
    }

    public RunTimings {
        sampling = sampling == null ? List.of() : List.copyOf(sampling);
    }

    /**
     * Those of earlier starts.
     *
     * @param console is told where they are lost
     */
    public static RunTimings of(OutputFolder folder, PrintStream console) throws IOException {
        RunTimings none = new RunTimings(null, List.of());
        if (!folder.exists(FILE)) {
            return none;
        }
        try {
            return Json.value(folder.read(FILE), RunTimings.class);
        } catch (JacksonException | ChecksumException broken) {
            console.println("the times of earlier starts are lost, since " + folder + "/" + FILE + " is broken");
            return none;
        }
    }

    /** With the time that quantization took. */
    public RunTimings withQuantization(double seconds) {
        return new RunTimings(seconds, sampling);
    }

    /** With what one more start has sampled; unchanged if it sampled nothing or Spark lost its time. */
    public RunTimings with(Sampled start) {
        if (start.sampled() == 0 || !Double.isFinite(start.seconds())) {
            return this;
        }
        List<Sampling> all = new ArrayList<>(sampling);
        all.add(new Sampling(start.sampled(), start.seconds()));
        return new RunTimings(quantizationSeconds, all);
    }

    /** All starts as one run of so many graphs; a shard that was lost and made again counts twice as sampled. */
    public Sampled total(long count) {
        long graphs = sampling.stream().mapToLong(Sampling::graphs).sum();
        return new Sampled(graphs, Math.max(0, count - graphs), sampling.stream().mapToDouble(Sampling::seconds).sum());
    }

    /** Keeps them in the folder, which was begun. */
    public void save(OutputFolder folder) throws IOException {
        folder.publish(FILE, Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(this));
    }

    /**
     * What a start of a run has sampled, or all its starts together.
     *
     * @param sampled graphs sampled in those seconds
     * @param kept    graphs that were there before, or whose time is not known
     * @param seconds first sampling task's start to last one's end; 0 if nothing was missing, NaN if Spark dropped the events
     */
    public record Sampled(long sampled, long kept, double seconds) {

        /** Graphs per second; NaN if it sampled none or the time is not known. */
        public double graphsPerSecond() {
            return sampled == 0 ? Double.NaN : sampled / seconds;
        }
    }
}
