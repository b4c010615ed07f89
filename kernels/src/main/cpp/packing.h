// Packs a model, handed over layer by layer, into the layout of model.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "memory.h"
#include "model.h"

namespace bitdgdm {

// CodeMatrix.java: (rows, cols) row-major codes with scales, or FP32 values at 16 bits and more.
struct MatrixSource {
    int rows = 0;
    int cols = 0;
    bool coded = false;
    std::vector<int8_t> codes;
    std::vector<float> scale;
    std::vector<float> values;
};

// InputTransform.java; parts that are empty are missing.
struct TransformSource {
    int block = 0;
    std::vector<float> scale;           // (in)
    std::vector<float> first;           // blocks, each (size, size)
    std::vector<int32_t> permutation;   // (in)
    std::vector<float> second;
};

// LowRankBranch.java; missing where the rank is 0.
struct BranchSource {
    int rank = 0;
    std::vector<float> down;            // (in, rank)
    std::vector<float> up;              // (rank, out)
};

// Static scales of a range of steps.
struct ScaleSource {
    float threshold;
    float scale;
    float inverse;
    float intermediateScale;
    float intermediateInverse;
};

// PackedLinear.java. Either `weight` is given, or the product is an integer one of the parts that are given.
struct LinearSource {
    int in = 0;
    int out = 0;
    std::vector<float> bias;        // (out)
    bool hasWeight = false;
    std::vector<float> weight;      // (in, out): W, or the dequantized dense part
    int activationBits = 32;
    bool isUnsigned = false;
    bool perRow = false;
    float threshold = 0;
    float scale = 0;
    float inverse = 0;
    bool hasLowRank = false;
    MatrixSource left;              // (in, rank)
    MatrixSource right;             // (out, rank)
    int intermediateBits = 32;
    float intermediateScale = 0;
    float intermediateInverse = 0;
    bool hasResidual = false;
    MatrixSource residual;          // (in, out)
    std::vector<float> dense;       // (in, out) what outliers are multiplied by; empty if there can be none
    int sparseWidth = 0;
    std::vector<int32_t> sparseColumns;  // (in, sparseWidth), -1 in unused places
    std::vector<float> sparseValues;     // (in, sparseWidth)
    bool crossTerm = true;
    TransformSource transform;
    BranchSource branch;
    std::vector<ScaleSource> laterScales;  // of every range of steps but the first
};

// The layer in the kernels' layout, allocated in `memory`. Throws std::invalid_argument where sizes contradict.
Linear packLinear(const LinearSource& source, int index, Memory& memory);

// Transform and branch of a layer, as far as it has them. In packing_forms.cpp.
void packForms(const LinearSource& source, Linear& linear, Memory& memory);

// Whether the product is one of integers alone, but for S, and floats hold every sum of it exactly.
bool sumsFitFloats(const LinearSource& source);

// What rows first...first + rows - 1 of a layer's integer weights take part in, as a layer whose residual has the columns of E,
// padded, then those of L, as far as the layer has them; it has no scales, no bias, and the codes of its input are the layer's.
Linear packSums(const LinearSource& source, int first, int rows, Memory& memory);

// The same layer with the scales of a later range of steps; everything else is shared. In packing_forms.cpp.
Linear rescaled(const Linear& first, const LinearSource& source, const ScaleSource& scales, Memory& memory);

// A model and the memory it points into. Ranges of steps share all but scales and what is computed with them.
struct PackedNetwork {
    Memory memory;
    Model model = {};           // of the first range of steps
    std::vector<Model> later;   // of the other ranges

    // With the scales of a range of times.
    const Model& at(int range) const { return range == 0 ? model : later.at(range - 1); }
};

// Name of a layer: number of its block, -1 outside of them, and name of the module there. NetworkSpec.java has them all.
using ModuleName = std::pair<int, std::string>;

// Takes a model's parts by their names.
class NetworkBuilder {
public:
    // `shape` without weights of nodes.
    NetworkBuilder(const Shape& shape, int ranges);

    void setWeights(const std::vector<float>& nodeWeights, float maxWeight);
    void setLimits(const std::vector<float>& nodeMarginal, const std::vector<float>& edgeMarginal);
    void addLinear(const ModuleName& name, const LinearSource& source);
    void addNorm(const ModuleName& name, const std::vector<float>& weight, const std::vector<float>& bias);

    // The finished model but for its edge tables, which need kernels; throws std::invalid_argument if a part is missing.
    std::unique_ptr<PackedNetwork> finish();

private:
    void fill(Model& model, const std::vector<Linear>& linears);

    std::unique_ptr<PackedNetwork> network_;
    std::vector<std::vector<Linear>> linears_;  // of each range of steps
    std::map<ModuleName, size_t> linearOf_;     // place in each of these
    std::map<ModuleName, Norm> normOf_;
};

}  // namespace bitdgdm
