// The vectors of simd_scalar.h in AVX2 with FMA, as pairs of 8 lanes; see there for what each function means.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace bitdgdm {
namespace avx2 {

constexpr int LANES = 16;
// 12 accumulator registers of 16.
constexpr int TILE_ROWS = 6;
constexpr int TILE_PANELS = 1;
// The widening integer sum needs four registers a row.
constexpr int INT_TILE_ROWS = 3;
constexpr int INT_TILE_PANELS = 1;
constexpr bool NARROW_IS_FASTER = true;
// Blocks of 16 rows that share what is read of S, and columns of a panel, times blocks, whose sums are in registers at once.
constexpr int SPARSE_BLOCKS = 2;
constexpr int SPARSE_COLUMNS = 4;

#define BITDGDM_INLINE static inline __attribute__((always_inline))
#define BITDGDM_UNROLL _Pragma("GCC unroll 16")

struct V { __m256 low, high; };
struct I { __m256i low, high; };

BITDGDM_INLINE void keepInOrder(V& v) { __asm__ volatile("" : "+x"(v.low), "+x"(v.high)); }
BITDGDM_INLINE V load(const float* from) { return {_mm256_loadu_ps(from), _mm256_loadu_ps(from + 8)}; }
BITDGDM_INLINE void store(float* to, V v) { _mm256_storeu_ps(to, v.low); _mm256_storeu_ps(to + 8, v.high); }
BITDGDM_INLINE V set1(float x) { __m256 all = _mm256_set1_ps(x); return {all, all}; }
BITDGDM_INLINE V zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
BITDGDM_INLINE V add(V a, V b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
BITDGDM_INLINE V sub(V a, V b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
BITDGDM_INLINE V mul(V a, V b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
BITDGDM_INLINE V div(V a, V b) { return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
BITDGDM_INLINE V fma(V a, V b, V c) {
    return {_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high)};
}
BITDGDM_INLINE V min(V a, V b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
BITDGDM_INLINE V max(V a, V b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
BITDGDM_INLINE __m256 absHalf(__m256 a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
BITDGDM_INLINE V abs(V a) { return {absHalf(a.low), absHalf(a.high)}; }
BITDGDM_INLINE V squareRoot(V a) { return {_mm256_sqrt_ps(a.low), _mm256_sqrt_ps(a.high)}; }
BITDGDM_INLINE V round(V a) {
    constexpr int NEAREST = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    return {_mm256_round_ps(a.low, NEAREST), _mm256_round_ps(a.high, NEAREST)};
}
BITDGDM_INLINE V zeroBelow(V value, V a, V limit) {
    return {_mm256_and_ps(value.low, _mm256_cmp_ps(a.low, limit.low, _CMP_NLT_UQ)),
            _mm256_and_ps(value.high, _mm256_cmp_ps(a.high, limit.high, _CMP_NLT_UQ))};
}
BITDGDM_INLINE uint32_t maskAbove(V a, float limit) {
    __m256 bound = _mm256_set1_ps(limit);
    uint32_t low = (uint32_t) _mm256_movemask_ps(_mm256_cmp_ps(absHalf(a.low), bound, _CMP_GT_OQ));
    uint32_t high = (uint32_t) _mm256_movemask_ps(_mm256_cmp_ps(absHalf(a.high), bound, _CMP_GT_OQ));
    return low | high << 8;
}
BITDGDM_INLINE __m256 keepHalf(__m256 a, uint32_t mask) {
    const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    __m256i chosen = _mm256_and_si256(_mm256_set1_epi32((int32_t) mask), bits);
    return _mm256_and_ps(a, _mm256_castsi256_ps(_mm256_cmpeq_epi32(chosen, bits)));
}
BITDGDM_INLINE V keep(V a, uint32_t mask) { return {keepHalf(a.low, mask), keepHalf(a.high, mask >> 8)}; }

BITDGDM_INLINE I toInt(V a) { return {_mm256_cvtps_epi32(a.low), _mm256_cvtps_epi32(a.high)}; }
BITDGDM_INLINE I keepAsInt(V a, uint32_t mask) { return toInt(keep(a, mask)); }
BITDGDM_INLINE V toFloat(I a) { return {_mm256_cvtepi32_ps(a.low), _mm256_cvtepi32_ps(a.high)}; }
BITDGDM_INLINE I add(I a, int32_t b) {
    __m256i all = _mm256_set1_epi32(b);
    return {_mm256_add_epi32(a.low, all), _mm256_add_epi32(a.high, all)};
}
BITDGDM_INLINE V scaleByPowerOfTwo(V value, I exponent) {
    return {_mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(value.low), _mm256_slli_epi32(exponent.low, 23))),
            _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(value.high), _mm256_slli_epi32(exponent.high, 23)))};
}
BITDGDM_INLINE void storeBytes(uint8_t* to, I a) {
    // Packing works within 128-bit halves: words are low0-3 high0-3 | low4-7 high4-7, put in order before the bytes.
    __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(a.low, a.high), 0xD8);
    __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
}
BITDGDM_INLINE void storeBytes(uint8_t* to, const I (&a)[4], int32_t offset) {
    for (int i = 0; i < 4; i++) {
        storeBytes(to + i * LANES, add(a[i], offset));
    }
}

BITDGDM_INLINE I loadQuads(const uint8_t* from) {
    const __m256i* at = reinterpret_cast<const __m256i*>(from);
    return {_mm256_loadu_si256(at), _mm256_loadu_si256(at + 1)};
}
BITDGDM_INLINE I set1Int(int32_t x) { __m256i all = _mm256_set1_epi32(x); return {all, all}; }
BITDGDM_INLINE __m256i dotHalf(__m256i sum, __m256i codes, __m256i even, __m256i odd) {
    __m256i low = _mm256_and_si256(codes, _mm256_set1_epi16(0xFF));
    __m256i high = _mm256_srli_epi16(codes, 8);
    return _mm256_add_epi32(_mm256_add_epi32(sum, _mm256_madd_epi16(low, even)), _mm256_madd_epi16(high, odd));
}
// Every second weight of the quad as 16 bits, then the others.
BITDGDM_INLINE I set1Quad(const int8_t* weights) {
    int32_t quad;
    __builtin_memcpy(&quad, weights, 4);
    __m256i all = _mm256_set1_epi32(quad);
    return {_mm256_srai_epi16(_mm256_slli_epi16(all, 8), 8), _mm256_srai_epi16(all, 8)};
}
BITDGDM_INLINE I dotQuads(I sum, I codes, I weights) {
    return {dotHalf(sum.low, codes.low, weights.low, weights.high),
            dotHalf(sum.high, codes.high, weights.low, weights.high)};
}
BITDGDM_INLINE void transposeQuads(const uint8_t* from, size_t stride, uint8_t* to) {
    for (int row = 0; row < LANES; row += 4) {
        __m128 r[4];
        for (int i = 0; i < 4; i++) {
            r[i] = _mm_loadu_ps(reinterpret_cast<const float*>(from + (row + i) * stride));
        }
        _MM_TRANSPOSE4_PS(r[0], r[1], r[2], r[3]);
        for (int quad = 0; quad < 4; quad++) {
            _mm_storeu_ps(reinterpret_cast<float*>(to + quad * 64 + row * 4), r[quad]);
        }
    }
}

BITDGDM_INLINE float sumLanes(V a) {
    __m256 eight = _mm256_add_ps(a.low, a.high);
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
BITDGDM_INLINE float maxLanes(V a) {
    __m256 eight = _mm256_max_ps(a.low, a.high);
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
// Transposes 8 x 8 floats held one row a register.
BITDGDM_INLINE void transposeEight(__m256 (&r)[8]) {
    __m256 t[8];
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    __m256 u[8];
    for (int i = 0; i < 8; i += 4) {
        u[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
        u[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xEE);
        u[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        u[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
    }
    for (int i = 0; i < 4; i++) {
        r[i] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x20);
        r[i + 4] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x31);
    }
}
BITDGDM_INLINE void transpose(V (&rows)[LANES]) {
    __m256 a[8], b[8], c[8], d[8];
    for (int i = 0; i < 8; i++) {
        a[i] = rows[i].low;
        b[i] = rows[i].high;
        c[i] = rows[8 + i].low;
        d[i] = rows[8 + i].high;
    }
    transposeEight(a);
    transposeEight(b);
    transposeEight(c);
    transposeEight(d);
    for (int i = 0; i < 8; i++) {
        rows[i] = {a[i], c[i]};
        rows[8 + i] = {b[i], d[i]};
    }
}

template <bool NARROW>
struct Dot;

// Products of bytes widened to 16 bits first: right for any codes. Each column's sum is kept as two halves.
template <>
struct Dot<false> {
    struct Sum { __m256i columns[4]; };
    BITDGDM_INLINE Sum start(const int32_t* from) {
        Sum s;
        for (int i = 0; i < 4; i++) {
            __m128i four = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 4 * i));
            s.columns[i] = _mm256_cvtepu32_epi64(four);
        }
        return s;
    }
    template <int ROWS, int PANELS>
    BITDGDM_INLINE void step(Sum (&sum)[ROWS][PANELS], const uint8_t* codes, size_t stride, const int8_t* weights,
                             size_t panelSize) {
        __m256i code[ROWS];
        for (int row = 0; row < ROWS; row++) {
            int32_t quad;
            __builtin_memcpy(&quad, codes + row * stride, 4);
            code[row] = _mm256_broadcastq_epi64(_mm_cvtepu8_epi16(_mm_cvtsi32_si128(quad)));
        }
        for (int panel = 0; panel < PANELS; panel++) {
            for (int i = 0; i < 4; i++) {
                __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(weights + panel * panelSize + 16 * i));
                __m256i column = _mm256_cvtepi8_epi16(bytes);
                for (int row = 0; row < ROWS; row++) {
                    __m256i& to = sum[row][panel].columns[i];
                    to = _mm256_add_epi32(to, _mm256_madd_epi16(code[row], column));
                }
            }
        }
    }
    BITDGDM_INLINE I finish(const Sum& s) {
        __m256i a = _mm256_hadd_epi32(s.columns[0], s.columns[1]);
        __m256i b = _mm256_hadd_epi32(s.columns[2], s.columns[3]);
        return {_mm256_permute4x64_epi64(a, 0xD8), _mm256_permute4x64_epi64(b, 0xD8)};
    }
};

// VPMADDUBSW saturates at 16 bits, so only where the sum of two products cannot reach that.
template <>
struct Dot<true> {
    struct Sum { __m256i columns[2]; };
    BITDGDM_INLINE Sum start(const int32_t* from) {
        return {{_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)),
                 _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 8))}};
    }
    template <int ROWS, int PANELS>
    BITDGDM_INLINE void step(Sum (&sum)[ROWS][PANELS], const uint8_t* codes, size_t stride, const int8_t* weights,
                             size_t panelSize) {
        const __m256i ones = _mm256_set1_epi16(1);
        for (int panel = 0; panel < PANELS; panel++) {
            for (int i = 0; i < 2; i++) {
                __m256i column = _mm256_loadu_si256(
                    reinterpret_cast<const __m256i*>(weights + panel * panelSize + 32 * i));
                for (int row = 0; row < ROWS; row++) {
                    int32_t quad;
                    __builtin_memcpy(&quad, codes + row * stride, 4);
                    __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi32(quad), column);
                    __m256i& to = sum[row][panel].columns[i];
                    to = _mm256_add_epi32(to, _mm256_madd_epi16(pairs, ones));
                }
            }
        }
    }
    BITDGDM_INLINE I finish(const Sum& s) { return {s.columns[0], s.columns[1]}; }
};

}  // namespace avx2
}  // namespace bitdgdm
