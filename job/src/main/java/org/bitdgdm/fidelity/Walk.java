package org.bitdgdm.fidelity;

import java.io.Serializable;
import java.util.List;
import org.bitdgdm.kernels.OpenedModel;

/**
 * What the full-precision model did along one way from noise to data, step by step: every state and every prediction. Any
 * number of quantized models are compared with it.
 *
 * @param <D> an opened model
 */
interface Walk<D extends OpenedModel> extends Serializable {

    /**
     * Where a walk begins.
     *
     * @param <D> an opened model
     */
    interface Start<D extends OpenedModel> extends Serializable {
        /** Samples with the full-precision model and keeps what it saw. */
        Walk<D> walk(D full);
    }

    /**
     * Compares a quantized model with it.
     *
     * @param rangeOf (steps) number of the range of steps that each step belongs to, ascending from 0
     * @return one entry for each graph of it
     */
    List<FidelityReport.OfGraph> compare(D quantized, int[] rangeOf);

    /**
     * Asks another model for its predictions at every state, and draws nothing.
     *
     * @return one entry for each graph of it
     */
    List<Divergence.OfGraph> divergence(D other);
}
