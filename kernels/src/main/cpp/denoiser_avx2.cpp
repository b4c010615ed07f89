// The kernels for the instruction set of simd_avx2.h. This unit alone is compiled with its flags (build.sh).
#if defined(__x86_64__)
#include "philox.h"
#include "simd_avx2.h"
#include "workspace.h"

namespace bitdgdm {
namespace avx2 {

#include "vector_math.inl"
#include "linear.inl"
#include "network.inl"
#include "posterior.inl"
#include "protein.inl"

static void exponentialOfSixteen(const float* x, float* y) {
    store(y, exponential(load(x)));
}

}  // namespace avx2

extern const Kernels AVX2_KERNELS = {avx2::network, avx2::draw, avx2::linear, avx2::exponentialOfSixteen,
    avx2::addAndNormalise, avx2::attend, avx2::proteinEdges, avx2::proteinNetwork};

}  // namespace bitdgdm
#endif
