package org.bitdgdm.molecule;

import java.util.List;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

/** Between graphs of one vocabulary and atoms and bonds, of which {@link Sanitisation} makes molecules. */
final class MoleculeRules {
    private final List<String> symbols;
    private final int[] atomicNumbers;
    private final int[] classOrders;
    private final boolean aromatic;

    /**
     * Rules for graphs of one vocabulary.
     *
     * @throws InputException for a name that is no element or an unknown bond name
     */
    MoleculeRules(Vocabulary vocabulary) {
        symbols = vocabulary.nodes();
        atomicNumbers = symbols.stream().mapToInt(symbol -> Valences.of(symbol).atomicNumber()).toArray();
        classOrders = BondOrders.of(vocabulary);
        aromatic = vocabulary.aromatic();
    }

    /**
     * Applies the rules, relaxing.
     *
     * @param nodes (n) atom classes, n at least 1
     * @param bonds (n(n−1)/2) bond classes
     */
    Sanitisation.Outcome apply(byte[] nodes, byte[] bonds) {
        String unknown = unknownClass(nodes, bonds);
        return unknown != null ? new Sanitisation.Outcome(null, unknown) : Sanitisation.apply(molecule(nodes, bonds), true);
    }

    /**
     * Atom class of each atom of a molecule, −1 for an element that the vocabulary lacks.
     *
     * @param molecule with the hydrogens that the vocabulary wants as atoms
     */
    byte[] nodes(IAtomContainer molecule) {
        byte[] nodes = new byte[molecule.getAtomCount()];
        for (IAtom atom : molecule.atoms()) {
            nodes[atom.getIndex()] = (byte) symbols.indexOf(atom.getSymbol());
        }
        return nodes;
    }

    /**
     * Bond class of each pair of a molecule's atoms, −1 for an order that the vocabulary lacks.
     *
     * @param molecule with orders; gets aromatic flags where the vocabulary has aromatic bonds in its training graphs
     */
    byte[] bonds(IAtomContainer molecule) {
        if (aromatic) {
            Canonicaliser.perceive(molecule);
        }
        int n = molecule.getAtomCount();
        byte[] bonds = new byte[Graph.pairs(n)];
        for (IBond bond : molecule.bonds()) {
            int order = aromatic && bond.isAromatic() ? BondOrders.AROMATIC : bond.getOrder().numeric();
            int i = bond.getBegin().getIndex();
            int j = bond.getEnd().getIndex();
            bonds[Graph.pair(n, Math.min(i, j), Math.max(i, j))] = (byte) classOf(order, bond.getOrder());
        }
        return bonds;
    }

    /** A quadruple bond counts as many as the mark for aromatic ones, and has no class. */
    private int classOf(int order, IBond.Order of) {
        for (int type = 1; type < classOrders.length && of != IBond.Order.QUADRUPLE; type++) {
            if (classOrders[type] == order) {
                return type;
            }
        }
        return -1;
    }

    private IAtomContainer molecule(byte[] nodes, byte[] bonds) {
        IAtomContainer molecule = SilentChemObjectBuilder.getInstance().newAtomContainer();
        for (byte node : nodes) {
            IAtom atom = molecule.newAtom(atomicNumbers[node]);
            atom.setFormalCharge(0);
            atom.setImplicitHydrogenCount(null);
        }
        for (int i = 0, pair = 0; i < nodes.length; i++) {
            for (int j = i + 1; j < nodes.length; j++, pair++) {
                int order = classOrders[bonds[pair]];
                if (order != 0) {
                    IBond bond = molecule.newBond(molecule.getAtom(i), molecule.getAtom(j), BondOrders.order(order));
                    if (order == BondOrders.AROMATIC) {
                        bond.setIsAromatic(true);
                        bond.getBegin().setIsAromatic(true);
                        bond.getEnd().setIsAromatic(true);
                    }
                }
            }
        }
        return molecule;
    }

    private String unknownClass(byte[] nodes, byte[] bonds) {
        for (int atom = 0; atom < nodes.length; atom++) {
            if (nodes[atom] < 0 || nodes[atom] >= symbols.size()) {
                return "unknown atom class " + nodes[atom] + " at atom " + atom;
            }
        }
        for (byte bond : bonds) {
            if (bond < 0 || bond >= classOrders.length) {
                return "unknown bond class " + bond;
            }
        }
        return null;
    }

    /** Orders of a vocabulary's bond classes: 0 for no bond, 1…3, or {@link #AROMATIC}. */
    static final class BondOrders {
        /** Not an order but a mark: single or double, as kekulisation finds. */
        static final int AROMATIC = 4;

        private static final List<String> NAMES = Vocabulary.MOLECULE_BONDS;

        private BondOrders() {
        }

        /**
         * Order of each bond class.
         *
         * @throws InputException for a class that is not one of none, single, double, triple, aromatic
         */
        static int[] of(Vocabulary vocabulary) {
            return vocabulary.edges().stream().mapToInt(name -> {
                int order = NAMES.indexOf(name);
                if (order < 0) {
                    throw new InputException("bond type " + name + " of the model is not known; known are "
                        + String.join(", ", NAMES));
                }
                return order;
            }).toArray();
        }

        /** The toolkit's word for a number; {@code UNSET} for {@link #AROMATIC}. */
        static IBond.Order order(int number) {
            return switch (number) {
                case 1 -> IBond.Order.SINGLE;
                case 2 -> IBond.Order.DOUBLE;
                case 3 -> IBond.Order.TRIPLE;
                default -> IBond.Order.UNSET;
            };
        }
    }
}
