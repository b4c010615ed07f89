// The product of a linear layer for a tile of rows, FP32, or BF16 or integer on tensor cores, by all threads of a block.
//
// Every output element is summed over the depth in ascending order by one thread, and integer sums are exact, so neither
// the tile nor the number of rows changes a bit. The order of the FP32 terms is that of PackedLinear.java. Outliers
// of a row are a compact list, one bit an entry, read in ascending order: nothing is dropped, no atomics.
#pragma once

#include "device.cuh"
#include "layout.cuh"
#include "vector_math.cuh"

namespace bitdgdm {

constexpr int WARP = 32;
// Threads of every block that works on linear layers.
constexpr int BLOCK = 256;
constexpr int WARPS = BLOCK / WARP;
// Depth, rows and columns of a tensor core's product.
constexpr int MMA_DEPTH = 32;
constexpr int HALF_DEPTH = 16;
constexpr int MMA_ROWS = 16;
constexpr int MMA_COLUMNS = 8;
// Bytes added to a row of codes, so that rows fall on different banks.
constexpr int CODE_PADDING = 16;
// Output rows and columns of a thread in the FP32 product.
constexpr int THREAD_ROWS = 4;
constexpr int THREAD_COLUMNS = 4;

// What a tile of X becomes before it is multiplied, in shared memory: see scratchBytes in DeviceScratch.java.
struct Prepared {
    int8_t* codes;          // (tileRows, codeStride) Q(X_D), or X in BF16
    int codeStride;
    uint32_t* outliers;     // (tileRows, words) bit set where an entry belongs to X_S
    int words;
    float* rowScale;        // (tileRows) s_x
    int8_t* hCodes;         // (tileRows, hCodeStride) codes of H
    int hCodeStride;
    float* h;               // (tileRows, rankPadded) H where it stays FP32
};

// Divides `memory`, which is aligned to 16 bytes, for tiles of a layer.
BITDGDM_DEVICE Prepared divide(const Linear& layer, int tileRows, char* memory) {
    Prepared to;
    const int kTiles = (layer.in + MMA_DEPTH - 1) / MMA_DEPTH;
    to.codeStride = kTiles * MMA_DEPTH + CODE_PADDING;
    to.words = kTiles;
    if (layer.halves != nullptr) {
        to.codeStride = (layer.in + HALF_DEPTH - 1) / HALF_DEPTH * HALF_DEPTH * 2 + CODE_PADDING;
        to.words = 0;
    }
    to.hCodeStride = (layer.rank + MMA_DEPTH - 1) / MMA_DEPTH * MMA_DEPTH + CODE_PADDING;
    to.codes = (int8_t*) memory;
    memory += (size_t) tileRows * to.codeStride;
    to.outliers = (uint32_t*) memory;
    memory += (size_t) tileRows * to.words * 4;
    to.rowScale = (float*) memory;
    memory += (size_t) tileRows * 4;
    to.hCodes = (int8_t*) memory;
    to.h = (float*) memory;
    return to;
}

// Adds, for MTILES tiles of 16 rows of codes from `rows` on, the product with one tile of 8 columns of a weight.
template <bool IS_UNSIGNED, int MTILES>
BITDGDM_DEVICE void codeProduct(const int8_t* codes, int stride, const CodeTiles& weight, int nTile,
                                int32_t (&sum)[MTILES][4]) {
    const int lane = threadIndex() % WARP;
    const int8_t* from = codes + (lane / 4) * stride + (lane % 4) * 4;
    for (int kTile = 0; kTile < weight.kTiles; kTile++) {
        const size_t at = ((size_t) nTile * weight.kTiles + kTile) * WARP + lane;
        uint32_t b0;
        uint32_t b1;
        if (weight.narrow) {
            // A byte of the word holds two codes; each lands in the upper half of a byte, so that sums are 16 times too
            // large, exactly.
            const uint32_t word = weight.codes[at];
            b0 = (word << 4) & 0xF0F0F0F0u;
            b1 = word & 0xF0F0F0F0u;
        } else {
            b0 = weight.codes[2 * at];
            b1 = weight.codes[2 * at + 1];
        }
#pragma unroll
        for (int m = 0; m < MTILES; m++) {
            const int8_t* tile = from + m * MMA_ROWS * stride + kTile * MMA_DEPTH;
            uint32_t a[4];
            a[0] = *(const uint32_t*) tile;
            a[1] = *(const uint32_t*) (tile + 8 * stride);
            a[2] = *(const uint32_t*) (tile + 16);
            a[3] = *(const uint32_t*) (tile + 8 * stride + 16);
            multiplyTiles<IS_UNSIGNED>(sum[m], a, b0, b1);
        }
    }
    if (weight.narrow) {
#pragma unroll
        for (int m = 0; m < MTILES; m++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                sum[m][i] >>= 4;
            }
        }
    }
}

