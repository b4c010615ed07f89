package org.bitdgdm.kernels;

/** Where sampling starts: the size of a graph, and its classes at time T, drawn from the limit distributions. */
public final class InitialNoise {
    private InitialNoise() {
    }

    /** Draws the number of nodes of a graph from the training set's sizes; counter (graph id, SIZE_TIME, slot 0). */
    public static int size(Diffusion diffusion, long seed, long graphId) {
        float u = CounterRandom.uniform(seed, graphId, CounterRandom.SIZE_TIME, 0);
        return CounterRandom.draw(u, diffusion.sizes(), 0, diffusion.sizes().length);
    }

    /**
     * Draws z_T of graphs of one size.
     *
     * @param n   nodes of each graph
     * @param ids (B) ids; kept by the batch, not copied
     */
    public static GraphBatch draw(Diffusion diffusion, int n, long[] ids, long seed) {
        GraphBatch batch = new GraphBatch(n, ids);
        int time = diffusion.steps();
        for (int g = 0; g < ids.length; g++) {
            for (int i = 0; i < n; i++) {
                float u = CounterRandom.uniform(seed, ids[g], time, i);
                batch.nodes()[g * n + i] = (byte) draw(u, diffusion.nodeMarginal());
            }
            for (int i = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++) {
                    float u = CounterRandom.uniform(seed, ids[g], time, CounterRandom.edgeSlot(n, i, j));
                    batch.setEdge(g, i, j, draw(u, diffusion.edgeMarginal()));
                }
            }
        }
        return batch;
    }

    private static int draw(float u, float[] weights) {
        return CounterRandom.draw(u, weights, 0, weights.length);
    }
}
