package org.bitdgdm.benchmark;

import org.openscience.cdk.graph.Cycles;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/** A molecule as patterns of the same {@link SmartsTerms} look at it, with what they have found out about its atoms so far. */
final class SmartsTarget {
    private static final byte YES = 1;
    private static final byte NO = 2;

    private final IAtomContainer molecule;
    private final SmartsTerms terms;
    private final long[][] answers;
    private final int[][] neighbours;
    private final int[][] bonds;
    /** Questions to which some atom answers yes. */
    private final long[] some;
    /** Bonds of patterns that some bond can be. */
    private final long[] someBonds;
    /** By question, one more than the atoms that answer yes; 0 where nobody has asked. */
    private final int[] counts;
    /** By pattern that an atom must begin, then by atom; null or 0 where nobody has asked. */
    private final byte[][] begins;

    /** @param molecule with orders, ring and aromatic flags, not to be changed any more */
    SmartsTarget(IAtomContainer molecule, SmartsTerms terms) {
        this.molecule = molecule;
        this.terms = terms;
        int n = molecule.getAtomCount();
        answers = new long[n][];
        neighbours = new int[n][];
        bonds = new int[n][];
        some = new long[terms.words()];
        counts = new int[terms.words() * Long.SIZE];
        begins = new byte[terms.surroundings()][];
        int[] rings = new int[n];
        if (terms.countRings()) {
            // The basis that the CDK itself counts rings in.
            for (int[] path : Cycles.mcb(molecule).paths()) {
                for (int at = 1; at < path.length; at++) {
                    rings[path[at]]++;
                }
            }
        }
        int[] kinds = new int[n];
        for (IAtom atom : molecule.atoms()) {
            int index = atom.getIndex();
            kinds[index] = terms.kind(atom, rings[index]);
            answers[index] = terms.answers(kinds[index]);
            for (int word = 0; word < some.length; word++) {
                some[word] |= answers[index][word];
            }
            neighbours[index] = new int[atom.getBondCount()];
            bonds[index] = new int[atom.getBondCount()];
            int at = 0;
            for (IBond bond : atom.bonds()) {
                neighbours[index][at] = bond.getOther(atom).getIndex();
                bonds[index][at++] = Smarts.kind(bond);
            }
        }
        someBonds = new long[terms.bondWords()];
        for (IBond bond : molecule.bonds()) {
            long[] can = terms.bondAnswers(kinds[bond.getBegin().getIndex()], Smarts.kind(bond),
                kinds[bond.getEnd().getIndex()]);
            for (int word = 0; word < someBonds.length; word++) {
                someBonds[word] |= can[word];
            }
        }
    }

    int atoms() {
        return answers.length;
    }

    int element(int atom) {
        return molecule.getAtom(atom).getAtomicNumber();
    }

    int[] neighbours(int atom) {
        return neighbours[atom];
    }

    /** Kinds of the bonds to {@link #neighbours}. */
    int[] bonds(int atom) {
        return bonds[atom];
    }

    /** The kind of the bond of two atoms, as a bit; none where there is no bond. */
    int bond(int atom, int other) {
        for (int at = 0; at < neighbours[atom].length; at++) {
            if (neighbours[atom][at] == other) {
                return 1 << bonds[atom][at];
            }
        }
        return 0;
    }

    boolean answers(int question, int atom) {
        return (answers[atom][question / Long.SIZE] >>> question & 1) != 0;
    }

    /** Whether an atom answers yes. */
    boolean some(int question) {
        return (some[question / Long.SIZE] >>> question & 1) != 0;
    }

    /** Whether some bond can be one of a pattern. */
    boolean someBond(int asked) {
        return (someBonds[asked / Long.SIZE] >>> asked & 1) != 0;
    }

    /** Atoms that answer yes. */
    int count(int question) {
        if (counts[question] == 0) {
            counts[question] = 1;
            for (int atom = 0; atom < answers.length; atom++) {
                counts[question] += answers(question, atom) ? 1 : 0;
            }
        }
        return counts[question] - 1;
    }

    /** Whether an atom begins a pattern, which is matched once. */
    boolean begins(int surrounding, Smarts pattern, int atom) {
        if (begins[surrounding] == null) {
            begins[surrounding] = new byte[answers.length];
        }
        if (begins[surrounding][atom] == 0) {
            begins[surrounding][atom] = pattern.matchesAt(this, atom) ? YES : NO;
        }
        return begins[surrounding][atom] == YES;
    }

    /** Whether patterns of these terms can look at it. */
    boolean isOf(SmartsTerms others) {
        return terms == others;
    }
}
