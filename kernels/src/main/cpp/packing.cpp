#include "packing.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace bitdgdm {
namespace {

// No block.
constexpr int OUTSIDE = -1;

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::invalid_argument(what);
    }
}

float* copyPadded(const std::vector<float>& values, Memory& memory) {
    float* to = memory.allocate<float>(padded(static_cast<int>(values.size())));
    std::copy(values.begin(), values.end(), to);
    return to;
}

// Panels (padded cols / 16, rows, 16) of a (rows, cols) matrix.
template <typename Entry>
float* floatPanels(int rows, int cols, Entry entry, Memory& memory) {
    float* panels = memory.allocate<float>(static_cast<size_t>(padded(cols)) * rows);
    for (int col = 0; col < cols; col++) {
        float* panel = panels + static_cast<size_t>(col / PANEL) * rows * PANEL + col % PANEL;
        for (int row = 0; row < rows; row++) {
            panel[static_cast<size_t>(row) * PANEL] = entry(row, col);
        }
    }
    return panels;
}

// Panels of a (depth, cols) matrix of codes, to be multiplied by codes of at most `largestCode` once `offset` is added.
template <typename Entry>
CodePanels codePanels(int depth, int cols, Entry entry, int offset, int largestCode, Memory& memory) {
    const int quads = (depth + 3) / 4;
    int8_t* codes = memory.allocate<int8_t>(static_cast<size_t>(padded(cols)) * quads * 4);
    int32_t* start = memory.allocate<int32_t>(padded(cols));
    int largest = 0;
    for (int col = 0; col < cols; col++) {
        int8_t* panel = codes + static_cast<size_t>(col / PANEL) * quads * PANEL * 4 + col % PANEL * 4;
        int32_t sum = 0;
        for (int k = 0; k < depth; k++) {
            const int8_t code = entry(k, col);
            panel[static_cast<size_t>(k / 4) * PANEL * 4 + k % 4] = code;
            sum += code;
            largest = std::max(largest, std::abs(static_cast<int>(code)));
        }
        start[col] = -offset * sum;
    }
    return {codes, start, nullptr, quads, 2 * largestCode * largest <= 32767};
}

void requireMatrix(const MatrixSource& matrix, int rows, int cols, size_t scales, const char* what) {
    const size_t size = static_cast<size_t>(rows) * cols;
    require(matrix.rows == rows && matrix.cols == cols, what);
    require(matrix.coded ? matrix.codes.size() == size && matrix.scale.size() == scales : matrix.values.size() == size,
        what);
}

// s_x * scale, each product rounded; only `scale` where s_x is a row's own.
std::vector<float> scaleOfSums(const LinearSource& source, const std::vector<float>& scale) {
    std::vector<float> product = scale;
    for (float& factor : product) {
        factor = source.perRow ? factor : source.scale * factor;
    }
    return product;
}

Activation packActivation(const LinearSource& source) {
    const int bits = source.activationBits;
    Activation activation = {};
    activation.coded = bits <= 8;
    if (activation.coded) {
        activation.perRow = source.perRow;
        activation.isUnsigned = source.isUnsigned;
        activation.threshold = source.threshold;
        activation.scale = source.scale;
        activation.inverse = source.inverse;
        activation.maxCode = source.isUnsigned ? (1 << bits) - 1 : (1 << (bits - 1)) - 1;
        activation.offset = source.isUnsigned ? 0 : 1 << (bits - 1);
    }
    return activation;
}

