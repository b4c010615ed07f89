// The part of a transformer layer that works on edges, fused: from scores to the end of E's feed-forward, for the rows
// (i, 0...n-1) of a few nodes i at a time, in shared memory. No (n, n, dx) tensor exists; where the rows of one node do
// not fit a tile, the softmax runs over tiles with a running maximum and sum.
#pragma once

#include "device.cuh"
#include "layout.cuh"
#include "linear.cuh"
#include "vector_math.cuh"

namespace bitdgdm {

// Shared memory of bitdgdm_edges; EdgeLayers.bytes in CudaNetwork.java is its size.
struct EdgeTiles {
    float* e;               // (tileRows, eTileStride)
    float* y;               // (tileRows, yTileStride) e_mul, then Y, then Y modulated; later the hidden layer of linE
    float* add;             // (tileRows, addTileStride) some channels of e_add; later what is added to E
    float* highest;         // (dx) of each channel, where a node takes several tiles
    float* total;           // (dx)
    float* sum;             // (dx)
    char* scratch;
    char* addScratch;       // of e_add
};

BITDGDM_DEVICE EdgeTiles divide(const EdgesArguments& args, char* memory) {
    EdgeTiles to;
    to.e = (float*) memory;
    to.y = to.e + (size_t) args.tileRows * args.eTileStride;
    to.add = to.y + (size_t) args.tileRows * args.yTileStride;
    float* state = to.add + (size_t) args.tileRows * args.addTileStride;
    const int channels = args.nodes > args.tileRows ? args.xStride : 0;
    to.highest = state;
    to.total = state + channels;
    to.sum = state + 2 * channels;
    to.scratch = (char*) (state + 3 * channels);
    to.addScratch = to.scratch + args.scratchBytes;
    return to;
}

// Scores and softmax of channels first ... first + count of a tile whose e_mul lies in tiles.y and e_add in tiles.add:
// Y_j = Q_i K_j / sqrt(d_head) (e_mul + 1) + e_add; xNew = y_x_add + (y_x_mul + 1) sum_j softmax_j(Y) V_j; tiles.y becomes
// y_e_add + (y_e_mul + 1) Y. A thread has all rows of one node and channel.
BITDGDM_DEVICE void attend(const EdgesArguments& args, const EdgeTiles& tiles, int firstNode, int items, int firstJ,
                           int rows, int first, int count) {
    const int n = args.nodes;
    const bool whole = n <= args.tileRows;
    const int width = whole ? n : rows;
    for (int at = threadIndex(); at < items * count; at += BLOCK) {
        const int c = first + at % count;
        const int node = firstNode + at / count;
        const int graph = node / n;
        const size_t nodeAt = (size_t) node * args.xStride + c;
        const size_t graphAt = (size_t) graph * args.xStride + c;
        const float* k = args.k + ((size_t) graph * n + firstJ) * args.xStride + c;
        const float* v = args.v + ((size_t) graph * n + firstJ) * args.xStride + c;
        float* y = tiles.y + (size_t) (at / count) * width * args.yTileStride + c;
        const float* add = tiles.add + (size_t) (at / count) * width * args.addTileStride + c - first;
        const float q = args.q[nodeAt] * args.rootInverse;
        float highest = -infinity();
        for (int j = 0; j < width; j++) {
            float score = q * k[(size_t) j * args.xStride];
            score = fusedMultiplyAdd(score, y[(size_t) j * args.yTileStride] + 1.0f, add[(size_t) j * args.addTileStride]);
            y[(size_t) j * args.yTileStride] = score;
            highest = score > highest ? score : highest;
        }
        float total = 0;
        float sum = 0;
        if (!whole) {
            float before = firstJ == 0 ? -infinity() : tiles.highest[c];
            highest = before > highest ? before : highest;
            if (firstJ > 0) {
                const float shrink = exponential(before - highest);
                total = tiles.total[c] * shrink;
                sum = tiles.sum[c] * shrink;
            }
        }
        const float mulE = args.filmEMul[graphAt];
        const float addE = args.filmEAdd[graphAt];
        for (int j = 0; j < width; j++) {
            const float score = y[(size_t) j * args.yTileStride];
            const float weight = exponential(score - highest);
            total = total + weight;
            sum = fusedMultiplyAdd(weight, v[(size_t) j * args.xStride], sum);
            y[(size_t) j * args.yTileStride] = fusedMultiplyAdd(score, mulE, addE);
        }
        if (!whole) {
            tiles.highest[c] = highest;
            tiles.total[c] = total;
            tiles.sum[c] = sum;
        }
        if (whole || firstJ + rows == n) {
            args.xNew[nodeAt] = fusedMultiplyAdd(sum / total, args.filmXMul[graphAt], args.filmXAdd[graphAt]);
        }
    }
}

// One tile: `rows` rows of E from (firstNode, firstJ) on. Its layers take turns in one loop: some channels of e_mul, the
// same of e_add, and so on until all channels have scores; then e_out, linE1, linE2. LAYERS false: without their products.
template <bool LAYERS>
BITDGDM_DEVICE void edgeTile(const EdgesArguments& args, const EdgeTiles& tiles, int firstNode, int items, int firstJ,
                             int rows) {
    float* e = args.e + ((size_t) firstNode * args.nodes + firstJ) * args.eStride;
    for (int at = threadIndex(); at < rows * args.eStride; at += BLOCK) {
        tiles.e[(size_t) (at / args.eStride) * args.eTileStride + at % args.eStride] = e[at];
    }
    sync();
    const int scores = 2 * ((args.xStride + args.channels - 1) / args.channels);
    for (int turn = 0; turn < scores + 3; turn++) {
        const bool isScore = turn < scores;
        const bool isAdd = isScore && turn % 2 == 1;
        const bool isFirst = turn == scores + 1;
        const bool isSecond = turn == scores + 2;
        const Linear& layer = *(isAdd ? args.eAdd : isScore ? args.eMul : isFirst ? args.first : isSecond ? args.second
            : args.eOut);
        const bool fromE = isScore || isFirst;
        const float* x = fromE ? tiles.e : tiles.y;
        int xStride = fromE ? args.eTileStride : args.yTileStride;
        const int first = isScore ? turn / 2 * args.channels : 0;
        const int left = layer.outPadded - first;
        const int count = isScore && left > args.channels ? args.channels : left;
        const bool toY = isFirst || (isScore && !isAdd);
        float* y = toY ? tiles.y + first : tiles.add;
        const int yStride = toY ? args.yTileStride : args.addTileStride;
        char* scratch = isAdd ? tiles.addScratch : tiles.scratch;
        if (LAYERS && layer.transform.present) {
            const Turned turned = turnedIn(layer, args.tileRows, scratch);
            if (first == 0) {
                transformRows(layer, x, xStride, rows, turned);
            }
            x = turned.rows();
            xStride = turned.stride;
            scratch = turned.rest(args.tileRows);
        }
        if (LAYERS) {
            if (first == 0) {
                prepare(layer, x, xStride, rows, args.tileRows, scratch);
            }
            product(layer, x, xStride, rows, args.tileRows, first, count, y, yStride, isFirst ? RELU : STORE, scratch);
        }
        sync();
        if (isAdd) {
            attend(args, tiles, firstNode, items, firstJ, rows, first, count);
            sync();
        } else if (!isScore && !isFirst) {
            addAndNormalise(tiles.e, args.eTileStride, tiles.add, args.addTileStride,
                isSecond ? args.norm2Weight : args.norm1Weight, isSecond ? args.norm2Bias : args.norm1Bias, args.de, rows);
            sync();
        }
    }
    for (int at = threadIndex(); at < rows * args.eStride; at += BLOCK) {
        e[at] = tiles.e[(size_t) (at / args.eStride) * args.eTileStride + at % args.eStride];
    }
}

template <bool LAYERS>
BITDGDM_DEVICE void edges(const EdgesArguments& args) {
    const EdgeTiles tiles = divide(args, sharedMemory());
    const int n = args.nodes;
    const int firstNode = blockX() * args.items;
    const int items = args.nodeRows - firstNode < args.items ? args.nodeRows - firstNode : args.items;
    if (n <= args.tileRows) {
        edgeTile<LAYERS>(args, tiles, firstNode, items, 0, items * n);
        return;
    }
    for (int j = 0; j < n; j += args.tileRows) {
        edgeTile<LAYERS>(args, tiles, firstNode, 1, j, n - j < args.tileRows ? n - j : args.tileRows);
        sync();
    }
}

// The rest of the layer of X, for one tile: x_out, residual and norm, linX1, linX2, residual and norm. The same operations
// on an element as by launches of their own.
BITDGDM_DEVICE void nodes(const NodesArguments& args) {
    const int firstRow = blockX() * args.tileRows;
    const int rows = args.rows - firstRow < args.tileRows ? args.rows - firstRow : args.tileRows;
    float* xTile = (float*) sharedMemory();
    float* yTile = xTile + (size_t) args.tileRows * args.xTileStride;
    char* after = (char*) (yTile + (size_t) args.tileRows * args.yTileStride);
    float* x = args.x + (size_t) firstRow * args.xStride;
    // Nobody else has these rows, so that they hold what linX2 gives once x_out has read them.
    float* attended = args.xNew + (size_t) firstRow * args.xStride;
    for (int at = threadIndex(); at < rows * args.xStride; at += BLOCK) {
        xTile[(size_t) (at / args.xStride) * args.xTileStride + at % args.xStride] = x[at];
    }
    sync();
    for (int turn = 0; turn < 3; turn++) {
        const bool isOut = turn == 0;
        const bool isFirst = turn == 1;
        const Linear& layer = *(isOut ? args.out : isFirst ? args.first : args.second);
        const float* from = isOut ? attended : isFirst ? xTile : yTile;
        int fromStride = isOut ? args.xStride : isFirst ? args.xTileStride : args.yTileStride;
        float* to = isOut || isFirst ? yTile : attended;
        const int toStride = isOut || isFirst ? args.yTileStride : args.xStride;
        char* scratch = after;
        if (layer.transform.present) {
            const Turned turned = turnedIn(layer, args.tileRows, scratch);
            transformRows(layer, from, fromStride, rows, turned);
            from = turned.rows();
            fromStride = turned.stride;
            scratch = turned.rest(args.tileRows);
        }
        prepare(layer, from, fromStride, rows, args.tileRows, scratch);
        product(layer, from, fromStride, rows, args.tileRows, 0, layer.outPadded, to, toStride, isFirst ? RELU : STORE,
            scratch);
        sync();
        if (!isFirst) {
            addAndNormalise(xTile, args.xTileStride, to, toStride, isOut ? args.norm1Weight : args.norm2Weight,
                isOut ? args.norm1Bias : args.norm2Bias, args.dx, rows);
            sync();
        }
    }
    for (int at = threadIndex(); at < rows * args.xStride; at += BLOCK) {
        x[at] = xTile[(size_t) (at / args.xStride) * args.xTileStride + at % args.xStride];
    }
}

// The MLP of E that gives its logits, for one tile.
BITDGDM_DEVICE void edgeOutput(const EdgeOutputArguments& args) {
    const int64_t first = (int64_t) blockX() * args.tileRows;
    const int rows = args.rows - first < args.tileRows ? (int) (args.rows - first) : args.tileRows;
    float* hidden = (float*) sharedMemory();
    char* after = (char*) (hidden + (size_t) args.tileRows * args.hiddenStride);
    const float* e = args.e + first * args.eStride;
    for (int turn = 0; turn < 2; turn++) {
        const Linear& layer = turn == 0 ? *args.first : *args.second;
        const float* x = turn == 0 ? e : hidden;
        int xStride = turn == 0 ? args.eStride : args.hiddenStride;
        char* scratch = after;
        if (layer.transform.present) {
            const Turned turned = turnedIn(layer, args.tileRows, scratch);
            transformRows(layer, x, xStride, rows, turned);
            x = turned.rows();
            xStride = turned.stride;
            scratch = turned.rest(args.tileRows);
        }
        prepare(layer, x, xStride, rows, args.tileRows, scratch);
        product(layer, x, xStride, rows, args.tileRows, 0, layer.outPadded,
            turn == 0 ? hidden : args.logits + first * args.logitStride, turn == 0 ? args.hiddenStride : args.logitStride,
            turn == 0 ? RELU : STORE, scratch);
        sync();
    }
}

}  // namespace bitdgdm
