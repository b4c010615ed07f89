#include "cpu_features.h"

namespace bitdgdm {

const char* isaName(Isa isa) {
    switch (isa) {
        case Isa::AVX512: return "avx512";
        case Isa::AVX2: return "avx2";
        default: return "scalar";
    }
}

bool isaSupported(Isa isa) {
    if (isa == Isa::SCALAR) {
        return true;
    }
#if defined(__x86_64__)
    // The builtin also asks the operating system (XGETBV) whether it saves the wide registers.
    __builtin_cpu_init();
    if (isa == Isa::AVX2) {
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    }
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
#else
    return false;
#endif
}

Isa bestIsa() {
    return isaSupported(Isa::AVX512) ? Isa::AVX512 : isaSupported(Isa::AVX2) ? Isa::AVX2 : Isa::SCALAR;
}

}  // namespace bitdgdm
