// Peaks and pieces of AVX-512 with VNNI.
#if defined(__x86_64__)
#include "philox.h"
#include "pieces.h"
#include "simd_avx512.h"

namespace bitdgdm {
namespace avx512 {

#include "vector_math.inl"
#include "linear.inl"

// Two units of four or five cycles' latency need ten sums.
constexpr int CHAINS = 12;

static double multiplyAdds(long rounds) {
    __m512 a[CHAINS];
    BITDGDM_UNROLL for (int i = 0; i < CHAINS; i++) {
        a[i] = _mm512_set1_ps(i);
    }
    const __m512 b = _mm512_set1_ps(0.999f);
    const __m512 c = _mm512_set1_ps(0.001f);
    for (long round = 0; round < rounds; round++) {
        BITDGDM_UNROLL for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm512_fmadd_ps(a[i], b, c);
            asm volatile("" : "+v"(a[i]));
        }
    }
    return 2.0 * 16 * CHAINS * rounds;
}

static double integerDots(long rounds) {
    __m512i a[CHAINS];
    BITDGDM_UNROLL for (int i = 0; i < CHAINS; i++) {
        a[i] = _mm512_set1_epi32(i);
    }
    const __m512i b = _mm512_set1_epi8(3);
    const __m512i c = _mm512_set1_epi8(2);
    for (long round = 0; round < rounds; round++) {
        BITDGDM_UNROLL for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm512_dpbusd_epi32(a[i], b, c);
            asm volatile("" : "+v"(a[i]));
        }
    }
    return 2.0 * 64 * CHAINS * rounds;
}

constexpr const char* INTEGER_INSTRUCTION = "vpdpbusd";

#include "pieces.inl"

}  // namespace avx512

const Pieces AVX512_PIECES = avx512::PIECES;

}  // namespace bitdgdm
#endif
