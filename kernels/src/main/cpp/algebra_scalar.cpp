// The loops of algebra.inl for one instruction set. This unit alone is compiled with its flags (build.sh).
#include "algebra.h"

namespace bitdgdm {
namespace scalar {

#include "algebra.inl"

}  // namespace scalar

extern const Algebra SCALAR_ALGEBRA = {scalar::multiply, scalar::gram, scalar::round, scalar::cholesky, scalar::invert};

}  // namespace bitdgdm
