package org.bitdgdm.protein;

import java.util.List;
import org.bitdgdm.kernels.ProteinGraph;

/**
 * A chain as its file has it: standard residues in the order of the file, heavy atoms of one location each, in Å.
 *
 * @param id       as the file's author has named it; {@code _} where a PDB file leaves it blank
 * @param residues at least one
 */
public record ProteinChain(String id, List<Residue> residues) {

    /**
     * A residue with its backbone.
     *
     * @param number  of the author, with insertion code, for example {@code 52A}, or {@code 52'1} where that is a digit
     * @param type    class of {@link ProteinGraph#LETTERS}
     * @param n       (3) nitrogen of the backbone
     * @param ca      (3) Cα
     * @param c       (3) carbon of the backbone
     * @param o       (3) oxygen of the backbone; null where the file has none
     * @param bFactor of Cα
     * @param atoms   all heavy atoms, those of the backbone among them
     */
    public record Residue(String number, byte type, float[] n, float[] ca, float[] c, float[] o, float bFactor,
                          List<HeavyAtom> atoms) {
    }

    /**
     * An atom.
     *
     * @param position (3)
     * @param radius   of van der Waals, Å
     */
    public record HeavyAtom(float[] position, double radius) {
    }

    public ProteinChain {
        residues = List.copyOf(residues);
    }

    /** Number of residues. */
    public int length() {
        return residues.size();
    }

    /** Classes of the residues. */
    public byte[] sequence() {
        byte[] sequence = new byte[residues.size()];
        for (int i = 0; i < sequence.length; i++) {
            sequence[i] = residues.get(i).type();
        }
        return sequence;
    }

    /** Secondary structure, a letter of {@link ProteinGraph#STATES} for each residue; {@code ?} where it is not known. */
    public String states() {
        StringBuilder letters = new StringBuilder();
        for (byte state : SecondaryStructure.of(this)) {
            letters.append(state == SecondaryStructure.UNKNOWN ? '?' : ProteinGraph.STATES.charAt(state));
        }
        return letters.toString();
    }
}
