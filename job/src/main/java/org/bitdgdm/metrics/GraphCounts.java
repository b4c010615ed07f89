package org.bitdgdm.metrics;

/**
 * Raw counts of a run of plain graphs. Two graphs are the same where they are isomorphic.
 *
 * @param graphs     rows
 * @param refused    rows that are no graph of the model, with a reason each; the counts below leave them out
 * @param connected  graphs of one component
 * @param components sum of the components of all graphs
 * @param planar     graphs that can be drawn without crossings
 * @param distinct   different graphs
 * @param once       graphs seen exactly once
 * @param undecided  graphs so regular that different ones may count as the same, see
 *                   {@link org.bitdgdm.graph.IsomorphismClass}
 * @param novel      different graphs that are not in the training set; null where none is known
 * @param novelOnce  of these, graphs seen exactly once; null where no training set is known
 */
public record GraphCounts(long graphs, long refused, long connected, long components, long planar, long distinct, long once,
                          long undecided, Long novel, Long novelOnce) implements Counts {
}
