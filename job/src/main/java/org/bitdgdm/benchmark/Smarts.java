package org.bitdgdm.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.openscience.cdk.AtomRef;
import org.openscience.cdk.BondRef;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IElement;
import org.openscience.cdk.isomorphism.matchers.Expr;
import org.openscience.cdk.isomorphism.matchers.QueryAtom;
import org.openscience.cdk.isomorphism.matchers.QueryAtomContainer;
import org.openscience.cdk.isomorphism.matchers.QueryBond;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

/**
 * One SMARTS, compiled. The CDK parses it and says what its atoms and bonds allow; which atoms of a molecule they can be
 * together is searched here, because hundreds of patterns are asked of every molecule: a pattern with a bond, or an atom,
 * that none of the molecule's can be is not searched at all, and what surrounds an atom is found once for all patterns.
 * Molecules have ring and aromatic flags, and neither isotopes nor stereochemistry. Not thread-safe.
 */
final class Smarts {
    private static final int ORDERS = 5;
    /** Bonds of every kind, by {@link #kind}. */
    private static final IBond[] KINDS = kinds();
    /** What a pattern can ask of a bond: all that follows from its kind. */
    private static final Set<Expr.Type> OF_BONDS = EnumSet.of(Expr.Type.TRUE, Expr.Type.FALSE, Expr.Type.ALIPHATIC_ORDER,
        Expr.Type.ORDER, Expr.Type.IS_AROMATIC, Expr.Type.IS_ALIPHATIC, Expr.Type.IS_IN_RING, Expr.Type.IS_IN_CHAIN,
        Expr.Type.SINGLE_OR_AROMATIC, Expr.Type.DOUBLE_OR_AROMATIC, Expr.Type.SINGLE_OR_DOUBLE);

    private final SmartsTerms terms;
    /** By atom of the pattern: what a molecule's atom must answer, enough where there is no more in {@link #exact}. */
    private final int[] questions;
    /** By atom: null where the question says all. */
    private final Condition[] exact;
    /** Elements that the first atom can be; null where it can be any. */
    private final BitSet first;
    /** The different bonds, those first that molecules have lacked last. */
    private final int[] bonds;
    /** The different questions and how many atoms must answer each, those first that molecules have lacked last. */
    private final int[][] needed;
    /** From the first atom on. */
    private final Step[] rooted;
    /** From the atom on that is likely the rarest. */
    private final Step[] anywhere;

    /** Compiles a SMARTS of ours. */
    Smarts(String smarts, SmartsTerms terms) {
        this(parsed(smarts), terms);
    }

    private Smarts(IAtomContainer pattern, SmartsTerms terms) {
        // The parser's container does not know the bonds of an atom.
        IAtomContainer query = SilentChemObjectBuilder.getInstance().newInstance(IAtomContainer.class, pattern);
        this.terms = terms;
        int n = query.getAtomCount();
        questions = new int[n];
        exact = new Condition[n];
        List<BitSet> elements = new ArrayList<>();
        Map<Integer, Integer> times = new TreeMap<>();
        for (IAtom atom : query.atoms()) {
            int index = atom.getIndex();
            Expr expression = expression(atom);
            Expr bound = bound(expression, true);
            questions[index] = terms.number(bound);
            exact[index] = isOfAtomAlone(expression) ? null : condition(expression);
            elements.add(elements(bound));
            times.merge(questions[index], 1, Integer::sum);
        }
        first = elements.get(0);
        needed = times.entrySet().stream().map(one -> new int[] {one.getKey(), one.getValue()}).toArray(int[][]::new);
        bonds = StreamSupport.stream(query.bonds().spliterator(), false).mapToInt(bond -> terms.bond(
            questions[bond.getBegin().getIndex()], allowed(bond), questions[bond.getEnd().getIndex()])).distinct().toArray();
        rooted = steps(query, 0);
        int rarest = 0;
        for (IAtom atom : query.atoms()) {
            int index = atom.getIndex();
            int better = Integer.compare(commonness(elements.get(index)), commonness(elements.get(rarest)));
            rarest = better < 0 || better == 0 && atom.getBondCount() > query.getAtom(rarest).getBondCount() ? index : rarest;
        }
        anywhere = steps(query, rarest);
    }

    private static IAtomContainer parsed(String smarts) {
        QueryAtomContainer query = new QueryAtomContainer(SilentChemObjectBuilder.getInstance());
        if (!org.openscience.cdk.smarts.Smarts.parse(query, smarts)) {
            throw new IllegalStateException("a pattern must be SMARTS, found " + smarts);
        }
        return query;
    }

    private static Expr expression(IAtom atom) {
        return ((QueryAtom) AtomRef.deref(atom)).getExpression();
    }

    private static int commonness(BitSet elements) {
        return elements == null ? 2 : elements.get(IElement.C) || elements.get(IElement.H) ? 1 : 0;
    }

