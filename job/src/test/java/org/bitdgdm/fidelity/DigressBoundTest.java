package org.bitdgdm.fidelity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.bitdgdm.fidelity.VariationalBound.OfGraph;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.Sampler;
import org.junit.jupiter.api.Test;

/** The bound against numbers that a program of its own has computed from DiGress's definitions, see digress_bound.py. */
class DigressBoundTest {
    /** The schedule is in FP32 here and in double there: 6e-8 relative in each of its values, some tens of times amplified. */
    private static final double PERCENT = 1e-3;
    /** Of the prior, which is all that ᾱ_T leaves: the definitions were evaluated in double, ᾱ sums FP32 as the published code. */
    private static final double PRIOR_PERCENT = 0.1;

    private final JsonNode expected;

    DigressBoundTest() throws IOException {
        try (InputStream in = DigressBoundTest.class.getResourceAsStream("digress_bound.json")) {
            expected = new ObjectMapper().readTree(in);
        }
    }

    @Test
    void everyTermIsThatOfThePublishedDefinitions() {
        Diffusion diffusion = Diffusion.cosine(expected.path("steps").asInt(), floats("node_marginal"),
            floats("edge_marginal"), floats("sizes"));
        byte[] nodes = bytes(expected.path("nodes"));
        GraphBatch clean = new GraphBatch(nodes.length, new long[] {expected.path("graph").asLong()}, nodes,
            bytes(expected.path("edges")));
        OfGraph found = new VariationalBound(diffusion, new Recited(diffusion), expected.path("seed").asLong(), 0)
            .of(clean)[0];
        isClose(found.size(), "size");
        isClose(found.priorNode(), "prior_nodes", PRIOR_PERCENT);
        isClose(2 * found.priorEdge(), "prior_pairs", PRIOR_PERCENT);
        isClose(found.diffusionNode(), "diffusion_nodes");
        isClose(2 * found.diffusionEdge(), "diffusion_pairs");
        isClose(found.reconstructionNode(), "reconstruction_nodes");
        isClose(2 * found.reconstructionEdge(), "reconstruction_pairs");
        isClose(found.bound(2), "nll");
    }

    private void isClose(double found, String term) {
        isClose(found, term, PERCENT);
    }

    private void isClose(double found, String term, double percent) {
        double value = expected.path("terms").path(term).asDouble();
        assertThat(found).as(term).isPositive().isCloseTo(value, withinPercentage(percent));
    }

    private float[] floats(String name) {
        return floats(expected.path(name));
    }

    private static float[] floats(JsonNode numbers) {
        float[] all = new float[numbers.size()];
        for (int k = 0; k < all.length; k++) {
            all[k] = numbers.get(k).floatValue();
        }
        return all;
    }

    private static byte[] bytes(JsonNode numbers) {
        byte[] all = new byte[numbers.size()];
        for (int k = 0; k < all.length; k++) {
            all[k] = (byte) numbers.get(k).asInt();
        }
        return all;
    }

    /** Answers with the given logits, and only to the given noise. */
    private final class Recited implements Denoiser {
        private final Diffusion diffusion;

        Recited(Diffusion diffusion) {
            this.diffusion = diffusion;
        }

        @Override
        public Diffusion diffusion() {
            return diffusion;
        }

        @Override
        public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
            throw new AssertionError("a likelihood takes no step");
        }

        @Override
        public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
            int t = step.at();
            JsonNode at = expected.path("asked").path(t);
            assertThat(at.path("t").asInt()).isEqualTo(t);
            assertThat(batch.nodes()).as("noise at %d", t).isEqualTo(bytes(at.path("nodes")));
            assertThat(batch.edges()).as("noise at %d", t).isEqualTo(bytes(at.path("edges")));
            float[] node = floats(at.path("node_logits"));
            float[] edge = floats(at.path("edge_logits"));
            System.arraycopy(node, 0, nodeLogits, 0, nodeLogits.length);
            System.arraycopy(edge, 0, edgeLogits, 0, edgeLogits.length);
        }

        @Override
        public String describe() {
            return "recited";
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
