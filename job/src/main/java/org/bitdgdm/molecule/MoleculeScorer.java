package org.bitdgdm.molecule;

import java.util.Arrays;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Vocabulary;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.graph.ConnectedComponents;
import org.openscience.cdk.interfaces.IAtomContainer;

/**
 * Verdict, SMILES and properties of one graph, by the rules of the DiGress evaluation ({@link MoleculeRules}).
 *
 * <p>Holds a descriptor that is not thread-safe: one instance per thread.
 */
public final class MoleculeScorer {
    private final MoleculeRules rules;
    private final MoleculeProperties.Calculator properties = new MoleculeProperties.Calculator();

    /**
     * A scorer for graphs of one vocabulary.
     *
     * @throws InputException for an element without valence rule or an unknown bond name
     */
    public MoleculeScorer(Vocabulary vocabulary) {
        rules = new MoleculeRules(vocabulary);
    }

    /**
     * Refuses a vocabulary before any graph is made or read; on executors it would end a run that has begun.
     *
     * @throws InputException as the constructor does
     */
    public static void requireKnown(Vocabulary vocabulary) {
        new MoleculeRules(vocabulary);
    }

    /**
     * Scores a graph. Bad classes, lengths that do not fit and bad molecules are results with a reason, never exceptions:
     * rows may come from files of others, and one of them must not end the run.
     *
     * @param nodes (n) atom classes
     * @param bonds (n(n−1)/2) bond classes, upper triangle i &lt; j, row-major
     */
    public ScoredMolecule score(byte[] nodes, byte[] bonds) {
        int n = nodes.length;
        if (n == 0) {
            return ScoredMolecule.refused(0, "no atoms");
        }
        if (bonds.length != MolecularGraph.pairs(n)) {
            return ScoredMolecule.refused(0, bonds.length + " bond classes where " + n + " atoms have "
                + MolecularGraph.pairs(n) + " pairs");
        }
        int fragments = fragments(n, bonds);
        MoleculeRules.Outcome outcome = rules.apply(nodes, bonds);
        if (outcome.molecule() == null) {
            return ScoredMolecule.refused(fragments, outcome.reason());
        }
        try {
            IAtomContainer largest = Canonicaliser.largestFragment(outcome.molecule());
            MoleculeProperties found = properties.of(largest);
            return new ScoredMolecule(outcome.reason() == null, true, fragments == 1, fragments,
                Canonicaliser.smiles(largest), outcome.reason(), found.weight(), found.logp(), found.rings());
        } catch (CDKException | RuntimeException e) {
            // The row must keep its graph whatever the toolkit stumbles over; the reason carries what it said.
            return ScoredMolecule.refused(fragments, "no SMILES: " + e);
        }
    }

    /** Components of the graph whose edges are the pairs of a class other than 0. */
    private static int fragments(int n, byte[] bonds) {
        int[] degree = new int[n];
        for (int i = 0, pair = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++, pair++) {
                if (bonds[pair] != 0) {
                    degree[i]++;
                    degree[j]++;
                }
            }
        }
        int[][] neighbours = new int[n][];
        Arrays.setAll(neighbours, atom -> new int[degree[atom]]);
        for (int i = 0, pair = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++, pair++) {
                if (bonds[pair] != 0) {
                    neighbours[i][--degree[i]] = j;
                    neighbours[j][--degree[j]] = i;
                }
            }
        }
        return new ConnectedComponents(neighbours).nComponents();
    }
}
