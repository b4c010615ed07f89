/**
 * Graphs as molecules: validity by the rules of the DiGress evaluation, canonical SMILES, properties, readers of graphs
 * that already exist. Chemistry is the CDK's.
 *
 * <p>Here: one graph at a time. Not here: anything about many molecules (metrics), Spark, drawing.
 */
package org.bitdgdm.molecule;
