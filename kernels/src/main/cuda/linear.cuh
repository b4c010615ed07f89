// The product of a linear layer for a tile of rows, FP32, or BF16 or integer on tensor cores, by all threads of a block.
//
// Every output element is summed over the depth in ascending order by one thread, and integer sums are exact, so neither
// the tile nor the number of rows changes a bit. The order of the FP32 terms is that of PackedLinear.java. Outliers
// of a row are a compact list, one bit an entry, read in ascending order: nothing is dropped, no atomics.
#pragma once

#include "device.cuh"
#include "layout.cuh"
#include "prepared.cuh"
#include "vector_math.cuh"

namespace bitdgdm {

BITDGDM_DEVICE float finished(float value, int finish) {
    return finish == RELU ? relu(value) : finish == PLUS_ONE ? value + 1.0f : value;
}

BITDGDM_DEVICE bool isOutlier(const Prepared& from, int row, int column) {
    return (from.outliers[row * from.words + column / WARP] >> (column % WARP) & 1u) != 0;
}

// (X S) of a row, four columns from `column` on.
BITDGDM_DEVICE Four sparseProduct(const Linear& layer, const float* x, const Prepared& from, int row, int column) {
    const int width = layer.sparseWidth;
    const int stride = layer.outPadded;
    const bool crossTerm = layer.crossTerm != 0;
    const int32_t* rows = layer.sparseRow + column;
    const float* values = layer.sparseValue + column;
    Four sum = {{0, 0, 0, 0}};
    for (int place = 0; place < width; place++) {
        const FourRows k = *(const FourRows*) rows;
        const Four weight = *(const Four*) values;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (k.at[i] >= 0) {
                const float value = crossTerm || !isOutlier(from, row, k.at[i]) ? x[k.at[i]] : 0.0f;
                sum.at[i] = fusedMultiplyAdd(value, weight.at[i], sum.at[i]);
            }
        }
        rows += stride;
        values += stride;
    }
    return sum;
}

BITDGDM_DEVICE void addSparse(const Linear& layer, const float* x, const Prepared& from, int row, int column, Four& value) {
    const Four sparse = sparseProduct(layer, x, from, row, column);
#pragma unroll
    for (int i = 0; i < 4; i++) {
        value.at[i] = value.at[i] + sparse.at[i];
    }
}

// ((X A) B) of a row, four columns from `column` on.
BITDGDM_DEVICE void addBranch(const Linear& layer, const Prepared& from, int row, int column, Four& value) {
    const float* h = from.branch + row * layer.branch.rankPadded;
    const float* up = layer.branch.up + column;
#pragma unroll 1
    for (int c = 0; c < layer.branch.rank; c++) {
        const Four weight = *(const Four*) up;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            value.at[i] = fusedMultiplyAdd(h[c], weight.at[i], value.at[i]);
        }
        up += layer.outPadded;
    }
}

BITDGDM_DEVICE void finishFour(const Linear& layer, int column, int finish, Four& value) {
    const Four bias = *(const Four*) (layer.bias + column);
#pragma unroll
    for (int i = 0; i < 4; i++) {
        value.at[i] = finished(value.at[i] + bias.at[i], finish);
    }
}

BITDGDM_DEVICE Pair finishedPair(const Linear& layer, int column, int finish, Pair value) {
    const Pair bias = *(const Pair*) (layer.bias + column);
    return {{finished(value.at[0] + bias.at[0], finish), finished(value.at[1] + bias.at[1], finish)}};
}

// One entry of X with its coded entries decoded.
BITDGDM_DEVICE float decoded(const Linear& layer, const float* x, const Prepared& from, int row, int column) {
    if (isOutlier(from, row, column)) {
        return x[column];
    }
    const int8_t code = from.codes[row * from.codeStride + column];
    return (float) (layer.isUnsigned ? (int) (uint8_t) code : (int) code) * from.rowScale[row];
}