template <int MTILES>
BITDGDM_DEVICE void codeProduct(bool isUnsigned, const int8_t* codes, int stride, const CodeTiles& weight, int nTile,
                                int32_t (&sum)[MTILES][4]) {
#pragma unroll
    for (int m = 0; m < MTILES; m++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            sum[m][i] = 0;
        }
    }
    if (isUnsigned) {
        codeProduct<true, MTILES>(codes, stride, weight, nTile, sum);
    } else {
        codeProduct<false, MTILES>(codes, stride, weight, nTile, sum);
    }
}

// Row and column, within a tile of 16 x 8, of element i of a thread's share of a product.
BITDGDM_DEVICE int productRow(int i) { return threadIndex() % WARP / 4 + (i / 2) * 8; }
BITDGDM_DEVICE int productColumn(int i) { return threadIndex() % 4 * 2 + i % 2; }

// Codes, scales and outliers of `rows` rows of X, zeros up to tileRows.
BITDGDM_DEVICE void quantizeRows(const Linear& layer, const float* x, int xStride, int rows, int tileRows,
                                 const Prepared& to) {
    const int lane = threadIndex() % WARP;
    const float highest = (float) layer.maxCode;
    const float lowest = layer.isUnsigned ? 0.0f : -highest;
    for (int row = threadIndex() / WARP; row < tileRows; row += WARPS) {
        const float* from = x + (size_t) row * xStride;
        const int width = row < rows ? layer.in : 0;
        float scale = layer.scale;
        float inverse = layer.inverse;
        float threshold = layer.threshold;
        if (layer.perRow) {
            float largest = 0;
            for (int c = lane; c < width; c += WARP) {
                float size = magnitude(from[c]);
                largest = size > largest ? size : largest;
            }
            for (int lanes = WARP / 2; lanes > 0; lanes /= 2) {
                float other = shuffleXor(largest, lanes);
                largest = other > largest ? other : largest;
            }
            scale = largest / highest;
            // A subnormal scale has no finite reciprocal; such a row, zeros among them, is taken as 0.
            inverse = scale >= 0x1p-126f ? highest / largest : 0.0f;
            threshold = infinity();
        }
        for (int word = 0; word < to.words; word++) {
            const int c = word * WARP + lane;
            const float value = c < width ? from[c] : 0.0f;
            const bool outlier = magnitude(value) > threshold;
            const uint32_t mask = ballot(outlier);
            float code = value * inverse;
            code = code < highest ? code : highest;
            code = code > lowest ? code : lowest;
            to.codes[(size_t) row * to.codeStride + c] = (int8_t) (outlier ? 0 : (int) roundEven(code));
            if (lane == 0) {
                to.outliers[(size_t) row * to.words + word] = mask;
            }
        }
        if (lane == 0) {
            to.rowScale[row] = scale;
        }
        // Columns past the rank are read by the tensor cores.
        for (int c = lane; layer.intermediateMax > 0 && c < to.hCodeStride; c += WARP) {
            to.hCodes[(size_t) row * to.hCodeStride + c] = 0;
        }
    }
}