// S by panels; stays null where S has no entry.
SparsePanels packSparse(const LinearSource& source, Memory& memory) {
    std::vector<std::vector<std::pair<int32_t, float>>> columns(padded(source.out));
    size_t entries = 0;
    for (int row = 0; row < source.in; row++) {
        for (int place = 0; place < source.sparseWidth; place++) {
            const size_t at = static_cast<size_t>(row) * source.sparseWidth + place;
            const int32_t column = source.sparseColumns[at];
            require(column >= -1 && column < source.out, "a column of the sparse part lies outside the layer");
            if (column >= 0) {
                columns[column].emplace_back(row, source.sparseValues[at]);
                entries++;
            }
        }
    }
    if (entries == 0) {
        return {};
    }
    const int panels = static_cast<int>(columns.size()) / PANEL;
    int32_t* from = memory.allocate<int32_t>(panels + 1);
    for (int panel = 0; panel < panels; panel++) {
        size_t fullest = 0;
        for (int o = 0; o < PANEL; o++) {
            fullest = std::max(fullest, columns[panel * PANEL + o].size());
        }
        from[panel + 1] = from[panel] + static_cast<int32_t>(fullest);
    }
    int32_t* rows = memory.allocate<int32_t>(static_cast<size_t>(from[panels]) * PANEL);
    float* values = memory.allocate<float>(static_cast<size_t>(from[panels]) * PANEL);
    for (size_t column = 0; column < columns.size(); column++) {
        size_t at = static_cast<size_t>(from[column / PANEL]) * PANEL + column % PANEL;
        for (const auto& [row, value] : columns[column]) {
            rows[at] = row * PANEL;
            values[at] = value;
            at += PANEL;
        }
    }
    return {from, rows, values};
}

// Cycles that a row of X takes for S: turned, 5 for each 16 columns of X and Y and 1.25 for a place of 16 columns; by
// rows of W, half a cycle for each row and panel. Measured with AVX-512.
constexpr double TURNED_PANEL_CYCLES = 5;
constexpr double TURNED_PLACE_CYCLES = 1.25;
constexpr double ROW_CYCLES = 0.5;

// S by rows, where that takes fewer cycles than `turned`; else stays null.
SparseRowPanels packSparseRows(const LinearSource& source, const SparsePanels& turned, Memory& memory) {
    const int panels = padded(source.out) / PANEL;
    std::vector<std::map<int32_t, std::array<float, PANEL>>> rowsOf(panels);
    size_t places = 0;
    for (size_t at = 0; at < source.sparseColumns.size(); at++) {
        const int32_t column = source.sparseColumns[at];
        if (column >= 0) {
            const auto row = rowsOf[column / PANEL].try_emplace(static_cast<int32_t>(at / source.sparseWidth));
            row.first->second[column % PANEL] = source.sparseValues[at];
            places += row.second;
        }
    }
    const double turning = TURNED_PANEL_CYCLES * (padded(source.in) / PANEL + panels);
    if (places * ROW_CYCLES > turning + turned.from[panels] * TURNED_PLACE_CYCLES) {
        return {};
    }
    int32_t* from = memory.allocate<int32_t>(panels + 1);
    int32_t* rows = memory.allocate<int32_t>(places);
    float* values = memory.allocate<float>(places * PANEL);
    int32_t at = 0;
    for (int panel = 0; panel < panels; panel++) {
        for (const auto& [row, entries] : rowsOf[panel]) {
            rows[at] = row;
            std::copy(entries.begin(), entries.end(), values + static_cast<size_t>(at) * PANEL);
            at++;
        }
        from[panel + 1] = at;
    }
    return {from, rows, values};
}

// W in panels; where X is not coded, S is part of it, since then X S needs no X of its own.
void packWeight(const LinearSource& source, Linear& linear, Memory& memory) {
    std::vector<float> weight = source.weight;
    require(weight.size() == static_cast<size_t>(source.in) * source.out, "a weight must have in x out entries");
    if (!linear.activation.coded) {
        for (int row = 0; row < source.in; row++) {
            for (int place = 0; place < source.sparseWidth; place++) {
                const size_t at = static_cast<size_t>(row) * source.sparseWidth + place;
                const int32_t column = source.sparseColumns[at];
                require(column >= -1 && column < source.out, "a column of the sparse part lies outside the layer");
                if (column >= 0) {
                    weight[static_cast<size_t>(row) * source.out + column] += source.sparseValues[at];
                }
            }
        }
    } else {
        linear.sparse = packSparse(source, memory);
    }
    linear.weight = floatPanels(source.in, source.out,
        [&](int row, int col) { return weight[static_cast<size_t>(row) * source.out + col]; }, memory);
}

