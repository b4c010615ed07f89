// The network's input for one noisy graph: GraphFeatures.java and SymmetricEigen.java, operation by operation, so that
// the bits are the same. Compiled once for the plain base architecture, without contraction.
#pragma once

#include <cstdint>
#include <vector>

#include "lowest_eigenpairs.h"
#include "model.h"

namespace bitdgdm {

class GraphFeatures {
public:
    explicit GraphFeatures(const Shape& shape) : shape_(shape) {}

    // Sizes the scratch for graphs of n nodes; compute() then allocates nothing.
    void prepare(int n);

    // Bytes of the scratch.
    size_t bytes() const;

    // Node input (n, nodeStride), edge input (n, n, edgeStride) where edges have features, and global input of one graph at a
    // time, from its classes (n) and (n, n).
    void compute(const uint8_t* nodes, const uint8_t* edges, int n, float time, float* node, int nodeStride, float* edge,
                 int edgeStride, float* global);

private:
    void cycles(int n, float* node, int nodeStride, float* global);
    void walks(int n, float* node, int nodeStride, float* edge, int edgeStride);
    void laplacian(int n, float* node, int nodeStride, float* global);
    int labelComponents(int n);
    int largestComponent(int n, int components);
    void rotateAll(int n);

    // A class; of one that only noise has, 0.
    int data(int found, int classes) const { return shape_.absorbing && classes > 1 && found == classes - 1 ? 0 : found; }

    const Shape& shape_;
    std::vector<int32_t> a1_, a2_, a3_;          // (n, n) powers of the adjacency matrix
    std::vector<int32_t> component_, stack_, size_, order_;  // (n)
    std::vector<double> matrix_;                 // (n, n) being diagonalised
    std::vector<double> rotations_;              // (r, r) of graphs of r <= min(n, MOST_ROTATED) nodes; eigenvectors are rows
    std::vector<double> values_, vectors_;       // (r) ascending, (r, r) rows
    std::vector<float> step_, row_;              // (n) of random walks
    LowestEigenpairs lowest_;                    // of graphs too large for rotations
};

}  // namespace bitdgdm