// A value in BF16, rounded to nearest, ties to even.
BITDGDM_DEVICE uint32_t half(float value) {
    const uint32_t bits = bitsOf(value);
    // NaN would round to infinity.
    return value == value ? (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16 : 0x7FC0u;
}

// X in BF16, zeros up to tileRows and whole tiles of columns.
BITDGDM_DEVICE void halveRows(const Linear& layer, const float* x, int xStride, int rows, int tileRows, const Prepared& to) {
    const int pairs = (to.codeStride - CODE_PADDING) / 4;
    for (int at = threadIndex(); at < tileRows * pairs; at += BLOCK) {
        const int row = at / pairs;
        const int c = at % pairs * 2;
        const float* from = x + (size_t) row * xStride;
        const uint32_t low = row < rows && c < layer.in ? half(from[c]) : 0;
        const uint32_t high = row < rows && c + 1 < layer.in ? half(from[c + 1]) : 0;
        *(uint32_t*) (to.codes + (size_t) row * to.codeStride + 2 * c) = low | high << 16;
    }
}

// H = Q(X_D) L, as codes or FP32.
BITDGDM_DEVICE void intermediate(const Linear& layer, int tileRows, const Prepared& to) {
    const int mTiles = tileRows / MMA_ROWS;
    for (int tile = threadIndex() / WARP; tile < mTiles * layer.left.nTiles; tile += WARPS) {
        const int m = tile % mTiles;
        const int nTile = tile / mTiles;
        int32_t sum[1][4];
        codeProduct<1>(layer.isUnsigned != 0, to.codes + (size_t) m * MMA_ROWS * to.codeStride, to.codeStride, layer.left,
            nTile, sum);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const int row = m * MMA_ROWS + productRow(i);
            const int column = nTile * MMA_COLUMNS + productColumn(i);
            const float scale = to.rowScale[row] * layer.left.scale[column];
            const float value = (float) sum[0][i];
            if (layer.intermediateMax > 0) {
                const float highest = (float) layer.intermediateMax;
                float code = value * (scale * layer.intermediateInverse);
                code = code < highest ? code : highest;
                code = code > -highest ? code : -highest;
                to.hCodes[(size_t) row * to.hCodeStride + column] = (int8_t) (int) roundEven(code);
            } else {
                to.h[(size_t) row * layer.rankPadded + column] = value * scale;
            }
        }
    }
}

// Makes a tile of X ready for product(), in `scratch`; x must not change until after that. Ends with a barrier.
BITDGDM_DEVICE void prepare(const Linear& layer, const float* x, int xStride, int rows, int tileRows, char* scratch) {
    if (!layer.coded && layer.halves == nullptr) {
        return;
    }
    const Prepared to = divide(layer, tileRows, scratch);
    if (layer.halves != nullptr) {
        halveRows(layer, x, xStride, rows, tileRows, to);
        sync();
        return;
    }
    quantizeRows(layer, x, xStride, rows, tileRows, to);
    sync();
    if (layer.left.codes != nullptr) {
        intermediate(layer, tileRows, to);
        sync();
    }
}

BITDGDM_DEVICE float finished(float value, int finish) {
    return finish == RELU ? relu(value) : finish == PLUS_ONE ? value + 1.0f : value;
}

BITDGDM_DEVICE bool isOutlier(const Prepared& from, int row, int column) {
    return (from.outliers[(size_t) row * from.words + column / WARP] >> (column % WARP) & 1u) != 0;
}

// (X S) of one element.
BITDGDM_DEVICE float sparseProduct(const Linear& layer, const float* x, const Prepared& from, int row, int column) {
    float sum = 0;
    for (int place = 0; place < layer.sparseWidth; place++) {
        const int k = layer.sparseRow[(size_t) place * layer.outPadded + column];
        if (k < 0) {
            break;
        }
        const float value = layer.crossTerm || !isOutlier(from, row, k) ? x[k] : 0.0f;
        sum = fusedMultiplyAdd(value, layer.sparseValue[(size_t) place * layer.outPadded + column], sum);
    }
    return sum;
}

// One entry of X with its coded entries decoded.
BITDGDM_DEVICE float decoded(const Linear& layer, const float* x, const Prepared& from, int row, int column) {
    if (isOutlier(from, row, column)) {
        return x[column];
    }
    const int8_t code = from.codes[(size_t) row * from.codeStride + column];
    return (float) (layer.isUnsigned ? (int) (uint8_t) code : (int) code) * from.rowScale[row];
}

struct alignas(16) Four {
    float at[4];
};

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
        xRow[r] = x + (size_t) rowAt[r] * xStride;
