package org.bitdgdm.protein;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.protein.ProteinChain.Residue;

/**
 * The graph of a chain as the published code of GraDe-IF makes it, with what its weights were trained on and looks like a slip:
 * the first angle of a residue ends at the next nitrogen, angles are taken in degrees as if they were radians, and the area
 * counts side chains.
 */
public final class ProteinFeatures {
    private static final double REACH = 30;
    private static final int NEIGHBOURS = 10;
    private static final int FARTHEST = 64;
    private static final int RADIAL = 15;
    private static final double RADIAL_SCALE = 4;
    private static final double RADIAL_BASE = 1.5;
    private static final double CONTACT = 8;
    private static final double[] SPREADS = {1, 2, 5, 10, 30};
    private static final double LEAST_DEVIATION = 1e-9;
    private static final double LEAST_LENGTH = 1e-3;
    private static final int SCALARS = 6;
    private static final int FIRST_ORIENTATION = FARTHEST + 1 + RADIAL + 1;

    private final ProteinChain chain;
    private final FeatureScales scales;
    private final int n;
    /** (n) each three axes: normal of N, Cα, C; towards N; across both. */
    private final double[][][] frames;

    private ProteinFeatures(ProteinChain chain, FeatureScales scales) {
        this.chain = chain;
        this.scales = scales;
        n = chain.length();
        frames = new double[n][][];
        for (int i = 0; i < n; i++) {
            frames[i] = frame(chain.residues().get(i));
        }
    }

    /** Why nothing can be computed of a chain; empty where all can. */
    public static Optional<String> refusal(ProteinChain chain) {
        if (chain.length() < 2) {
            return Optional.of("a chain of one residue");
        }
        for (Residue residue : chain.residues()) {
            double[] u = Vectors.between(residue.ca(), residue.n());
            double[] t = Vectors.between(residue.ca(), residue.c());
            if (!(Vectors.length(Vectors.cross(u, t)) > LEAST_LENGTH)) {
                return Optional.of("N, CA and C of residue " + residue.number() + " lie on one line");
            }
        }
        for (int i = 0; i + 1 < chain.length(); i++) {
            for (int j = i + 1; j < chain.length(); j++) {
                float[] one = chain.residues().get(i).ca();
                float[] other = chain.residues().get(j).ca();
                if (Math.abs(one[0] - other[0]) < LEAST_LENGTH && Vectors.distance(one, other) < LEAST_LENGTH) {
                    return Optional.of("CA of residues " + chain.residues().get(i).number() + " and "
                        + chain.residues().get(j).number() + " lie in one place");
                }
            }
        }
        return Optional.empty();
    }

    /**
     * The graph of a chain.
     *
     * @throws InputException with {@link #refusal} where there is one
     */
    public static ProteinGraph of(ProteinChain chain, FeatureScales scales) {
        refusal(chain).ifPresent(reason -> {
            throw new InputException(reason);
        });
        return new ProteinFeatures(chain, scales).graph();
    }

    private ProteinGraph graph() {
        int[][] neighbours = new int[n][];
        for (int i = 0; i < n; i++) {
            neighbours[i] = neighbours(i);
        }
        int edges = Arrays.stream(neighbours).mapToInt(list -> list.length).sum();
        int[] sources = new int[edges];
        int[] targets = new int[edges];
        float[] edgeFeatures = new float[edges * ProteinGraph.EDGE_FEATURES];
        float[] nodeFeatures = nodeFeatures(neighbours);
        for (int i = 0, edge = 0; i < n; i++) {
            for (int j : neighbours[i]) {
                sources[edge] = i;
                targets[edge] = j;
                fillEdge(edgeFeatures, edge * ProteinGraph.EDGE_FEATURES, i, j);
                edge++;
            }
        }
        return new ProteinGraph(chain.sequence(), nodeFeatures, states(SecondaryStructure.of(chain)), positions(), sources,
            targets, edgeFeatures);
    }

    private float[] ca(int i) {
        return chain.residues().get(i).ca();
    }

    private double distance(int i, int j) {
        return Vectors.distance(ca(i), ca(j));
    }

    private int[] neighbours(int i) {
        int[] near = IntStream.range(0, n).filter(j -> j != i && distance(i, j) < REACH).toArray();
        if (near.length > NEIGHBOURS) {
            return nearest(i, near, NEIGHBOURS);
        }
        return near.length > 0 ? near : nearest(i, IntStream.range(0, n).filter(j -> j != i).toArray(), 1);
    }

    private int[] nearest(int i, int[] among, int count) {
        return Arrays.stream(among).boxed().sorted(Comparator.comparingDouble(j -> distance(i, j))).limit(count)
            .mapToInt(Integer::intValue).toArray();
    }

