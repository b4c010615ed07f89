package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.openscience.cdk.graph.ConnectedComponents;
import org.openscience.cdk.graph.GraphUtil;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/**
 * Quantitative estimate of drug-likeness, 0 to 1 (Bickerton et al., Nature Chemistry 4, 2012): the weighted geometric mean of
 * eight desirabilities, with the descriptors that RDKit's {@code QED} takes. Not thread-safe.
 */
final class DrugLikeness {
    /** Weight, logP, acceptors, donors, polar surface, rotatable bonds, aromatic rings, alerts: a…f, largest value, weight. */
    private static final double[][] DESIRABILITIES = {
        {2.817065973, 392.5754953, 290.7489764, 2.419764353, 49.22325677, 65.37051707, 104.9805561, 0.66},
        {3.172690585, 137.8624751, 2.534937431, 4.581497897, 0.822739154, 0.576295591, 131.3186604, 0.46},
        {2.948620388, 160.4605972, 3.615294657, 4.435986202, 0.290141953, 1.300669958, 148.7763046, 0.05},
        {1.618662227, 1010.051101, 0.985094388, 0.000000001, 0.713820843, 0.920922555, 258.1632616, 0.61},
        {1.876861559, 125.2232657, 62.90773554, 87.83366614, 12.01999824, 28.51324732, 104.5686167, 0.06},
        {0.010000000, 272.4121427, 2.558379970, 1.565547684, 1.271567166, 2.758063707, 105.4420403, 0.65},
        {3.217788970, 957.7374108, 2.274627939, 0.000000001, 1.317690384, 0.375760881, 312.3372610, 0.48},
        {0.010000000, 1199.094025, -0.09002883, 0.000000001, 0.185904477, 0.875193782, 417.7253140, 0.95},
    };

    private final List<Smarts> acceptors;
    private final List<Smarts> alerts;
    private final Smarts aliphaticRing;

    /** @param terms of molecules with hydrogens as counts */
    DrugLikeness(SmartsTerms terms) {
        acceptors = patterns("qed-acceptors.smarts", terms);
        alerts = patterns("qed-alerts.smarts", terms);
        aliphaticRing = new Smarts("[$([A;R][!a])]", terms);
    }

    private static List<Smarts> patterns(String table, SmartsTerms terms) {
        List<Smarts> patterns = new ArrayList<>();
        Smarts.lines(table).forEach(line -> patterns.add(new Smarts(line, terms)));
        return patterns;
    }

    /** @param looked the molecule as its patterns look at it */
    double of(IAtomContainer molecule, SmartsTarget looked, double weight, double logP, double polarSurface, int donors,
              int rotatable) {
        double[] values = properties(molecule, looked, weight, logP, polarSurface, donors, rotatable);
        double sum = 0;
        double weights = 0;
        for (int k = 0; k < values.length; k++) {
            double[] d = DESIRABILITIES[k];
            double rise = 1 + Math.exp(-(values[k] - d[2] + d[3] / 2) / d[4]);
            double fall = 1 + Math.exp(-(values[k] - d[2] - d[3] / 2) / d[5]);
            sum += d[7] * Math.log((d[0] + d[1] / rise * (1 - 1 / fall)) / d[6]);
            weights += d[7];
        }
        return Math.exp(sum / weights);
    }

    /** In the order of the desirabilities. */
    private double[] properties(IAtomContainer molecule, SmartsTarget looked, double weight, double logP, double polarSurface,
                                int donors, int rotatable) {
        int accepting = acceptors.stream().mapToInt(pattern -> pattern.count(looked)).sum();
        long alarming = alerts.stream().filter(pattern -> pattern.matches(looked)).count();
        return new double[] {weight, logP, accepting, donors, polarSurface, rotatable, ringsWithoutAliphatic(molecule, looked),
            alarming};
    }

    /** Independent rings of what is left without ring atoms that are aliphatic and bound to another aliphatic one. */
    private int ringsWithoutAliphatic(IAtomContainer molecule, SmartsTarget looked) {
        BitSet kept = new BitSet();
        for (int atom = 0; atom < looked.atoms(); atom++) {
            kept.set(atom, !aliphaticRing.matchesAt(looked, atom));
        }
        int bonds = 0;
        for (IBond bond : molecule.bonds()) {
            bonds += kept.get(bond.getBegin().getIndex()) && kept.get(bond.getEnd().getIndex()) ? 1 : 0;
        }
        int[][] neighbours = GraphUtil.subgraph(GraphUtil.toAdjList(molecule), kept.stream().toArray());
        return bonds - kept.cardinality() + new ConnectedComponents(neighbours).nComponents();
    }
}
