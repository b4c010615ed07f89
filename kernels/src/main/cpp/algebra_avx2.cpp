// The loops of algebra.inl for one instruction set. This unit alone is compiled with its flags (build.sh).
#if defined(__x86_64__)
#include "algebra.h"

namespace bitdgdm {
namespace avx2 {

#include "algebra.inl"

}  // namespace avx2

extern const Algebra AVX2_ALGEBRA = {avx2::multiply, avx2::gram, avx2::round, avx2::cholesky, avx2::invert};

}  // namespace bitdgdm
#endif
