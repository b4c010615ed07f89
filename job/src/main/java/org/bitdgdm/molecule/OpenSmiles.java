package org.bitdgdm.molecule;

import static org.bitdgdm.conf.InputException.excerpt;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openscience.cdk.config.Elements;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

/**
 * SMILES by the grammar of OpenSMILES (opensmiles.org, version 1.0) and nothing beside it. The CDK's parser, its strict mode
 * too, reads {@code CC=}, {@code CC()O} and {@code =CCO} as other molecules than anyone wrote; a generator that writes them
 * would be said to be always right. As in RDKit, which judges generators elsewhere, a ring number may follow a branch,
 * {@code [si]} and {@code [te]} may be aromatic, a dot may not open or end a branch, and hydrogen has no stereochemistry.
 * Unlike there, {@code *} is no atom, and {@code :} binds aromatic atoms only.
 *
 * <p>Stereochemistry, isotopes and atom classes are read and dropped.
 */
final class OpenSmiles {
    /** Bounds what a line may allocate. */
    static final int MAX_ATOMS = GraphReader.MAX_NODES;

    /** What programs write in a list where they have no molecule; none of them is a SMILES. */
    private static final Set<String> NO_MOLECULE = Set.of("None", "none", "nan", "NaN", "null", "NULL", "NA", "N/A", "<NA>");
    private static final char NONE = 0;
    private static final String BONDS = "-=#$:/\\";
    /** What leaves the order to the atoms: single, or aromatic between aromatic ones. */
    private static final String UNSAID = NONE + "/\\";
    private static final Pattern BRACKET = Pattern.compile("\\[(0|[1-9]\\d{0,3})?([A-Z][a-z]?|[a-z]{1,2})"
        + "(@@?|@TH[12]|@AL[12]|@SP[123]|@TB(?:1\\d|20|[1-9])|@OH(?:[12]\\d|30|[1-9]))?(H\\d?)?(\\+\\+?|--?|[+-]\\d{1,2})?"
        + "(:\\d{1,9})?]");
    private static final List<String> AROMATIC = List.of("b", "c", "n", "o", "p", "s", "se", "as", "te", "si");
    private static final List<String> BARE = List.of("Br", "Cl", "B", "C", "N", "O", "P", "S", "F", "I", "b", "c", "n", "o",
        "p", "s");

    private final String text;
    private final IAtomContainer molecule = SilentChemObjectBuilder.getInstance().newAtomContainer();
    private final Map<Integer, OpenRing> rings = new TreeMap<>();
    /** The atom before each open branch. */
    private final Deque<IAtom> branches = new ArrayDeque<>();
    /** The atom that the next one binds to; null at the start and after a dot. */
    private IAtom previous;
    /** Symbol of a bond that waits for its atom. */
    private char bond = NONE;
    /** Whether a branch has just been opened, and holds nothing yet. */
    private boolean opened;
    private int at;

    /** A ring bond whose other end is to come. */
    private record OpenRing(IAtom atom, char bond) {
    }

    /** What a text lacks of a SMILES. */
    static final class Fault extends Exception {
        private static final long serialVersionUID = 1;

        Fault(String message) {
            super(message);
        }
    }

    private OpenSmiles(String text) {
        this.text = text;
    }

    /**
     * The molecule as written, nothing known of its valences: atoms with charge and aromatic flag, and with hydrogens where
     * they are in brackets, null where not; bonds with their order, {@code UNSET} and flagged where aromatic.
     *
     * @throws Fault saying what is wrong where, characters counted from 1
     */
    static IAtomContainer read(String text) throws Fault {
        if (NO_MOLECULE.contains(text)) {
            throw new Fault("the word '" + text + "'");
        }
        OpenSmiles smiles = new OpenSmiles(text);
        smiles.read();
        return smiles.molecule;
    }

    private void read() throws Fault {
        while (at < text.length()) {
            char next = text.charAt(at);
            if (next == '(') {
                require(previous != null && bond == NONE && !opened, "a branch without an atom before it");
                branches.push(previous);
                opened = true;
                at++;
            } else if (next == ')') {
                require(!branches.isEmpty(), "the end of a branch that was not opened");
                requireAtom();
                previous = branches.pop();
                at++;
            } else if (next == '.') {
                require(!opened, "a dot at the start of a branch");
                requireAtom();
                previous = null;
                at++;
            } else if (BONDS.indexOf(next) >= 0) {
                require(previous != null, "a bond without an atom before it");
                require(bond == NONE, "a second bond");
                bond = next;
                at++;
            } else if (next == '%' || Character.digit(next, 10) >= 0 && next < 128) {
                require(previous != null && !opened, "a ring number without an atom before it");
                ring();
            } else {
                atom();
            }
        }
        requireAtom();
        require(branches.isEmpty(), "the end of the text inside a branch");
        if (!rings.isEmpty()) {
            throw new Fault("ring " + rings.keySet().iterator().next() + " is not closed");
        }
    }

