package org.bitdgdm.protein;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.protein.ProteinChain.Residue;

/**
 * Secondary structure of a chain by Kabsch and Sander (Biopolymers 22, 1983), in the details as the program DSSP 3 has them;
 * DSSP 4's ninth state is none here. BioJava's calculator differs, see {@code docs/proteins.md}.
 */
final class SecondaryStructure {
    /** State of a residue that is not listed, since its backbone lacks an oxygen. */
    static final byte UNKNOWN = -1;
    private static final byte E = state('E');
    private static final byte L = state('L');
    private static final byte I = state('I');
    private static final byte T = state('T');
    private static final byte H = state('H');
    private static final byte B = state('B');
    private static final byte G = state('G');
    private static final byte S = state('S');

    private static final double LONGEST_PEPTIDE_BOND = 2.5;
    private static final double NEAR = 9;
    private static final double COUPLING = -27.888;
    private static final double LEAST_DISTANCE = 0.5;
    private static final double LEAST_ENERGY = -9.9;
    private static final double BOND_ENERGY = -0.5;
    private static final double BEND = 70;
    private static final int SHORT_GAP = 3;
    private static final int LONG_GAP = 6;
    private static final byte PROLINE = (byte) ProteinGraph.LETTERS.indexOf('P');

    private final List<Residue> residues;
    /** Whether residue i does not follow on the one before it. */
    private final boolean[] broken;
    private final float[][] hydrogens;
    /** (n, 2) acceptors of the two lowest energies of a donor; −1 where there is none. */
    private final int[] acceptors;
    private final double[] energies;
    private final byte[] states;

    private SecondaryStructure(List<Residue> residues) {
        this.residues = residues;
        int n = residues.size();
        broken = new boolean[n];
        hydrogens = new float[n][];
        acceptors = new int[2 * n];
        energies = new double[2 * n];
        states = new byte[n];
        for (int i = 0; i < n; i++) {
            acceptors[2 * i] = -1;
            acceptors[2 * i + 1] = -1;
            states[i] = L;
            broken[i] = i == 0 || Vectors.distance(residues.get(i - 1).c(), residues.get(i).n()) > LONGEST_PEPTIDE_BOND;
            hydrogens[i] = hydrogen(i);
        }
    }

    private static byte state(char letter) {
        return (byte) ProteinGraph.STATES.indexOf(letter);
    }

    /** State of each residue, a class of {@link ProteinGraph#STATES} or {@link #UNKNOWN}. */
    static byte[] of(ProteinChain chain) {
        List<Residue> listed = chain.residues().stream().filter(residue -> residue.o() != null).toList();
        SecondaryStructure found = new SecondaryStructure(listed);
        found.bonds();
        found.sheets();
        found.helices();
        byte[] states = new byte[chain.length()];
        for (int i = 0, at = 0; i < states.length; i++) {
            states[i] = chain.residues().get(i).o() == null ? UNKNOWN : found.states[at++];
        }
        return states;
    }

    private float[] hydrogen(int i) {
        Residue residue = residues.get(i);
        if (broken[i] || residue.type() == PROLINE) {
            return residue.n();
        }
        double[] direction = Vectors.unit(Vectors.between(residues.get(i - 1).o(), residues.get(i - 1).c()));
        float[] at = new float[3];
        for (int axis = 0; axis < 3; axis++) {
            at[axis] = (float) (residue.n()[axis] + direction[axis]);
        }
        return at;
    }

    private boolean unbroken(int from, int to) {
        for (int i = from + 1; i <= to; i++) {
            if (broken[i]) {
                return false;
            }
        }
        return true;
    }

    private void bonds() {
        int n = residues.size();
        for (int donor = 0; donor < n; donor++) {
            if (residues.get(donor).type() == PROLINE) {
                continue;
            }
            for (int acceptor = 0; acceptor < n; acceptor++) {
                if (acceptor != donor && acceptor != donor - 1
                    && Vectors.distance(residues.get(donor).ca(), residues.get(acceptor).ca()) < NEAR) {
                    keep(donor, acceptor, energy(donor, acceptor));
                }
            }
        }
    }

    private double energy(int donor, int acceptor) {
        float[] h = hydrogens[donor];
        float[] n = residues.get(donor).n();
        float[] c = residues.get(acceptor).c();
        float[] o = residues.get(acceptor).o();
        double ho = Vectors.distance(h, o);
        double hc = Vectors.distance(h, c);
        double nc = Vectors.distance(n, c);
        double no = Vectors.distance(n, o);
        if (Math.min(Math.min(ho, hc), Math.min(nc, no)) < LEAST_DISTANCE) {
            return LEAST_ENERGY;
        }
        double energy = COUPLING / ho - COUPLING / hc + COUPLING / nc - COUPLING / no;
        return Math.max(LEAST_ENERGY, Math.round(energy * 1000) / 1000.0);
    }

    private void keep(int donor, int acceptor, double energy) {
        int first = 2 * donor;
        if (energy < energies[first]) {
            acceptors[first + 1] = acceptors[first];
            energies[first + 1] = energies[first];
            acceptors[first] = acceptor;
            energies[first] = energy;
        } else if (energy < energies[first + 1]) {
            acceptors[first + 1] = acceptor;
            energies[first + 1] = energy;
        }
    }

