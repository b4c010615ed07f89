package org.bitdgdm.kernels;

/**
 * The seam between the sampler of sequences and its backends: a packed model that predicts the residues of given backbones.
 *
 * <p>The result for a sequence depends on its protein, the sequence, the time and the model only; never on the other
 * sequences of a call or on threads. Instances may be used by several threads at once.
 */
public interface ProteinDenoiser extends OpenedModel {

    /** The network under the condition of one backbone; what depends on nothing else is computed once. For one thread. */
    interface Conditioned extends AutoCloseable {
        /** The condition. */
        ProteinGraph protein();

        /**
         * Evaluates the network: the logits of p(x₀ | z_t).
         *
         * @param sequences (S, N) classes at time t of any number of sequences
         * @param t         time, 0…T
         * @param logits    (S, N, 20) written
         */
        void logits(byte[] sequences, int t, float[] logits);

        /**
         * Evaluates the network once and hands the input of every linear layer of the blocks to {@code sink}, in the order
         * of the {@link NetworkSpec}, each layer once.
         *
         * @param sequence (N) classes at time t
         */
        void record(byte[] sequence, int t, ActivationRecorder.Sink sink);

        @Override
        void close();
    }

    /** Transitions of the model. */
    ResidueDiffusion diffusion();

    /** The network for a backbone; closed before this denoiser is. */
    Conditioned condition(ProteinGraph protein);
}