// Adds x * weight for THREAD_ROWS rows and THREAD_COLUMNS columns of a thread. DECODE: x is Q(X_D) decoded and X_S.
template <bool DECODE>
BITDGDM_DEVICE void floatTile(const Linear& layer, const float* x, int xStride, int depth, const float* weight, int stride,
                              int row, int rows, const Prepared& from, float (&sum)[THREAD_ROWS][THREAD_COLUMNS]) {
    // Rows past the end repeat the last one; what they sum up is not stored.
    const float* xRow[THREAD_ROWS];
    int rowAt[THREAD_ROWS];
#pragma unroll
    for (int r = 0; r < THREAD_ROWS; r++) {
        rowAt[r] = row + r < rows ? row + r : rows - 1;
        xRow[r] = x + rowAt[r] * xStride;
#pragma unroll
        for (int c = 0; c < THREAD_COLUMNS; c++) {
            sum[r][c] = 0;
        }
    }
    int k = 0;
#pragma unroll 1
    for (; !DECODE && k + 4 <= depth; k += 4) {
        Four value[THREAD_ROWS];
#pragma unroll
        for (int r = 0; r < THREAD_ROWS; r++) {
            value[r] = *(const Four*) (xRow[r] + k);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const Four w = *(const Four*) (weight + (k + i) * stride);
#pragma unroll
            for (int r = 0; r < THREAD_ROWS; r++) {
#pragma unroll
                for (int c = 0; c < THREAD_COLUMNS; c++) {
                    sum[r][c] = fusedMultiplyAdd(value[r].at[i], w.at[c], sum[r][c]);
                }
            }
        }
    }
#pragma unroll 1
    for (; k < depth; k++) {
        const Four w = *(const Four*) (weight + k * stride);
#pragma unroll
        for (int r = 0; r < THREAD_ROWS; r++) {
            const float value = DECODE ? decoded(layer, xRow[r], from, rowAt[r], k) : xRow[r][k];
#pragma unroll
            for (int c = 0; c < THREAD_COLUMNS; c++) {
                sum[r][c] = fusedMultiplyAdd(value, w.at[c], sum[r][c]);
            }
        }
    }
}

// y = x * weight (+ X S) + bias, finished; or the bare product where `bare`. weight is (depth, outPadded).
template <bool DECODE>
BITDGDM_DEVICE void floatProduct(const Linear& layer, const float* x, int xStride, int depth, const float* weight, bool bare,
                                 int rows, int tileRows, int first, int columns, float* y, int yStride, int finish,
                                 const Prepared& from) {
    const int rowGroups = tileRows / THREAD_ROWS;
    const int columnGroups = BLOCK / rowGroups;
    const int row = threadIndex() / columnGroups * THREAD_ROWS;
    if (row >= rows) {
        return;
    }
    for (int c = threadIndex() % columnGroups * THREAD_COLUMNS; c < columns; c += columnGroups * THREAD_COLUMNS) {
        float sum[THREAD_ROWS][THREAD_COLUMNS];
        floatTile<DECODE>(layer, x, xStride, depth, weight + first + c, layer.outPadded, row, rows, from, sum);
#pragma unroll
        for (int r = 0; r < THREAD_ROWS; r++) {
            if (row + r < rows) {
                Four value;
#pragma unroll
                for (int i = 0; i < THREAD_COLUMNS; i++) {
                    value.at[i] = sum[r][i];
                }
                if (!bare) {
                    const int column = first + c;
                    if (layer.sparseWidth > 0) {
                        addSparse(layer, x + (row + r) * xStride, from, row + r, column, value);
                    }
                    finishFour(layer, column, finish, value);
                }
                *(Four*) (y + (row + r) * yStride + c) = value;
            }
        }
    }
}

