// Layers whose input is transformed first, or that have a branch beside their product (PackedLinear.java). Included by
// linear.inl. Rows are worked on in chunks: X T, the product of X T as of any X, then its branch on top.

BITDGDM_INLINE bool isTransformed(const Linear& layer) {
    return layer.transform != nullptr || layer.branch != nullptr;
}

// to = x R, R block-diagonal; every sum in the order of its block, by fused multiply-adds from 0.
static void rotateRows(const Transform& transform, const float* rotation, const float* x, int rows, int in, float* to) {
    const size_t stride = padded(in);
    for (int from = 0; from < in; from += transform.block) {
        const int size = in - from < transform.block ? in - from : transform.block;
        floatProduct(x + from, stride, rows, size, rotation, size, nullptr, nullptr, false, to + from, stride);
        rotation += (size_t) padded(size) * size;
    }
}

// X T of a chunk of rows, with stride padded(in), in ws.turned or ws.turning; padded columns are 0.
static const float* transformRows(const Linear& layer, const float* x, size_t xStride, int rows, Workspace& ws) {
    const Transform& transform = *layer.transform;
    const int stride = padded(layer.in);
    float* current = ws.turned;
    float* other = ws.turning;
    for (int row = 0; row < rows; row++) {
        for (int c = 0; c < layer.in; c += LANES) {
            V value = keep(load(x + row * xStride + c), lanesWithin(layer.in, c));
            store(current + (size_t) row * stride + c,
                transform.scale == nullptr ? value : mul(value, load(transform.scale + c)));
        }
    }
    const auto swap = [&] {
        float* done = other;
        other = current;
        current = done;
    };
    if (transform.first != nullptr) {
        rotateRows(transform, transform.first, current, rows, layer.in, other);
        swap();
    }
    if (transform.permutation != nullptr) {
        for (int row = 0; row < rows; row++) {
            const float* from = current + (size_t) row * stride;
            float* to = other + (size_t) row * stride;
            for (int c = 0; c < layer.in; c++) {
                to[c] = from[transform.permutation[c]];
            }
            for (int c = layer.in; c < stride; c++) {
                to[c] = 0;
            }
        }
        swap();
    }
    if (transform.second != nullptr) {
        rotateRows(transform, transform.second, current, rows, layer.in, other);
        swap();
    }
    return current;
}

// Y = (X T) W + ((X T) A) B + b, then max(0, Y) if asked.
static void transformedLinear(const Linear& layer, const float* x, size_t xStride, int rows, bool relu, float* y,
                              Workspace& ws) {
    const int chunk = chunkRows(layer);
    const size_t yStride = padded(layer.out);
    const bool hasSparse = layer.sparse.from != nullptr;
    for (int first = 0; first < rows; first += chunk) {
        const int count = rows - first < chunk ? rows - first : chunk;
        const float* from = x + first * xStride;
        size_t stride = xStride;
        if (layer.transform != nullptr) {
            from = transformRows(layer, from, xStride, count, ws);
            stride = padded(layer.in);
        }
        float* to = y + first * yStride;
        const bool reluNow = relu && layer.branch == nullptr;
        if (!layer.activation.coded) {
            floatProduct(from, stride, count, layer.in, layer.weight, layer.out, nullptr, layer.bias, reluNow, to, yStride);
        } else {
            quantizeRows(layer, from, stride, 0, count, ws);
            if (hasSparse) {
                transposeRows(from, stride, 0, count, layer.in, layer.crossTerm || layer.activation.perRow
                    ? __builtin_inff() : layer.activation.threshold, ws);
            }
            codedProduct(layer, from, stride, count, hasSparse, to, reluNow, ws);
        }
        if (layer.branch != nullptr) {
            const Branch& branch = *layer.branch;
            const size_t rankStride = padded(branch.rank);
            floatProduct(from, stride, count, layer.in, branch.down, branch.rank, nullptr, nullptr, false, ws.branch,
                rankStride);
            floatProduct(ws.branch, rankStride, count, branch.rank, branch.up, layer.out, to, nullptr, relu, to, yStride);
        }
    }
}
