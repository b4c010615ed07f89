package org.bitdgdm.protein;

import java.io.Serializable;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.ProteinGraph;

/**
 * Means and deviations of features over the chains that a model was trained with; a feature is read less its mean, over its
 * deviation.
 *
 * @param nodeMean      (11) of area, B-factor, angles, directions
 * @param nodeDeviation (11)
 * @param edgeMean      (93)
 * @param edgeDeviation (93)
 * @param position      Å that positions are divided by
 */
public record FeatureScales(float[] nodeMean, float[] nodeDeviation, float[] edgeMean, float[] edgeDeviation,
                            float position) implements Serializable {
    private static final int RESIDUES = 20;
    private static final int SCALARS = 6;
    private static final int DIRECTIONS = 5;
    private static final float LEAST = 1e-10f;

    /**
     * The scales in the published tensors.
     *
     * @param tensors by name, {@code mean_attr.x_mean} and so on
     * @throws InputException if one is missing or has another length
     */
    public static FeatureScales of(Map<String, float[]> tensors) {
        float[] position = tensor(tensors, "pos_std", 3);
        return new FeatureScales(node(tensors, "mean"), node(tensors, "std"),
            tensor(tensors, "edge_attr_mean", ProteinGraph.EDGE_FEATURES),
            tensor(tensors, "edge_attr_std", ProteinGraph.EDGE_FEATURES), (position[0] + position[1] + position[2]) / 3);
    }

    private static float[] node(Map<String, float[]> tensors, String what) {
        float[] node = new float[ProteinGraph.NODE_FEATURES];
        System.arraycopy(tensor(tensors, "x_" + what, RESIDUES + SCALARS), RESIDUES, node, 0, SCALARS);
        System.arraycopy(tensor(tensors, "mu_r_norm_" + what, DIRECTIONS), 0, node, SCALARS, DIRECTIONS);
        return node;
    }

    private static float[] tensor(Map<String, float[]> tensors, String name, int length) {
        float[] found = tensors.get("mean_attr." + name);
        if (found == null || found.length != length) {
            throw new InputException("a model of proteins must have the tensor mean_attr." + name + " of " + length
                + " numbers, found " + (found == null ? "none" : found.length + " numbers"));
        }
        return found;
    }

    float node(double value, int column) {
        return ((float) value - nodeMean[column]) / (nodeDeviation[column] + LEAST);
    }

    float edge(double value, int column) {
        return ((float) value - edgeMean[column]) / (edgeDeviation[column] + LEAST);
    }
}
