// The kernels for the instruction set of simd_scalar.h. This unit alone is compiled with its flags (build.sh).
#include "philox.h"
#include "simd_scalar.h"
#include "workspace.h"

namespace bitdgdm {
namespace scalar {

#include "vector_math.inl"
#include "linear.inl"
#include "network.inl"
#include "posterior.inl"
#include "protein.inl"

static void exponentialOfSixteen(const float* x, float* y) {
    store(y, exponential(load(x)));
}

}  // namespace scalar

extern const Kernels SCALAR_KERNELS = {scalar::network, scalar::draw, scalar::linear, scalar::exponentialOfSixteen,
    scalar::addAndNormalise, scalar::attend, scalar::proteinEdges, scalar::proteinNetwork};

}  // namespace bitdgdm
