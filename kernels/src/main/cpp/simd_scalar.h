// The 16-lane vectors that every kernel is written in, in plain C++: the version to read first. simd_avx2.h and
// simd_avx512.h give the same functions by other instructions, lane by lane the same IEEE operation, so that all
// instruction sets produce identical bits.
//
// Everything lives in a namespace of its own and is static: a function that the linker merged between translation
// units built with different flags could carry instructions that the processor lacks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bitdgdm {
namespace scalar {

constexpr int LANES = 16;
// Largest register tile of a product, rows x panels of 16 columns.
constexpr int TILE_ROWS = 4;
constexpr int TILE_PANELS = 1;
constexpr int INT_TILE_ROWS = 4;
constexpr int INT_TILE_PANELS = 1;
// Whether products of codes and weights that fit 16 bits in pairs have a faster Dot of their own.
constexpr bool NARROW_IS_FASTER = false;
// Blocks of 16 rows that share what is read of S, and columns of a panel, times blocks, whose sums are in registers at once.
constexpr int SPARSE_BLOCKS = 1;
constexpr int SPARSE_COLUMNS = 4;

#define BITDGDM_INLINE static inline __attribute__((always_inline))
#define BITDGDM_UNROLL _Pragma("GCC unroll 16")
#define BITDGDM_EACH_LANE for (int lane = 0; lane < LANES; lane++)

struct V { float at[LANES]; };
struct I { int32_t at[LANES]; };

// Nothing here; wider sets hold what computes `v` in its place.
BITDGDM_INLINE void keepInOrder(const V&) {}
BITDGDM_INLINE V load(const float* from) { V v; BITDGDM_EACH_LANE v.at[lane] = from[lane]; return v; }
BITDGDM_INLINE void store(float* to, const V& v) { BITDGDM_EACH_LANE to[lane] = v.at[lane]; }
BITDGDM_INLINE V set1(float x) { V v; BITDGDM_EACH_LANE v.at[lane] = x; return v; }
BITDGDM_INLINE V zero() { return set1(0); }
BITDGDM_INLINE V add(const V& a, const V& b) { V v; BITDGDM_EACH_LANE v.at[lane] = a.at[lane] + b.at[lane]; return v; }
BITDGDM_INLINE V sub(const V& a, const V& b) { V v; BITDGDM_EACH_LANE v.at[lane] = a.at[lane] - b.at[lane]; return v; }
BITDGDM_INLINE V mul(const V& a, const V& b) { V v; BITDGDM_EACH_LANE v.at[lane] = a.at[lane] * b.at[lane]; return v; }
BITDGDM_INLINE V div(const V& a, const V& b) { V v; BITDGDM_EACH_LANE v.at[lane] = a.at[lane] / b.at[lane]; return v; }
// a * b + c, rounded once.
BITDGDM_INLINE V fma(const V& a, const V& b, const V& c) {
    V v;
    BITDGDM_EACH_LANE v.at[lane] = __builtin_fmaf(a.at[lane], b.at[lane], c.at[lane]);
    return v;
}
// The second operand where the two are equal or one is NaN, as in x86's MINPS and MAXPS.
BITDGDM_INLINE V min(const V& a, const V& b) {
    V v;
    BITDGDM_EACH_LANE v.at[lane] = a.at[lane] < b.at[lane] ? a.at[lane] : b.at[lane];
    return v;
}
BITDGDM_INLINE V max(const V& a, const V& b) {
    V v;
    BITDGDM_EACH_LANE v.at[lane] = a.at[lane] > b.at[lane] ? a.at[lane] : b.at[lane];
    return v;
}
BITDGDM_INLINE V abs(const V& a) { V v; BITDGDM_EACH_LANE v.at[lane] = __builtin_fabsf(a.at[lane]); return v; }
BITDGDM_INLINE V squareRoot(const V& a) { V v; BITDGDM_EACH_LANE v.at[lane] = __builtin_sqrtf(a.at[lane]); return v; }
// Nearest integer, ties to even.
BITDGDM_INLINE V round(const V& a) { V v; BITDGDM_EACH_LANE v.at[lane] = __builtin_rintf(a.at[lane]); return v; }
// a where a >= limit, else 0.
BITDGDM_INLINE V zeroBelow(const V& value, const V& a, const V& limit) {
    V v;
    BITDGDM_EACH_LANE v.at[lane] = a.at[lane] < limit.at[lane] ? 0 : value.at[lane];
    return v;
}
// Bit i set where |a_i| > limit.
BITDGDM_INLINE uint32_t maskAbove(const V& a, float limit) {
    uint32_t mask = 0;
    BITDGDM_EACH_LANE mask |= (__builtin_fabsf(a.at[lane]) > limit ? 1u : 0u) << lane;
    return mask;
}
// Lanes whose bit is set, 0 elsewhere.
BITDGDM_INLINE V keep(const V& a, uint32_t mask) {
    V v;
    BITDGDM_EACH_LANE v.at[lane] = (mask >> lane & 1) != 0 ? a.at[lane] : 0;
    return v;
}

BITDGDM_INLINE I toInt(const V& a) { I v; BITDGDM_EACH_LANE v.at[lane] = (int32_t) __builtin_rintf(a.at[lane]); return v; }
// The lanes of `mask` as the nearest integers, 0 in the others.
BITDGDM_INLINE I keepAsInt(const V& a, uint32_t mask) { return toInt(keep(a, mask)); }
BITDGDM_INLINE V toFloat(const I& a) { V v; BITDGDM_EACH_LANE v.at[lane] = (float) a.at[lane]; return v; }
BITDGDM_INLINE I add(const I& a, int32_t b) { I v; BITDGDM_EACH_LANE v.at[lane] = a.at[lane] + b; return v; }
// value * 2^exponent for a normal value and result.
BITDGDM_INLINE V scaleByPowerOfTwo(const V& value, const I& exponent) {
    V v;
    BITDGDM_EACH_LANE {
        uint32_t bits;
        __builtin_memcpy(&bits, &value.at[lane], 4);
        bits += (uint32_t) exponent.at[lane] << 23;
        __builtin_memcpy(&v.at[lane], &bits, 4);
    }
    return v;
}
// Sixteen values of 0...255 as bytes.
BITDGDM_INLINE void storeBytes(uint8_t* to, const I& a) { BITDGDM_EACH_LANE to[lane] = (uint8_t) a.at[lane]; }
// 64 values as bytes, `offset` added; with it they are 0...255.
BITDGDM_INLINE void storeBytes(uint8_t* to, const I (&a)[4], int32_t offset) {
    for (int i = 0; i < 4; i++) {
        storeBytes(to + i * LANES, add(a[i], offset));
    }
}

// Sixteen times four bytes, a quad a lane.
BITDGDM_INLINE I loadQuads(const uint8_t* from) { I v; __builtin_memcpy(v.at, from, sizeof v.at); return v; }
BITDGDM_INLINE I set1Int(int32_t x) { I v; BITDGDM_EACH_LANE v.at[lane] = x; return v; }
// Four weights in every lane, in the form that dotQuads takes.
BITDGDM_INLINE I set1Quad(const int8_t* weights) {
    int32_t quad;
    __builtin_memcpy(&quad, weights, 4);
    return set1Int(quad);
}
// sum + the products of each lane's four unsigned bytes with the four signed ones of `weights`, from set1Quad.
BITDGDM_INLINE I dotQuads(const I& sum, const I& codes, const I& weights) {
    I v;
    BITDGDM_EACH_LANE {
        v.at[lane] = sum.at[lane];
        for (int k = 0; k < 4; k++) {
            int32_t weight = (int8_t) ((uint32_t) weights.at[lane] >> 8 * k);
            v.at[lane] += (int32_t) ((uint32_t) codes.at[lane] >> 8 * k & 0xFF) * weight;
        }
    }
    return v;
}
// The 16 bytes at `from` of each of 16 rows, as four vectors with a row a lane.
BITDGDM_INLINE void transposeQuads(const uint8_t* from, size_t stride, uint8_t* to) {
    BITDGDM_EACH_LANE {
        for (int quad = 0; quad < 4; quad++) {
            __builtin_memcpy(to + quad * 64 + lane * 4, from + lane * stride + quad * 4, 4);
        }
    }
}

// Sum of the lanes by the tree (i, i+8), (i, i+4), (i, i+2), (i, i+1).
BITDGDM_INLINE float sumLanes(const V& a) {
    V v = a;
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int lane = 0; lane < width; lane++) {
            v.at[lane] = v.at[lane] + v.at[lane + width];
        }
    }
    return v.at[0];
}
BITDGDM_INLINE float maxLanes(const V& a) {
    V v = a;
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int lane = 0; lane < width; lane++) {
            v.at[lane] = v.at[lane] > v.at[lane + width] ? v.at[lane] : v.at[lane + width];
        }
    }
    return v.at[0];
}
// rows[i][j] becomes rows[j][i].
BITDGDM_INLINE void transpose(V (&rows)[LANES]) {
    for (int i = 0; i < LANES; i++) {
        for (int j = 0; j < i; j++) {
            float swapped = rows[i].at[j];
            rows[i].at[j] = rows[j].at[i];
            rows[j].at[i] = swapped;
        }
    }
}

