// The kernels for the instruction set of simd_avx512.h. This unit alone is compiled with its flags (build.sh).
#if defined(__x86_64__)
#include "philox.h"
#include "simd_avx512.h"
#include "workspace.h"

namespace bitdgdm {
namespace avx512 {

#include "vector_math.inl"
#include "linear.inl"
#include "network.inl"
#include "posterior.inl"
#include "protein.inl"

static void exponentialOfSixteen(const float* x, float* y) {
    store(y, exponential(load(x)));
}

}  // namespace avx512

extern const Kernels AVX512_KERNELS = {avx512::network, avx512::draw, avx512::linear, avx512::exponentialOfSixteen,
    avx512::addAndNormalise, avx512::attend, avx512::proteinEdges, avx512::proteinNetwork};

}  // namespace bitdgdm
#endif
