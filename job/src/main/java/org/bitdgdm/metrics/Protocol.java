package org.bitdgdm.metrics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.bitdgdm.conf.InputException;

/**
 * What uniqueness and novelty are divided by. Validity, connectivity and V.U.N. are the same everywhere, and so is the
 * molecule of a graph: the relaxed one's largest fragment, the only one that has a SMILES.
 */
public enum Protocol {
    /**
     * DiGress (Vignac et al., ICLR 2023): uniqueness = distinct ÷ relaxed-valid, novelty = distinct not in the training
     * set ÷ distinct.
     */
    DIGRESS(List.of(), 0),
    /**
     * MOSES (Polykovskiy et al., 2020): as DiGress, and uniqueness among the first 1,000 and 10,000 molecules by graph id,
     * the only uniqueness that is comparable between runs of different length.
     */
    MOSES(List.of(1_000, 10_000), 30_000),
    /**
     * GuacaMol (Brown et al., 2019): uniqueness = distinct ÷ requested graphs, novelty = distinct not in the training set ÷
     * requested graphs.
     */
    GUACAMOL(List.of(), 10_000);

    private final List<Integer> prefixes;
    private final int molecules;

    Protocol(List<Integer> prefixes, int molecules) {
        this.prefixes = prefixes;
        this.molecules = molecules;
    }

    /**
     * The protocol of a name.
     *
     * @throws InputException naming the known ones
     */
    @JsonCreator
    public static Protocol of(String label) {
        return Arrays.stream(values()).filter(protocol -> protocol.label().equals(label)).findFirst()
            .orElseThrow(() -> new InputException("--protocol must be one of "
                + Arrays.stream(values()).map(Protocol::label).collect(Collectors.joining(", ")) + ", found " + label));
    }

    /** The name in options and files. */
    @JsonValue
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Molecules that its published tables are of, MOSES's all that were generated, GuacaMol's different ones; of fewer, what
     * compares distributions is another number. 0: any.
     */
    int molecules() {
        return molecules;
    }

    /** Lengths k of which {@code unique@k} is reported, ascending. */
    public List<Integer> prefixes() {
        return prefixes;
    }
}
