package org.bitdgdm.molecule;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bitdgdm.conf.InputException;

/**
 * The valences an element may have without charge, ascending. C, N, O and F as in the DiGress evaluation; the rest are
 * the normal valences of the OpenSMILES specification (section 3.1.5, nitrogen without its 5), with B, Si and Se.
 *
 * <p>A charge adds itself to each: N⁺ binds four times, O⁺ three times, S⁺ three, five or seven times, O⁻ once.
 */
final class Valences {
    private static final Map<String, int[]> KNOWN = new TreeMap<>(Map.ofEntries(
        Map.entry("H", new int[] {1}),
        Map.entry("B", new int[] {3}),
        Map.entry("C", new int[] {4}),
        Map.entry("N", new int[] {3}),
        Map.entry("O", new int[] {2}),
        Map.entry("F", new int[] {1}),
        Map.entry("Si", new int[] {4}),
        Map.entry("P", new int[] {3, 5}),
        Map.entry("S", new int[] {2, 4, 6}),
        Map.entry("Cl", new int[] {1}),
        Map.entry("As", new int[] {3, 5}),
        Map.entry("Se", new int[] {2, 4, 6}),
        Map.entry("Br", new int[] {1}),
        Map.entry("I", new int[] {1})));
    private static final List<String> RELAXED = List.of("N", "O", "S");

    private final int[] allowed;
    private final boolean relaxes;

    private Valences(int[] allowed, boolean relaxes) {
        this.allowed = allowed;
        this.relaxes = relaxes;
    }

    /**
     * Valences of an element.
     *
     * @throws InputException for an element without a rule here
     */
    static Valences of(String symbol) {
        int[] allowed = KNOWN.get(symbol);
        if (allowed == null) {
            throw new InputException("atom type " + symbol + " of the model has no valence rule; known are "
                + String.join(", ", KNOWN.keySet()));
        }
        return new Valences(allowed, RELAXED.contains(symbol));
    }

    /** Whether one order too many is answered by a charge of +1. */
    boolean relaxes() {
        return relaxes;
    }

    /** Largest valence at charge 0. */
    int largest() {
        return allowed[allowed.length - 1];
    }

    /** Hydrogens that lift {@code sum} to the next valence at the charge; negative where there is none. */
    int hydrogens(int sum, int charge) {
        for (int valence : allowed) {
            if (valence + charge >= sum) {
                return valence + charge - sum;
            }
        }
        return -1;
    }
}
