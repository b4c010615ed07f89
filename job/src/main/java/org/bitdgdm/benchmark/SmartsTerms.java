package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IElement;
import org.openscience.cdk.isomorphism.matchers.Expr;

/**
 * What some patterns ask of single atoms, and of two bound ones, each different question once. Atoms that are alike in all that
 * can be asked about are of one kind, of which the CDK answers every question when the first such atom is met: molecules of a
 * set have a few hundred kinds, and some thousand different bonds of two kinds. Not thread-safe.
 */
final class SmartsTerms {
    /** Questions whose answers follow from what {@link #kind} looks at, in molecules without isotopes. */
    private static final Set<Expr.Type> OF_ATOMS = EnumSet.of(Expr.Type.TRUE, Expr.Type.FALSE, Expr.Type.IS_AROMATIC,
        Expr.Type.IS_ALIPHATIC, Expr.Type.IS_IN_RING, Expr.Type.IS_IN_CHAIN, Expr.Type.IS_HETERO, Expr.Type.ELEMENT,
        Expr.Type.ALIPHATIC_ELEMENT, Expr.Type.AROMATIC_ELEMENT, Expr.Type.HAS_IMPLICIT_HYDROGEN, Expr.Type.IMPL_H_COUNT,
        Expr.Type.TOTAL_H_COUNT, Expr.Type.DEGREE, Expr.Type.HEAVY_DEGREE, Expr.Type.TOTAL_DEGREE, Expr.Type.VALENCE,
        Expr.Type.FORMAL_CHARGE, Expr.Type.RING_BOND_COUNT, Expr.Type.RING_COUNT, Expr.Type.HAS_ISOTOPE,
        Expr.Type.HAS_UNSPEC_ISOTOPE, Expr.Type.ISOTOPE);

    private static final long MIXED = 0x9e3779b97f4a7c15L;
    private static final int KIND_BITS = 28;
    /** Different bonds of molecules that are remembered at a time: some MB. */
    private static final int MOST_BONDS = 1 << 14;

    private final Map<Expr, Integer> numbers = new HashMap<>();
    private final List<Expr> questions = new ArrayList<>();
    private final Map<Long, Integer> kinds = new HashMap<>();
    private final List<long[]> answers = new ArrayList<>();
    /** Different bonds that patterns ask for. */
    private final Map<Bond, Integer> bonds = new LinkedHashMap<>();
    /** By both kinds of atoms and the kind of the bond: bits of {@link #bonds} that it can be. */
    private final Map<Long, long[]> bondAnswers = new HashMap<>();
    private int surroundings;
    private boolean countRings;

    /**
     * A bond of a pattern.
     *
     * @param begin   what one end must answer
     * @param allowed kinds of the bond, as bits
     * @param end     what the other end must answer
     */
    private record Bond(int begin, int allowed, int end) {
    }

    /**
     * The number of a question.
     *
     * @param question about an atom alone
     */
    int number(Expr question) {
        Integer known = numbers.get(question);
        if (known != null) {
            return known;
        }
        if (!kinds.isEmpty()) {
            throw new IllegalStateException("patterns must be compiled before the first molecule is looked at");
        }
        require(question);
        numbers.put(question, questions.size());
        questions.add(question);
        return questions.size() - 1;
    }

    /** The number of a bond between atoms that must answer two questions. */
    int bond(int begin, int allowed, int end) {
        return bonds.computeIfAbsent(new Bond(Math.min(begin, end), allowed, Math.max(begin, end)), one -> bonds.size());
    }

    /** Longs of {@link #bondAnswers}. */
    int bondWords() {
        return (bonds.size() + Long.SIZE - 1) / Long.SIZE;
    }

    /** (bonds) bits of the bonds of patterns that a bond of a kind between atoms of two kinds can be. */
    long[] bondAnswers(int begin, int kind, int end) {
        long key = (((long) Math.min(begin, end) << KIND_BITS | Math.max(begin, end)) << Byte.SIZE | kind) * MIXED;
        long[] known = bondAnswers.get(key);
        if (known == null) {
            known = new long[bondWords()];
            for (Map.Entry<Bond, Integer> one : bonds.entrySet()) {
                Bond asked = one.getKey();
                boolean can = (asked.allowed() >>> kind & 1) != 0 && (answers(begin, asked.begin()) && answers(end, asked.end())
                    || answers(end, asked.begin()) && answers(begin, asked.end()));
                known[one.getValue() / Long.SIZE] |= can ? 1L << one.getValue() : 0;
            }
            if (bondAnswers.size() == MOST_BONDS) {
                bondAnswers.clear();
            }
            bondAnswers.put(key, known);
        }
        return known;
    }

    private boolean answers(int kind, int question) {
        return (answers.get(kind)[question / Long.SIZE] >>> question & 1) != 0;
    }

    private void require(Expr question) {
        switch (question.type()) {
            case AND, OR -> {
                require(question.left());
                require(question.right());
            }
            case NOT -> require(question.left());
            default -> {
                if (!OF_ATOMS.contains(question.type())) {
                    throw new IllegalStateException("a pattern must ask what kinds of atoms tell apart, found " + question);
                }
                countRings |= question.type() == Expr.Type.RING_COUNT;
            }
        }
    }

    /** The number of a pattern that an atom must begin. */
    int surrounding() {
        return surroundings++;
    }

    /** How many of them there are. */
    int surroundings() {
        return surroundings;
    }

    /** Whether a question is in how many rings an atom lies, which takes finding them. */
    boolean countRings() {
        return countRings;
    }

    /** Longs of {@link #answers}. */
    int words() {
        return (questions.size() + Long.SIZE - 1) / Long.SIZE;
    }

    /**
     * The kind of an atom.
     *
     * @param rings in which it lies, where they are counted
     */
    int kind(IAtom atom, int rings) {
        int hydrogens = 0;
        int orders = 0;
        int ringBonds = 0;
        for (IBond bond : atom.bonds()) {
            hydrogens += bond.getOther(atom).getAtomicNumber() == IElement.H ? 1 : 0;
            orders += bond.getOrder().numeric();
            ringBonds += bond.isInRing() ? 1 : 0;
        }
        long key = atom.getAtomicNumber();
        key = key << 8 | atom.getFormalCharge() + 128;
        key = key << 6 | atom.getImplicitHydrogenCount();
        key = key << 6 | hydrogens;
        key = key << 6 | atom.getBondCount();
        key = key << 8 | orders;
        key = key << 6 | ringBonds;
        key = key << 8 | rings;
        // An odd factor keeps keys apart, and mixes their bits, by which a map spreads them.
        key = (key << 2 | (atom.isAromatic() ? 2 : 0) | (atom.isInRing() ? 1 : 0)) * MIXED;
        Integer known = kinds.get(key);
        if (known != null) {
            return known;
        }
        long[] found = new long[words()];
        for (int question = 0; question < questions.size(); question++) {
            if (questions.get(question).matches(atom)) {
                found[question / Long.SIZE] |= 1L << question;
            }
        }
        kinds.put(key, answers.size());
        answers.add(found);
        return answers.size() - 1;
    }

    /** (questions) bits of the questions that atoms of a kind answer with yes. */
    long[] answers(int kind) {
        return answers.get(kind);
    }
}