    /** Whether NH of one residue is bonded to CO of the other. */
    private boolean bond(int donor, int acceptor) {
        return acceptors[2 * donor] == acceptor && energies[2 * donor] < BOND_ENERGY
            || acceptors[2 * donor + 1] == acceptor && energies[2 * donor + 1] < BOND_ENERGY;
    }

    /** Consecutive bridges of a type: first and last residue of both strands, and how many bridges. */
    private static final class Ladder {
        private final boolean parallel;
        private final int from;
        private int to;
        private int otherFrom;
        private int otherTo;
        private int bridges = 1;

        Ladder(boolean parallel, int i, int j) {
            this.parallel = parallel;
            from = i;
            to = i;
            otherFrom = j;
            otherTo = j;
        }

        /** Takes a bridge if it follows on the last one. */
        boolean extend(boolean isParallel, int i, int j) {
            if (isParallel != parallel || i != to + 1 || j != (parallel ? otherTo + 1 : otherFrom - 1)) {
                return false;
            }
            to = i;
            otherFrom = Math.min(otherFrom, j);
            otherTo = Math.max(otherTo, j);
            bridges++;
            return true;
        }

        void join(Ladder next) {
            to = next.to;
            otherFrom = Math.min(otherFrom, next.otherFrom);
            otherTo = Math.max(otherTo, next.otherTo);
            bridges += next.bridges;
        }
    }

    private void sheets() {
        List<Ladder> ladders = new ArrayList<>();
        int n = residues.size();
        for (int i = 1; i + 4 < n; i++) {
            for (int j = i + 3; j + 1 < n; j++) {
                if (!unbroken(i - 1, i + 1) || !unbroken(j - 1, j + 1)) {
                    continue;
                }
                boolean parallel = bond(i + 1, j) && bond(j, i - 1) || bond(j + 1, i) && bond(i, j - 1);
                boolean bridge = parallel || bond(i + 1, j - 1) && bond(j + 1, i - 1) || bond(j, i) && bond(i, j);
                if (bridge && !extended(ladders, parallel, i, j)) {
                    ladders.add(new Ladder(parallel, i, j));
                }
            }
        }
        ladders.sort(Comparator.comparingInt(ladder -> ladder.from));
        for (int one = 0; one < ladders.size(); one++) {
            for (int other = one + 1; other < ladders.size(); other++) {
                if (overBulge(ladders.get(one), ladders.get(other))) {
                    ladders.get(one).join(ladders.remove(other));
                    other--;
                }
            }
        }
        for (Ladder ladder : ladders) {
            byte state = ladder.bridges > 1 ? E : B;
            strand(ladder.from, ladder.to, state);
            strand(ladder.otherFrom, ladder.otherTo, state);
        }
    }

    private static boolean extended(List<Ladder> ladders, boolean parallel, int i, int j) {
        for (Ladder ladder : ladders) {
            if (ladder.extend(parallel, i, j)) {
                return true;
            }
        }
        return false;
    }

    private boolean overBulge(Ladder one, Ladder next) {
        int gap = next.from - one.to;
        int otherGap = one.parallel ? next.otherFrom - one.otherTo : one.otherFrom - next.otherTo;
        return one.parallel == next.parallel
            && unbroken(Math.min(one.from, next.from), Math.max(one.to, next.to))
            && unbroken(Math.min(one.otherFrom, next.otherFrom), Math.max(one.otherTo, next.otherTo))
            && gap >= 0 && gap < LONG_GAP && !(one.to >= next.from && one.from <= next.to)
            && otherGap >= 0 && (otherGap < LONG_GAP && gap < SHORT_GAP || otherGap < SHORT_GAP);
    }

    private void strand(int from, int to, byte state) {
        for (int i = from; i <= to; i++) {
            states[i] = states[i] == E ? E : state;
        }
    }

    private boolean turn(int stride, int at) {
        return at >= 0 && at + stride < residues.size() && unbroken(at, at + stride) && bond(at + stride, at);
    }

    private void helices() {
        helix(4, H, List.of(E, L, I, T, H, B, G, S));
        helix(3, G, List.of(L, G));
        helix(5, I, List.of(L, I, H));
        for (int i = 1; i + 1 < states.length; i++) {
            if (states[i] == L) {
                states[i] = insideTurn(i) ? T : bent(i) ? S : L;
            }
        }
    }

    private void helix(int stride, byte state, List<Byte> over) {
        for (int i = 1; i + stride < states.length; i++) {
            boolean free = turn(stride, i - 1) && turn(stride, i);
            for (int j = i; j < i + stride && free; j++) {
                free = over.contains(states[j]);
            }
            for (int j = i; j < i + stride && free; j++) {
                states[j] = state;
            }
        }
    }

    private boolean insideTurn(int i) {
        for (int stride = 3; stride <= 5; stride++) {
            for (int k = 1; k < stride; k++) {
                if (turn(stride, i - k)) {
                    return true;
                }
            }
        }
        return false;
    }

    private boolean bent(int i) {
        return i >= 2 && i + 2 < states.length && unbroken(i - 2, i + 2)
            && Vectors.angle(Vectors.between(residues.get(i - 2).ca(), residues.get(i).ca()),
                Vectors.between(residues.get(i).ca(), residues.get(i + 2).ca())) > BEND;
    }
}