#pragma unroll
        for (int c = 0; c < THREAD_COLUMNS; c++) {
            sum[r][c] = 0;
        }
    }
    int k = 0;
    for (; !DECODE && k + 4 <= depth; k += 4) {
        Four value[THREAD_ROWS];
#pragma unroll
        for (int r = 0; r < THREAD_ROWS; r++) {
            value[r] = *(const Four*) (xRow[r] + k);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            const Four w = *(const Four*) (weight + (size_t) (k + i) * stride);
#pragma unroll
            for (int r = 0; r < THREAD_ROWS; r++) {
#pragma unroll
                for (int c = 0; c < THREAD_COLUMNS; c++) {
                    sum[r][c] = fusedMultiplyAdd(value[r].at[i], w.at[c], sum[r][c]);
                }
            }
        }
    }
    for (; k < depth; k++) {
        const Four w = *(const Four*) (weight + (size_t) k * stride);
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
#pragma unroll
            for (int i = 0; i < THREAD_COLUMNS; i++) {
                if (row + r < rows) {
                    float value = sum[r][i];
                    if (!bare) {
                        const int column = first + c + i;
                        if (layer.sparseWidth > 0) {
                            value = value + sparseProduct(layer, x + (size_t) (row + r) * xStride, from, row + r, column);
                        }
                        value = finished(value + layer.bias[column], finish);
                    }
                    y[(size_t) (row + r) * yStride + c + i] = value;
                }
            }
        }
    }
}

// Q(X_D) L R + Q(X_D) E for MTILES tiles of rows and the layer's columns first ... first + columns, into y. Where H is
// FP32, its product is in y already. `whole`: nothing else belongs to the sum, so bias and finish are applied here.
template <int MTILES>
BITDGDM_DEVICE void integerProduct(const Linear& layer, int rows, int firstRow, int first, int columns, float* y,
                                   int yStride, int finish, bool whole, const Prepared& from, int worker, int workers) {
    for (int n = worker; n < columns / MMA_COLUMNS; n += workers) {
        const int nTile = first / MMA_COLUMNS + n;
        int32_t low[MTILES][4];
        int32_t rest[MTILES][4];
        if (layer.right.codes != nullptr) {
            codeProduct<MTILES>(false, from.hCodes + (size_t) firstRow * from.hCodeStride, from.hCodeStride, layer.right,
                nTile, low);
        }
        if (layer.residual.codes != nullptr) {
            codeProduct<MTILES>(layer.isUnsigned != 0, from.codes + (size_t) firstRow * from.codeStride, from.codeStride,
                layer.residual, nTile, rest);
        }
#pragma unroll
        for (int m = 0; m < MTILES; m++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int row = firstRow + m * MMA_ROWS + productRow(i);
                const int column = n * MMA_COLUMNS + productColumn(i);
                if (row < rows) {
                    float* to = y + (size_t) row * yStride + column;
                    float value = layer.right.codes != nullptr ? (float) low[m][i] * layer.right.scale[first + column]
                        : layer.rightValues != nullptr ? *to : 0.0f;
                    if (layer.residual.codes != nullptr) {
                        value = fusedMultiplyAdd((float) rest[m][i],
                            from.rowScale[row] * layer.residual.scale[first + column], value);
                    }
                    *to = whole ? finished(value + layer.bias[first + column], finish) : value;
                }
            }
        }
    }
}

// y = X W + b, finished, in BF16 with FP32 sums, for MTILES tiles of rows.
template <int MTILES>
BITDGDM_DEVICE void halfProduct(const Linear& layer, int rows, int firstRow, int first, int columns, float* y, int yStride,
                                int finish, const Prepared& from, int worker, int workers) {
    const int kTiles = (layer.in + HALF_DEPTH - 1) / HALF_DEPTH;
    const int lane = threadIndex() % WARP;
    const int8_t* codes = from.codes + (size_t) (firstRow + lane / 4) * from.codeStride + lane % 4 * 4;
    for (int n = worker; n < columns / MMA_COLUMNS; n += workers) {
        const uint32_t* weight = layer.halves + (size_t) (first / MMA_COLUMNS + n) * kTiles * WARP * 2;
        float sum[MTILES][4];
#pragma unroll
        for (int m = 0; m < MTILES; m++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                sum[m][i] = 0;
            }
        }
        for (int kTile = 0; kTile < kTiles; kTile++) {
            const uint32_t b0 = weight[(kTile * WARP + lane) * 2];
            const uint32_t b1 = weight[(kTile * WARP + lane) * 2 + 1];
#pragma unroll
            for (int m = 0; m < MTILES; m++) {
                const int8_t* tile = codes + m * MMA_ROWS * from.codeStride + kTile * HALF_DEPTH * 2;
                uint32_t a[4];
                a[0] = *(const uint32_t*) tile;
                a[1] = *(const uint32_t*) (tile + 8 * from.codeStride);
                a[2] = *(const uint32_t*) (tile + 16);
                a[3] = *(const uint32_t*) (tile + 8 * from.codeStride + 16);
                multiplyHalves(sum[m], a, b0, b1);
            }
        }
#pragma unroll
        for (int m = 0; m < MTILES; m++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const int row = firstRow + m * MMA_ROWS + productRow(i);
                const int column = n * MMA_COLUMNS + productColumn(i);
                if (row < rows) {
                    y[(size_t) row * yStride + column] = finished(sum[m][i] + layer.bias[first + column], finish);
                }
            }
        }
    }
}

