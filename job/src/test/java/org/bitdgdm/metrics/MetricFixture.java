package org.bitdgdm.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitdgdm.molecule.MoleculeProperty;

/** Reports and properties that are written by hand. */
public final class MetricFixture {
    private MetricFixture() {
    }

    /** A report of molecules of one or two fragments without a training set. */
    public static MetricReport molecules(Protocol protocol, Counts.OfMolecules counts, Distributions distributions) {
        return MoleculeMetrics.report(protocol, new MoleculeMetrics.Counted(counts,
            3.0 * counts.fragments() - 2 * counts.graphs(), distributions,
            Optional.empty(), null, Benchmarks.NONE));
    }

    /** Properties of a molecule, those that are not given null. */
    public static List<Number> properties(Number weight, Number logp, Number rings) {
        Number[] values = new Number[MoleculeProperty.values().length];
        values[MoleculeProperty.WEIGHT.ordinal()] = weight;
        values[MoleculeProperty.LOGP.ordinal()] = logp;
        values[MoleculeProperty.RINGS.ordinal()] = rings;
        return Arrays.asList(values);
    }
}
