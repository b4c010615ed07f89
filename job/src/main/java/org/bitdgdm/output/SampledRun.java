package org.bitdgdm.output;

/**
 * What a start of a run has sampled, or all its starts together.
 *
 * @param sampled graphs sampled in those seconds
 * @param kept    graphs that were there before, or whose time is not known
 * @param seconds first sampling task's start to last one's end; 0 if nothing was missing, NaN if Spark dropped the events
 */
public record SampledRun(long sampled, long kept, double seconds) {

    /** Graphs per second; NaN if it sampled none or the time is not known. */
    public double graphsPerSecond() {
        return sampled == 0 ? Double.NaN : sampled / seconds;
    }
}