// Q(X_D) L R + Q(X_D) E for a tile of rows from firstRow on and the layer's columns first ... first + columns, into y, one
// term after the other: a thread finds its own elements there again. Where H is FP32, its product is in y already. `whole`:
// nothing else belongs to the sum, so bias and finish are applied here.
BITDGDM_DEVICE void integerProduct(const Linear& layer, int rows, int firstRow, int first, int columns, float* y,
                                   int yStride, int finish, bool whole, const Prepared& from, int worker, int workers) {
    const int begin = first / MMA_COLUMNS;
    const int end = begin + columns / MMA_COLUMNS;
    const bool hasLow = layer.right.codes != nullptr;
    const bool hasRest = layer.residual.codes != nullptr;
    // Without either term there is still a sum to begin or to finish.
    for (int term = hasLow ? 0 : 1; term < (hasRest || !hasLow ? 2 : 1); term++) {
        const bool isLow = term == 0;
        const CodeTiles& weight = isLow ? layer.right : layer.residual;
        const int stride = isLow ? from.hCodeStride : from.codeStride;
        const int8_t* codes = (isLow ? from.hCodes : from.codes) + firstRow * stride;
        const bool follows = !isLow && (hasLow || layer.rightValues != nullptr);
        const bool last = whole && (!isLow || !hasRest);
        for (int nTile = begin + worker; nTile < end; nTile += WARP_TILES * workers) {
            int32_t sum[WARP_TILES][4];
            codeProduct<WARP_TILES>(!isLow && layer.isUnsigned != 0, codes, stride, weight, nTile, workers, end, sum);
#pragma unroll
            for (int n = 0; n < WARP_TILES; n++) {
                if (nTile + n * workers < end) {
                    const int column = (nTile + n * workers) * MMA_COLUMNS + productColumn(0);
                    const Pair scale = weight.codes != nullptr ? *(const Pair*) (weight.scale + column) : Pair{{0, 0}};
#pragma unroll
                    for (int i = 0; i < 4; i += 2) {
                        const int row = firstRow + productRow(i);
                        if (row < rows) {
                            Pair* to = (Pair*) (y + row * yStride + column - first);
                            Pair value = follows ? *to : Pair{{0, 0}};
                            const float rowScale = isLow ? 1.0f : from.rowScale[row];
#pragma unroll
                            for (int c = 0; c < 2; c++) {
                                const float code = (float) sum[n][i + c];
                                value.at[c] = isLow ? code * scale.at[c]
                                    : fusedMultiplyAdd(code, rowScale * scale.at[c], value.at[c]);
                            }
                            *to = last ? finishedPair(layer, column, finish, value) : value;
                        }
                    }
                }
            }
        }
    }
}

// y = X W + b, finished, in BF16 with FP32 sums, for a tile of rows.
BITDGDM_DEVICE void halfProduct(const Linear& layer, int rows, int firstRow, int first, int columns, float* y, int yStride,
                                int finish, const Prepared& from, int worker, int workers) {
    const int kTiles = (layer.in + HALF_DEPTH - 1) / HALF_DEPTH;
    const int8_t* codes = from.codes + firstRow * from.codeStride;
    const int begin = first / MMA_COLUMNS;
    const int end = begin + columns / MMA_COLUMNS;
    const int next = workers * kTiles * WARP;
    for (int nTile = begin + worker; nTile < end; nTile += WARP_TILES * workers) {
        const Two* weight = (const Two*) layer.halves + nTile * kTiles * WARP + threadIndex() % WARP;
        float sum[WARP_TILES][4];
#pragma unroll
        for (int n = 0; n < WARP_TILES; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                sum[n][i] = 0;
            }
        }
#pragma unroll 1
        for (int kTile = 0; kTile < kTiles; kTile++) {
            uint32_t a[4];
            loadTile(a, codes + kTile * MMA_BYTES, from.codeStride);
#pragma unroll
            for (int n = 0; n < WARP_TILES; n++) {
                if (nTile + n * workers < end) {
                    const Two b = weight[n * next];
                    multiplyHalves(sum[n], a, b.low, b.high);
                }
            }
            weight += WARP;
        }
#pragma unroll
        for (int n = 0; n < WARP_TILES; n++) {
            if (nTile + n * workers < end) {
                const int column = (nTile + n * workers) * MMA_COLUMNS + productColumn(0);
#pragma unroll
                for (int i = 0; i < 4; i += 2) {
                    const int row = firstRow + productRow(i);
                    if (row < rows) {
                        const Pair value = {{sum[n][i], sum[n][i + 1]}};
                        *(Pair*) (y + row * yStride + column - first) = finishedPair(layer, column, finish, value);
                    }
                }
            }
        }
    }
}

