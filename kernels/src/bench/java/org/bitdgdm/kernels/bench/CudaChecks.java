package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.LongStream;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.CudaDenoiser;
import org.bitdgdm.kernels.CudaForms;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;

/**
 * Checks of a device before it is timed: logits against another backend, graphs against the cpu backend's, products of 4
 * bits against those of bytes. Every check is a line of results with a verdict.
 */
final class CudaChecks {
    /** Of lines of results. */
    static final String KIND = "check";
    static final String FAILED = "FAILED";
    private static final long SEED = 1;
    private static final double MIN_IDENTICAL = 0.99;
    private static final int LOGIT_GRAPHS = 10;
    private static final int MANY_NODES = 5;

    /** |found − expected| ≤ absolute + relative · |expected|. */
    private record Bound(double absolute, double relative) {
        /** What FP32 in another order of sums may differ by, as in CudaDenoiserTest. */
        static final Bound FP32 = new Bound(1e-4, 1e-4);
        /** BF16 has 8 bits of significance; through five layers. */
        static final Bound BF16 = new Bound(0.15, 0.05);

        boolean holds(double expected, double found) {
            return Math.abs(found - expected) <= absolute + relative * Math.abs(expected);
        }
    }

    /** What must hold of the logits of a setting. */
    private enum Judgement {
        /** All are within {@link Bound#FP32}. */
        FULL,
        /** All are within {@link Bound#BF16}. */
        HALF,
        /**
         * Nearly all are within {@link Bound#FP32} of the cpu backend's. Both round sums in FP32, so a code on an edge
         * flips rarely; one that does makes others flip behind it, but in its own graph only. The reference, which sums in
         * double, has many more flips: thresholds are values that were recorded in FP32, which lie on the very edge.
         */
        CODED,
        /** Large graphs through many layers have a flip each: the distance is only shown, products of 4 bits are judged. */
        NONE
    }

    /**
     * Share of logits of {@link Judgement#CODED} that flips may move: 6% on the emulated device, one graph of the ten of 9
     * nodes. A wrong scale, threshold or outlier would show in all graphs.
     */
    private static final double MAX_FLIPPED = 0.20;

    /** Distances of one setting's logits, over all graphs that are compared. */
    private static final class Distances {
        private double largest;
        private long all;
        private long beyondFp32;
        private long beyondBf16;

        void add(float[][] expected, float[][] found) {
            for (int part = 0; part < expected.length; part++) {
                for (int at = 0; at < expected[part].length; at++) {
                    double wanted = expected[part][at];
                    double apart = Math.abs(found[part][at] - wanted);
                    largest = Double.isNaN(apart) ? Double.POSITIVE_INFINITY : Math.max(largest, apart);
                    beyondFp32 += Bound.FP32.holds(wanted, found[part][at]) ? 0 : 1;
                    beyondBf16 += Bound.BF16.holds(wanted, found[part][at]) ? 0 : 1;
                    all++;
                }
            }
        }

        boolean hold(Judgement judgement) {
            return switch (judgement) {
                case FULL -> beyondFp32 == 0;
                case HALF -> beyondBf16 == 0;
                case CODED -> beyondFp32 <= MAX_FLIPPED * all;
                case NONE -> largest < Double.POSITIVE_INFINITY;
            };
        }

        double share(long beyond) {
            return (double) beyond / all;
        }
    }

    private final CudaDevice device;
    private final ResultLines results;
    private boolean passed = true;

    CudaChecks(CudaDevice device, ResultLines results) {
        this.device = device;
        this.results = results;
    }

    boolean passed() {
        return passed;
    }

    /** The shipped model in every setting and precision, at its sizes and down to one node. */
    void shipped(CudaModel model, int graphs, int steps) {
        int[] sizes = {1, 2, 5, model.bench.nodes()};
        for (Setting setting : Setting.ALL) {
            check(model, setting, CudaDevice.Products.FP32, sizes, LOGIT_GRAPHS, graphs, steps);
        }
        check(model, Setting.FP32, CudaDevice.Products.BF16, sizes, LOGIT_GRAPHS, 0, 0);
    }

    /** A model at its size, on two graphs. */
    void large(CudaModel model) {
        for (Setting setting : Setting.ALL) {
            check(model, setting, CudaDevice.Products.FP32, new int[] {model.bench.nodes()}, 2, 0, 0);
        }
    }

    private static Judgement judgement(PackedModel model, CudaDevice.Products products) {
        return !CudaForms.isFull(model) ? Judgement.CODED : products == CudaDevice.Products.BF16 ? Judgement.HALF
            : Judgement.FULL;
    }

    private void check(CudaModel model, Setting setting, CudaDevice.Products products, int[] sizes, int logitGraphs,
                       int graphs, int steps) {
        String name = CudaBench.label(setting, products);
        try {
            PackedModel packed = model.packed(setting);
            Judgement judgement = model.bench.trained() || setting == Setting.FP32 ? judgement(packed, products)
                : Judgement.NONE;
            Distances distances = new Distances();
            ObjectNode line = line(model.bench.name(), name);
            boolean holds = true;
            try (CudaDenoiser cuda = device.open(packed, products);
                 CpuDenoiser cpu = new CpuDenoiser(packed, CudaModel.cpuOptions());
                 ReferenceDenoiser reference = new ReferenceDenoiser(packed)) {
                // The reference takes seconds for one large graph.
                boolean exact = model.bench.trained() && judgement != Judgement.CODED;
                for (int n : sizes) {
                    GraphBatch batch = noise(packed, n, logitGraphs);
                    distances.add(logits(exact ? reference : cpu, packed, batch), logits(cuda, packed, batch));
                }
                if (graphs > 0) {
                    double share = identical(cuda, cpu, model.bench.nodes(), graphs, steps);
                    line.put("equal_graphs", share).put("graphs", graphs).put("steps", steps);
                    holds = judgement != Judgement.FULL || share > MIN_IDENTICAL;
                }
            }
            if (CudaForms.hasNibbles(packed)) {
                boolean same = sameProducts(packed, noise(packed, model.bench.nodes(), logitGraphs));
                line.put("same_products_of_4_bits", same);
                holds &= same;
            }
            add(line, distances, holds && distances.hold(judgement), judgement);
        } catch (KernelException e) {
            failed(model.bench.name(), name, e);
        }
    }

