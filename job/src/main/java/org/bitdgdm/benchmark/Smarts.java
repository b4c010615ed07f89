package org.bitdgdm.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.openscience.cdk.AtomRef;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.isomorphism.DfPattern;
import org.openscience.cdk.isomorphism.matchers.Expr;
import org.openscience.cdk.isomorphism.matchers.QueryAtom;
import org.openscience.cdk.isomorphism.matchers.QueryAtomContainer;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

/**
 * One SMARTS, compiled. Molecules have ring and aromatic flags already. Not thread-safe.
 *
 * <p>Hundreds of patterns are asked of every molecule, most of which lacks an element that they need: that is looked at first.
 */
final class Smarts {
    private final DfPattern pattern;
    /** Elements that each atom of the pattern can be; null for one that can be any. */
    private final List<BitSet> elements = new ArrayList<>();
    /** (elements) atoms of the pattern that can be this element only. */
    private final int[] needed = new int[ElementCounts.ELEMENTS];

    /** Compiles a SMARTS of ours. */
    Smarts(String smarts) {
        QueryAtomContainer query = new QueryAtomContainer(SilentChemObjectBuilder.getInstance());
        if (!org.openscience.cdk.smarts.Smarts.parse(query, smarts)) {
            throw new IllegalStateException("a pattern must be SMARTS, found " + smarts);
        }
        pattern = DfPattern.findSubstructure(query);
        for (IAtom atom : query.atoms()) {
            BitSet possible = elements(((QueryAtom) AtomRef.deref(atom)).getExpression());
            elements.add(possible);
            if (possible != null && possible.cardinality() == 1) {
                needed[possible.nextSetBit(0)]++;
            }
        }
    }

    /** Elements that an expression allows; null where it may allow any. */
    private static BitSet elements(Expr expression) {
        switch (expression.type()) {
            case ELEMENT, ALIPHATIC_ELEMENT, AROMATIC_ELEMENT -> {
                BitSet one = new BitSet();
                one.set(expression.value());
                return one;
            }
            case AND, OR -> {
                BitSet left = elements(expression.left());
                BitSet right = elements(expression.right());
                if (expression.type() == Expr.Type.OR) {
                    if (left != null && right != null) {
                        left.or(right);
                        return left;
                    }
                    return null;
                }
                if (left != null && right != null) {
                    left.and(right);
                }
                return left != null ? left : right;
            }
            default -> {
                return null;
            }
        }
    }

    /**
     * How many atoms of each element a molecule has.
     *
     * @param counts (elements)
     */
    record ElementCounts(int[] counts) {
        static final int ELEMENTS = 128;

        static ElementCounts of(IAtomContainer molecule) {
            int[] counts = new int[ELEMENTS];
            for (IAtom atom : molecule.atoms()) {
                counts[atom.getAtomicNumber()]++;
            }
            return new ElementCounts(counts);
        }
    }

    private boolean lacksNothing(ElementCounts molecule) {
        for (int element = 0; element < needed.length; element++) {
            if (needed[element] > molecule.counts()[element]) {
                return false;
            }
        }
        for (BitSet possible : elements) {
            if (possible != null && possible.stream().allMatch(element -> molecule.counts()[element] == 0)) {
                return false;
            }
        }
        return true;
    }

    /** Whether its first atom can be of an element. */
    boolean beginsWith(int element) {
        return elements.get(0) == null || elements.get(0).get(element);
    }

    /** Whether a molecule has it anywhere. */
    boolean matches(IAtomContainer molecule, ElementCounts counts) {
        return lacksNothing(counts) && pattern.matches(molecule);
    }

    /** Whether its first atom can be this one. */
    boolean matchesAt(IAtom atom) {
        return beginsWith(atom.getAtomicNumber()) && pattern.matchesRoot(atom);
    }

    /** Atoms that can be its first one. */
    int count(IAtomContainer molecule) {
        int count = 0;
        for (IAtom atom : molecule.atoms()) {
            count += matchesAt(atom) ? 1 : 0;
        }
        return count;
    }

    /** Lines of a table of this package. */
    static List<String> lines(String name) {
        try (InputStream bytes = Smarts.class.getResourceAsStream(name)) {
            if (bytes == null) {
                throw new IllegalStateException("the application jar must hold " + name + " of "
                    + Smarts.class.getPackageName());
            }
            return new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8)).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
