package org.bitdgdm.kernels;

/** Where sampling starts: the classes of graphs before any step, drawn from the limit distributions. */
public final class InitialNoise {
    private InitialNoise() {
    }

    /**
     * Draws z_T of graphs of one size.
     *
     * @param n   nodes of each graph
     * @param ids (B) ids; kept by the batch, not copied
     */
    public static GraphBatch draw(Diffusion diffusion, int n, long[] ids, long seed) {
        return draw(diffusion, n, ids, seed, diffusion.steps());
    }

    /**
     * The same with another counter.
     *
     * @param counter number of the state that is drawn, {@link Sampler.Step#from} of the first step
     */
    public static GraphBatch draw(Diffusion diffusion, int n, long[] ids, long seed, int counter) {
        GraphBatch batch = new GraphBatch(n, ids);
        for (int g = 0; g < ids.length; g++) {
            for (int i = 0; i < n; i++) {
                float u = CounterRandom.uniform(seed, ids[g], counter, i);
                batch.nodes()[g * n + i] = (byte) draw(u, diffusion.limits().nodes());
            }
            for (int i = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++) {
                    float u = CounterRandom.uniform(seed, ids[g], counter, CounterRandom.edgeSlot(n, i, j));
                    batch.setEdge(g, i, j, draw(u, diffusion.limits().edges()));
                }
            }
        }
        return batch;
    }

    private static int draw(float u, float[] weights) {
        return CounterRandom.draw(u, weights, 0, weights.length);
    }
}
