package org.bitdgdm.output;

/**
 * What one start of a run has sampled.
 *
 * @param sampled graphs sampled by this start
 * @param kept    graphs of shards that an earlier start had committed
 * @param seconds first sampling task's start to last one's end; 0 if nothing was missing, NaN if Spark dropped the events
 */
public record SampledRun(long sampled, long kept, double seconds) {

    /** Graphs per second of this start; NaN if it sampled none or the time is not known. */
    public double graphsPerSecond() {
        return sampled == 0 ? Double.NaN : sampled / seconds;
    }
}