void packLowRank(const LinearSource& source, Linear& linear, Memory& memory) {
    const MatrixSource& left = source.left;
    const MatrixSource& right = source.right;
    const int rank = left.cols;
    requireMatrix(left, source.in, rank, rank, "the left factor must be in x rank, a scale per column");
    requireMatrix(right, source.out, rank, source.out, "the right factor must be out x rank, a scale per row");
    require(left.coded && right.coded, "both factors of an integer product must be codes");
    const int largestCode = (1 << source.activationBits) - 1;
    linear.rank = rank;
    linear.intermediateInverse = 1;
    linear.left = codePanels(source.in, rank,
        [&](int k, int col) { return left.codes[static_cast<size_t>(k) * rank + col]; },
        linear.activation.offset, largestCode, memory);
    std::vector<float> leftScale = scaleOfSums(source, left.scale);
    const auto rightCode = [&](int k, int col) { return right.codes[static_cast<size_t>(col) * rank + k]; };
    linear.intermediateCoded = source.intermediateBits <= 8;
    if (linear.intermediateCoded) {
        if (source.perRow) {
            linear.intermediateInverse = source.intermediateInverse;
        }
        for (float& factor : leftScale) {
            factor = source.perRow ? factor : factor * source.intermediateInverse;
        }
        linear.intermediateMax = (1 << (source.intermediateBits - 1)) - 1;
        linear.intermediateOffset = 1 << (source.intermediateBits - 1);
        linear.right = codePanels(rank, source.out, rightCode, linear.intermediateOffset,
            (1 << source.intermediateBits) - 1, memory);
        std::vector<float> scale(source.out);
        for (int o = 0; o < source.out; o++) {
            scale[o] = source.intermediateScale * right.scale[o];
        }
        linear.right.scale = copyPadded(scale, memory);
    } else {
        linear.rightValues = floatPanels(rank, source.out,
            [&](int k, int col) { return static_cast<float>(rightCode(k, col)) * right.scale[col]; }, memory);
    }
    linear.left.scale = copyPadded(leftScale, memory);
}

// Tiles of Q(H) R take S by rows where nothing else is added to them, and all of X meets it.
bool takesSparseRows(const LinearSource& source, const Linear& linear) {
    return linear.sparse.from != nullptr && linear.right.codes != nullptr && !source.hasResidual
        && (source.crossTerm || source.perRow);
}

}  // namespace

Linear packLinear(const LinearSource& source, int index, Memory& memory) {
    Linear linear = {};
    linear.index = index;
    linear.in = source.in;
    linear.out = source.out;
    require(source.bias.size() == static_cast<size_t>(source.out), "a bias must have an entry per output");
    require(source.sparseColumns.size() == static_cast<size_t>(source.in) * source.sparseWidth
        && source.sparseValues.size() == source.sparseColumns.size(), "the sparse part must have in x width places");
    linear.bias = copyPadded(source.bias, memory);
    linear.activation = packActivation(source);
    linear.crossTerm = source.crossTerm;
    packForms(source, linear, memory);
    if (source.hasWeight) {
        packWeight(source, linear, memory);
        return linear;
    }
    require(linear.activation.coded, "an integer product needs a coded activation");
    linear.sparse = packSparse(source, memory);
    if (source.hasLowRank) {
        packLowRank(source, linear, memory);
    }
    if (takesSparseRows(source, linear)) {
        linear.sparseRows = packSparseRows(source, linear.sparse, memory);
        if (linear.sparseRows.from != nullptr) {
            linear.sparse = {};
        }
    }
    if (source.hasResidual) {
        const MatrixSource& residual = source.residual;
        requireMatrix(residual, source.in, source.out, source.out, "the residual must be in x out, a scale per column");
        require(residual.coded, "the residual of an integer product must be codes");
        linear.residual = codePanels(source.in, source.out,
            [&](int k, int col) { return residual.codes[static_cast<size_t>(k) * source.out + col]; },
            linear.activation.offset, (1 << source.activationBits) - 1, memory);
        linear.residual.scale = copyPadded(scaleOfSums(source, residual.scale), memory);
    }
    if (!linear.activation.perRow) {
        require(source.dense.size() == static_cast<size_t>(source.in) * source.out,
            "outliers need the dense part, in x out");
        float* dense = memory.allocate<float>(static_cast<size_t>(source.in) * padded(source.out));
        for (int row = 0; row < source.in; row++) {
            std::copy_n(source.dense.begin() + static_cast<size_t>(row) * source.out, source.out,
                dense + static_cast<size_t>(row) * padded(source.out));
        }
        linear.dense = dense;
    }
    return linear;
}

