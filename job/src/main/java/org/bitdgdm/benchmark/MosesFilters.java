package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.openscience.cdk.interfaces.IAtom;

/**
 * What MOSES lets pass (Polykovskiy et al., Frontiers in Pharmacology 11, 2020): no ring of eight or more atoms, no charge,
 * only C, N, S, O, F, Cl, Br and H, and none of its medicinal chemistry filters and PAINS, matched with hydrogens as atoms.
 * Not thread-safe.
 */
final class MosesFilters {
    private static final int LARGEST_RING = 7;
    private static final Set<String> ALLOWED = Set.of("C", "N", "S", "O", "F", "Cl", "Br", "H");

    private final List<Smarts> refused = new ArrayList<>();

    /** @param terms of molecules with hydrogens as atoms */
    MosesFilters(SmartsTerms terms) {
        for (String line : Smarts.lines("moses-filters.tsv")) {
            refused.add(new Smarts(line.split("\t")[1], terms));
        }
    }

    /** @param withHydrogens the molecule as its patterns look at it */
    boolean pass(BenchmarkMolecule molecule, SmartsTarget withHydrogens) {
        if (molecule.rings().stream().anyMatch(ring -> ring.length > LARGEST_RING)) {
            return false;
        }
        for (IAtom atom : molecule.molecule().atoms()) {
            if (atom.getFormalCharge() != 0 || !ALLOWED.contains(atom.getSymbol())) {
                return false;
            }
        }
        for (Smarts pattern : refused) {
            if (pattern.matches(withHydrogens)) {
                return false;
            }
        }
        return true;
    }
}
