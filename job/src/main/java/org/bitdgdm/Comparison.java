package org.bitdgdm;

import java.util.Optional;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodReport;

/**
 * What a model is asked besides for graphs; empty where it is not.
 *
 * @param fidelity   how closely it follows full precision
 * @param likelihood of given molecules
 */
record Comparison(Optional<FidelityReport> fidelity, Optional<LikelihoodReport> likelihood) {
    /** Nothing. */
    static final Comparison NONE = new Comparison(Optional.empty(), Optional.empty());
}
