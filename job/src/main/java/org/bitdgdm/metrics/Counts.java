package org.bitdgdm.metrics;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** Raw counts of a run, from which its ratios follow. */
@JsonTypeInfo(use = JsonTypeInfo.Id.DEDUCTION)
@JsonSubTypes({@JsonSubTypes.Type(MetricCounts.class), @JsonSubTypes.Type(GraphCounts.class),
    @JsonSubTypes.Type(SequenceCounts.class)})
public sealed interface Counts permits MetricCounts, GraphCounts, SequenceCounts {
    /** Rows. */
    long graphs();
}
