/**
 * What differs between kinds of graphs: how rows look, who judges a graph, how files of them are read, what is counted of many,
 * how one is drawn, what it is called. {@link org.bitdgdm.family.GraphFamily} is all that commands, sampling and output know
 * of it.
 *
 * <p>Not here: chemistry (molecule), plain graphs one at a time (graph), counting (metrics).
 */
package org.bitdgdm.family;
