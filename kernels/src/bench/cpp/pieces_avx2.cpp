// Peaks and pieces of AVX2.
#if defined(__x86_64__)
#include "philox.h"
#include "pieces.h"
#include "simd_avx2.h"

namespace bitdgdm {
namespace avx2 {

#include "vector_math.inl"
#include "linear.inl"

// Two units of four cycles' latency need eight sums.
constexpr int CHAINS = 8;

static double multiplyAdds(long rounds) {
    __m256 a[CHAINS];
    BITDGDM_UNROLL for (int i = 0; i < CHAINS; i++) {
        a[i] = _mm256_set1_ps(i);
    }
    const __m256 b = _mm256_set1_ps(0.999f);
    const __m256 c = _mm256_set1_ps(0.001f);
    for (long round = 0; round < rounds; round++) {
        BITDGDM_UNROLL for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm256_fmadd_ps(a[i], b, c);
            asm volatile("" : "+x"(a[i]));
        }
    }
    return 2.0 * 8 * CHAINS * rounds;
}

// The narrow sum of simd_avx2.h, the faster of its two.
static double integerDots(long rounds) {
    __m256i a[CHAINS];
    BITDGDM_UNROLL for (int i = 0; i < CHAINS; i++) {
        a[i] = _mm256_set1_epi32(i);
    }
    __m256i b = _mm256_set1_epi8(3);
    const __m256i c = _mm256_set1_epi8(2);
    const __m256i ones = _mm256_set1_epi16(1);
    for (long round = 0; round < rounds; round++) {
        BITDGDM_UNROLL for (int i = 0; i < CHAINS; i++) {
            asm volatile("" : "+x"(b));
            a[i] = _mm256_add_epi32(a[i], _mm256_madd_epi16(_mm256_maddubs_epi16(b, c), ones));
            asm volatile("" : "+x"(a[i]));
        }
    }
    return 2.0 * 32 * CHAINS * rounds;
}

constexpr const char* INTEGER_INSTRUCTION = "vpmaddubsw";

#include "pieces.inl"

}  // namespace avx2

const Pieces AVX2_PIECES = avx2::PIECES;

}  // namespace bitdgdm
#endif
