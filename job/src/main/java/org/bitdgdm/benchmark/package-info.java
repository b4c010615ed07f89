/**
 * Chemistry of published benchmarks: what MOSES and GuacaMol compute of one molecule with RDKit, in the numbers that they
 * print. {@link org.bitdgdm.benchmark.MoleculeDescriptors} is all that is known of one.
 *
 * <p>Here: Crippen logP, QED, synthetic accessibility, BRICS fragments, scaffolds, Bertz complexity, polar surface, Morgan
 * fingerprints, MOSES's filters. Parameter tables and their licences: {@code NOTICE.txt} among the resources. Not here: which
 * graph is a molecule (molecule), and what is made of many (metrics).
 */
package org.bitdgdm.benchmark;