    /**
     * What to do next in a search.
     *
     * @param atom   of the pattern
     * @param from   place among the steps of an atom that it is bound to; −1 where it is bound to none before it
     * @param bond   kinds that the bond may have, as bits
     * @param closed places of further atoms that it is bound to
     * @param closing kinds that the bonds to them may have
     */
    private record Step(int atom, int from, int bond, int[] closed, int[] closing) {
    }

    private static Step[] steps(IAtomContainer query, int root) {
        int[] place = new int[query.getAtomCount()];
        Arrays.fill(place, -1);
        List<Step> steps = new ArrayList<>();
        place(query.getAtom(root), null, place, steps);
        for (IAtom atom : query.atoms()) {
            if (place[atom.getIndex()] < 0) {
                place(atom, null, place, steps);
            }
        }
        return steps.toArray(Step[]::new);
    }

    private static void place(IAtom atom, IBond by, int[] place, List<Step> steps) {
        List<IBond> closing = new ArrayList<>();
        for (IBond bond : atom.bonds()) {
            if ((by == null || bond.getIndex() != by.getIndex()) && place[bond.getOther(atom).getIndex()] >= 0) {
                closing.add(bond);
            }
        }
        place[atom.getIndex()] = steps.size();
        steps.add(new Step(atom.getIndex(), by == null ? -1 : place[by.getOther(atom).getIndex()], by == null ? 0 : allowed(by),
            closing.stream().mapToInt(bond -> place[bond.getOther(atom).getIndex()]).toArray(),
            closing.stream().mapToInt(Smarts::allowed).toArray()));
        for (IBond bond : atom.bonds()) {
            IAtom other = bond.getOther(atom);
            if (place[other.getIndex()] < 0) {
                place(other, bond, place, steps);
            }
        }
    }

    /** The kind of a bond: its order, and whether it is aromatic and in a ring. */
    static int kind(IBond bond) {
        return bond.getOrder().numeric() + (bond.isAromatic() ? ORDERS : 0) + (bond.isInRing() ? 2 * ORDERS : 0);
    }

    private static IBond[] kinds() {
        IBond.Order[] orders = {IBond.Order.UNSET, IBond.Order.SINGLE, IBond.Order.DOUBLE, IBond.Order.TRIPLE,
            IBond.Order.QUADRUPLE};
        return IntStream.range(0, 4 * ORDERS).mapToObj(kind -> {
            IBond bond = SilentChemObjectBuilder.getInstance().newBond();
            bond.setOrder(orders[kind % ORDERS]);
            bond.setIsAromatic(kind / ORDERS % 2 == 1);
            bond.setIsInRing(kind / ORDERS / 2 == 1);
            return bond;
        }).toArray(IBond[]::new);
    }

    private static int allowed(IBond bond) {
        Expr expression = ((QueryBond) BondRef.deref(bond)).getExpression();
        require(expression);
        int allowed = 0;
        for (int kind = 0; kind < KINDS.length; kind++) {
            allowed |= expression.matches(KINDS[kind]) ? 1 << kind : 0;
        }
        return allowed;
    }

    private static void require(Expr expression) {
        switch (expression.type()) {
            case AND, OR -> {
                require(expression.left());
                require(expression.right());
            }
            case NOT -> require(expression.left());
            default -> {
                if (!OF_BONDS.contains(expression.type())) {
                    throw new IllegalStateException("a pattern must ask what kinds of bonds tell apart, found " + expression);
                }
            }
        }
    }

    /** What is asked of an atom with its surroundings. */
    private sealed interface Condition {
        boolean holds(SmartsTarget molecule, int atom);
    }

    private record Alone(int question) implements Condition {
        @Override
        public boolean holds(SmartsTarget molecule, int atom) {
            return molecule.answers(question, atom);
        }
    }

    private record Both(Condition left, Condition right) implements Condition {
        @Override
        public boolean holds(SmartsTarget molecule, int atom) {
            return left.holds(molecule, atom) && right.holds(molecule, atom);
        }
    }

    private record Either(Condition left, Condition right) implements Condition {
        @Override
        public boolean holds(SmartsTarget molecule, int atom) {
            return left.holds(molecule, atom) || right.holds(molecule, atom);
        }
    }

    private record Not(Condition of) implements Condition {
        @Override
        public boolean holds(SmartsTarget molecule, int atom) {
            return !of.holds(molecule, atom);
        }
    }

    private record Begins(int surrounding, Smarts pattern) implements Condition {
        @Override
        public boolean holds(SmartsTarget molecule, int atom) {
            return molecule.begins(surrounding, pattern, atom);
        }
    }

