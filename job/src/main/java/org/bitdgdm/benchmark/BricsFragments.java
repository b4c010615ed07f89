package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.openscience.cdk.config.Elements;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.graph.ConnectedComponents;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;

/**
 * Fragments of a molecule between all bonds that BRICS breaks at once (Degen et al., ChemMedChem 3, 2008), as canonical SMILES
 * in which {@code [n*]} stands at a broken bond of an atom in environment n. The rules are those of RDKit's table; the last
 * that a bond fits names its ends. Not thread-safe.
 */
final class BricsFragments {
    /**
     * Element 100 + n stands for {@code [n*]} while a fragment is written: canonical orders know elements, not labels, and no
     * molecule has these.
     */
    private static final int STAND_IN = 100;
    private static final Pattern WRITTEN = Pattern.compile("\\[([A-Z][a-z])]");

    private final List<Environment> environments = new ArrayList<>();
    private final List<Rule> rules = new ArrayList<>();
    private final PartSmiles smiles;

    /** Of atoms at bonds that break. */
    private record Environment(String name, Smarts smarts) {
        /** The n of {@code [n*]}: environments that differ in what they are bound to by share it. */
        int label() {
            return Integer.parseInt(name.replaceAll("[a-z]", ""));
        }
    }

    /**
     * A bond that breaks.
     *
     * @param begin environment of an end, by its place in the table
     * @param end   of the other
     * @param labels of both
     */
    private record Rule(int begin, int end, int[] labels, IBond.Order order) {
    }

    /** @param terms of molecules with hydrogens as counts */
    BricsFragments(SmartsTerms terms, PartSmiles smiles) {
        this.smiles = smiles;
        for (String line : Smarts.lines("brics.tsv")) {
            String[] fields = line.split("\t");
            if (fields[0].equals("environment")) {
                environments.add(new Environment(fields[1], new Smarts(fields[2], terms)));
            } else {
                int begin = environment(fields[1]);
                int end = environment(fields[2]);
                rules.add(new Rule(begin, end, new int[] {environments.get(begin).label(), environments.get(end).label()},
                    fields[3].equals("=") ? IBond.Order.DOUBLE : IBond.Order.SINGLE));
            }
        }
    }

    private int environment(String name) {
        for (int place = 0; place < environments.size(); place++) {
            if (environments.get(place).name().equals(name)) {
                return place;
            }
        }
        throw new IllegalStateException("a rule of BRICS must name an environment, found " + name);
    }

    /**
     * SMILES of the fragments, one that occurs twice twice.
     *
     * @param looked the molecule as its patterns look at it
     * @throws CDKException where one cannot be written
     */
    List<String> of(IAtomContainer molecule, SmartsTarget looked) throws CDKException {
        int[][] labels = labels(molecule, looked);
        int[] component = components(molecule, labels);
        List<PartSmiles.Part> parts = new ArrayList<>();
        int[] place = new int[component.length];
        for (IAtom atom : molecule.atoms()) {
            int index = atom.getIndex();
            while (parts.size() < component[index]) {
                parts.add(new PartSmiles.Part());
            }
            place[index] = parts.get(component[index] - 1).atom(atom.getAtomicNumber(), atom.getImplicitHydrogenCount(),
                atom.getFormalCharge());
        }
        for (IBond bond : molecule.bonds()) {
            int begin = bond.getBegin().getIndex();
            int end = bond.getEnd().getIndex();
            int[] broken = labels[bond.getIndex()];
            if (broken == null) {
                parts.get(component[begin] - 1).bond(place[begin], place[end], bond.getOrder());
            } else {
                open(parts.get(component[begin] - 1), place[begin], broken[0], bond.getOrder());
                open(parts.get(component[end] - 1), place[end], broken[1], bond.getOrder());
            }
        }
        List<String> fragments = new ArrayList<>();
        for (PartSmiles.Part part : parts) {
            Matcher written = WRITTEN.matcher(smiles.of(part));
            fragments.add(written.replaceAll(found -> {
                int number = Elements.ofString(found.group(1)).number();
                return number > STAND_IN ? "[" + (number - STAND_IN) + "*]" : found.group();
            }));
        }
        return fragments;
    }

    private static void open(PartSmiles.Part part, int atom, int label, IBond.Order order) {
        part.bond(atom, part.atom(STAND_IN + label, 0, 0), order);
    }

    /** Of each atom the number, from 1 in the order of the first atoms, of the part in which it stays. */
    private static int[] components(IAtomContainer molecule, int[][] labels) {
        int[] degree = new int[molecule.getAtomCount()];
        for (IBond bond : molecule.bonds()) {
            if (labels[bond.getIndex()] == null) {
                degree[bond.getBegin().getIndex()]++;
                degree[bond.getEnd().getIndex()]++;
            }
        }
        int[][] neighbours = new int[degree.length][];
        for (int atom = 0; atom < degree.length; atom++) {
            neighbours[atom] = new int[degree[atom]];
        }
        for (IBond bond : molecule.bonds()) {
            if (labels[bond.getIndex()] == null) {
                int begin = bond.getBegin().getIndex();
                int end = bond.getEnd().getIndex();
                neighbours[begin][--degree[begin]] = end;
                neighbours[end][--degree[end]] = begin;
            }
        }
        return new ConnectedComponents(neighbours).components();
    }

    /** (bonds) labels at the begin and the end of a bond that is to break; null for one that is not. */
    private int[][] labels(IAtomContainer molecule, SmartsTarget looked) {
        int[][] labels = new int[molecule.getBondCount()][];
        long[] fits = new long[molecule.getAtomCount()];
        boolean[] known = new boolean[fits.length];
        for (IBond bond : molecule.bonds()) {
            if (bond.isInRing() || bond.isAromatic()) {
                continue;
            }
            long begin = fits(bond.getBegin().getIndex(), looked, fits, known);
            long end = fits(bond.getEnd().getIndex(), looked, fits, known);
            if (begin == 0 || end == 0) {
                continue;
            }
            int[] last = null;
            for (Rule rule : rules) {
                if (rule.order() != bond.getOrder()) {
                    continue;
                }
                if ((begin >>> rule.begin() & end >>> rule.end() & 1) != 0) {
                    last = rule.labels();
                } else if ((end >>> rule.begin() & begin >>> rule.end() & 1) != 0) {
                    last = new int[] {rule.labels()[1], rule.labels()[0]};
                }
            }
            labels[bond.getIndex()] = last;
        }
        return labels;
    }

    /** Bits of the environments that an atom is in. */
    private long fits(int atom, SmartsTarget looked, long[] fits, boolean[] known) {
        if (!known[atom]) {
            known[atom] = true;
            for (int place = 0; place < environments.size(); place++) {
                fits[atom] |= environments.get(place).smarts().matchesAt(looked, atom) ? 1L << place : 0;
            }
        }
        return fits[atom];
    }
}
