/**
 * Plain graphs, one at a time: what is measured of one, which class of isomorphic graphs it belongs to, readers of graphs that
 * exist already. Planarity and layouts are JGraphT's.
 *
 * <p>Not here: anything about many graphs (metrics), molecules, Spark, drawing.
 */
package org.bitdgdm.graph;
