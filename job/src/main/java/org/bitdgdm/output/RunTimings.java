package org.bitdgdm.output;

import com.fasterxml.jackson.core.JacksonException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.ChecksumException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.sample.SamplingCost;

/**
 * What the starts of a run have taken so far, kept in its folder: a start that finds the work done still knows how long it
 * took. A start that was killed leaves no time; its graphs count as kept.
 *
 * @param quantizationSeconds null if nothing was quantized by this run
 * @param quantizedModel      where the quantized model is from; null if that is not known, or nothing is quantized
 * @param sampling            the starts that have sampled
 */
public record RunTimings(Double quantizationSeconds, String quantizedModel, List<Sampling> sampling) {
    private static final String FILE = "_run/timings.json";

    /**
     * Sampling of one start.
     *
     * @param graphs      sampled
     * @param seconds     first sampling task's start to last one's end
     * @param coreSeconds see {@link SamplingCost}; null if not known
     * @param joules      likewise
     */
    public record Sampling(long graphs, double seconds, Double coreSeconds, Double joules) {
        private SamplingCost cost() {
            return new SamplingCost(coreSeconds == null ? Double.NaN : coreSeconds, joules == null ? Double.NaN : joules);
        }
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
        RunTimings none = new RunTimings(null, null, List.of());
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

    /**
     * With what quantization took.
     *
     * @param seconds NaN if this run has not quantized
     * @param from    where the quantized model is from
     */
    public RunTimings withQuantization(double seconds, String from) {
        return new RunTimings(known(seconds), from, sampling);
    }

    /** With what one more start has sampled; unchanged if it sampled nothing or Spark lost its time. */
    public RunTimings with(Sampled start) {
        if (start.sampled() == 0 || !Double.isFinite(start.seconds())) {
            return this;
        }
        List<Sampling> all = new ArrayList<>(sampling);
        all.add(new Sampling(start.sampled(), start.seconds(), known(start.cost().coreSeconds()),
            known(start.cost().joules())));
        return new RunTimings(quantizationSeconds, quantizedModel, all);
    }

    /** All starts as one run of so many graphs; a shard that was lost and made again counts twice as sampled. */
    public Sampled total(long count) {
        long graphs = sampling.stream().mapToLong(Sampling::graphs).sum();
        return new Sampled(graphs, Math.max(0, count - graphs), sampling.stream().mapToDouble(Sampling::seconds).sum(),
            sampling.stream().map(Sampling::cost).reduce(SamplingCost.NONE, SamplingCost::plus));
    }

    private static Double known(double value) {
        return Double.isFinite(value) ? value : null;
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
     * @param cost    what the sampled graphs have taken
     */
    public record Sampled(long sampled, long kept, double seconds, SamplingCost cost) {
        private static final double MILLION = 1e6;

        /** The same where counters of energy say nothing of it: others used the processors too, or it used more than them. */
        public Sampled withoutJoules() {
            return new Sampled(sampled, kept, seconds, new SamplingCost(cost.coreSeconds(), Double.NaN));
        }

        /** Graphs per second; NaN if it sampled none or the time is not known. */
        public double graphsPerSecond() {
            return sampled == 0 ? Double.NaN : sampled / seconds;
        }

        /** Core-seconds of a million graphs; NaN if it sampled none or they are not known. */
        public double coreSecondsPerMillion() {
            return sampled == 0 ? Double.NaN : cost.coreSeconds() / sampled * MILLION;
        }

        /** Joules of a million graphs; NaN if it sampled none or they are not known. */
        public double joulesPerMillion() {
            return sampled == 0 ? Double.NaN : cost.joules() / sampled * MILLION;
        }
    }
}
