package org.bitdgdm.benchmark;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bitdgdm.molecule.Canonicaliser;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

/**
 * Canonical SMILES of parts of molecules. Molecules of a set share most of their parts, and the last {@value #REMEMBERED}
 * different ones are not written again. Not thread-safe.
 */
final class PartSmiles {
    private static final int REMEMBERED = 1 << 14;
    private static final IBond.Order[] ORDERS = {IBond.Order.UNSET, IBond.Order.SINGLE, IBond.Order.DOUBLE, IBond.Order.TRIPLE,
        IBond.Order.QUADRUPLE};

    private final Map<String, String> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** Atoms and bonds of a part, in an order: what makes two the same here. */
    static final class Part {
        private static final int OF_ATOM = 3;
        private static final int OF_BOND = 3;
        private static final int NEUTRAL = 1 << 8;

        private final StringBuilder atoms = new StringBuilder();
        private final StringBuilder bonds = new StringBuilder();

        /** Adds an atom, and returns its place. */
        int atom(int element, int hydrogens, int charge) {
            atoms.append((char) element).append((char) hydrogens).append((char) (NEUTRAL + charge));
            return atoms.length() / OF_ATOM - 1;
        }

        void bond(int begin, int end, IBond.Order order) {
            bonds.append((char) begin).append((char) end).append((char) order.numeric().intValue());
        }

        private String key() {
            return atoms + "\uffff" + bonds;
        }

        private IAtomContainer molecule() {
            IAtomContainer molecule = SilentChemObjectBuilder.getInstance().newAtomContainer();
            for (int at = 0; at < atoms.length(); at += OF_ATOM) {
                molecule.newAtom(atoms.charAt(at), atoms.charAt(at + 1)).setFormalCharge(atoms.charAt(at + 2) - NEUTRAL);
            }
            for (int at = 0; at < bonds.length(); at += OF_BOND) {
                molecule.newBond(molecule.getAtom(bonds.charAt(at)), molecule.getAtom(bonds.charAt(at + 1)),
                    ORDERS[bonds.charAt(at + 2)]);
            }
            return molecule;
        }
    }

    /**
     * Canonical SMILES of a part.
     *
     * @throws CDKException where it cannot be written
     */
    String of(Part part) throws CDKException {
        String key = part.key();
        String written = known.get(key);
        if (written == null) {
            written = Canonicaliser.smiles(part.molecule());
            known.put(key, written);
        }
        return written;
    }
}
