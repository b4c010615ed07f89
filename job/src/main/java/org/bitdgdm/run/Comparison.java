package org.bitdgdm.run;

import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodReport;

/**
 * What a model is asked besides for graphs, and what its graphs are compared with; empty where there is nothing.
 *
 * @param fidelity   how closely it follows full precision
 * @param likelihood of given molecules
 * @param other      scored rows of another run, compared at the same ids
 */
public record Comparison(
    Optional<FidelityReport> fidelity, Optional<LikelihoodReport> likelihood, Optional<Dataset<Row>> other) {
    /** Nothing. */
    public static final Comparison NONE = new Comparison(Optional.empty(), Optional.empty());

    public Comparison(Optional<FidelityReport> fidelity, Optional<LikelihoodReport> likelihood) {
        this(fidelity, likelihood, Optional.empty());
    }

    /** The same and another run. */
    public Comparison against(Optional<Dataset<Row>> run) {
        return new Comparison(fidelity, likelihood, run);
    }
}
