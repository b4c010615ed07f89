package org.bitdgdm.molecule;

import java.util.Arrays;
import org.openscience.cdk.CDK;
import org.openscience.cdk.aromaticity.Aromaticity;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.graph.ConnectedComponents;
import org.openscience.cdk.graph.Cycles;
import org.openscience.cdk.graph.GraphUtil;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IChemObjectBuilder;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.smiles.SmiFlavor;
import org.openscience.cdk.smiles.SmilesGenerator;
import org.openscience.cdk.tools.manipulator.AtomContainerManipulator;

/**
 * One SMILES for one molecule: the CDK's writer over atoms in {@link CanonicalOrder}, aromatic by the CDK's Daylight
 * model, without stereochemistry and isotopes, hydrogens implicit. Two Kekulé forms of an aromatic molecule are one.
 *
 * <p>Strings (and their hashes in a reference set) are only comparable where {@link #TOOLKIT}, {@link #TOOLKIT_VERSION}
 * and {@link #FLAVOUR} are equal.
 */
public final class Canonicaliser {
    /** Who writes the SMILES. */
    public static final String TOOLKIT = "CDK";
    /** Version of the toolkit on the class path. */
    public static final String TOOLKIT_VERSION = CDK.getVersion();
    /** Writer flags, aromaticity model and atom order, as recorded in reference sets; the number counts our own changes. */
    public static final String FLAVOUR = "Unique|UseAromaticSymbols; Daylight aromaticity; canonical atom order 1";

    private static final IChemObjectBuilder BUILDER = SilentChemObjectBuilder.getInstance();
    private static final SmilesGenerator WRITER = new SmilesGenerator(SmiFlavor.Unique | SmiFlavor.UseAromaticSymbols);

    private Canonicaliser() {
    }

    /**
     * Canonical SMILES of a molecule whose atoms have hydrogen counts and charges and whose bonds have orders 1…3.
     *
     * @param molecule may be changed: explicit hydrogens become implicit, ring and aromatic flags are set
     * @throws CDKException where the CDK cannot write the molecule
     */
    public static String smiles(IAtomContainer molecule) throws CDKException {
        IAtomContainer heavy = hasHydrogenAtoms(molecule) ? AtomContainerManipulator.suppressHydrogens(molecule) : molecule;
        Cycles.markRingAtomsAndBonds(heavy);
        Aromaticity.clear(heavy);
        Aromaticity.apply(Aromaticity.Model.Daylight, heavy);
        return WRITER.create(reordered(heavy));
    }

    /** The component with the most atoms; of equal ones that with the lowest atom index. */
    public static IAtomContainer largestFragment(IAtomContainer molecule) {
        ConnectedComponents components = new ConnectedComponents(GraphUtil.toAdjList(molecule));
        if (components.nComponents() <= 1) {
            return molecule;
        }
        int[] component = components.components();
        int[] size = new int[components.nComponents() + 1];
        for (int own : component) {
            size[own]++;
        }
        int largest = component[0];
        for (int own : component) {
            largest = size[own] > size[largest] ? own : largest;
        }
        int[] place = new int[component.length];
        IAtomContainer fragment = BUILDER.newAtomContainer();
        for (IAtom atom : molecule.atoms()) {
            if (component[atom.getIndex()] == largest) {
                place[atom.getIndex()] = fragment.getAtomCount();
                copy(atom, fragment);
            }
        }
        for (IBond bond : molecule.bonds()) {
            if (component[bond.getBegin().getIndex()] == largest) {
                copy(bond, fragment, place);
            }
        }
        return fragment;
    }

    private static boolean hasHydrogenAtoms(IAtomContainer molecule) {
        for (IAtom atom : molecule.atoms()) {
            if (atom.getAtomicNumber() == 1) {
                return true;
            }
        }
        return false;
    }

    /** A copy with atoms by canonical rank and bonds by the ranks of their ends, lower end first. */
    private static IAtomContainer reordered(IAtomContainer molecule) {
        int[] ranks = CanonicalOrder.ranks(molecule);
        IAtom[] atoms = new IAtom[ranks.length];
        for (IAtom atom : molecule.atoms()) {
            atoms[ranks[atom.getIndex()]] = atom;
        }
        IAtomContainer copy = BUILDER.newAtomContainer();
        for (IAtom atom : atoms) {
            copy(atom, copy).setIsAromatic(atom.isAromatic());
        }
        long[] keys = new long[molecule.getBondCount()];
        for (IBond bond : molecule.bonds()) {
            int begin = ranks[bond.getBegin().getIndex()];
            int end = ranks[bond.getEnd().getIndex()];
            keys[bond.getIndex()] = ((long) Math.min(begin, end) * ranks.length + Math.max(begin, end)) * keys.length
                + bond.getIndex();
        }
        Arrays.sort(keys);
        for (long key : keys) {
            IBond bond = molecule.getBond((int) (key % keys.length));
            copy(bond, copy, ranks).setIsAromatic(bond.isAromatic());
        }
        return copy;
    }

    private static IAtom copy(IAtom atom, IAtomContainer to) {
        IAtom copy = to.newAtom(atom.getAtomicNumber(), atom.getImplicitHydrogenCount());
        copy.setFormalCharge(atom.getFormalCharge());
        return copy;
    }

    private static IBond copy(IBond bond, IAtomContainer to, int[] place) {
        int begin = place[bond.getBegin().getIndex()];
        int end = place[bond.getEnd().getIndex()];
        return to.newBond(to.getAtom(Math.min(begin, end)), to.getAtom(Math.max(begin, end)), bond.getOrder());
    }
}
