// What the benchmark times of an instruction set besides the product's own Kernels: the peaks of its units, and the fused
// pieces that lie inside the product's network. One table per instruction set, from pieces.inl.
#pragma once

#include <cstddef>

#include "workspace.h"

namespace bitdgdm {

struct Pieces {
    // Independent multiply-adds in registers: returns FP32 operations done, two for each multiply-add and lane.
    double (*multiplyAdds)(long rounds);
    // The same for unsigned bytes x signed bytes, summed in 32 bits; integer operations.
    double (*integerDots)(long rounds);
    const char* integerInstruction;
    // Multiply-adds with an operand of 16 lanes loaded for each, from `count` floats in turn; returns operations done.
    double (*loadedMultiplyAdds)(const float* from, size_t count);
    // `count` floats, a multiple of 16.
    void (*copy)(const float* from, float* to, size_t count);
    void (*exponentials)(const float* x, float* y, size_t count);
    // Each block of 16 x 16 floats with rows and columns exchanged.
    void (*turn)(const float* from, float* to, size_t blocks);
    // Of the product, see vector_math.inl and linear.inl.
    void (*pool)(const float* x, int rows, int width, bool biasedVariance, float* to);
    void (*quantize)(const Linear& layer, const float* x, size_t xStride, int first, int rows, Workspace& ws);
};

extern const Pieces SCALAR_PIECES;
#if defined(__x86_64__)
extern const Pieces AVX2_PIECES;
extern const Pieces AVX512_PIECES;
#endif

}  // namespace bitdgdm
