package org.bitdgdm.benchmark;

import java.util.ArrayList;
import java.util.List;

/**
 * Octanol–water partition coefficient as a sum over atoms, hydrogens among them (Wildman and Crippen, J. Chem. Inf. Comput.
 * Sci. 39, 1999): the contribution of an atom is that of the first type of the table whose SMARTS begins with it. Not
 * thread-safe.
 */
final class CrippenLogP {
    private static final int MOST_ELEMENTS = 128;

    /** By atomic number: the types that can begin with that element, in the order of the table. */
    private final List<List<AtomType>> byElement = new ArrayList<>();

    private record AtomType(Smarts smarts, double contribution) {
    }

    /** @param terms of molecules with hydrogens as atoms */
    CrippenLogP(SmartsTerms terms) {
        List<AtomType> types = new ArrayList<>();
        for (String line : Smarts.lines("crippen.tsv")) {
            String[] fields = line.split("\t");
            types.add(new AtomType(new Smarts(fields[1], terms), Double.parseDouble(fields[2])));
        }
        for (int element = 0; element < MOST_ELEMENTS; element++) {
            int beginning = element;
            byElement.add(types.stream().filter(type -> type.smarts().beginsWith(beginning)).toList());
        }
    }

    double of(SmartsTarget withHydrogens) {
        double sum = 0;
        for (int atom = 0; atom < withHydrogens.atoms(); atom++) {
            for (AtomType type : byElement.get(withHydrogens.element(atom))) {
                if (type.smarts().matchesAt(withHydrogens, atom)) {
                    sum += type.contribution();
                    break;
                }
            }
        }
        return sum;
    }
}