bool sumsFitFloats(const LinearSource& source) {
    const Activation activation = packActivation(source);
    constexpr int64_t LARGEST_WEIGHT = 127;
    return !source.hasWeight && activation.coded && (source.hasLowRank || source.hasResidual)
        && source.in * LARGEST_WEIGHT * activation.maxCode <= 1 << 24;
}

Linear packSums(const LinearSource& source, int first, int rows, Memory& memory) {
    const MatrixSource& left = source.left;
    const MatrixSource& residual = source.residual;
    const int residualColumns = source.hasResidual ? padded(source.out) : 0;
    const int rank = source.hasLowRank ? left.cols : 0;
    Linear part = {};
    part.in = rows;
    part.out = residualColumns + rank;
    part.activation = packActivation(source);
    part.residual = codePanels(rows, part.out, [&](int k, int col) -> int8_t {
        const size_t row = first + k;
        if (col >= residualColumns) {
            return left.codes[row * rank + col - residualColumns];
        }
        return col < source.out ? residual.codes[row * source.out + col] : 0;
    }, part.activation.offset, (1 << source.activationBits) - 1, memory);
    return part;
}

NetworkBuilder::NetworkBuilder(const Shape& shape, int ranges)
    : network_(new PackedNetwork), linears_(std::max(1, ranges)) {
    network_->model.shape = shape;
}

void NetworkBuilder::setWeights(const std::vector<float>& nodeWeights, float maxWeight) {
    Shape& shape = network_->model.shape;
    require(!shape.molecular || nodeWeights.size() == static_cast<size_t>(shape.nodeTypes),
        "a molecular model must have a weight per node type");
    shape.nodeWeights = copyPadded(nodeWeights, network_->memory);
    shape.maxWeight = maxWeight;
}

void NetworkBuilder::setLimits(const std::vector<float>& nodeMarginal, const std::vector<float>& edgeMarginal) {
    const Shape& shape = network_->model.shape;
    require(nodeMarginal.size() == static_cast<size_t>(shape.nodeTypes), "the node marginal must have a value per type");
    require(edgeMarginal.size() == static_cast<size_t>(shape.edgeTypes), "the edge marginal must have a value per type");
    Memory& memory = network_->memory;
    network_->model.limits = {copyPadded(nodeMarginal, memory), copyPadded(edgeMarginal, memory)};
}

void NetworkBuilder::addLinear(const ModuleName& name, const LinearSource& source) {
    require(source.laterScales.size() + 1 == linears_.size(), "a layer must have scales for every range of steps");
    require(linearOf_.emplace(name, linears_[0].size()).second, "a linear layer was given twice");
    linears_[0].push_back(packLinear(source, static_cast<int>(linears_[0].size()), network_->memory));
    for (size_t range = 1; range < linears_.size(); range++) {
        linears_[range].push_back(rescaled(linears_[0].back(), source, source.laterScales[range - 1], network_->memory));
    }
}

void NetworkBuilder::addNorm(const ModuleName& name, const std::vector<float>& weight, const std::vector<float>& bias) {
    require(weight.size() == bias.size(), "a layer norm must have as many weights as biases");
    const Norm norm = {static_cast<int>(weight.size()), copyPadded(weight, network_->memory),
        copyPadded(bias, network_->memory)};
    require(normOf_.emplace(name, norm).second, "a layer norm was given twice");
}

std::unique_ptr<PackedNetwork> NetworkBuilder::finish() {
    network_->later.assign(linears_.size() - 1, network_->model);
    fill(network_->model, linears_[0]);
    for (size_t range = 1; range < linears_.size(); range++) {
        fill(network_->later[range - 1], linears_[range]);
    }
    return std::move(network_);
}

