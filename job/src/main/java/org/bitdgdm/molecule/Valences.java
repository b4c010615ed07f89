package org.bitdgdm.molecule;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitdgdm.conf.InputException;
import org.openscience.cdk.config.Elements;

/**
 * The valences an element may have, ascending, as RDKit's table has them (2022.09, {@code atomic_data.cpp}): P 3, 5, 7;
 * Si 4, 6; As 3, 5, 7; I 1, 3, 5. Transition metals, lanthanides, actinides and what is heavier take any, and get no hydrogens.
 *
 * <p>A charge adds itself to each: N⁺ binds four times, O⁻ once. It takes itself away from the elements on the left of the
 * periodic table, so that B⁻ binds four times, and, where hydrogens are filled in, from C too: C⁺ is CH₃⁺.
 */
final class Valences {
    private static final int ANY = -1;
    private static final int CARBON = 6;
    private static final Set<String> RELAXED = Set.of("N", "O", "S");
    /** Where a positive charge takes valence away. */
    private static final Set<String> EARLY = Set.of("H", "Li", "Be", "B", "Na", "Mg", "Al", "K", "Ca", "Ga", "Ge", "Rb", "Sr",
        "In", "Sn", "Sb", "Cs", "Ba", "Tl", "Pb", "Bi", "Fr", "Ra");
    /** Of these, those with four outer electrons or more, where the largest valence shifts the other way all the same. */
    private static final Set<String> EARLY_OF_FOUR = Set.of("Ge", "Sn", "Sb", "Pb", "Bi");
    private static final Map<String, int[]> KNOWN = new HashMap<>();

    static {
        known("He Ne Ar Kr Rn", 0);
        known("H Li Na K Rb Cs Fr F Cl Br", 1);
        known("Be O", 2);
        known("B N Ga In Tl", 3);
        known("C Ge", 4);
        known("Mg Ca Sr Ba Ra", 2, ANY);
        known("Al", 3, 6);
        known("Si", 4, 6);
        known("P As Sb Bi", 3, 5, 7);
        known("S Se Te Po", 2, 4, 6);
        known("Sn Pb", 2, 4);
        known("I At", 1, 3, 5);
        known("Xe", 0, 2, 4, 6);
    }

    private final String symbol;
    private final int atomicNumber;
    private final int[] allowed;

    private Valences(Elements element) {
        symbol = element.symbol();
        atomicNumber = element.number();
        allowed = KNOWN.getOrDefault(symbol, new int[] {ANY});
    }

    private static void known(String symbols, int... valences) {
        Stream.of(symbols.split(" ")).forEach(symbol -> KNOWN.put(symbol, valences));
    }

    /**
     * Valences of an element.
     *
     * @throws InputException for what is no element
     */
    static Valences of(String symbol) {
        Elements element = Elements.ofString(symbol);
        if (element == Elements.Unknown || !element.symbol().equals(symbol)) {
            throw new InputException("atom type " + symbol + " of the model has no valence rule; it must be the symbol of an"
                + " element");
        }
        return new Valences(element);
    }

    /** Valences of an element. */
    static Valences of(int atomicNumber) {
        return new Valences(Elements.ofNumber(atomicNumber));
    }

    String symbol() {
        return symbol;
    }

    int atomicNumber() {
        return atomicNumber;
    }

    /** Whether one order too many is answered by a charge of +1. */
    boolean relaxes() {
        return RELAXED.contains(symbol);
    }

    /** Largest valence at a charge; the largest number there is for elements that take any. */
    int largest(int charge) {
        int last = allowed[allowed.length - 1];
        if (last == ANY) {
            return Integer.MAX_VALUE;
        }
        return last + (EARLY.contains(symbol) && !EARLY_OF_FOUR.contains(symbol) ? -charge : charge);
    }

    /** Hydrogens that lift {@code sum} to the next valence at the charge; 0 where any valence will do, negative for none. */
    int hydrogens(int sum, int charge) {
        for (int valence : allowed) {
            if (valence == ANY) {
                return 0;
            }
            if (valence + shift(charge) >= sum) {
                return valence + shift(charge) - sum;
            }
        }
        return -1;
    }

    /** The valence that an atom of aromatic bonds aims at: the first not below {@code total}, else the last. */
    int aimed(int total, int charge) {
        int aimed = allowed[0];
        for (int k = 1; k < allowed.length && aimed + shift(charge) < total && allowed[k] > 0; k++) {
            aimed = allowed[k];
        }
        return aimed == ANY ? ANY : aimed + shift(charge);
    }

    /**
     * The sum of an atom with aromatic bonds, which kekulisation takes down again by up to 1½: N in N-methylpyrrole has 4
     * and binds three times.
     *
     * @param doubled twice the sum, aromatic bonds as 1½
     * @return the sum to judge, halves rounded up
     */
    int aromaticSum(int doubled, int charge) {
        int reached = allowed[0] + shift(charge);
        if (allowed[0] == ANY || doubled <= 2 * reached) {
            return rounded(doubled);
        }
        for (int valence : allowed) {
            if (valence == ANY || 2 * (valence + shift(charge)) > doubled) {
                break;
            }
            reached = valence + shift(charge);
        }
        return doubled - 2 * reached <= 3 ? reached : rounded(doubled);
    }

    /** Whether an atom of aromatic bonds may have the sum: one of its valences, or less than the first. */
    boolean fitsAromatic(int sum, int charge) {
        return allowed[0] == ANY || sum <= allowed[0] + shift(charge)
            || Arrays.stream(allowed).anyMatch(valence -> valence + shift(charge) == sum);
    }

    /** The valences at charge 0, for people. */
    String listed() {
        return Arrays.stream(allowed).mapToObj(String::valueOf).collect(Collectors.joining(", "));
    }

    /** Halves round up. */
    static int rounded(int doubled) {
        return (doubled + 1) / 2;
    }

    private int shift(int charge) {
        return EARLY.contains(symbol) || atomicNumber == CARBON && charge > 0 ? -charge : charge;
    }
}
