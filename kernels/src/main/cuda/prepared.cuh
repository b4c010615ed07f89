// A tile of X made ready for its product in shared memory: codes and outliers, or BF16, the codes of H = X L, and X A; and X
// T, of which all that is made where a layer transforms its input.
#pragma once

#include "device.cuh"
#include "layout.cuh"

namespace bitdgdm {

constexpr int WARP = 32;
// Threads of every block that works on linear layers.
constexpr int BLOCK = 256;
constexpr int WARPS = BLOCK / WARP;
// Depth, rows and columns of a tensor core's product.
constexpr int MMA_DEPTH = 32;
constexpr int NIBBLE_DEPTH = 64;
// Bytes of the left operand's rows in a tensor core's product, whatever the operands are.
constexpr int MMA_BYTES = 32;
constexpr int HALF_DEPTH = 16;
constexpr int MMA_ROWS = 16;
constexpr int MMA_COLUMNS = 8;
// Bytes added to a row of codes, floats added to a row of floats, so that rows fall on different banks.
constexpr int CODE_PADDING = 16;
constexpr int FLOAT_PADDING = 4;
// Columns that widths are padded to multiples of.
constexpr int TILE_COLUMNS = 8;
// Output rows and columns of a thread in the FP32 product.
constexpr int THREAD_ROWS = 4;
constexpr int THREAD_COLUMNS = 4;
// Tiles of columns that a warp multiplies with the rows it has loaded.
constexpr int WARP_TILES = 2;

struct alignas(8) Two {
    uint32_t low;
    uint32_t high;
};

struct alignas(8) Pair {
    float at[2];
};

struct alignas(16) Four {
    float at[4];
};

struct alignas(16) FourRows {
    int32_t at[4];
};

// What a tile of X becomes before it is multiplied, in shared memory: see linearBytes in DeviceScratch.java.
struct Prepared {
    int8_t* codes;          // (tileRows, codeStride) Q(X_D), a byte or half a byte each, or X in BF16
    int codeStride;
    uint32_t* outliers;     // (tileRows, words) bit set where an entry belongs to X_S
    int words;
    float* rowScale;        // (tileRows) s_x
    int8_t* hCodes;         // (tileRows, hCodeStride) codes of H, a byte or half a byte each
    int hCodeStride;
    float* h;               // (tileRows, rankPadded) H where it stays FP32
    float* branch;          // (tileRows, branch.rankPadded) X A
};

// Divides `memory`, which is aligned to 16 bytes, for tiles of a layer.
BITDGDM_DEVICE Prepared divide(const Linear& layer, int tileRows, char* memory) {
    Prepared to;
    to.branch = (float*) memory;
    memory += (size_t) tileRows * layer.branch.rankPadded * 4;
    const int depth = layer.coded == HALF_BYTES ? NIBBLE_DEPTH : MMA_DEPTH;
    const int kTiles = (layer.in + depth - 1) / depth;
    to.codeStride = kTiles * MMA_BYTES + CODE_PADDING;
    to.words = kTiles * (depth / WARP);
    if (layer.halves != nullptr) {
        to.codeStride = (layer.in + HALF_DEPTH - 1) / HALF_DEPTH * HALF_DEPTH * 2 + CODE_PADDING;
        to.words = 0;
    }
    const int hDepth = layer.right.form == NIBBLES ? NIBBLE_DEPTH : MMA_DEPTH;
    to.hCodeStride = (layer.rank + hDepth - 1) / hDepth * MMA_BYTES + CODE_PADDING;
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

// Products of a tile of 16 rows of codes with NTILES tiles of 8 columns of a weight, `step` tiles apart from nTile on; those
// at or past `end` are left at 0. The rows are loaded once for all of them.
template <int NTILES>
BITDGDM_DEVICE void codeProduct(bool isUnsigned, const int8_t* codes, int stride, const CodeTiles& weight, int nTile,
                                int step, int end, int32_t (&sum)[NTILES][4]) {
    const int form = weight.form;
    const int kTiles = weight.kTiles;
    const int words = form == NARROW ? 1 : 2;
    const uint32_t* from = weight.codes + (nTile * kTiles * WARP + threadIndex() % WARP) * words;
    const int next = step * kTiles * WARP * words;
#pragma unroll
    for (int n = 0; n < NTILES; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            sum[n][i] = 0;
        }
    }
    // Here and below, unrolled loops would take the registers of a second block.
#pragma unroll 1
    for (int kTile = 0; kTile < kTiles; kTile++) {
        uint32_t a[4];
        loadTile(a, codes + kTile * MMA_BYTES, stride);
#pragma unroll
        for (int n = 0; n < NTILES; n++) {
            if (nTile + n * step < end) {
                Two b;
                if (form == NARROW) {
                    // A byte of the word holds two codes; each lands in the upper half of a byte, so that sums are 16
                    // times too large, exactly.
                    const uint32_t word = from[n * next];
                    b = {(word << 4) & 0xF0F0F0F0u, word & 0xF0F0F0F0u};
                } else {
                    b = *(const Two*) (from + n * next);
                }
                if (form == NIBBLES) {
                    multiplyNibbles(isUnsigned, sum[n], a, b.low, b.high);
                } else {
                    multiplyBytes(isUnsigned, sum[n], a, b.low, b.high);
                }
            }
        }
        from += WARP * words;
    }
#pragma unroll
    for (int n = 0; n < NTILES; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            sum[n][i] >>= form == NARROW ? 4 : 0;
        }
    }
}

