package org.bitdgdm.molecule;

import java.util.List;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Vocabulary;
import org.openscience.cdk.interfaces.IBond;

/** Orders of a vocabulary's bond classes: 0 for no bond, 1…3, or {@link #AROMATIC}. */
final class BondOrders {
    /** Not an order but a mark: single or double, as kekulisation finds. */
    static final int AROMATIC = 4;

    private static final List<String> NAMES = Vocabulary.MOLECULE_BONDS;

    private BondOrders() {
    }

    /**
     * Order of each bond class.
     *
     * @throws InputException for a class that is not one of none, single, double, triple, aromatic
     */
    static int[] of(Vocabulary vocabulary) {
        return vocabulary.edges().stream().mapToInt(name -> {
            int order = NAMES.indexOf(name);
            if (order < 0) {
                throw new InputException("bond type " + name + " of the model is not known; known are "
                    + String.join(", ", NAMES));
            }
            return order;
        }).toArray();
    }

    /** The toolkit's word for a number; {@code UNSET} for {@link #AROMATIC}. */
    static IBond.Order order(int number) {
        return switch (number) {
            case 1 -> IBond.Order.SINGLE;
            case 2 -> IBond.Order.DOUBLE;
            case 3 -> IBond.Order.TRIPLE;
            default -> IBond.Order.UNSET;
        };
    }
}
