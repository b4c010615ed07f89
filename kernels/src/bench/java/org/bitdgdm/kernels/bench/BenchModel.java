package org.bitdgdm.kernels.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.FeatureSet;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.TestModels;
import org.bitdgdm.kernels.Variant;

/**
 * A model and the graphs it is measured on.
 *
 * @param name  as in tables
 * @param nodes n of every graph
 * @param full  in full precision
 * @param trained whether the weights are, so that graphs are worth denoising before the clock starts
 */
record BenchModel(String name, int nodes, PackedModel full, boolean trained) {
    private static final long SEED = 1;
    /** Reverse strides from T to T/2 that shape the graphs of a trained model. */
    private static final int STRIDES = 10;

    /** A model by its word on the command line. */
    static BenchModel of(String name) {
        return switch (name) {
            case "qm9" -> qm9();
            case "moses" -> moses();
            case "planar" -> planar();
            case "sbm" -> sbm();
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** The shipped model at its largest size. */
    private static BenchModel qm9() {
        return new BenchModel("QM9, n = 9", 9, TestModels.qm9(Variant.FIXED_BUG), true);
    }

    /** So many of QM9's layers that it has 100 MB in full precision; random weights. */
    static BenchModel large() {
        Architecture architecture = new Architecture(Variant.FIXED_BUG, 28, 8, 4, 5, 9, 500, FeatureSet.ALL, true,
            new float[] {12, 14, 16, 19}, 150);
        return new BenchModel("100 MB, n = 9", 9, random(architecture, new float[] {0.72f, 0.12f, 0.15f, 0.01f},
            new float[] {0.73f, 0.23f, 0.03f, 0.01f, 0}, new Widths(64, DX, 128, 128, 128)), false);
    }

    /** The sizes of the published MOSES model at its largest molecules; random weights. */
    private static BenchModel moses() {
        float[] nodeMarginal = {0.72f, 0.14f, 0.02f, 0.10f, 0.01f, 0.005f, 0.005f, 0};
        float[] edgeMarginal = {0.91f, 0.045f, 0.006f, 0.0003f, 0.037f};
        Architecture architecture = new Architecture(Variant.MAIN, 12, 8, 8, 5, 27, 500, FeatureSet.ALL, true,
            new float[] {12, 14, 32, 16, 19, 35.4f, 79.9f, 1}, 350);
        return new BenchModel("MOSES sizes, n = 27", 27,
            random(architecture, nodeMarginal, edgeMarginal, new Widths(128, DX, 128, 256, 128)), false);
    }

    /** The sizes of the published planar-graph model; random weights. */
    private static BenchModel planar() {
        Architecture architecture = new Architecture(Variant.MAIN, 10, 8, 1, 2, 64, 1000, FeatureSet.ALL, false,
            new float[0], 1);
        return new BenchModel("planar sizes, n = 64", 64,
            random(architecture, new float[] {1}, new float[] {0.915f, 0.085f}, PLAIN), false);
    }

    /** The sizes of the published model of stochastic block graphs at its largest graphs; random weights. */
    private static BenchModel sbm() {
        Architecture architecture = new Architecture(Variant.MAIN, 8, 8, 1, 2, 187, 1000, FeatureSet.ALL, false,
            new float[0], 1);
        return new BenchModel("SBM sizes, n = 187", 187,
            random(architecture, new float[] {1}, new float[] {0.919f, 0.081f}, PLAIN), false);
    }

    /** Widths that differ between published configurations: of y, within the MLPs of nodes, edges and y, and of edges. */
    private record Widths(int dy, int hiddenNodes, int hiddenEdges, int hiddenGlobals, int feedForwardEdges) {
    }

    private static PackedModel random(Architecture architecture, float[] nodeMarginal, float[] edgeMarginal, Widths widths) {
        float[] sizes = new float[architecture.maxNodes() + 1];
        sizes[architecture.maxNodes()] = 1;
        Diffusion diffusion = Diffusion.cosine(architecture.diffusionSteps(), nodeMarginal, edgeMarginal, sizes);
        return TestModels.random(architecture, diffusion, new Random(SEED), module -> switch (module) {
            case "mlp_in_X.0", "mlp_out_X.0" -> widths.hiddenNodes();
            case "mlp_in_X.2" -> DX;
            case "mlp_in_E.2" -> DE;
            case "mlp_in_y.2", "self_attn.y_out.0" -> widths.dy();
            case "mlp_in_E.0", "mlp_out_E.0" -> widths.hiddenEdges();
            case "mlp_in_y.0" -> widths.hiddenGlobals();
            case "linX1" -> FEED_FORWARD_X;
            case "linE1" -> widths.feedForwardEdges();
            case "lin_y1" -> FEED_FORWARD_Y;
            default -> throw new IllegalArgumentException(module);
        });
    }

    // As in the published configurations.
    private static final int DX = 256;
    private static final int DE = 64;
    private static final int FEED_FORWARD_X = 256;
    private static final int FEED_FORWARD_Y = 2048;
    /** Of planar and stochastic block graphs. */
    private static final Widths PLAIN = new Widths(64, 128, 64, 128, 64);

    /** T/2, where measured steps begin: graphs there look like those that most steps see. */
    int startTime() {
        return full.architecture().diffusionSteps() / 2;
    }

    /** Graphs 0…count−1 at {@link #startTime}. */
    GraphBatch graphs(int count, Denoiser denoiser) {
        GraphBatch batch = InitialNoise.draw(full.diffusion(), nodes, LongStream.range(0, count).toArray(), SEED);
        if (trained) {
            int[] times = new int[STRIDES + 1];
            int last = full.diffusion().steps();
            for (int i = 0; i <= STRIDES; i++) {
                times[i] = last - (last - startTime()) * i / STRIDES;
            }
            denoiser.advance(batch, SEED, times);
        }
        return batch;
    }

    /** A copy of the first graphs of a batch. */
    static GraphBatch first(GraphBatch batch, int count) {
        int n = batch.nodeCount();
        return new GraphBatch(n, Arrays.copyOf(batch.ids(), count),
            Arrays.copyOf(batch.nodes(), count * n), Arrays.copyOf(batch.edges(), count * n * n));
    }

    /** Batch sizes that other runtimes are measured with: where they are fastest, and as far as their memory goes. */
    List<Integer> peerBatches() {
        return nodes <= 9 ? List.of(4, 8, 16, 32, 64) : nodes <= 27 ? List.of(1, 2, 4, 8, 16) : nodes <= 64
            ? List.of(1, 2, 4) : List.of(1, 2);
    }

    /** Batch sizes measured by default: fewer of large graphs, where a step of a batch takes seconds. */
    List<Integer> batches(boolean all) {
        if (all || nodes <= 9) {
            return List.of(1, 2, 4, 8, 16, 32, 64, 128, 256);
        }
        return nodes <= 27 ? List.of(1, 4, 16, 64) : nodes <= 64 ? List.of(1, 2, 4, 8) : List.of(1, 2);
    }
}
