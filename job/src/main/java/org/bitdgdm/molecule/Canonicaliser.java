package org.bitdgdm.molecule;

import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;
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
import org.openscience.cdk.interfaces.IElement;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.smiles.SmiFlavor;
import org.openscience.cdk.smiles.SmilesGenerator;

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

    /** Of one fragment without hydrogens: the writer calls itself from atom to atom, and the stack must hold. */
    private static final int MOST_ATOMS = 1000;
    private static final IChemObjectBuilder BUILDER = SilentChemObjectBuilder.getInstance();
    private static final SmilesGenerator WRITER = new SmilesGenerator(SmiFlavor.Unique | SmiFlavor.UseAromaticSymbols);

    private Canonicaliser() {
    }

    /**
     * Canonical SMILES of a molecule whose atoms have hydrogen counts and charges and whose bonds have orders.
     *
     * @param molecule not changed
     * @throws CDKException where the CDK cannot write the molecule
     */
    public static String smiles(IAtomContainer molecule) throws CDKException {
        return written(prepared(molecule));
    }

    /**
     * The form of a molecule that everything else is computed from: hydrogens implicit, atoms in canonical order, aromatic
     * flags set, and of its Kekulé forms always the same one. Descriptors read orders and flags, and would otherwise tell
     * apart what is one molecule.
     *
     * @param molecule not changed
     * @throws IllegalStateException for more than {@value #MOST_ATOMS} atoms, and where {@link CanonicalOrder#ranks} does
     */
    public static IAtomContainer prepared(IAtomContainer molecule) {
        IAtomContainer heavy = withoutHydrogens(molecule);
        if (heavy.getAtomCount() > MOST_ATOMS) {
            throw new IllegalStateException("more than " + MOST_ATOMS + " atoms in a molecule");
        }
        perceive(heavy);
        IAtomContainer copy = reordered(heavy);
        Cycles.markRingAtomsAndBonds(copy);
        BitSet open = new BitSet();
        for (IBond bond : copy.bonds()) {
            if (bond.isAromatic() && bond.getOrder() == IBond.Order.DOUBLE) {
                open.set(bond.getBegin().getIndex());
                open.set(bond.getEnd().getIndex());
            }
        }
        if (!Kekulisation.alternate(copy, open)) {
            throw new IllegalStateException("the Kekulé form that a molecule had must be one of its own");
        }
        return copy;
    }

    /**
     * The molecule of a SMILES, {@link #prepared}.
     *
     * @throws IllegalArgumentException where the text is no SMILES, or breaks the rules of valence
     */
    public static IAtomContainer read(String smiles) {
        try {
            Sanitisation.Outcome outcome = Sanitisation.apply(OpenSmiles.read(smiles), false);
            if (outcome.molecule() == null) {
                throw new IllegalArgumentException("a molecule must be one, found " + smiles + ": " + outcome.reason());
            }
            return prepared(outcome.molecule());
        } catch (OpenSmiles.Fault e) {
            throw new IllegalArgumentException("a molecule must be a SMILES, found " + smiles + ": " + e.getMessage(), e);
        }
    }

    /** The SMILES of what {@link #prepared} has made. */
    public static String written(IAtomContainer prepared) throws CDKException {
        return WRITER.create(prepared);
    }

    /** Sets ring and aromatic flags. */
    static void perceive(IAtomContainer molecule) {
        Cycles.markRingAtomsAndBonds(molecule);
        Aromaticity.clear(molecule);
        Aromaticity.apply(Aromaticity.Model.Daylight, molecule);
    }

    /** A copy in which hydrogens are counts, but for those that are bound to nothing or to another hydrogen, and ions. */
    static IAtomContainer withoutHydrogens(IAtomContainer molecule) {
        IAtomContainer copy = BUILDER.newAtomContainer();
        int[] place = new int[molecule.getAtomCount()];
        for (IAtom atom : molecule.atoms()) {
            place[atom.getIndex()] = isCounted(atom) ? -1 : copy.getAtomCount();
            if (place[atom.getIndex()] >= 0) {
                copy(atom, copy);
            }
        }
        for (IBond bond : molecule.bonds()) {
            int begin = place[bond.getBegin().getIndex()];
            int end = place[bond.getEnd().getIndex()];
            if (begin >= 0 && end >= 0) {
                copy(bond, copy, place);
            } else {
                IAtom heavy = copy.getAtom(Math.max(begin, end));
                heavy.setImplicitHydrogenCount(heavy.getImplicitHydrogenCount() + 1);
            }
        }
        return copy;
    }

    private static boolean isCounted(IAtom atom) {
        if (atom.getAtomicNumber() != IElement.H || atom.getFormalCharge() != 0 || atom.getBondCount() != 1
            || atom.getImplicitHydrogenCount() != 0) {
            return false;
        }
        IBond bond = atom.bonds().iterator().next();
        return bond.getOrder() == IBond.Order.SINGLE && bond.getOther(atom).getAtomicNumber() != IElement.H;
    }

    /** A copy in which every hydrogen is an atom, those of an atom behind all that are written. */
    public static IAtomContainer withHydrogens(IAtomContainer molecule) {
        IAtomContainer copy = BUILDER.newAtomContainer();
        for (IAtom atom : molecule.atoms()) {
            copy(atom, copy).setImplicitHydrogenCount(0);
        }
        int[] place = IntStream.range(0, molecule.getAtomCount()).toArray();
        for (IBond bond : molecule.bonds()) {
            copy(bond, copy, place);
        }
        for (IAtom atom : molecule.atoms()) {
            for (int k = 0; k < atom.getImplicitHydrogenCount(); k++) {
                copy.newBond(copy.getAtom(atom.getIndex()), copy.newAtom(IElement.H, 0), IBond.Order.SINGLE);
            }
        }
        return copy;
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
