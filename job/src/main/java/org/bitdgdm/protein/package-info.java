/**
 * Protein chains: structure files read, secondary structure, accessible area, and the graph that a network of inverse folding
 * reads. Parsing and alternative locations are BioJava's.
 *
 * <p>Here: one file, one chain at a time. Not here: Spark, sampling, anything about many chains (metrics).
 */
package org.bitdgdm.protein;