    /**
     * Small models of every kind of layer, on graphs that take one tile, several, and none to spare; with both kinds of
     * products of 4 bits, and so many graphs at once that the rest of X's layer is fused.
     *
     * @param sizes      nodes of graphs
     * @param manyGraphs of 5 nodes: 16 rows for each multiprocessor
     */
    void small(int[] sizes, int manyGraphs) {
        for (Map.Entry<String, PackedModel> named : CudaForms.small().entrySet()) {
            PackedModel model = named.getValue();
            for (CudaDevice.Products products : CudaForms.isFull(model) ? new CudaDevice.Products[] {
                CudaDevice.Products.FP32, CudaDevice.Products.BF16} : new CudaDevice.Products[] {CudaDevice.Products.FP32}) {
                small(named.getKey() + (products == CudaDevice.Products.BF16 ? ", bf16" : ""), model, products, sizes, manyGraphs);
            }
        }
    }

    private void small(String name, PackedModel model, CudaDevice.Products products, int[] sizes, int manyGraphs) {
        String title = "two layers, n of " + Arrays.toString(sizes);
        Judgement judgement = judgement(model, products);
        try {
            Distances distances = new Distances();
            try (CudaDenoiser cuda = device.open(model, products);
                 CpuDenoiser cpu = new CpuDenoiser(model, CudaModel.cpuOptions());
                 ReferenceDenoiser reference = new ReferenceDenoiser(model)) {
                Denoiser other = judgement == Judgement.CODED ? cpu : reference;
                for (int n : sizes) {
                    GraphBatch batch = noise(model, n, n > 64 ? 1 : 3);
                    distances.add(logits(other, model, batch), logits(cuda, model, batch));
                }
                GraphBatch many = noise(model, MANY_NODES, manyGraphs);
                distances.add(logits(other, model, many), logits(cuda, model, many));
                sampled(cuda, MANY_NODES, 3, 2);
            }
            ObjectNode line = line(title, name);
            boolean same = true;
            if (CudaForms.hasNibbles(model)) {
                same = sameProducts(model, noise(model, 27, 3));
                line.put("same_products_of_4_bits", same);
            }
            add(line, distances, same && distances.hold(judgement), judgement);
        } catch (KernelException e) {
            failed(title, name, e);
        }
    }

    private static ObjectNode line(String model, String setting) {
        return ResultLines.line(KIND).put("model", model).put("setting", setting);
    }

    private void add(ObjectNode line, Distances distances, boolean holds, Judgement judgement) {
        passed &= holds;
        results.add(line.put("largest_distance", distances.largest).put("beyond_fp32", distances.share(distances.beyondFp32))
            .put("beyond_bf16", distances.share(distances.beyondBf16))
            .put("verdict", !holds ? FAILED : judgement == Judgement.NONE ? "distance not judged" : "holds"));
    }

    private void failed(String model, String setting, KernelException e) {
        passed = false;
        results.add(line(model, setting).put("verdict", FAILED).put("failed", e.getMessage()));
    }

    /** Whether codes multiplied as 4 bits and as bytes give the same logits, to the bit. */
    private boolean sameProducts(PackedModel model, GraphBatch batch) {
        float[][] bytes;
        try (CudaDenoiser cuda = device.open(model, CudaDevice.Products.BYTES)) {
            bytes = logits(cuda, model, batch);
        }
        try (CudaDenoiser cuda = device.open(model, CudaDevice.Products.NIBBLES)) {
            return Arrays.deepEquals(bytes, logits(cuda, model, batch));
        }
    }

    private static GraphBatch noise(PackedModel model, int n, int graphs) {
        return InitialNoise.draw(model.diffusion(), n, LongStream.range(3, 3 + graphs).toArray(), SEED);
    }

    private static float[][] logits(Denoiser denoiser, PackedModel model, GraphBatch batch) {
        float[] nodes = new float[batch.nodes().length * model.architecture().nodeTypes()];
        float[] edges = new float[batch.edges().length * model.architecture().edgeTypes()];
        denoiser.logits(batch, model.diffusion().steps() / 2, nodes, edges);
        return new float[][] {nodes, edges};
    }

    private static double identical(Denoiser one, Denoiser other, int n, int graphs, int steps) {
        GraphBatch first = sampled(one, n, graphs, steps);
        GraphBatch second = sampled(other, n, graphs, steps);
        int equal = 0;
        for (int g = 0; g < graphs; g++) {
            boolean same = Arrays.equals(first.nodes(), g * n, (g + 1) * n, second.nodes(), g * n, (g + 1) * n)
                && Arrays.equals(first.edges(), g * n * n, (g + 1) * n * n, second.edges(), g * n * n, (g + 1) * n * n);
            equal += same ? 1 : 0;
        }
        return (double) equal / graphs;
    }

    private static GraphBatch sampled(Denoiser denoiser, int n, int graphs, int steps) {
        try {
            return denoiser.sample(n, LongStream.range(0, graphs).toArray(), SEED,
                denoiser.diffusion().schedule().times(steps));
        } catch (InterruptedException e) {
            throw new IllegalStateException("the benchmark was interrupted", e);
        }
    }
}
