package org.bitdgdm.molecule;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Vocabulary;
import org.openscience.cdk.config.Elements;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

/**
 * From a graph to a molecule with charges, bond orders and hydrogens, or to the reason why there is none. What the DiGress
 * evaluation asks of RDKit ({@code build_molecule_with_partial_charges} and {@code SanitizeMol}), in its order:
 *
 * <ol>
 * <li>A nitrogen of five with a double bond to O or a triple one to N is written with separate charges, as RDKit's
 * clean-up does: nitro groups, N-oxides and azides are valid.
 * <li>An atom holds where its orders sum to at most its largest valence. An aromatic bond counts 1½, and an atom that has
 * one may exceed its valence by up to 1½, because kekulisation takes as much away.
 * <li>Relaxed: an N, O or S that is exactly one too many takes charge +1.
 * <li>Aromatic bonds kekulise ({@link Kekulisation}), the orders hold again, hydrogens fill the rest.
 * </ol>
 */
final class MoleculeRules {
    private static final int AROMATIC_DOUBLED = 3;
    private static final int NITROGEN_OF_FIVE = 5;

    private final List<String> symbols;
    private final List<Valences> valences;
    private final int[] classOrders;

    /**
     * What became of a graph.
     *
     * @param molecule the relaxed molecule; null where relaxing did not help
     * @param reason   why the graph is not valid without relaxing; null where it is
     */
    record Outcome(IAtomContainer molecule, String reason) {
    }

    /**
     * Rules for graphs of one vocabulary.
     *
     * @throws InputException for an element without valence rule or an unknown bond name
     */
    MoleculeRules(Vocabulary vocabulary) {
        symbols = vocabulary.nodes();
        valences = symbols.stream().map(Valences::of).toList();
        classOrders = BondOrders.of(vocabulary);
    }

    /**
     * Applies the rules.
     *
     * @param nodes (n) atom classes, n at least 1
     * @param bonds (n(n−1)/2) bond classes
     */
    Outcome apply(byte[] nodes, byte[] bonds) {
        String unknown = unknownClass(nodes, bonds);
        if (unknown != null) {
            return new Outcome(null, unknown);
        }
        int[][] orders = orders(nodes.length, bonds);
        int[] charges = new int[nodes.length];
        separateCharges(nodes, orders, charges);
        String reason = null;
        for (int atom = 0; atom < nodes.length; atom++) {
            int largest = valences.get(nodes[atom]).largest() + charges[atom];
            int doubled = doubledSum(orders[atom]);
            if (doubled <= 2 * largest + (contains(orders[atom], BondOrders.AROMATIC) ? AROMATIC_DOUBLED : 0)) {
                continue;
            }
            if (reason == null) {
                reason = exceeded(symbols.get(nodes[atom]), doubled, largest, atom);
            }
            if (!valences.get(nodes[atom]).relaxes() || charges[atom] != 0 || rounded(doubled) != largest + 1) {
                return new Outcome(null, reason);
            }
            charges[atom] = 1;
        }
        return complete(nodes, orders, charges, reason);
    }

    /** Kekulises and adds hydrogens; {@code reason} is null where the graph is valid so far without relaxing. */
    private Outcome complete(byte[] nodes, int[][] orders, int[] charges, String reason) {
        int n = nodes.length;
        List<Valences> atoms = IntStream.range(0, n).mapToObj(atom -> valences.get(nodes[atom])).toList();
        if (Arrays.stream(orders).anyMatch(row -> contains(row, BondOrders.AROMATIC))) {
            String failure = Kekulisation.apply(orders, atoms, charges);
            if (failure != null) {
                return new Outcome(null, reason == null ? failure : reason);
            }
        }
        int[] hydrogens = new int[n];
        for (int atom = 0; atom < n; atom++) {
            int doubled = doubledSum(orders[atom]);
            hydrogens[atom] = atoms.get(atom).hydrogens(doubled / 2, charges[atom]);
            if (hydrogens[atom] < 0) {
                int largest = atoms.get(atom).largest() + charges[atom];
                return new Outcome(null, reason != null ? reason
                    : exceeded(symbols.get(nodes[atom]), doubled, largest, atom) + " after kekulisation");
            }
        }
        return new Outcome(molecule(nodes, orders, charges, hydrogens), reason);
    }

    private static String exceeded(String symbol, int doubled, int largest, int atom) {
        return "valence " + symbol + " " + doubled / 2 + (doubled % 2 == 0 ? "" : ".5") + " > " + largest + " at atom "
            + atom;
    }

    /** (n, n) orders of the bond classes, symmetric. */
    private int[][] orders(int n, byte[] bonds) {
        int[][] orders = new int[n][n];
        for (int i = 0, pair = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++, pair++) {
                orders[i][j] = classOrders[bonds[pair]];
                orders[j][i] = orders[i][j];
            }
        }
        return orders;
    }

    /** Clean-up of neutral nitrogens of five, first neighbour first: N=O becomes N⁺–O⁻, N#N becomes N⁺=N⁻. */
    private void separateCharges(byte[] nodes, int[][] orders, int[] charges) {
        for (int atom = 0; atom < nodes.length; atom++) {
            if (charges[atom] != 0 || !symbols.get(nodes[atom]).equals("N")
                || rounded(doubledSum(orders[atom])) != NITROGEN_OF_FIVE) {
                continue;
            }
            for (int other = 0; other < nodes.length; other++) {
                String symbol = symbols.get(nodes[other]);
                int order = orders[atom][other];
                if (charges[other] == 0 && (symbol.equals("O") && order == 2 || symbol.equals("N") && order == 3)) {
                    orders[atom][other] = order - 1;
                    orders[other][atom] = order - 1;
                    charges[atom] = 1;
                    charges[other] = -1;
                    break;
                }
            }
        }
    }

    private IAtomContainer molecule(byte[] nodes, int[][] orders, int[] charges, int[] hydrogens) {
        IAtomContainer molecule = SilentChemObjectBuilder.getInstance().newAtomContainer();
        for (int atom = 0; atom < nodes.length; atom++) {
            molecule.newAtom(Elements.ofString(symbols.get(nodes[atom])).number(), hydrogens[atom])
                .setFormalCharge(charges[atom]);
        }
        for (int i = 0; i < nodes.length; i++) {
            for (int j = i + 1; j < nodes.length; j++) {
                if (orders[i][j] != 0) {
                    molecule.newBond(molecule.getAtom(i), molecule.getAtom(j), switch (orders[i][j]) {
                        case 1 -> IBond.Order.SINGLE;
                        case 2 -> IBond.Order.DOUBLE;
                        default -> IBond.Order.TRIPLE;
                    });
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

    /** Twice the sum of a row of orders, aromatic ones as 1½. */
    private static int doubledSum(int[] row) {
        int sum = 0;
        for (int order : row) {
            sum += order == BondOrders.AROMATIC ? AROMATIC_DOUBLED : 2 * order;
        }
        return sum;
    }

    private static boolean contains(int[] row, int wanted) {
        for (int order : row) {
            if (order == wanted) {
                return true;
            }
        }
        return false;
    }

    /** Halves round up, as RDKit's do. */
    private static int rounded(int doubled) {
        return (doubled + 1) / 2;
    }
}
