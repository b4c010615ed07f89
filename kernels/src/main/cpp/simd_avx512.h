// The vectors of simd_scalar.h in AVX-512 (F, BW, VL, DQ, VNNI); see there for what each function means.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace bitdgdm {
namespace avx512 {

constexpr int LANES = 16;
// 24 accumulators leave registers for two weights, a broadcast and addressing.
constexpr int TILE_ROWS = 12;
constexpr int TILE_PANELS = 2;
constexpr int INT_TILE_ROWS = 12;
constexpr int INT_TILE_PANELS = 2;
constexpr bool NARROW_IS_FASTER = false;
// Blocks of 16 rows that share what is read of S, and columns of a panel, times blocks, whose sums are in registers at once.
constexpr int SPARSE_BLOCKS = 2;
constexpr int SPARSE_COLUMNS = 16;

#define BITDGDM_INLINE static inline __attribute__((always_inline))
#define BITDGDM_UNROLL _Pragma("GCC unroll 16")

using V = __m512;
using I = __m512i;

// Holds what computes `v` in its place: GCC 12 would gather the ends of many sums behind all of them, and spill the sums.
BITDGDM_INLINE void keepInOrder(V& v) { __asm__ volatile("" : "+v"(v)); }
BITDGDM_INLINE V load(const float* from) { return _mm512_loadu_ps(from); }
BITDGDM_INLINE void store(float* to, V v) { _mm512_storeu_ps(to, v); }
BITDGDM_INLINE V set1(float x) { return _mm512_set1_ps(x); }
BITDGDM_INLINE V zero() { return _mm512_setzero_ps(); }
BITDGDM_INLINE V add(V a, V b) { return _mm512_add_ps(a, b); }
BITDGDM_INLINE V sub(V a, V b) { return _mm512_sub_ps(a, b); }
BITDGDM_INLINE V mul(V a, V b) { return _mm512_mul_ps(a, b); }
BITDGDM_INLINE V div(V a, V b) { return _mm512_div_ps(a, b); }
BITDGDM_INLINE V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
BITDGDM_INLINE V min(V a, V b) { return _mm512_min_ps(a, b); }
BITDGDM_INLINE V max(V a, V b) { return _mm512_max_ps(a, b); }
BITDGDM_INLINE V abs(V a) { return _mm512_abs_ps(a); }
BITDGDM_INLINE V squareRoot(V a) { return _mm512_sqrt_ps(a); }
BITDGDM_INLINE V round(V a) { return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
BITDGDM_INLINE V zeroBelow(V value, V a, V limit) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, limit, _CMP_NLT_UQ), value);
}
BITDGDM_INLINE uint32_t maskAbove(V a, float limit) {
    return _mm512_cmp_ps_mask(_mm512_abs_ps(a), _mm512_set1_ps(limit), _CMP_GT_OQ);
}
BITDGDM_INLINE V keep(V a, uint32_t mask) { return _mm512_maskz_mov_ps((__mmask16) mask, a); }

BITDGDM_INLINE I toInt(V a) { return _mm512_cvtps_epi32(a); }
BITDGDM_INLINE I keepAsInt(V a, uint32_t mask) { return _mm512_maskz_cvtps_epi32((__mmask16) mask, a); }
BITDGDM_INLINE V toFloat(I a) { return _mm512_cvtepi32_ps(a); }
BITDGDM_INLINE I add(I a, int32_t b) { return _mm512_add_epi32(a, _mm512_set1_epi32(b)); }
BITDGDM_INLINE V scaleByPowerOfTwo(V value, I exponent) {
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(value), _mm512_slli_epi32(exponent, 23)));
}
BITDGDM_INLINE void storeBytes(uint8_t* to, I a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(a));
}
BITDGDM_INLINE void storeBytes(uint8_t* to, const I (&a)[4], int32_t offset) {
    // Packing works within 128-bit quarters: each holds four bytes of every vector.
    const __m512i inOrder = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i toUnsigned = _mm512_set1_epi16((int16_t) offset);
    __m512i words = _mm512_add_epi16(_mm512_packs_epi32(a[0], a[1]), toUnsigned);
    __m512i more = _mm512_add_epi16(_mm512_packs_epi32(a[2], a[3]), toUnsigned);
    _mm512_storeu_si512(to, _mm512_permutexvar_epi32(inOrder, _mm512_packus_epi16(words, more)));
}

BITDGDM_INLINE I loadQuads(const uint8_t* from) { return _mm512_loadu_si512(from); }
BITDGDM_INLINE I set1Int(int32_t x) { return _mm512_set1_epi32(x); }
BITDGDM_INLINE I set1Quad(const int8_t* weights) {
    int32_t quad;
    __builtin_memcpy(&quad, weights, 4);
    return _mm512_set1_epi32(quad);
}
BITDGDM_INLINE I dotQuads(I sum, I codes, I weights) {
    // Not the intrinsic, as in Dot.
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(codes), "v"(weights));
    return sum;
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
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}
BITDGDM_INLINE float maxLanes(V a) {
    __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}
BITDGDM_INLINE void transpose(V (&rows)[LANES]) {
    V t[LANES];
    for (int i = 0; i < LANES; i += 2) {
        t[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < LANES; i += 4) {
        rows[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
        rows[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xEE);
        rows[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        rows[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
    }
    // rows[4 g + c] now holds, in 128-bit lane q, entries 4 g ... 4 g + 3 of column 4 q + c.
    for (int c = 0; c < 4; c++) {
        V low = _mm512_shuffle_f32x4(rows[c], rows[4 + c], 0x88);
        V high = _mm512_shuffle_f32x4(rows[8 + c], rows[12 + c], 0x88);
        V lowOdd = _mm512_shuffle_f32x4(rows[c], rows[4 + c], 0xDD);
        V highOdd = _mm512_shuffle_f32x4(rows[8 + c], rows[12 + c], 0xDD);
        t[c] = _mm512_shuffle_f32x4(low, high, 0x88);
        t[8 + c] = _mm512_shuffle_f32x4(low, high, 0xDD);
        t[4 + c] = _mm512_shuffle_f32x4(lowOdd, highOdd, 0x88);
        t[12 + c] = _mm512_shuffle_f32x4(lowOdd, highOdd, 0xDD);
    }
    for (int i = 0; i < LANES; i++) {
        rows[i] = t[i];
    }
}

template <bool NARROW>
struct Dot {
    using Sum = __m512i;
    BITDGDM_INLINE Sum start(const int32_t* from) { return _mm512_loadu_si512(from); }
    template <int ROWS, int PANELS>
    BITDGDM_INLINE void step(Sum (&sum)[ROWS][PANELS], const uint8_t* codes, size_t stride, const int8_t* weights,
                             size_t panelSize) {
        __m512i column[PANELS];
        for (int panel = 0; panel < PANELS; panel++) {
            column[panel] = _mm512_loadu_si512(weights + panel * panelSize);
        }
        for (int row = 0; row < ROWS; row++) {
            int32_t quad;
            __builtin_memcpy(&quad, codes + row * stride, 4);
            __m512i code = _mm512_set1_epi32(quad);
            for (int panel = 0; panel < PANELS; panel++) {
                // Not the intrinsic: GCC 12 copies and spills the accumulators around it, at half the speed.
                __asm__("vpdpbusd %2, %1, %0" : "+v"(sum[row][panel]) : "v"(code), "v"(column[panel]));
            }
        }
    }
    BITDGDM_INLINE I finish(const Sum& s) { return s; }
};

}  // namespace avx512
}  // namespace bitdgdm
