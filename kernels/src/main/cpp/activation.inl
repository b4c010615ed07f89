// What becomes of X before a quantized product: codes, scales, outliers. Included by linear.inl.

// x * inverse within the codes; CLAMPED is not needed where no entry that is coded can leave them.
template <bool CLAMPED>
BITDGDM_INLINE V scaledToCode(V x, V inverse, V lowest, V highest) {
    const V scaled = mul(x, inverse);
    return CLAMPED ? max(min(scaled, highest), lowest) : scaled;
}

// Rows of X that lie in memory.
struct LyingRows {
    const float* x;
    size_t stride;

    // Entries of one row, 16 at a time, and where all of it lies once they were asked for.
    struct Row {
        const float* at;

        __attribute__((always_inline)) V entries(int c) const { return load(at + c); }
    };

    __attribute__((always_inline)) Row row(int row) const { return {x + row * stride}; }
};

// Codes of a row into `codes`, and its outliers into list[outliers] and on; returns how many that list has then.
template <bool CLAMPED, typename Row>
BITDGDM_INLINE size_t codesOfRow(const Linear& layer, const Row& from, int row, float inverse, float threshold, uint8_t* codes,
                                 Outlier* list, size_t outliers) {
    const Activation& activation = layer.activation;
    const V highest = set1((float) activation.maxCode);
    const V lowest = set1(activation.isUnsigned ? 0.0f : -(float) activation.maxCode);
    int c = 0;
    for (; c + 4 * LANES <= layer.in; c += 4 * LANES) {
        I code[4];
        uint64_t above = 0;
        BITDGDM_UNROLL for (int i = 0; i < 4; i++) {
            V value = from.entries(c + i * LANES);
            uint32_t mask = maskAbove(value, threshold);
            code[i] = keepAsInt(scaledToCode<CLAMPED>(value, set1(inverse), lowest, highest), ~mask);
            above |= (uint64_t) mask << i * LANES;
        }
        storeBytes(codes + c, code, activation.offset);
        // Most often there is none or one, which cannot be foretold: written in any case, counted if it is there.
        int column = c + __builtin_ctzll(above | 1ull << 63);
        list[outliers] = {row, column, from.at[column]};
        outliers += above != 0;
        for (above &= above - 1; above != 0; above &= above - 1) {
            column = c + __builtin_ctzll(above);
            list[outliers++] = {row, column, from.at[column]};
        }
    }
    for (; c < layer.in; c += LANES) {
        V value = from.entries(c);
        uint32_t above = maskAbove(value, threshold) & lanesWithin(layer.in, c);
        I code = keepAsInt(scaledToCode<CLAMPED>(value, set1(inverse), lowest, highest), ~above);
        storeBytes(codes + c, add(code, activation.offset));
        for (; above != 0; above &= above - 1) {
            int column = c + __builtin_ctz(above);
            list[outliers++] = {row, column, from.at[column]};
        }
    }
    return outliers;
}

// 1 over the scale of a row of this largest magnitude. A subnormal scale has no finite reciprocal; such a row, zeros among
// them, is taken as 0.
BITDGDM_INLINE float inverseOfRow(const Activation& activation, float magnitude) {
    return magnitude / (float) activation.maxCode >= 0x1p-126f ? (float) activation.maxCode / magnitude : 0;
}

// Rows that are made as they are asked for are made once.
template <bool CLAMPED, typename Rows>
static void quantizeRowsAs(const Linear& layer, const Rows& x, int first, int rows, Workspace& ws) {
    const Activation& activation = layer.activation;
    const int stride = padded(layer.in);
    size_t outliers = first == 0 ? 0 : ws.outlierCount;
    for (int row = first; row < first + rows; row++) {
        const typename Rows::Row from = x.row(row);
        uint8_t* codes = ws.codes + (size_t) row * stride;
        if (!activation.perRow) {
            outliers = codesOfRow<CLAMPED>(layer, from, row, activation.inverse, activation.threshold, codes, ws.outliers,
                outliers);
            ws.rowScale[row] = activation.scale;
            continue;
        }
        V largest = zero();
        for (int c = 0; c < layer.in; c += LANES) {
            largest = max(largest, keep(abs(from.entries(c)), lanesWithin(layer.in, c)));
        }
        const float magnitude = maxLanes(largest);
        outliers = codesOfRow<CLAMPED>(layer, LyingRows::Row{from.at}, row, inverseOfRow(activation, magnitude),
            __builtin_inff(), codes, ws.outliers, outliers);
        ws.rowScale[row] = magnitude / (float) activation.maxCode;
    }
    ws.outlierCount = outliers;
}

// Codes, scales and outliers of `rows` rows of X from row `first` of the chunk on, into ws.codes, ws.rowScale and
// ws.outliers, which row 0 begins anew.
template <typename Rows>
static void quantizeRows(const Linear& layer, const Rows& x, int first, int rows, Workspace& ws) {
    const Activation& a = layer.activation;
    // What is coded lies within the threshold, or the row's largest magnitude, either of which becomes the largest code.
    const bool bounded = a.perRow || a.threshold * a.inverse < (float) a.maxCode + 0.5f;
    if (bounded && !a.isUnsigned) {
        quantizeRowsAs<false>(layer, x, first, rows, ws);
    } else {
        quantizeRowsAs<true>(layer, x, first, rows, ws);
    }
}

static void quantizeRows(const Linear& layer, const float* x, size_t xStride, int first, int rows, Workspace& ws) {
    quantizeRows(layer, LyingRows{x, xStride}, first, rows, ws);
}

// X with every coded entry replaced by code * scale, into ws.decoded, from what quantizeRows left behind.
static void decodeRows(const Linear& layer, int rows, Workspace& ws) {
    const int stride = padded(layer.in);
    for (int row = 0; row < rows; row++) {
        const uint8_t* codes = ws.codes + (size_t) row * stride;
        float* to = ws.decoded + (size_t) row * stride;
        for (int c = 0; c < layer.in; c++) {
            to[c] = (float) ((int) codes[c] - layer.activation.offset) * ws.rowScale[row];
        }
    }
    for (size_t i = 0; i < ws.outlierCount; i++) {
        const Outlier& outlier = ws.outliers[i];
        ws.decoded[outlier.row * (size_t) stride + outlier.column] = outlier.value;
    }
}