// Sums of products of unsigned by signed bytes, four of each at a time, exact in 32 bits. NARROW promises that the sum
// of two products fits 16 bits.
template <bool NARROW>
struct Dot {
    struct Sum { int32_t at[LANES]; };
    BITDGDM_INLINE Sum start(const int32_t* from) { Sum s; BITDGDM_EACH_LANE s.at[lane] = from[lane]; return s; }
    // Adds, for each of the 16 columns of `weights` (16, 4), its product with codes[0...3]; for PANELS panels and ROWS rows.
    template <int ROWS, int PANELS>
    BITDGDM_INLINE void step(Sum (&sum)[ROWS][PANELS], const uint8_t* codes, size_t stride, const int8_t* weights,
                             size_t panelSize) {
        for (int row = 0; row < ROWS; row++) {
            for (int panel = 0; panel < PANELS; panel++) {
                BITDGDM_EACH_LANE {
                    for (int k = 0; k < 4; k++) {
                        sum[row][panel].at[lane] += (int32_t) codes[row * stride + k]
                            * (int32_t) weights[panel * panelSize + lane * 4 + k];
                    }
                }
            }
        }
    }
    BITDGDM_INLINE I finish(const Sum& s) { I v; BITDGDM_EACH_LANE v.at[lane] = s.at[lane]; return v; }
};

}  // namespace scalar
}  // namespace bitdgdm