// y = y + X_S (L R + E) + X S + b, finished: what the tensor cores leave out.
BITDGDM_DEVICE void sparseTerms(const Linear& layer, const float* x, int xStride, int rows, int first, int columns, float* y,
                                int yStride, int finish, const Prepared& from) {
    for (int at = threadIndex(); at < rows * columns; at += BLOCK) {
        const int row = at / columns;
        const int c = at % columns;
        const float* xRow = x + (size_t) row * xStride;
        float* to = y + (size_t) row * yStride + c;
        float value = *to;
        for (int word = 0; layer.dense != nullptr && word < from.words; word++) {
            uint32_t bits = from.outliers[(size_t) row * from.words + word];
            while (bits != 0) {
                const int k = word * WARP + lowestBit(bits);
                value = fusedMultiplyAdd(xRow[k], layer.dense[(size_t) k * layer.outPadded + first + c], value);
                bits &= bits - 1;
            }
        }
        if (layer.sparseWidth > 0) {
            value = value + sparseProduct(layer, xRow, from, row, first + c);
        }
        *to = finished(value + layer.bias[first + c], finish);
    }
}

// y = X W + b, finished, for the layer's columns first ... first + columns (both multiples of 8) and `rows` rows, of which
// prepare() has seen tileRows. Column `first` is y's column 0. No barrier at the end. Inlined wherever it is called: a
// kernel should have one call, in a loop over its layers.
BITDGDM_DEVICE void product(const Linear& layer, const float* x, int xStride, int rows, int tileRows, int first, int columns,
                            float* y, int yStride, int finish, char* scratch) {
    const Prepared from = divide(layer, tileRows, scratch);
    if (layer.weight != nullptr) {
        if (layer.coded) {
            floatProduct<true>(layer, x, xStride, layer.in, layer.weight, false, rows, tileRows, first, columns, y, yStride,
                finish, from);
        } else {
            floatProduct<false>(layer, x, xStride, layer.in, layer.weight, false, rows, tileRows, first, columns, y, yStride,
                finish, from);
        }
        return;
    }
    const int warp = threadIndex() / WARP;
    if (layer.halves != nullptr) {
        if (tileRows % (2 * MMA_ROWS) == 0) {
            const int groups = tileRows / (2 * MMA_ROWS);
            halfProduct<2>(layer, rows, warp % groups * 2 * MMA_ROWS, first, columns, y, yStride, finish, from,
                warp / groups, WARPS / groups);
        } else {
            halfProduct<1>(layer, rows, 0, first, columns, y, yStride, finish, from, warp, WARPS);
        }
        return;
    }
    if (layer.rightValues != nullptr) {
        floatProduct<false>(layer, from.h, layer.rankPadded, layer.rank, layer.rightValues, true, rows, tileRows, first,
            columns, y, yStride, STORE, from);
        sync();
    }
    const bool whole = layer.dense == nullptr && layer.sparseWidth == 0;
    if (tileRows % (2 * MMA_ROWS) == 0) {
        const int groups = tileRows / (2 * MMA_ROWS);
        integerProduct<2>(layer, rows, warp % groups * 2 * MMA_ROWS, first, columns, y, yStride, finish, whole, from,
            warp / groups, WARPS / groups);
    } else {
        integerProduct<1>(layer, rows, 0, first, columns, y, yStride, finish, whole, from, warp, WARPS);
    }
    if (!whole) {
        sync();
        sparseTerms(layer, x, xStride, rows, first, columns, y, yStride, finish, from);
    }
}

}  // namespace bitdgdm
