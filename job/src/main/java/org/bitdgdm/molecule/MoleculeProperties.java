package org.bitdgdm.molecule;

import org.openscience.cdk.graph.ConnectedComponents;
import org.openscience.cdk.graph.GraphUtil;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.qsar.descriptors.molecular.XLogPDescriptor;
import org.openscience.cdk.qsar.result.DoubleResult;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.tools.manipulator.AtomContainerManipulator;

/**
 * Properties of one molecule.
 *
 * @param weight average molecular weight with implicit hydrogens, g/mol
 * @param logp   octanol–water partition coefficient by {@link #LOGP_DESCRIPTOR}; null where the descriptor has no value
 * @param rings  independent rings: bonds − atoms + components, the size of a smallest set of smallest rings
 */
public record MoleculeProperties(double weight, Double logp, int rings) {
    /** The CDK descriptor behind {@code logp}: XLogP (Wang, Fu and Lai, J. Chem. Inf. Comput. Sci. 37, 1997). */
    public static final String LOGP_DESCRIPTOR = "XLogP";

    /** Computes properties. Holds a descriptor that is not thread-safe: one instance per thread. */
    public static final class Calculator {
        /** Above so many atoms, no logP: the descriptor keeps all shortest paths, which take a GiB at two thousand. */
        private static final int MOST_ATOMS = 512;

        private final XLogPDescriptor logp = new XLogPDescriptor();

        public Calculator() {
            logp.initialise(SilentChemObjectBuilder.getInstance());
        }

        /** Properties of what {@link Canonicaliser#prepared} has made; the molecule is not changed. */
        public MoleculeProperties of(IAtomContainer molecule) {
            double coefficient = molecule.getAtomCount() > MOST_ATOMS ? Double.NaN
                : ((DoubleResult) logp.calculate(molecule).getValue()).doubleValue();
            int components = new ConnectedComponents(GraphUtil.toAdjList(molecule)).nComponents();
            return new MoleculeProperties(
                AtomContainerManipulator.getMass(molecule, AtomContainerManipulator.MolWeight),
                Double.isNaN(coefficient) ? null : coefficient,
                molecule.getBondCount() - molecule.getAtomCount() + components);
        }
    }
}
