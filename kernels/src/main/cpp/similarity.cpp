#include "similarity.h"

#include "cpu_features.h"

namespace bitdgdm {

#if defined(__x86_64__)
extern const Similarity AVX512_SIMILARITY;
#endif

const Similarity* similarity() {
#if defined(__x86_64__)
    if (isaSupported(Isa::AVX512) && __builtin_cpu_supports("avx512vpopcntdq")) {
        return &AVX512_SIMILARITY;
    }
#endif
    return nullptr;
}

}  // namespace bitdgdm
