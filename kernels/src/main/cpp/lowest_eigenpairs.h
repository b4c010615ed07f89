// A few neighbouring eigenpairs of a symmetric matrix: LowestEigenpairs.java, operation by operation, so that the bits are
// the same. Compiled once for the plain base architecture, without contraction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bitdgdm {

class LowestEigenpairs {
public:
    // Sizes the scratch for matrices of n rows and so many pairs and vectors; compute() then allocates nothing.
    void prepare(int n, int count, int vectors);

    // Bytes of the scratch.
    size_t bytes() const;

    // Finds `count` pairs from the one of index `from` in ascending order on, and the first `vectors` vectors. Destroys a
    // (n, n), both triangles of which are equal.
    void compute(double* a, int n, int from, int count, int vectors);

    const double* values() const { return values_.data(); }          // (count)
    const double* vectors() const { return vectors_.data(); }        // (vectors, n) rows

private:
    void reduce(double* a, int n);
    void bisect(int n, int from, int count);
    void factorise(int n, double value);
    void solve(int n, double* x) const;
    void vectorsOfTridiagonal(int n, int vectors);
    void reflect(const double* a, int n, double* x) const;

    std::vector<double> d_, e_, squares_, tau_;                      // (n) diagonal, beside it, its squares, reflections
    std::vector<double> p_, w_;                                      // (n) of a reflection
    std::vector<double> pivots_, beside_, second_, factors_;         // (n) the tridiagonal matrix as a product of triangles
    std::vector<uint8_t> swapped_;                                   // (n)
    std::vector<double> values_, vectors_;
};

}  // namespace bitdgdm