void NetworkBuilder::fill(Model& model, const std::vector<Linear>& linears) {
    const int layers = model.shape.layers;
    const auto linear = [&](int block, const char* module) {
        const auto found = linearOf_.find({block, module});
        if (found == linearOf_.end()) {
            throw std::invalid_argument(std::string("the model lacks the linear layer ") + module);
        }
        return linears[found->second];
    };
    const auto mlp = [&](int block, const char* first, const char* second) {
        return Mlp{linear(block, first), linear(block, second)};
    };
    const auto norm = [&](int block, const char* module) {
        const auto found = normOf_.find({block, module});
        if (found == normOf_.end()) {
            throw std::invalid_argument(std::string("the model lacks the layer norm ") + module);
        }
        return found->second;
    };
    model.inX = mlp(OUTSIDE, "mlp_in_X.0", "mlp_in_X.2");
    model.inE = mlp(OUTSIDE, "mlp_in_E.0", "mlp_in_E.2");
    model.inY = mlp(OUTSIDE, "mlp_in_y.0", "mlp_in_y.2");
    model.outX = mlp(OUTSIDE, "mlp_out_X.0", "mlp_out_X.2");
    model.outE = mlp(OUTSIDE, "mlp_out_E.0", "mlp_out_E.2");
    Block* blocks = network_->memory.allocate<Block>(layers);
    for (int at = 0; at < layers; at++) {
        Block& block = blocks[at];
        block.q = linear(at, "self_attn.q");
        block.k = linear(at, "self_attn.k");
        block.v = linear(at, "self_attn.v");
        block.eAdd = linear(at, "self_attn.e_add");
        block.eMul = linear(at, "self_attn.e_mul");
        block.yEMul = linear(at, "self_attn.y_e_mul");
        block.yEAdd = linear(at, "self_attn.y_e_add");
        block.yXMul = linear(at, "self_attn.y_x_mul");
        block.yXAdd = linear(at, "self_attn.y_x_add");
        block.yY = linear(at, "self_attn.y_y");
        block.xY = linear(at, "self_attn.x_y.lin");
        block.eY = linear(at, "self_attn.e_y.lin");
        block.xOut = linear(at, "self_attn.x_out");
        block.eOut = linear(at, "self_attn.e_out");
        block.yOut = mlp(at, "self_attn.y_out.0", "self_attn.y_out.2");
        block.ffX = mlp(at, "linX1", "linX2");
        block.ffE = mlp(at, "linE1", "linE2");
        block.ffY = mlp(at, "lin_y1", "lin_y2");
        block.normX1 = norm(at, "normX1");
        block.normX2 = norm(at, "normX2");
        block.normE1 = norm(at, "normE1");
        block.normE2 = norm(at, "normE2");
        block.normY1 = norm(at, "norm_y1");
        block.normY2 = norm(at, "norm_y2");
    }
    model.blocks = blocks;
    model.dx = model.inX.second.out;
    model.de = model.inE.second.out;
    model.dy = model.inY.second.out;
    model.hiddenX = std::max(model.inX.first.out, model.outX.first.out);
    model.hiddenE = std::max(model.inE.first.out, model.outE.first.out);
    model.hiddenY = model.inY.first.out;
    for (int layer = 0; layer < layers; layer++) {
        model.hiddenX = std::max(model.hiddenX, blocks[layer].ffX.first.out);
        model.hiddenE = std::max(model.hiddenE, blocks[layer].ffE.first.out);
        model.hiddenY = std::max({model.hiddenY, blocks[layer].ffY.first.out, blocks[layer].yOut.first.out});
    }
    for (int layer = 0; layer < layers; layer++) {
        const Block& block = blocks[layer];
        for (const Linear* linear : {&block.eAdd, &block.eMul, &block.eOut, &block.ffE.first, &block.ffE.second}) {
            model.sparseEdges = model.sparseEdges || linear->sparse.from != nullptr;
        }
    }
    for (const Linear& linear : linears) {
        model.widestIn = std::max(model.widestIn, linear.in);
        model.widestOut = std::max(model.widestOut, linear.out);
        model.widestRank = std::max({model.widestRank, linear.rank, linear.branch == nullptr ? 0 : linear.branch->rank});
    }
}

}  // namespace bitdgdm
