// Peaks and pieces of plain C++.
#include "philox.h"
#include "pieces.h"
#include "simd_scalar.h"

namespace bitdgdm {
namespace scalar {

#include "vector_math.inl"
#include "linear.inl"

static double multiplyAdds(long rounds) {
    float a[4] = {0, 1, 2, 3};
    for (long round = 0; round < rounds; round++) {
        for (float& value : a) {
            value = __builtin_fmaf(value, 0.999f, 0.001f);
            asm volatile("" : "+m"(value));
        }
    }
    return 2.0 * 4 * rounds;
}

static double integerDots(long rounds) {
    int32_t a[4] = {0, 1, 2, 3};
    for (long round = 0; round < rounds; round++) {
        for (int32_t& value : a) {
            value += (int32_t) (uint8_t) round * 3;
            asm volatile("" : "+r"(value));
        }
    }
    return 2.0 * 4 * rounds;
}

constexpr const char* INTEGER_INSTRUCTION = "imul";

#include "pieces.inl"

}  // namespace scalar

const Pieces SCALAR_PIECES = scalar::PIECES;

}  // namespace bitdgdm
