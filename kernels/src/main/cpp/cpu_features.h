// Which instruction sets the kernels were built for and the processor runs. Compiled for the plain base architecture.
#pragma once

namespace bitdgdm {

enum class Isa { SCALAR, AVX2, AVX512 };

// "scalar", "avx2", "avx512".
const char* isaName(Isa isa);

// Whether this build has kernels for the set and processor and operating system support it.
// AVX512 stands for F, BW, VL, DQ and VNNI together; AVX2 includes FMA.
bool isaSupported(Isa isa);

// The widest supported set.
Isa bestIsa();

}  // namespace bitdgdm
