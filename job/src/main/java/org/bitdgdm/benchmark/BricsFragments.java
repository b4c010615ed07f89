package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitdgdm.molecule.Canonicaliser;
import org.openscience.cdk.config.Elements;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.graph.ConnectivityChecker;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

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

    private final Map<String, Smarts> environments = new LinkedHashMap<>();
    private final List<Rule> rules = new ArrayList<>();

    private record Rule(String begin, String end, IBond.Order order) {
    }

    BricsFragments() {
        for (String line : Smarts.lines("brics.tsv")) {
            String[] fields = line.split("\t");
            if (fields[0].equals("environment")) {
                environments.put(fields[1], new Smarts(fields[2]));
            } else {
                rules.add(new Rule(fields[1], fields[2], fields[3].equals("=") ? IBond.Order.DOUBLE : IBond.Order.SINGLE));
            }
        }
    }

    /**
     * SMILES of the fragments, one that occurs twice twice.
     *
     * @throws CDKException where one cannot be written
     */
    List<String> of(IAtomContainer molecule) throws CDKException {
        IAtomContainer cut = SilentChemObjectBuilder.getInstance().newAtomContainer();
        for (IAtom atom : molecule.atoms()) {
            cut.newAtom(atom.getAtomicNumber(), atom.getImplicitHydrogenCount()).setFormalCharge(atom.getFormalCharge());
        }
        Map<Integer, List<String>> fits = new HashMap<>();
        for (IBond bond : molecule.bonds()) {
            IAtom begin = cut.getAtom(bond.getBegin().getIndex());
            IAtom end = cut.getAtom(bond.getEnd().getIndex());
            String[] labels = bond.isInRing() || bond.isAromatic() ? null : labels(bond, fits);
            if (labels == null) {
                cut.newBond(begin, end, bond.getOrder());
            } else {
                cut.newBond(begin, cut.newAtom(STAND_IN + number(labels[0]), 0), bond.getOrder());
                cut.newBond(end, cut.newAtom(STAND_IN + number(labels[1]), 0), bond.getOrder());
            }
        }
        List<String> fragments = new ArrayList<>();
        for (IAtomContainer part : ConnectivityChecker.partitionIntoMolecules(cut).atomContainers()) {
            Matcher written = WRITTEN.matcher(Canonicaliser.smiles(part));
            fragments.add(written.replaceAll(found -> {
                int number = Elements.ofString(found.group(1)).number();
                return number > STAND_IN ? "[" + (number - STAND_IN) + "*]" : found.group();
            }));
        }
        return fragments;
    }

    private static int number(String environment) {
        return Integer.parseInt(environment.replaceAll("[a-z]", ""));
    }

    /** Environments of the ends of a bond that is to break; null for one that is not. */
    private String[] labels(IBond bond, Map<Integer, List<String>> fits) {
        List<String> begin = fits(bond.getBegin(), fits);
        List<String> end = fits(bond.getEnd(), fits);
        String[] last = null;
        for (Rule rule : rules) {
            if (rule.order() != bond.getOrder()) {
                continue;
            }
            if (begin.contains(rule.begin()) && end.contains(rule.end())) {
                last = new String[] {rule.begin(), rule.end()};
            } else if (end.contains(rule.begin()) && begin.contains(rule.end())) {
                last = new String[] {rule.end(), rule.begin()};
            }
        }
        return last;
    }

    private List<String> fits(IAtom atom, Map<Integer, List<String>> known) {
        return known.computeIfAbsent(atom.getIndex(), index -> environments.entrySet().stream()
            .filter(one -> one.getValue().matchesAt(atom)).map(Map.Entry::getKey).toList());
    }
}
