package org.bitdgdm.quantize;

import java.util.Random;
import org.bitdgdm.kernels.ProteinGraph;

/** Backbones of random features, whose residues have six neighbours. */
public final class TestBackbones {
    private TestBackbones() {
    }

    /** The backbone of a seed. */
    public static ProteinGraph of(int residues, long seed) {
        Random random = new Random(seed);
        float[] states = new float[residues * 8];
        int[] sources = new int[residues * 6];
        int[] targets = new int[sources.length];
        for (int i = 0; i < residues; i++) {
            states[i * 8 + random.nextInt(8)] = 1;
        }
        for (int edge = 0; edge < sources.length; edge++) {
            sources[edge] = edge / 6;
            targets[edge] = (edge / 6 + 1 + edge % 6) % residues;
        }
        return new ProteinGraph(new byte[residues], gaussians(random, residues * 11), states, gaussians(random, residues * 3),
            sources, targets, gaussians(random, sources.length * 93));
    }

    private static float[] gaussians(Random random, int count) {
        float[] values = new float[count];
        for (int at = 0; at < count; at++) {
            values[at] = (float) random.nextGaussian();
        }
        return values;
    }
}
