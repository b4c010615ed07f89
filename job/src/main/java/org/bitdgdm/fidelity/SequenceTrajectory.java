package org.bitdgdm.fidelity;

import java.util.List;
import org.bitdgdm.conf.StoppedException;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.kernels.SequenceSampler;

/**
 * What the full-precision model did with one sequence for a backbone. Its nodes are residues; it has no edges that diffuse.
 *
 * @param start   where it began
 * @param protein the backbone
 * @param states  (evaluations)(N) classes at each evaluation
 * @param logits  (evaluations)(N, 20) of p(x₀ | z_t) at each
 */
record SequenceTrajectory(Start start, ProteinGraph protein, byte[][] states, float[][] logits)
    implements Walk<ProteinDenoiser> {
    private static final int CLASSES = ResidueDiffusion.CLASSES;

    /**
     * The beginning of a trajectory.
     *
     * @param id          of the trajectory
     * @param backbone    that a sequence is made for
     * @param structure   key of its draws
     * @param sample      number of the sequence
     * @param evaluations of the network
     * @param seed        key of the random stream
     */
    record Start(long id, FidelityProbe.Backbone backbone, long structure, int sample, int evaluations, long seed)
        implements Walk.Start<ProteinDenoiser> {

        @Override
        public SequenceTrajectory walk(ProteinDenoiser full) {
            ProteinGraph protein = backbone.read();
            SequenceSampler sampler = sampler(full);
            byte[][] states = new byte[evaluations][];
            float[][] logits = new float[evaluations][];
            byte[] state = sampler.start(protein.residues(), structure, sample, 1);
            try (ProteinDenoiser.Conditioned network = full.condition(protein)) {
                for (int i = 0; i < evaluations; i++) {
                    states[i] = state.clone();
                    logits[i] = new float[state.length * CLASSES];
                    network.logits(state, sampler.time(i), logits[i]);
                    if (i + 1 < evaluations) {
                        sampler.advance(protein, structure, sample, i, logits[i], state, free(protein));
                    }
                }
            }
            return new SequenceTrajectory(this, protein, states, logits);
        }

        /** As the model was trained: what is compared is the model, whatever noise a run takes back. */
        private SequenceSampler sampler(ProteinDenoiser model) {
            return new SequenceSampler(model.diffusion(), model.diffusion().trained(), evaluations, true, seed);
        }
    }

    private static boolean[] free(ProteinGraph protein) {
        return new boolean[protein.residues()];
    }

    private byte[] sequence(float[] of) {
        return SequenceSampler.sequence(protein, of, 0, free(protein));
    }

    @Override
    public List<FidelityReport.OfGraph> compare(ProteinDenoiser quantized, int[] rangeOf) {
        SequenceSampler sampler = start.sampler(quantized);
        double[] divergence = new double[rangeOf[rangeOf.length - 1] + 1];
        long changed = 0;
        int last = states.length - 1;
        byte[] result = sequence(logits[last]);
        try (ProteinDenoiser.Conditioned network = quantized.condition(protein)) {
            float[] found = new float[protein.residues() * CLASSES];
            for (int i = 0; i <= last; i++) {
                byte[] state = states[i].clone();
                network.logits(state, sampler.time(i), found);
                divergence[rangeOf[i]] += divergence(i, found, sampler.time(i));
                if (i < last) {
                    sampler.advance(protein, start.structure(), start.sample(), i, found, state, free(protein));
                    changed += changed(states[i + 1], state);
                } else {
                    changed += changed(result, sequence(found));
                }
            }
            float[] alone = sampler.sample(network, start.structure(), start.sample(), 1, free(protein));
            return List.of(new FidelityReport.OfGraph(start.id(), protein.residues(), 0, divergence,
                new double[divergence.length], changed, changed(result, sequence(alone)) == 0));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoppedException("the comparison was stopped", e);
        }
    }

    @Override
    public List<Divergence.OfGraph> divergence(ProteinDenoiser other) {
        SequenceSampler sampler = start.sampler(other);
        double sum = 0;
        try (ProteinDenoiser.Conditioned network = other.condition(protein)) {
            float[] found = new float[protein.residues() * CLASSES];
            for (int i = 0; i < states.length; i++) {
                network.logits(states[i].clone(), sampler.time(i), found);
                sum += divergence(i, found, sampler.time(i));
            }
        }
        return List.of(new Divergence.OfGraph(start.id(), protein.residues(), 0, sum, 0));
    }

    private double divergence(int evaluation, float[] found, int time) {
        double sum = 0;
        for (int i = 0; i < protein.residues(); i++) {
            sum += Divergence.between(logits[evaluation], found, i * CLASSES, CLASSES, time);
        }
        return sum;
    }

    private static long changed(byte[] one, byte[] other) {
        long changed = 0;
        for (int i = 0; i < one.length; i++) {
            changed += one[i] == other[i] ? 0 : 1;
        }
        return changed;
    }
}
