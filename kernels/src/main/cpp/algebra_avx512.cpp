// The loops of algebra.inl for one instruction set. This unit alone is compiled with its flags (build.sh).
#if defined(__x86_64__)
#include "algebra.h"

namespace bitdgdm {
namespace avx512 {

#include "algebra.inl"

}  // namespace avx512

extern const Algebra AVX512_ALGEBRA = {avx512::multiply, avx512::gram, avx512::round, avx512::cholesky, avx512::invert};

}  // namespace bitdgdm
#endif
