// Loops of the quantizer's algebra, in double. Every sum has one order, that of the Java loops beside it, so that vectors of
// any width give the same bits; nothing is fused. Plain structures: they are read by units of every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "cpu_features.h"

namespace bitdgdm {

// Trials of one vector's rounding: lanes of two vectors, three of which stay empty.
constexpr size_t TRIALS = 13;
constexpr size_t TRIAL_LANES = 16;

// The norm that a rounding is measured in, as ErrorFeedback.java prepares it.
struct Feedback {
    size_t size;
    const double* upper;        // (size, size) U, row-major; null where H is diagonal
    const double* diagonal;     // (size) H where it is diagonal
    const int32_t* order;       // (size) which entry comes first
    const uint8_t* dead;        // (size) whether an entry, in that order, is 0 whatever it was
};

struct Algebra {
    // sums(rows, cols) += columns(rows, inner) factors(inner, cols), column-major. To each sum products are added one after the
    // other, or where `byFours` four at a time: (p0 + p1) + (p2 + p3). `scratch`: productScratch doubles.
    void (*multiply)(double* sums, const double* columns, const double* factors, size_t rows, size_t cols, size_t inner,
                     bool byFours, double* scratch);

    // Upper triangle of rowsᵀ rows of (count, in) row-major rows, eight rows at a time; columns of `gram` have a stride of
    // gramStride(in) and are in + 1, the last for nothing; zeros before. `scratch`: 8 gramStride(in) doubles.
    void (*gram)(double* gram, const float* rows, size_t count, size_t in, double* scratch);

    // Codes of a vector with the best of TRIALS scales, which it returns. `left`: (size, TRIAL_LANES), `tried`: the same in bytes.
    float (*round)(const Feedback& feedback, const double* values, int maxCode, int8_t* codes, double* left, int8_t* tried);

    // A -> L with A = L Lᵀ, in the lower triangle of a (n, n) column-major matrix; false where A is not positive definite.
    // `scratch`: choleskyScratch doubles.
    bool (*cholesky)(double* matrix, size_t n, double* scratch);

    // U -> U⁻¹ in the upper triangle; the diagonal is not 0. The other triangle must hold zeros. The same scratch.
    void (*invert)(double* upper, size_t n, double* scratch);
};

constexpr size_t PANEL_ROWS = 16;
constexpr size_t PANEL_COLUMNS = 4;

static inline constexpr size_t productScratch(size_t inner, size_t cols) {
    return (inner + 3) * (PANEL_ROWS + cols + PANEL_COLUMNS);
}

static inline constexpr size_t gramStride(size_t in) {
    return (in + 7) / 8 * 8;
}

constexpr size_t LAPACK_BLOCK = 64;

// An (n, LAPACK_BLOCK) block besides what a product takes.
static inline constexpr size_t choleskyScratch(size_t n) {
    return productScratch(n, LAPACK_BLOCK) + n * LAPACK_BLOCK;
}

// Of an instruction set that is supported.
const Algebra& algebra(Isa isa);

}  // namespace bitdgdm
