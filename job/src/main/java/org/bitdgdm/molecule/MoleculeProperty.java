package org.bitdgdm.molecule;

import java.util.function.Function;
import java.util.function.Supplier;
import org.openscience.cdk.graph.ConnectedComponents;
import org.openscience.cdk.graph.GraphUtil;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.qsar.descriptors.molecular.XLogPDescriptor;
import org.openscience.cdk.qsar.result.DoubleResult;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.tools.manipulator.AtomContainerManipulator;

/**
 * Numbers that every molecule has: each is a column of its row, a distribution of the report, a distance from the training set
 * and a difference between runs. A constant says all of it, and computes it.
 */
public enum MoleculeProperty {
    WEIGHT("weight", "weight", "average molecular weight with implicit hydrogens", "g/mol", "", false, 0.5,
        () -> molecule -> AtomContainerManipulator.getMass(molecule, AtomContainerManipulator.MolWeight)),
    LOGP("logp", "logP", "octanol–water partition coefficient by CDK's XLogP; none where the descriptor has no value, nor above"
        + " " + Logp.MOST_ATOMS + " atoms", "XLogP", "Wang, Fu and Lai, J. Chem. Inf. Comput. Sci. 37, 1997", false, 0.0625,
        Logp::new),
    RINGS("rings", "rings", "independent rings: bonds − atoms + components, the size of a smallest set of smallest rings", "",
        "", true, 1, () -> molecule -> molecule.getBondCount() - molecule.getAtomCount()
            + new ConnectedComponents(GraphUtil.toAdjList(molecule)).nComponents());

    private final String column;
    private final String label;
    private final String meaning;
    private final String unit;
    private final String source;
    private final boolean whole;
    private final double binWidth;
    private final Supplier<Function<IAtomContainer, Number>> calculator;

    MoleculeProperty(String column, String label, String meaning, String unit, String source, boolean whole, double binWidth,
                     Supplier<Function<IAtomContainer, Number>> calculator) {
        this.column = column;
        this.label = label;
        this.meaning = meaning;
        this.unit = unit;
        this.source = source;
        this.whole = whole;
        this.binWidth = binWidth;
        this.calculator = calculator;
    }

    /** The column of rows, and the name of the distribution. */
    public String column() {
        return column;
    }

    /** What pages call it. */
    public String label() {
        return label;
    }

    /** What it is, in one line. */
    public String meaning() {
        return meaning;
    }

    /** Its unit, or the scale that its numbers are on; empty for counts. */
    public String unit() {
        return unit;
    }

    /** Who defines it; empty where the meaning says all. */
    public String source() {
        return source;
    }

    /** Whether it is a whole number, an {@link Integer}; else a {@link Double}. */
    public boolean whole() {
        return whole;
    }

    /** Width of a bin of its histogram: fine enough for a Wasserstein distance; charts draw several as one. */
    public double binWidth() {
        return binWidth;
    }

    /**
     * What computes it of what {@link Canonicaliser#prepared} has made, which it does not change; null where there is no value.
     * Not to be shared by threads.
     */
    Function<IAtomContainer, Number> calculator() {
        return calculator.get();
    }

    /** CDK's XLogP. */
    private static final class Logp implements Function<IAtomContainer, Number> {
        /** Above so many atoms, no logP: the descriptor keeps all shortest paths, which take a GiB at two thousand. */
        static final int MOST_ATOMS = 512;

        private final XLogPDescriptor descriptor = new XLogPDescriptor();

        Logp() {
            descriptor.initialise(SilentChemObjectBuilder.getInstance());
        }

        @Override
        public Number apply(IAtomContainer molecule) {
            double coefficient = molecule.getAtomCount() > MOST_ATOMS ? Double.NaN
                : ((DoubleResult) descriptor.calculate(molecule).getValue()).doubleValue();
            return Double.isNaN(coefficient) ? null : coefficient;
        }
    }
}
