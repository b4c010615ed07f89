package org.bitdgdm.molecule;

import java.util.List;
import java.util.Map;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;

/**
 * Whether atoms of a graph with hydrogens as nodes have all their bonds, as DiGress reports it ({@code check_stability} of
 * {@code src/analysis/rdkit_functions.py}, after Hoogeboom and others, ICML 2022): an atom is stable where its bond classes add
 * up to a valence of its element exactly, so that no hydrogen is missing and no charge is needed. A molecule may be valid and
 * not stable, because chemistry adds the hydrogens that it lacks; its SMILES is then that of the complete molecule.
 *
 * @param stableAtoms atoms that are
 * @param atoms       all atoms
 */
public record Stability(int stableAtoms, int atoms) {
    /** Valences that the published code knows; an element that it does not know is never stable. */
    private static final Map<String, List<Integer>> VALENCES = Map.ofEntries(Map.entry("H", List.of(1)),
        Map.entry("C", List.of(4)), Map.entry("N", List.of(3)), Map.entry("O", List.of(2)), Map.entry("F", List.of(1)),
        Map.entry("B", List.of(3)), Map.entry("Si", List.of(4)), Map.entry("P", List.of(3, 5)), Map.entry("S", List.of(4)),
        Map.entry("Cl", List.of(1)), Map.entry("As", List.of(3)), Map.entry("Br", List.of(1)), Map.entry("I", List.of(1)),
        Map.entry("Se", List.of(2, 4, 6)));

    /**
     * Counts a graph.
     *
     * @param nodes (n) atom classes; one outside the vocabulary is not stable
     * @param bonds (n(n−1)/2) bond classes, upper triangle row-major; an aromatic one counts 4, as it does there
     */
    public static Stability of(Vocabulary vocabulary, byte[] nodes, byte[] bonds) {
        int n = nodes.length;
        int[] sums = new int[n];
        if (bonds.length == Graph.pairs(n)) {
            for (int i = 0, pair = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++, pair++) {
                    sums[i] += bonds[pair];
                    sums[j] += bonds[pair];
                }
            }
        }
        int stable = 0;
        for (int atom = 0; atom < n; atom++) {
            boolean known = nodes[atom] >= 0 && nodes[atom] < vocabulary.nodes().size();
            stable += known && VALENCES.getOrDefault(vocabulary.nodes().get(nodes[atom]), List.of()).contains(sums[atom])
                ? 1 : 0;
        }
        return new Stability(stable, n);
    }

    /** Whether every atom is stable. */
    public boolean ofMolecule() {
        return stableAtoms == atoms && atoms > 0;
    }
}
