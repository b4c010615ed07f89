package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.bitdgdm.molecule.Canonicaliser;
import org.openscience.cdk.exception.Intractable;
import org.openscience.cdk.graph.Cycles;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/** A molecule with what all descriptors read: hydrogens as counts and as atoms, aromatic flags, rings. */
final class BenchmarkMolecule {
    private final IAtomContainer molecule;
    private final List<int[]> rings = new ArrayList<>();
    private final List<BitSet> ringBonds = new ArrayList<>();
    private IAtomContainer withHydrogens;

    /** @param prepared by {@link Canonicaliser#prepared} */
    BenchmarkMolecule(IAtomContainer prepared) {
        molecule = prepared;
        for (int[] path : cycles(prepared)) {
            int[] ring = Arrays.copyOf(path, path.length - 1);
            BitSet bonds = new BitSet();
            for (int k = 0; k < ring.length; k++) {
                bonds.set(prepared.getBond(prepared.getAtom(path[k]), prepared.getAtom(path[k + 1])).getIndex());
            }
            rings.add(ring);
            ringBonds.add(bonds);
        }
    }

    /**
     * Paths of the relevant rings: all of the smallest sets of smallest rings together, which is what RDKit calls the
     * symmetrised one. Where there are too many of them, one of the sets.
     */
    private static int[][] cycles(IAtomContainer molecule) {
        try {
            return Cycles.relevant().find(molecule).paths();
        } catch (Intractable e) {
            return Cycles.sssr(molecule).paths();
        }
    }

    /** Atoms with hydrogens as counts, in canonical order. */
    IAtomContainer molecule() {
        return molecule;
    }

    /** The same with every hydrogen as an atom, behind those that are there. */
    IAtomContainer withHydrogens() {
        if (withHydrogens == null) {
            withHydrogens = Canonicaliser.withHydrogens(molecule);
            for (IAtom atom : molecule.atoms()) {
                IAtom copy = withHydrogens.getAtom(atom.getIndex());
                copy.setIsAromatic(atom.isAromatic());
                copy.setIsInRing(atom.isInRing());
            }
            for (IBond bond : molecule.bonds()) {
                IBond copy = withHydrogens.getBond(bond.getIndex());
                copy.setIsAromatic(bond.isAromatic());
                copy.setIsInRing(bond.isInRing());
            }
        }
        return withHydrogens;
    }

    /** Atoms of each ring, in their order along it. */
    List<int[]> rings() {
        return rings;
    }

    /** Bonds of each ring. */
    List<BitSet> ringBonds() {
        return ringBonds;
    }

    int atoms() {
        return molecule.getAtomCount();
    }

    /** Whether an atom lies in a ring of so many. */
    boolean inRingOf(int size, int atom) {
        for (int[] ring : rings) {
            if (ring.length == size) {
                for (int other : ring) {
                    if (other == atom) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** Rings in which every bond is aromatic. */
    int aromaticRings() {
        int count = 0;
        for (BitSet bonds : ringBonds) {
            count += bonds.stream().allMatch(bond -> molecule.getBond(bond).isAromatic()) ? 1 : 0;
        }
        return count;
    }
}
