// A tile of X made ready for the tensor cores in shared memory: codes and outliers, or BF16, and the codes of H = X L.
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
// Bytes added to a row of codes, so that rows fall on different banks.
constexpr int CODE_PADDING = 16;
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
};

// Divides `memory`, which is aligned to 16 bytes, for tiles of a layer.
BITDGDM_DEVICE Prepared divide(const Linear& layer, int tileRows, char* memory) {
    Prepared to;
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

}  // namespace bitdgdm
