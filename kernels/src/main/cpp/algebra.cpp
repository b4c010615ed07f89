#include "algebra.h"

#include "cpu_features.h"

namespace bitdgdm {

extern const Algebra SCALAR_ALGEBRA;
#if defined(__x86_64__)
extern const Algebra AVX2_ALGEBRA;
extern const Algebra AVX512_ALGEBRA;
#endif

const Algebra& algebra(Isa isa) {
#if defined(__x86_64__)
    if (isa == Isa::AVX512) {
        return AVX512_ALGEBRA;
    }
    if (isa == Isa::AVX2) {
        return AVX2_ALGEBRA;
    }
#endif
    (void) isa;
    return SCALAR_ALGEBRA;
}

}  // namespace bitdgdm
