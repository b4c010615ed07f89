package org.bitdgdm.kernels.bench;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.kernels.GraphFeatures;
import org.bitdgdm.kernels.NetworkSpec.Width;
import org.bitdgdm.kernels.PackedModel;

/**
 * Bounds of the cuda backend, derived and not measured: the operations and bytes of one graph and step over the rates that a
 * GPU's maker states, term by term, as if nothing overlapped.
 *
 * @param seconds of one graph and step, by term
 */
record CudaBudget(Map<String, Double> seconds) {
    /** The terms, in the order of {@code seconds}. */
    static final List<String> TERMS = List.of("dense integer", "sparse", "full-precision layers", "attention, norms, pools",
        "codes of inputs", "features", "draw", "memory");
    /** Operations that an instruction of the FP32 or FP64 units counts as in a maker's rate: a fused multiply-add. */
    private static final double PER_INSTRUCTION = 2;
    /** Instructions of exp in vector_math.cuh, of an entry in LayerNorm and its residual, in a pool, and of a code. */
    private static final double EXP = 18;
    private static final double NORM = 8;
    private static final double POOL = 6;
    private static final double QUANTIZE = 12;
    /** Of a rotation of Jacobi: five divisions and roots, and the products of one entry of both matrices. */
    private static final double ROOTS = 100;
    private static final double ROTATED = 12;
    private static final int SWEEPS = 6;
    /** Of the reduction of a larger graph's Laplacian, for each n³: a symmetric product, and an update, of every row. */
    private static final double REDUCED = 4 / 3.0;
    /** Divisions for each node: of the bisections of five eigenvalues. */
    private static final double DIVISIONS = 5 * 56;
    private static final double DIVISION = 20;
    /** Of a class of an element that is drawn: divisions in double, once for each sum over classes. */
    private static final double DRAWN = 200;
    private static final int WARP = 32;

    /**
     * What a GPU's data sheet states, in operations and bytes a second, without sparsity.
     *
     * @param fp32 of the ordinary units, as {@code fp64}; the others are of tensor cores
     */
    record Gpu(String name, double fp32, double fp64, double bf16, double int8, double memory) {
        static final List<Gpu> ALL = List.of(
            new Gpu("H200 SXM", 67e12, 34e12, 989e12, 1979e12, 4.8e12),
            new Gpu("H100 SXM", 67e12, 34e12, 989e12, 1979e12, 3.35e12),
            new Gpu("A100 SXM 80 GB", 19.5e12, 9.7e12, 312e12, 624e12, 2.039e12));

        /** The one whose first word a device's description has; the first of all where none has. */
        static Gpu ofDevice(String description) {
            return ALL.stream().filter(gpu -> description.contains(gpu.name.substring(0, gpu.name.indexOf(' ')))).findFirst()
                .orElse(ALL.get(0));
        }
    }

    /**
     * The bounds of a model.
     *
     * @param halves whether layers in full precision are multiplied in BF16
     */
    static CudaBudget of(Workload work, PackedModel model, int n, boolean halves, Gpu gpu) {
        double floats = gpu.fp32 / PER_INSTRUCTION;
        double doubles = gpu.fp64 / PER_INSTRUCTION;
        double rotations = SWEEPS * n * (n - 1) / 2.0;
        double eigenpairs = n <= GraphFeatures.MOST_ROTATED ? rotations * (ROOTS + ROTATED * n)
            : REDUCED * n * n * n + DIVISIONS * DIVISION * n;
        double drawn = (double) n * model.architecture().nodeTypes()
            + n * (n - 1) / 2.0 * model.architecture().edgeTypes();
        double[] terms = {
            work.integerOperations() / gpu.int8,
            (work.sparseOperations() + work.outlierOperations()) / gpu.fp32,
            work.denseOperations() / (halves ? gpu.bf16 : gpu.fp32),
            (work.attentionOperations() / PER_INSTRUCTION + EXP * work.exponentials()
                + NORM * (work.nodeNormElements() + work.edgeNormElements()) + POOL * work.pooledElements()) / floats,
            QUANTIZE * work.quantizedEntries() / floats,
            eigenpairs / doubles,
            DRAWN * drawn / doubles,
            bytes(model, n) / gpu.memory};
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (int term = 0; term < terms.length; term++) {
            seconds.put(TERMS.get(term), terms[term]);
        }
        return new CudaBudget(seconds);
    }

    /**
     * Bytes that pass through memory for a graph and step of a large batch, launch by launch, weights aside: see
     * CudaNetwork. X is read or written 17 times in a layer (6 by q, k and v, 4 by the edges, 5 by the rest of its layer, 2
     * by the pool), E four times (twice by the edges, twice by the pool).
     */
    private static double bytes(PackedModel model, int n) {
        double nodes = 4.0 * n * model.width(Width.X);
        double edges = 4.0 * n * n * model.width(Width.E);
        return model.architecture().layers() * (17 * nodes + 4 * edges) + 6 * nodes + 2 * edges;
    }

    /** How many times the bound the features' instructions take, where all lanes of a warp work out the same rotation. */
    static double featureOverhead(int n) {
        return WARP * (ROOTS + ROTATED) / (ROOTS + ROTATED * n);
    }

    /** The sum of the terms but memory, or memory where that is more: kernels overlap the two. */
    double total() {
        double memory = seconds.get("memory");
        double work = seconds.values().stream().mapToDouble(Double::doubleValue).sum() - memory;
        return Math.max(work, memory);
    }
}