    private float[] nodeFeatures(int[][] neighbours) {
        float[] features = new float[n * ProteinGraph.NODE_FEATURES];
        double[] areas = standardised(AccessibleArea.of(chain));
        double[] factors = standardised(chain.residues().stream().mapToDouble(Residue::bFactor).toArray());
        for (int i = 0; i < n; i++) {
            double[] angles = angles(i);
            double[] raw = {areas[i], factors[i], Math.sin(angles[0]), Math.cos(angles[0]), Math.sin(angles[1]),
                Math.cos(angles[1])};
            int at = i * ProteinGraph.NODE_FEATURES;
            for (int column = 0; column < SCALARS; column++) {
                features[at + column] = scales.node(raw[column], column);
            }
            for (int k = 0; k < SPREADS.length; k++) {
                features[at + SCALARS + k] = scales.node(direction(i, neighbours[i], SPREADS[k]), SCALARS + k);
            }
        }
        return features;
    }

    /** Less the mean, over the deviation within the chain. */
    private static double[] standardised(double[] values) {
        if (Arrays.stream(values).allMatch(value -> value == values[0])) {
            return new double[values.length];
        }
        double mean = Arrays.stream(values).average().orElseThrow();
        double squares = Arrays.stream(values).map(value -> (value - mean) * (value - mean)).sum();
        double deviation = Math.sqrt(squares / (values.length - 1)) + LEAST_DEVIATION;
        return Arrays.stream(values).map(value -> (value - mean) / deviation).toArray();
    }

    /** Two torsions in degrees, 0…360; zeros at the end of the chain. */
    private double[] angles(int i) {
        if (i == n - 1) {
            return new double[2];
        }
        Residue residue = chain.residues().get(i);
        float[] next = chain.residues().get(i + 1).n();
        return new double[] {torsion(residue.c(), residue.n(), residue.ca(), next),
            torsion(residue.n(), residue.ca(), residue.c(), next)};
    }

    private static double torsion(float[] a, float[] b, float[] c, float[] d) {
        double[] middle = Vectors.between(b, c);
        double[] last = Vectors.between(c, d);
        double[] one = Vectors.cross(Vectors.between(a, b), middle);
        double[] other = Vectors.cross(middle, last);
        if (Vectors.length(one) == 0 || Vectors.length(other) == 0) {
            return 0;
        }
        double angle = Vectors.angle(one, other);
        return Vectors.dot(one, last) < 0 ? 360 - angle : angle;
    }

    /** How one-sided the neighbours lie, 0…1, the nearer ones counting more with a smaller spread. */
    private double direction(int i, int[] neighbours, double spread) {
        double nearest = Arrays.stream(neighbours).mapToDouble(j -> distance(i, j)).min().orElseThrow();
        double[] sum = new double[3];
        double lengths = 0;
        for (int j : neighbours) {
            double d = distance(i, j);
            double weight = Math.exp((nearest * nearest - d * d) / spread);
            double[] away = Vectors.between(ca(j), ca(i));
            for (int axis = 0; axis < 3; axis++) {
                sum[axis] += weight * away[axis];
            }
            lengths += weight * d;
        }
        return Vectors.length(sum) / lengths;
    }

    private static double[][] frame(Residue residue) {
        double[] u = Vectors.unit(Vectors.between(residue.ca(), residue.n()));
        double[] t = Vectors.unit(Vectors.between(residue.ca(), residue.c()));
        double[] normal = Vectors.unit(Vectors.cross(u, t));
        return new double[][] {normal, u, Vectors.cross(normal, u)};
    }

    private void fillEdge(float[] features, int at, int i, int j) {
        int apart = Math.min(Math.abs(i - j), FARTHEST);
        if (apart < FARTHEST) {
            features[at + apart] = 1;
        }
        features[at + FARTHEST] = scales.edge(apart == FARTHEST ? 1 : 0, FARTHEST);
        double d = distance(i, j);
        int column = FARTHEST + 1;
        for (int k = 0; k < RADIAL; k++, column++) {
            double scaled = d / RADIAL_SCALE;
            features[at + column] = scales.edge(Math.exp(-scaled * scaled / Math.pow(RADIAL_BASE, k)), column);
        }
        features[at + column] = scales.edge(d <= CONTACT ? 1 : 0, column);
        List<double[]> vectors = List.of(Vectors.between(ca(j), ca(i)), frames[i][0], frames[i][1], frames[i][2]);
        for (int v = 0; v < vectors.size(); v++) {
            for (int axis = 0; axis < 3; axis++) {
                int place = FIRST_ORIENTATION + 3 * v + axis;
                features[at + place] = scales.edge(Vectors.dot(frames[j][axis], vectors.get(v)), place);
            }
        }
    }

    private static float[] states(byte[] states) {
        int classes = ProteinGraph.STATES.length();
        float[] oneHot = new float[states.length * classes];
        for (int i = 0; i < states.length; i++) {
            if (states[i] != SecondaryStructure.UNKNOWN) {
                oneHot[i * classes + states[i]] = 1;
            }
        }
        return oneHot;
    }

    private float[] positions() {
        double[] mean = new double[3];
        for (int i = 0; i < n; i++) {
            for (int axis = 0; axis < 3; axis++) {
                mean[axis] += ca(i)[axis] / (double) n;
            }
        }
        float[] positions = new float[3 * n];
        for (int at = 0; at < positions.length; at++) {
            positions[at] = (float) (ca(at / 3)[at % 3] - mean[at % 3]) / scales.position();
        }
        return positions;
    }
}
