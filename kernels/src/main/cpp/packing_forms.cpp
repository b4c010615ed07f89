#include <algorithm>
#include <stdexcept>

#include "packing.h"

namespace bitdgdm {
namespace {

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::invalid_argument(what);
    }
}

const float* panels(int rows, int cols, const float* values, float* to) {
    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < cols; col++) {
            to[(static_cast<size_t>(col / PANEL) * rows + row) * PANEL + col % PANEL] =
                values[static_cast<size_t>(row) * cols + col];
        }
    }
    return to;
}

// Panels (padded cols / 16, rows, 16) of a row-major (rows, cols) matrix.
const float* panels(int rows, int cols, const std::vector<float>& values, Memory& memory) {
    require(values.size() == static_cast<size_t>(rows) * cols, "a branch must be in x rank and rank x out");
    return panels(rows, cols, values.data(), memory.allocate<float>(static_cast<size_t>(padded(cols)) * rows));
}

const float* rotation(int in, int block, const std::vector<float>& values, Memory& memory) {
    require(block > 0 && block % PANEL == 0, "a rotation must have blocks of a multiple of 16 channels");
    size_t entries = 0;
    size_t places = 0;
    for (int from = 0; from < in; from += block) {
        const size_t size = std::min(block, in - from);
        entries += size * size;
        places += padded(static_cast<int>(size)) * size;
    }
    require(values.size() == entries, "a rotation must have the entries of its blocks");
    float* to = memory.allocate<float>(places);
    const float* next = values.data();
    float* nextPanels = to;
    for (int from = 0; from < in; from += block) {
        const int size = std::min(block, in - from);
        panels(size, size, next, nextPanels);
        next += static_cast<size_t>(size) * size;
        nextPanels += static_cast<size_t>(padded(size)) * size;
    }
    return to;
}

template <typename T>
const T* copied(const std::vector<T>& values, Memory& memory) {
    T* to = memory.allocate<T>(padded(static_cast<int>(values.size())));
    std::copy(values.begin(), values.end(), to);
    return to;
}

const float* scaled(const std::vector<float>& values, float factor, float second, Memory& memory) {
    float* to = memory.allocate<float>(padded(static_cast<int>(values.size())));
    for (size_t i = 0; i < values.size(); i++) {
        // Two roundings, as where there is one range only.
        const float product = factor * values[i];
        to[i] = product * second;
    }
    return to;
}

}  // namespace

void packForms(const LinearSource& source, Linear& linear, Memory& memory) {
    const TransformSource& from = source.transform;
    if (!from.scale.empty() || !from.first.empty() || !from.permutation.empty() || !from.second.empty()) {
        Transform* transform = memory.allocate<Transform>(1);
        const size_t in = source.in;
        require(from.scale.empty() || from.scale.size() == in, "a transform must have a scale per channel");
        require(from.permutation.empty() || from.permutation.size() == in, "a permutation must have a place per channel");
        for (int32_t channel : from.permutation) {
            require(channel >= 0 && channel < source.in, "a permutation must name channels of the layer");
        }
        transform->block = from.block;
        transform->scale = from.scale.empty() ? nullptr : copied(from.scale, memory);
        transform->first = from.first.empty() ? nullptr : rotation(source.in, from.block, from.first, memory);
        transform->permutation = from.permutation.empty() ? nullptr : copied(from.permutation, memory);
        transform->second = from.second.empty() ? nullptr : rotation(source.in, from.block, from.second, memory);
        linear.transform = transform;
    }
    if (source.branch.rank > 0) {
        Branch* branch = memory.allocate<Branch>(1);
        branch->rank = source.branch.rank;
        branch->down = panels(source.in, branch->rank, source.branch.down, memory);
        branch->up = panels(branch->rank, source.out, source.branch.up, memory);
        linear.branch = branch;
    }
}

Linear rescaled(const Linear& first, const LinearSource& source, const ScaleSource& scales, Memory& memory) {
    Linear linear = first;
    if (!first.activation.coded || first.activation.perRow) {
        return linear;
    }
    linear.activation.threshold = scales.threshold;
    linear.activation.scale = scales.scale;
    linear.activation.inverse = scales.inverse;
    if (first.residual.codes != nullptr) {
        linear.residual.scale = scaled(source.residual.scale, scales.scale, 1, memory);
    }
    if (first.left.codes != nullptr) {
        linear.left.scale = scaled(source.left.scale, scales.scale,
            first.intermediateCoded ? scales.intermediateInverse : 1, memory);
        if (first.intermediateCoded) {
            linear.right.scale = scaled(source.right.scale, scales.intermediateScale, 1, memory);
        }
    }
    return linear;
}

}  // namespace bitdgdm