    private Condition condition(Expr expression) {
        if (isOfAtomAlone(expression)) {
            return new Alone(terms.number(expression));
        }
        return switch (expression.type()) {
            case AND -> new Both(condition(expression.left()), condition(expression.right()));
            case OR -> new Either(condition(expression.left()), condition(expression.right()));
            case NOT -> new Not(condition(expression.left()));
            default -> new Begins(terms.surrounding(), new Smarts(expression.subquery(), terms));
        };
    }

    private static boolean isOfAtomAlone(Expr expression) {
        return switch (expression.type()) {
            case AND, OR -> isOfAtomAlone(expression.left()) && isOfAtomAlone(expression.right());
            case NOT -> isOfAtomAlone(expression.left());
            default -> expression.type() != Expr.Type.RECURSIVE;
        };
    }

    /** What holds of an atom alone wherever an expression does, or, lower, only where it does. */
    private static Expr bound(Expr expression, boolean upper) {
        return switch (expression.type()) {
            case AND, OR -> new Expr(expression.type(), bound(expression.left(), upper), bound(expression.right(), upper));
            case NOT -> new Expr(Expr.Type.NOT, bound(expression.left(), !upper), null);
            case RECURSIVE -> upper ? bound(expression(expression.subquery().getAtom(0)), true) : new Expr(Expr.Type.FALSE);
            default -> expression;
        };
    }

    /** Elements that an expression of an atom alone allows; null where it may allow any. */
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

    /** Whether its first atom can be of an element. */
    boolean beginsWith(int element) {
        return first == null || first.get(element);
    }

    /** Whether a molecule has it anywhere. */
    boolean matches(SmartsTarget molecule) {
        require(molecule);
        // Most molecules lack what the last ones have lacked.
        for (int at = 0; at < bonds.length; at++) {
            if (!molecule.someBond(bonds[at])) {
                int lacked = bonds[at];
                System.arraycopy(bonds, 0, bonds, 1, at);
                bonds[0] = lacked;
                return false;
            }
        }
        for (int at = 0; at < needed.length; at++) {
            if (!molecule.some(needed[at][0]) || needed[at][1] > 1 && molecule.count(needed[at][0]) < needed[at][1]) {
                int[] lacked = needed[at];
                System.arraycopy(needed, 0, needed, 1, at);
                needed[0] = lacked;
                return false;
            }
        }
        return goesOn(molecule, anywhere, new int[anywhere.length], 0);
    }

    /** Whether its first atom can be this one. */
    boolean matchesAt(SmartsTarget molecule, int atom) {
        require(molecule);
        if (!fits(molecule, 0, atom)) {
            return false;
        }
        if (rooted.length == 1) {
            return true;
        }
        int[] placed = new int[rooted.length];
        placed[0] = atom;
        return goesOn(molecule, rooted, placed, 1);
    }

    /** Atoms that can be its first one. */
    int count(SmartsTarget molecule) {
        int count = 0;
        for (int atom = 0; atom < molecule.atoms(); atom++) {
            count += matchesAt(molecule, atom) ? 1 : 0;
        }
        return count;
    }

    private void require(SmartsTarget molecule) {
        if (!molecule.isOf(terms)) {
            throw new IllegalArgumentException("a molecule must be looked at with the terms of its patterns");
        }
    }

    private boolean fits(SmartsTarget molecule, int atom, int of) {
        return molecule.answers(questions[atom], of) && (exact[atom] == null || exact[atom].holds(molecule, of));
    }

    /**
     * Whether the rest of a search can be placed.
     *
     * @param placed (steps) atoms of the molecule, the first {@code next} of them known
     */
    private boolean goesOn(SmartsTarget molecule, Step[] steps, int[] placed, int next) {
        if (next == steps.length) {
            return true;
        }
        Step step = steps[next];
        if (step.from() < 0) {
            for (int atom = 0; atom < molecule.atoms(); atom++) {
                if (fits(molecule, step.atom(), atom) && goesOn(molecule, steps, placed, next, atom)) {
                    return true;
                }
            }
            return false;
        }
        int[] neighbours = molecule.neighbours(placed[step.from()]);
        int[] bonds = molecule.bonds(placed[step.from()]);
        for (int at = 0; at < neighbours.length; at++) {
            if ((step.bond() >>> bonds[at] & 1) != 0 && fits(molecule, step.atom(), neighbours[at])
                && goesOn(molecule, steps, placed, next, neighbours[at])) {
                return true;
            }
        }
        return false;
    }

    /** Whether it can with an atom as the next one, which it may not be where it is one before. */
    private boolean goesOn(SmartsTarget molecule, Step[] steps, int[] placed, int next, int atom) {
        for (int before = 0; before < next; before++) {
            if (placed[before] == atom) {
                return false;
            }
        }
        Step step = steps[next];
        for (int at = 0; at < step.closed().length; at++) {
            if ((step.closing()[at] & molecule.bond(atom, placed[step.closed()[at]])) == 0) {
                return false;
            }
        }
        placed[next] = atom;
        return goesOn(molecule, steps, placed, next + 1);
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