// y = y + X_S (L R + E) + X S + (X A) B + b, finished: what the dense products leave out. A thread has four columns of a row,
// so that the row's outliers are searched, and the places of S read, once for the four.
BITDGDM_DEVICE void sparseTerms(const Linear& layer, const float* x, int xStride, int rows, int first, int columns, float* y,
                                int yStride, int finish, const Prepared& from) {
    const int groups = columns / THREAD_COLUMNS;
    const float* dense = layer.dense;
    const int stride = layer.outPadded;
    int row = threadIndex() / groups;
    int group = threadIndex() % groups;
    while (row < rows) {
        const int column = first + group * THREAD_COLUMNS;
        const float* xRow = x + row * xStride;
        float* to = y + row * yStride + group * THREAD_COLUMNS;
        Four value = *(const Four*) to;
        for (int word = 0; dense != nullptr && word < from.words; word++) {
            uint32_t bits = from.outliers[row * from.words + word];
            while (bits != 0) {
                const int k = word * WARP + lowestBit(bits);
                const Four weight = *(const Four*) (dense + k * stride + column);
#pragma unroll
                for (int i = 0; i < THREAD_COLUMNS; i++) {
                    value.at[i] = fusedMultiplyAdd(xRow[k], weight.at[i], value.at[i]);
                }
                bits &= bits - 1;
            }
        }
        if (layer.sparseWidth > 0) {
            addSparse(layer, xRow, from, row, column, value);
        }
        addBranch(layer, from, row, column, value);
        finishFour(layer, column, finish, value);
        *(Four*) to = value;
        row += BLOCK / groups;
        group += BLOCK % groups;
        if (group >= groups) {
            group -= groups;
            row++;
        }
    }
}

// y = X W + b, finished, for the layer's columns first ... first + columns (both multiples of 8) and `rows` rows, of which
// prepare() has seen tileRows. Column `first` is y's column 0. No barrier at the end. Inlined wherever it is called: a
// kernel should have one call, in a loop over its layers.
BITDGDM_DEVICE void product(const Linear& layer, const float* x, int xStride, int rows, int tileRows, int first, int columns,
                            float* y, int yStride, int finish, char* scratch) {
    const Prepared from = divide(layer, tileRows, scratch);
    // Warps that share a tile of rows take turns at its columns.
    const int rowTiles = tileRows / MMA_ROWS;
    const int warp = threadIndex() / WARP;
    const int firstRow = warp % rowTiles * MMA_ROWS;
    bool whole = layer.branch.rank == 0;
    if (layer.weight != nullptr) {
        if (layer.coded) {
            floatProduct<true>(layer, x, xStride, layer.in, layer.weight, !whole, rows, tileRows, first, columns, y, yStride,
                finish, from);
        } else {
            floatProduct<false>(layer, x, xStride, layer.in, layer.weight, !whole, rows, tileRows, first, columns, y,
                yStride, finish, from);
        }
    } else if (layer.halves != nullptr) {
        halfProduct(layer, rows, firstRow, first, columns, y, yStride, finish, from, warp / rowTiles, WARPS / rowTiles);
    } else {
        if (layer.rightValues != nullptr) {
            floatProduct<false>(layer, from.h, layer.rankPadded, layer.rank, layer.rightValues, true, rows, tileRows, first,
                columns, y, yStride, STORE, from);
            sync();
        }
        whole = whole && layer.dense == nullptr && layer.sparseWidth == 0;
        integerProduct(layer, rows, firstRow, first, columns, y, yStride, finish, whole, from, warp / rowTiles,
            WARPS / rowTiles);
    }
    if (!whole) {
        sync();
        sparseTerms(layer, x, xStride, rows, first, columns, y, yStride, finish, from);
    }
}

}  // namespace bitdgdm
