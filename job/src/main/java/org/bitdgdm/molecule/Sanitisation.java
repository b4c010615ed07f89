package org.bitdgdm.molecule;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IElement;

/**
 * From atoms and bonds as written to a molecule with charges, bond orders and hydrogens, or to the reason why there is none.
 * The one place that says what a molecule is, for graphs of a model and for lines of a list alike. What the DiGress evaluation
 * asks of RDKit ({@code SanitizeMol}), in its order:
 *
 * <ol>
 * <li>Charges are separated where RDKit's clean-up does: a nitrogen of five with a double bond to O or a triple one to N (nitro
 * groups, N-oxides, azides), a phosphorus of five with three neighbours, doubly bound to O and to C or N, and Cl, Br, I of 3, 5
 * or 7 among oxygens only. Where RDKit takes the first neighbour, this takes N before O and the one of fewest bonds, so that
 * the order of the atoms does not matter: nitrous oxide is [N-]=[N+]=O.
 * <li>An atom holds where its orders sum to at most its largest valence. An aromatic bond counts 1½, and an atom that has one
 * may exceed its valence by up to 1½, because kekulisation takes as much away.
 * <li>Relaxed: an N, O or S that is exactly one too many takes charge +1.
 * <li>Aromatic bonds kekulise ({@link Kekulisation}).
 * <li>The orders hold again. RDKit does not look after kekulisation, and calls a ring atom of one aromatic and one triple bond
 * right; such a molecule has a carbon of five, and a reason of its own, {@link ScoredMolecule#AFTER_KEKULISATION}.
 * <li>Hydrogens fill the rest of the atoms that were not written in brackets.
 * </ol>
 */
final class Sanitisation {
    private static final int FIVE = 5;

    private final IAtomContainer molecule;
    private final boolean relaxes;
    private final BitSet bracketed = new BitSet();
    private String reason;

    /**
     * What became of a graph.
     *
     * @param molecule the relaxed molecule; null where relaxing did not help
     * @param reason   why the graph is not valid without relaxing; null where it is
     */
    record Outcome(IAtomContainer molecule, String reason) {
    }

    private Sanitisation(IAtomContainer molecule, boolean relaxes) {
        this.molecule = molecule;
        this.relaxes = relaxes;
    }

    /**
     * Applies the rules.
     *
     * @param molecule as {@link OpenSmiles#read} leaves it; changed, and the molecule of the outcome
     * @param relaxes  whether one order too many may become a charge
     */
    static Outcome apply(IAtomContainer molecule, boolean relaxes) {
        Sanitisation rules = new Sanitisation(molecule, relaxes);
        boolean holds = rules.holds();
        return new Outcome(holds ? molecule : null, rules.reason);
    }

    private boolean holds() {
        boolean aromatic = false;
        for (IAtom atom : molecule.atoms()) {
            if (atom.getImplicitHydrogenCount() != null) {
                bracketed.set(atom.getIndex());
            }
            aromatic |= atom.isAromatic();
        }
        separateCharges();
        int[] sums = new int[molecule.getAtomCount()];
        for (IAtom atom : molecule.atoms()) {
            if (!fits(atom, sums)) {
                return false;
            }
        }
        return (!aromatic || kekulises(sums)) && filled();
    }

    private static Valences valences(IAtom atom) {
        return Valences.of(atom.getAtomicNumber());
    }

    /** Whether an atom keeps its valence, relaxed if need be; {@code sums} gets what it binds. */
    private boolean fits(IAtom atom, int[] sums) {
        Valences valences = valences(atom);
        int charge = atom.getFormalCharge();
        int doubled = doubledSum(atom) + 2 * written(atom);
        int sum = atom.isAromatic() ? valences.aromaticSum(doubled, charge) : Valences.rounded(doubled);
        sums[atom.getIndex()] = sum;
        if (sum <= valences.largest(charge)) {
            boolean fits = bracketed.get(atom.getIndex()) || (atom.isAromatic() ? valences.fitsAromatic(sum, charge)
                : valences.hydrogens(sum, charge) >= 0);
            if (!fits) {
                refuse("valence " + valences.symbol() + " " + halves(doubled) + " is none of " + valences.listed()
                    + " at atom " + atom.getIndex());
            }
            return fits;
        }
        refuse(exceeded(atom, doubled, valences.largest(charge)));
        if (!relaxes || !valences.relaxes() || charge != 0 || Valences.rounded(doubled) != valences.largest(0) + 1) {
            return false;
        }
        atom.setFormalCharge(1);
        sums[atom.getIndex()] = valences.largest(1);
        return true;
    }