// Row and column, within a tile of 16 x 8, of element i of a thread's share of a product.
BITDGDM_DEVICE int productRow(int i) { return threadIndex() % WARP / 4 + (i / 2) * 8; }
BITDGDM_DEVICE int productColumn(int i) { return threadIndex() % 4 * 2 + i % 2; }

// Two codes of 4 bits in a byte.
BITDGDM_DEVICE int8_t nibbles(float low, float high) {
    return (int8_t) (((int) low & 15) + 16 * (int) high);
}

// Codes, scales and outliers of `rows` rows of X, zeros up to tileRows.
BITDGDM_DEVICE void quantizeRows(const Linear& layer, const float* x, int xStride, int rows, int tileRows,
                                 const Prepared& to) {
    const int lane = threadIndex() % WARP;
    const float highest = (float) layer.maxCode;
    const float lowest = layer.isUnsigned ? 0.0f : -highest;
    for (int row = threadIndex() / WARP; row < tileRows; row += WARPS) {
        const float* from = x + row * xStride;
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
            const float kept = outlier ? 0.0f : roundEven(code);
            int8_t* codes = to.codes + row * to.codeStride;
            if (layer.coded == HALF_BYTES) {
                const float other = shuffleXor(kept, 1);
                if (lane % 2 == 0) {
                    codes[c / 2] = nibbles(kept, other);
                }
            } else {
                codes[c] = (int8_t) (int) kept;
            }
            if (lane == 0) {
                to.outliers[row * to.words + word] = mask;
            }
        }
        if (lane == 0) {
            to.rowScale[row] = scale;
        }
        // Columns past the rank are read by the tensor cores.
        for (int c = lane; layer.intermediateMax > 0 && c < to.hCodeStride; c += WARP) {
            to.hCodes[row * to.hCodeStride + c] = 0;
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
        const float* from = x + row * xStride;
        const uint32_t low = row < rows && c < layer.in ? half(from[c]) : 0;
        const uint32_t high = row < rows && c + 1 < layer.in ? half(from[c + 1]) : 0;
        *(uint32_t*) (to.codes + row * to.codeStride + 2 * c) = low | high << 16;
    }
}

// H = Q(X_D) L, as codes or FP32.
BITDGDM_DEVICE void intermediate(const Linear& layer, int tileRows, const Prepared& to) {
    const int mTiles = tileRows / MMA_ROWS;
    for (int tile = threadIndex() / WARP; tile < mTiles * layer.left.nTiles; tile += WARPS) {
        const int m = tile % mTiles;
        const int nTile = tile / mTiles;
        int32_t sum[1][4];
        codeProduct<1>(layer.isUnsigned != 0, to.codes + m * MMA_ROWS * to.codeStride, to.codeStride, layer.left,
            nTile, 1, layer.left.nTiles, sum);
#pragma unroll
        for (int i = 0; i < 4; i += 2) {
            const int row = m * MMA_ROWS + productRow(i);
            const int column = nTile * MMA_COLUMNS + productColumn(i);
            float value[2];
#pragma unroll
            for (int c = 0; c < 2; c++) {
                const float scale = to.rowScale[row] * layer.left.scale[column + c];
                value[c] = (float) sum[0][i + c];
                if (layer.intermediateMax > 0) {
                    const float highest = (float) layer.intermediateMax;
                    float code = value[c] * (scale * layer.intermediateInverse);
                    code = code < highest ? code : highest;
                    code = code > -highest ? code : -highest;
                    value[c] = roundEven(code);
                } else {
                    to.h[row * layer.rankPadded + column + c] = value[c] * scale;
                }
            }
            int8_t* codes = to.hCodes + row * to.hCodeStride;
            if (layer.intermediateMax > 0 && layer.right.form == NIBBLES) {
                codes[column / 2] = nibbles(value[0], value[1]);
            } else if (layer.intermediateMax > 0) {
                codes[column] = (int8_t) (int) value[0];
                codes[column + 1] = (int8_t) (int) value[1];
            }
        }
    }
}