    /** Nothing must wait for an atom. */
    private void requireAtom() throws Fault {
        require(bond == NONE, "a bond without an atom after it");
        require(!opened, "an empty branch");
        require(previous != null, at == 0 ? "no atom" : "a dot without an atom after it");
    }

    private void require(boolean holds, String found) throws Fault {
        if (!holds) {
            throw new Fault(found + " at character " + (at + 1));
        }
    }

    private void atom() throws Fault {
        if (molecule.getAtomCount() == MAX_ATOMS) {
            throw new Fault("more than " + MAX_ATOMS + " atoms");
        }
        IAtom added = text.charAt(at) == '[' ? bracketAtom() : bareAtom();
        if (previous != null) {
            bond(previous, added, bond);
        }
        previous = added;
        bond = NONE;
        opened = false;
    }

    private IAtom bareAtom() throws Fault {
        for (String symbol : BARE) {
            if (text.startsWith(symbol, at)) {
                at += symbol.length();
                return add(symbol, 0, null);
            }
        }
        throw new Fault("'" + Character.toString(text.codePointAt(at)) + "', which is no atom, bond, branch or ring, at"
            + " character " + (at + 1));
    }

    private IAtom bracketAtom() throws Fault {
        Matcher found = BRACKET.matcher(text).region(at, text.length());
        int end = text.indexOf(']', at);
        require(end >= 0, "a bracket that is not closed");
        require(found.lookingAt(), "'" + excerpt(text.substring(at, end + 1)) + "', which is no atom,");
        String symbol = found.group(2);
        boolean known = Character.isLowerCase(symbol.charAt(0)) ? AROMATIC.contains(symbol)
            : Elements.ofString(symbol) != Elements.Unknown && Elements.ofString(symbol).symbol().equals(symbol);
        require(known, "'" + symbol + "', which is no element,");
        require(found.group(3) == null || !symbol.equals("H"), "a chiral hydrogen");
        String hydrogens = found.group(4);
        IAtom added = add(symbol, charge(found.group(5)),
            hydrogens == null ? 0 : hydrogens.length() == 1 ? 1 : hydrogens.charAt(1) - '0');
        at = found.end();
        return added;
    }

    private static int charge(String text) {
        if (text == null) {
            return 0;
        }
        int sign = text.charAt(0) == '+' ? 1 : -1;
        return text.length() == 1 ? sign : Character.isDigit(text.charAt(1)) ? sign * Integer.parseInt(text.substring(1))
            : 2 * sign;
    }

    private IAtom add(String symbol, int charge, Integer hydrogens) {
        boolean aromatic = Character.isLowerCase(symbol.charAt(0));
        String element = aromatic ? Character.toUpperCase(symbol.charAt(0)) + symbol.substring(1) : symbol;
        IAtom added = molecule.newAtom(Elements.ofString(element).number());
        added.setImplicitHydrogenCount(hydrogens);
        added.setFormalCharge(charge);
        added.setIsAromatic(aromatic);
        return added;
    }

    private void ring() throws Fault {
        int number = ringNumber();
        OpenRing open = rings.remove(number);
        if (open == null) {
            rings.put(number, new OpenRing(previous, bond));
        } else {
            require(open.atom() != previous, "a ring of one atom");
            require(molecule.getBond(open.atom(), previous) == null, "a second bond of the same atoms");
            require(open.bond() == NONE || bond == NONE || order(open.bond()) == order(bond), "a ring bond '" + bond
                + "' that began as '" + open.bond() + "'");
            bond(open.atom(), previous, bond == NONE ? open.bond() : bond);
        }
        bond = NONE;
    }

    /** One digit, two after a percent sign, or up to five in parentheses after it. */
    private int ringNumber() throws Fault {
        int start = at;
        if (text.charAt(at) != '%') {
            at++;
            return text.charAt(start) - '0';
        }
        boolean wide = text.startsWith("%(", at);
        int first = wide ? at + 2 : at + 1;
        int end = first;
        while (end < text.length() && end < first + (wide ? 5 : 2) && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
            end++;
        }
        require(wide ? end > first && end < text.length() && text.charAt(end) == ')' : end == first + 2,
            "no ring number after %");
        at = wide ? end + 1 : end;
        return Integer.parseInt(text.substring(first, end));
    }

    private void bond(IAtom begin, IAtom end, char symbol) throws Fault {
        boolean aromatic = begin.isAromatic() && end.isAromatic();
        require(symbol != ':' || aromatic, "an aromatic bond of atoms that are not");
        IBond.Order order = aromatic && UNSAID.indexOf(symbol) >= 0 ? IBond.Order.UNSET : order(symbol);
        molecule.newBond(begin, end, order).setIsAromatic(order == IBond.Order.UNSET);
    }

    private static IBond.Order order(char symbol) {
        return switch (symbol) {
            case '=' -> IBond.Order.DOUBLE;
            case '#' -> IBond.Order.TRIPLE;
            case '$' -> IBond.Order.QUADRUPLE;
            case ':' -> IBond.Order.UNSET;
            default -> IBond.Order.SINGLE;
        };
    }
}