    private boolean kekulises(int[] sums) {
        int[] hydrogens = new int[sums.length];
        int[] totals = new int[sums.length];
        for (IAtom atom : molecule.atoms()) {
            int index = atom.getIndex();
            hydrogens[index] = bracketed.get(index) ? atom.getImplicitHydrogenCount()
                : Math.max(0, valences(atom).aimed(0, atom.getFormalCharge()) - sums[index]);
            totals[index] = sums[index] + (bracketed.get(index) ? 0 : hydrogens[index]);
        }
        String failure = Kekulisation.apply(molecule, hydrogens, totals, bracketed);
        if (failure != null) {
            refuse(failure);
        }
        return failure == null;
    }

    /** Checks the valences of all atoms, aromatic ones with the orders they have now, and gives them their hydrogens. */
    private boolean filled() {
        for (IAtom atom : molecule.atoms()) {
            int charge = atom.getFormalCharge();
            int sum = doubledSum(atom) / 2 + written(atom);
            int hydrogens = bracketed.get(atom.getIndex()) ? written(atom) : valences(atom).hydrogens(sum, charge);
            if (hydrogens < 0 || sum > valences(atom).largest(charge)) {
                refuse(exceeded(atom, 2 * sum, valences(atom).largest(charge)) + ScoredMolecule.AFTER_KEKULISATION);
                return false;
            }
            atom.setImplicitHydrogenCount(hydrogens);
        }
        return true;
    }

    /** Keeps the first reason. */
    private void refuse(String why) {
        if (reason == null) {
            reason = why;
        }
    }

    private static String exceeded(IAtom atom, int doubled, int largest) {
        return "valence " + atom.getSymbol() + " " + halves(doubled) + " > " + largest + " at atom " + atom.getIndex();
    }

    private static String halves(int doubled) {
        return doubled / 2 + (doubled % 2 == 0 ? "" : ".5");
    }

    /** Hydrogens in brackets. */
    private static int written(IAtom atom) {
        return atom.getImplicitHydrogenCount() == null ? 0 : atom.getImplicitHydrogenCount();
    }

    /** Twice the sum of an atom's orders, aromatic ones without order as 1½. */
    private static int doubledSum(IAtom atom) {
        int sum = 0;
        for (IBond bond : atom.bonds()) {
            sum += bond.getOrder() == IBond.Order.UNSET ? 3 : 2 * bond.getOrder().numeric();
        }
        return sum;
    }

    private void separateCharges() {
        for (IAtom atom : molecule.atoms()) {
            int element = atom.getAtomicNumber();
            if (atom.getFormalCharge() != 0) {
                continue;
            }
            int sum = Valences.rounded(doubledSum(atom) + 2 * written(atom));
            if (element == IElement.N && sum == FIVE) {
                List<IBond> found = bonds(atom, IElement.N, IBond.Order.TRIPLE);
                separate(atom, found.isEmpty() ? bonds(atom, IElement.O, IBond.Order.DOUBLE) : found);
            } else if (element == IElement.P && sum == FIVE && atom.getBondCount() == 3
                && !(bonds(atom, IElement.C, IBond.Order.DOUBLE).isEmpty()
                    && bonds(atom, IElement.N, IBond.Order.DOUBLE).isEmpty())) {
                separate(atom, bonds(atom, IElement.O, IBond.Order.DOUBLE));
            } else if ((element == IElement.Cl || element == IElement.Br || element == IElement.I)
                && (sum == 3 || sum == FIVE || sum == 7) && amongOxygens(atom)) {
                bonds(atom, IElement.O, IBond.Order.DOUBLE).forEach(oxide -> separate(atom, List.of(oxide)));
            }
        }
    }

    /** Bonds of an order to neutral atoms of an element, those first whose other end has the fewest bonds. */
    private static List<IBond> bonds(IAtom atom, int element, IBond.Order order) {
        List<IBond> found = new ArrayList<>();
        for (IBond bond : atom.bonds()) {
            IAtom other = bond.getOther(atom);
            if (bond.getOrder() == order && other.getAtomicNumber() == element && other.getFormalCharge() == 0) {
                found.add(bond);
            }
        }
        found.sort(Comparator.comparingInt(bond -> bond.getOther(atom).getBondCount()));
        return found;
    }

    private static boolean amongOxygens(IAtom atom) {
        for (IBond bond : atom.bonds()) {
            if (bond.getOther(atom).getAtomicNumber() != IElement.O) {
                return false;
            }
        }
        return true;
    }

    /** Moves an electron pair of the first bond to its other end. */
    private static void separate(IAtom cation, List<IBond> bonds) {
        if (!bonds.isEmpty()) {
            IBond bond = bonds.get(0);
            IAtom anion = bond.getOther(cation);
            bond.setOrder(bond.getOrder() == IBond.Order.TRIPLE ? IBond.Order.DOUBLE : IBond.Order.SINGLE);
            cation.setFormalCharge(cation.getFormalCharge() + 1);
            anion.setFormalCharge(anion.getFormalCharge() - 1);
        }
    }
}
