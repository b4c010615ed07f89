// The product of linear layers. Included inside the namespace of an instruction set, after its vectors.
//
// Every output element is summed over the depth in ascending order by one lane, so neither the register tile nor the
// number of rows changes a bit. Integer sums are exact. The terms are those of PackedLinear.java, summed as
// ((X S + Q(X_D) L R) + (b + X_S D)) + Q(X_D) E.

#include "float_product.inl"
#include "activation.inl"
#include "sparse_product.inl"
#include "integer_product.inl"

// A layer and where its Y goes, (rows, padded out).
struct Output {
    const Linear* layer;
    float* y;
};

BITDGDM_INLINE bool sameCodes(const Activation& a, const Activation& b) {
    return a.maxCode == b.maxCode && a.offset == b.offset && a.perRow == b.perRow && a.threshold == b.threshold
        && a.scale == b.scale && a.inverse == b.inverse;
}

// Bytes of both factors that stay in the first-level cache beside the rows that meet them.
constexpr int FIRST_LEVEL_FACTORS = 24 * 1024;

// One chunk of rows of a layer whose input is coded: codes, outliers and, if S needs them, transposed rows are in the
// workspace.
static void codedProduct(const Linear& layer, const float* x, size_t xStride, int rows, bool hasSparse, float* y, bool relu,
                         Workspace& ws) {
    // What is summed in floats is in Y before it is added up.
    const bool inFloats = layer.weight != nullptr || layer.rightValues != nullptr;
    startRows(layer, rows, inFloats ? ws.addend : y, ws);
    if (layer.sparseRows.from != nullptr) {
        factorProduct<RIGHT | SPARSE>(layer, x, xStride, rows, y, relu, ws);
        return;
    }
    if (layer.right.codes != nullptr && layer.residual.codes == nullptr && !hasSparse
        && layer.rank * (layer.in + layer.out) <= FIRST_LEVEL_FACTORS) {
        factorProduct<RIGHT>(layer, x, xStride, rows, y, relu, ws);
        return;
    }
    intermediateProduct(layer, rows, ws);
    // Where H R and S are all, their sum is Y.
    const bool hasMore = inFloats || layer.residual.codes != nullptr;
    bool withRight = layer.right.codes != nullptr;
    if (hasSparse) {
        sparseProduct(layer, rows, withRight, relu && !hasMore, hasMore ? ws.addend : y, ws);
        if (!hasMore) {
            return;
        }
        startFrom(ws.addend, layer, rows, ws);
        withRight = false;
    }
    if (layer.weight != nullptr) {
        decodeRows(layer, rows, ws);
        floatProduct(ws.decoded, padded(layer.in), rows, layer.in, layer.weight, layer.out,
            hasSparse ? ws.addend : nullptr, hasSparse ? nullptr : layer.bias, relu, y, padded(layer.out));
    } else {
        outputProduct(layer, rows, withRight, y, relu, ws);
    }
}

// The same from integer sums that are known, as packSums has them; codes are not needed then, and there is no max(0, Y).
static void productOfSums(const Linear& layer, const float* x, size_t xStride, int rows, const float* sums, size_t sumStride,
                          float* y, Workspace& ws) {
    const bool inFloats = layer.rightValues != nullptr;
    const bool residual = layer.residual.codes != nullptr;
    const bool hasSparse = layer.sparse.from != nullptr;
    const bool hasMore = inFloats || residual;
    bool withRight = layer.right.codes != nullptr;
    startRows(layer, rows, inFloats ? ws.addend : y, ws);
    if (layer.left.codes != nullptr) {
        intermediateOfSums(layer, sums + (residual ? padded(layer.out) : 0), sumStride, rows, ws);
    }
    if (layer.sparseRows.from != nullptr) {
        rightOnSparseRows(layer, x, xStride, rows, y, false, ws);
        return;
    }
    if (hasSparse) {
        sparseProduct(layer, rows, withRight, false, hasMore ? ws.addend : y, ws);
        if (!hasMore) {
            return;
        }
        startFrom(ws.addend, layer, rows, ws);
        withRight = false;
    }
    if (withRight) {
        outputTiles<RIGHT, INT_TILE_ROWS>(layer, rows, y, false, ws);
        startFrom(y, layer, rows, ws);
    }
    if (residual) {
        residualOfSums(layer, sums, sumStride, rows, y, ws);
    } else if (!withRight) {
        copyStarts(layer, rows, y, false, ws);
    }
    if (inFloats) {
        floatProduct(ws.intermediate, padded(layer.rank), rows, layer.rank, layer.rightValues, layer.out, y, nullptr, false,
            y, padded(layer.out));
    }
}

#include "transformed.inl"

// Y = X W + b, then max(0, Y) if `withRelu`, for layers that share X: its codes are made once where they are the same,
// its transposed rows once. x must be readable up to a multiple of 16 columns.
template <int COUNT>
static void linears(const Output (&outputs)[COUNT], const float* x, size_t xStride, int rows, bool withRelu, Workspace& ws) {
    int chunk = rows;
    for (const Output& output : outputs) {
        const Linear& layer = *output.layer;
        if (ws.capture != nullptr) {
            ws.capture->add(ws.capture, layer.index, x, xStride, rows, layer.in);
        }
        if (isTransformed(layer)) {
            transformedLinear(layer, x, xStride, rows, withRelu, output.y, ws);
        } else if (!layer.activation.coded) {
            floatProduct(x, xStride, rows, layer.in, layer.weight, layer.out, nullptr, layer.bias, withRelu, output.y,
                padded(layer.out));
        } else if (chunkRows(layer) < chunk) {
            chunk = chunkRows(layer);
        }
    }
    for (int first = 0; first < rows; first += chunk) {
        const int count = rows - first < chunk ? rows - first : chunk;
        const float* from = x + first * xStride;
        const Activation* codes = nullptr;
        float transposed = -1;
        for (const Output& output : outputs) {
            const Linear& layer = *output.layer;
            if (!layer.activation.coded || isTransformed(layer)) {
                continue;
            }
            const bool hasSparse = layer.sparse.from != nullptr;
            // Without the cross term only entries that are not outliers meet S.
            const float threshold = layer.crossTerm || layer.activation.perRow ? __builtin_inff()
                : layer.activation.threshold;
            const bool quantize = codes == nullptr || !sameCodes(*codes, layer.activation);
            const bool turn = hasSparse && transposed != threshold;
            // Both by the same few rows, so that X is read once from where it lies.
            for (int row = 0; row < count && (quantize || turn); row += LANES) {
                const int few = count - row < LANES ? count - row : LANES;
                if (quantize) {
                    quantizeRows(layer, from, xStride, row, few, ws);
                    codes = &layer.activation;
                }
                if (turn) {
                    transposeRows(from, xStride, row, few, layer.in, threshold, ws);
                    transposed = threshold;
                }
            }
            codedProduct(layer, from, xStride, count, hasSparse, output.y + (size_t) first * padded(layer.out), withRelu,
                ws);
        }
    }
}

static void linear(const Linear& layer, const float* x, size_t xStride, int rows, float* y, bool withRelu, Workspace& ws) {
    const Output outputs[] = {{&layer, y}};
    linears(outputs, x, xStride, rows, withRelu, ws);
}
