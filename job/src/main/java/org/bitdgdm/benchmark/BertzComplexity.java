package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/**
 * Complexity of bonds and of elements (Bertz, J. Am. Chem. Soc. 103, 1981) as RDKit's {@code BertzCT} computes it: pairs of
 * bonds at an atom are alike where their three atoms are of the same classes, an aromatic bond counts 1½, and atoms are of one
 * class where the distances to all others, in bonds of length 1 ÷ order, agree to four decimals in their 100 smallest.
 */
final class BertzComplexity {
    private static final int LOOKED_AT = 100;
    private static final double AROMATIC = 1.5;
    /** More than any distance. */
    private static final double APART = 1e8;

    private BertzComplexity() {
    }

    static double of(IAtomContainer molecule) {
        int n = molecule.getAtomCount();
        if (n < 2) {
            return 0;
        }
        int[] classes = classes(molecule);
        Map<List<Integer>, Double> connections = new HashMap<>();
        Map<Integer, Double> elements = new HashMap<>();
        for (IAtom atom : molecule.atoms()) {
            elements.merge(atom.getAtomicNumber(), 1.0, Double::sum);
            int own = classes[atom.getIndex()];
            List<IBond> bonds = new ArrayList<>();
            atom.bonds().forEach(bonds::add);
            for (int i = 0; i < bonds.size(); i++) {
                IAtom first = bonds.get(i).getOther(atom);
                int class1 = classes[first.getIndex()];
                double order = order(bonds.get(i));
                if (order > 1 && first.getIndex() > atom.getIndex()) {
                    connections.merge(List.of(Math.min(own, class1), Math.max(own, class1)), order * (order - 1) / 2,
                        Double::sum);
                }
                for (int j = i + 1; j < bonds.size(); j++) {
                    int class2 = classes[bonds.get(j).getOther(atom).getIndex()];
                    connections.merge(List.of(Math.min(class1, class2), own, Math.max(class1, class2)),
                        order * order(bonds.get(j)), Double::sum);
                }
            }
        }
        Collection<Double> counts = connections.isEmpty() ? List.of(1.0) : connections.values();
        double total = counts.stream().mapToDouble(Double::doubleValue).sum();
        return n * entropy(elements.values()) + total * (entropy(counts) + Math.log(total) / Math.log(2));
    }

    private static double order(IBond bond) {
        return bond.isAromatic() ? AROMATIC : bond.getOrder().numeric();
    }

    /** In bits. */
    private static double entropy(Collection<Double> counts) {
        double total = counts.stream().mapToDouble(Double::doubleValue).sum();
        return -counts.stream().mapToDouble(count -> count / total * Math.log(count / total) / Math.log(2)).sum();
    }

    private static int[] classes(IAtomContainer molecule) {
        int n = molecule.getAtomCount();
        double[][] distance = new double[n][n];
        for (double[] row : distance) {
            Arrays.fill(row, APART);
        }
        for (IBond bond : molecule.bonds()) {
            int begin = bond.getBegin().getIndex();
            int end = bond.getEnd().getIndex();
            distance[begin][end] = distance[end][begin] = 1 / order(bond);
        }
        for (int k = 0; k < n; k++) {
            distance[k][k] = 0;
        }
        for (int k = 0; k < n; k++) {
            for (int i = 0; i < n; i++) {
                double first = distance[i][k];
                // No way through k is shorter where there is none to it.
                for (int j = 0; first < APART && j < n; j++) {
                    distance[i][j] = Math.min(distance[i][j], first + distance[k][j]);
                }
            }
        }
        long[][] keys = new long[n][];
        int[] classes = new int[n];
        int different = 0;
        for (int i = 0; i < n; i++) {
            Arrays.sort(distance[i]);
            long[] key = Arrays.stream(distance[i]).limit(LOOKED_AT).mapToLong(length -> Math.round(length * 1e4)).toArray();
            int known = 0;
            while (known < different && !Arrays.equals(keys[known], key)) {
                known++;
            }
            keys[known] = key;
            different = Math.max(different, known + 1);
            classes[i] = known;
        }
        return classes;
    }
}
