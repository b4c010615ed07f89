// The kernels of the cuda backend, one unit. Their arguments are in layout.cuh; CudaNetwork.java launches them.
#include "device.cuh"
#include "graph_features.cuh"
#include "layout.cuh"
#include "linear.cuh"
#include "network.cuh"
#include "posterior.cuh"
#include "prepared.cuh"
#include "vector_math.cuh"

using namespace bitdgdm;

// Inputs of the network from the classes of each graph.
BITDGDM_KERNEL(bitdgdm_features, FeatureArguments, 2) {
    features(args);
}

// y = x T, for several layers at once: once for all the blocks of bitdgdm_linear that multiply a row.
BITDGDM_KERNEL(bitdgdm_transform, LinearArguments, 2) {
    const LinearJob& job = args.jobs[blockZ()];
    const Linear& layer = *job.layer;
    const int firstRow = blockX() * args.tileRows;
    const int rows = args.rows - firstRow < args.tileRows ? args.rows - firstRow : args.tileRows;
    const Turned to = turnedIn(layer, args.tileRows, sharedMemory());
    transformRows(layer, job.x + (size_t) firstRow * job.xStride, job.xStride, rows, to);
    const float* turned = to.rows();
    for (int at = threadIndex(); at < rows * layer.in; at += BLOCK) {
        job.y[(size_t) (firstRow + at / layer.in) * job.yStride + at % layer.in] =
            turned[at / layer.in * to.stride + at % layer.in];
    }
}

// y = finish(x W + b), for several layers at once.
BITDGDM_KERNEL(bitdgdm_linear, LinearArguments, 2) {
    const LinearJob& job = args.jobs[blockZ()];
    const Linear& layer = *job.layer;
    const int firstRow = blockX() * args.tileRows;
    const int rows = args.rows - firstRow < args.tileRows ? args.rows - firstRow : args.tileRows;
    const int first = blockY() * args.columns;
    if (first >= layer.outPadded) {
        return;
    }
    const int columns = layer.outPadded - first < args.columns ? layer.outPadded - first : args.columns;
    const float* x = job.x + (size_t) firstRow * job.xStride;
    float* y = job.y + (size_t) firstRow * job.yStride + first;
    prepare(layer, x, job.xStride, rows, args.tileRows, sharedMemory());
    product(layer, x, job.xStride, rows, args.tileRows, first, columns, y, job.yStride, job.finish, sharedMemory());
}

// x = LayerNorm(x + update).
BITDGDM_KERNEL(bitdgdm_norm, NormArguments, 2) {
    const int first = blockX() * (BLOCK / ROW_LANES);
    const int rows = args.rows - first < BLOCK / ROW_LANES ? args.rows - first : BLOCK / ROW_LANES;
    addAndNormalise(args.x + (size_t) first * args.stride, args.stride, args.update + (size_t) first * args.stride,
        args.stride, args.weight, args.bias, args.width, rows);
}

BITDGDM_KERNEL(bitdgdm_sum, SumArguments, 2) {
    const int64_t at = (int64_t) blockX() * BLOCK + threadIndex();
    if (at < args.count) {
        args.out[at] = (args.a[at] + args.b[at]) + args.c[at];
    }
}

// Statistics of X and E for y.
BITDGDM_KERNEL(bitdgdm_pool, PoolArguments, 2) {
    const int n = args.nodes;
    const size_t graph = blockX();
    if (blockY() == 0) {
        for (int c = threadIndex(); c < args.dx; c += BLOCK) {
            poolChannel(args.x + graph * n * args.xStride, args.xStride, n, args.dx, c, args.biasedVariance != 0,
                args.poolX + graph * args.poolXStride);
        }
    } else {
        for (int c = threadIndex(); c < args.de; c += BLOCK) {
            poolChannel(args.e + graph * n * n * args.eStride, args.eStride, n * n, args.de, c, args.biasedVariance != 0,
                args.poolE + graph * args.poolEStride);
        }
    }
}

// The classes are symmetric, hence so is the table's choice: (E + E^T) / 2 changes nothing.
BITDGDM_KERNEL(bitdgdm_edge_input, EdgeInputArguments, 2) {
    const int64_t at = (int64_t) blockX() * BLOCK + threadIndex();
    if (at < args.rows * args.eStride) {
        args.e[at] = args.table[(size_t) args.classes[at / args.eStride] * args.eStride + at % args.eStride];
    }
}

// The same for edges that have features, after the input MLP.
BITDGDM_KERNEL(bitdgdm_edge_symmetric, SymmetricArguments, 2) {
    const int64_t at = (int64_t) blockX() * BLOCK + threadIndex();
    if (at >= args.rows * args.eStride) {
        return;
    }
    const int64_t row = at / args.eStride;
    const int i = (int) (row / args.n % args.n);
    const int j = (int) (row % args.n);
    if (j < i) {
        float* lower = args.e + at;
        float* upper = lower + ((int64_t) j * args.n + i - (int64_t) i * args.n - j) * args.eStride;
        *lower = *upper = (*lower + *upper) * 0.5f;
    }
}

BITDGDM_KERNEL(bitdgdm_edges, EdgesArguments, 2) {
    edges<true>(args);
}

// What the same takes without the products of its layers, for benchmarks: its results are worth nothing.
BITDGDM_KERNEL(bitdgdm_edges_without_layers, EdgesArguments, 2) {
    edges<false>(args);
}

BITDGDM_KERNEL(bitdgdm_nodes, NodesArguments, 2) {
    nodes(args);
}

BITDGDM_KERNEL(bitdgdm_edge_output, EdgeOutputArguments, 2) {
    edgeOutput(args);
}

// z_T.
BITDGDM_KERNEL(bitdgdm_draw_initial, DrawArguments, 2) {
    drawInitial(args);
}

// z_s from the logits at t.
BITDGDM_KERNEL(bitdgdm_draw, DrawArguments, 2) {
    draw(args);
}

BITDGDM_KERNEL(bitdgdm_logits, DrawArguments, 2) {
    writeLogits(args);
}

// The graphs are at the next time. A launch of its own: every block of a draw reads where the batch was. One thread.
BITDGDM_KERNEL(bitdgdm_next_step, DrawArguments, 2) {
    if (threadIndex() == 0) {
        args.progress->step++;
    }
}