// Two buffers in shared memory, between which the stages of X T go to and fro.
struct Turned {
    float* buffer;          // (tileRows, stride)
    float* other;           // the same; where there is no stage after the scaling, what follows
    int stride;
    int stages;             // after the scaling

    BITDGDM_MEMBER const float* rows() const { return stages % 2 == 0 ? buffer : other; }

    // Memory after it.
    BITDGDM_MEMBER char* rest(int tileRows) const { return (char*) (other + (stages > 0 ? tileRows * stride : 0)); }
};

BITDGDM_DEVICE Turned turnedIn(const Linear& layer, int tileRows, char* memory) {
    Turned to;
    to.stride = (layer.in + TILE_COLUMNS - 1) / TILE_COLUMNS * TILE_COLUMNS + FLOAT_PADDING;
    to.buffer = (float*) memory;
    to.other = to.buffer + tileRows * to.stride;
    to.stages = (layer.transform.first != nullptr ? 1 : 0) + (layer.transform.permutation != nullptr ? 1 : 0)
        + (layer.transform.second != nullptr ? 1 : 0);
    return to;
}

// X T of `rows` rows, stage by stage; every sum in the order of its block, by fused multiply-adds from 0, because the codes
// of X T are decided from it. Ends with a barrier.
BITDGDM_DEVICE void transformRows(const Linear& layer, const float* x, int xStride, int rows, const Turned& to) {
    const Transform& transform = layer.transform;
    const int in = layer.in;
    float* from = to.buffer;
    float* other = to.other;
#pragma unroll 1
    for (int at = threadIndex(); at < rows * in; at += BLOCK) {
        const int c = at % in;
        const float value = x[(size_t) (at / in) * xStride + c];
        from[at / in * to.stride + c] = transform.scale == nullptr ? value : value * transform.scale[c];
    }
    sync();
#pragma unroll 1
    for (int stage = 0; stage < 3; stage++) {
        const float* rotation = stage == 0 ? transform.first : transform.second;
        const bool permutes = stage == 1;
        if (permutes ? transform.permutation == nullptr : rotation == nullptr) {
            continue;
        }
#pragma unroll 1
        for (int at = threadIndex(); at < rows * in; at += BLOCK) {
            const int c = at % in;
            const float* row = from + at / in * to.stride;
            float value = 0;
            if (permutes) {
                value = row[transform.permutation[c]];
            } else {
                // Blocks before this one are whole.
                const int begin = c / transform.block * transform.block;
                const int size = in - begin < transform.block ? in - begin : transform.block;
                const float* column = rotation + (size_t) begin * transform.block + (c - begin);
#pragma unroll 1
                for (int k = 0; k < size; k++) {
                    value = fusedMultiplyAdd(row[begin + k], column[k * size], value);
                }
            }
            other[at / in * to.stride + c] = value;
        }
        sync();
        float* done = other;
        other = from;
        from = done;
    }
}

// X A, four columns of a row a thread.
BITDGDM_DEVICE void branchRows(const Linear& layer, const float* x, int xStride, int rows, const Prepared& to) {
    const int stride = layer.branch.rankPadded;
    const int groups = stride / THREAD_COLUMNS;
#pragma unroll 1
    for (int at = threadIndex(); at < rows * groups; at += BLOCK) {
        const float* row = x + (size_t) (at / groups) * xStride;
        const float* down = layer.branch.down + at % groups * THREAD_COLUMNS;
        Four sum = {{0, 0, 0, 0}};
#pragma unroll 1
        for (int k = 0; k < layer.in; k++) {
            const Four weight = *(const Four*) (down + k * stride);
#pragma unroll
            for (int i = 0; i < THREAD_COLUMNS; i++) {
                sum.at[i] = fusedMultiplyAdd(row[k], weight.at[i], sum.at[i]);
            }
        }
        *(Four*) (to.branch + at / groups * stride + at % groups * THREAD_COLUMNS) = sum;
    }
}

// Makes a tile of X, transformed already, ready for product(), in `scratch`; x must not change until after that. Ends with
// a barrier.
BITDGDM_DEVICE void prepare(const Linear& layer, const float* x, int xStride, int rows, int tileRows, char* scratch) {
    const Prepared to = divide(layer, tileRows, scratch);
    if (layer.branch.rank > 0) {
        branchRows(layer, x, xStride, rows, to);
    }
    if (layer.halves != nullptr) {
        halveRows(layer, x, xStride, rows, tileRows, to);
    } else if (layer.coded) {
        quantizeRows(layer, x, xStride, rows, tileRows, to);
    } else if (layer.branch.rank == 0) {
        return;
    }
    sync();
    if (layer.left.codes != nullptr) {
        intermediate(layer, tileRows, to);
        sync();
    }
}

}  // namespace bitdgdm
