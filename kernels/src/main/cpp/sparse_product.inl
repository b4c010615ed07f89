// The sparse terms of a quantized product, X S and X_S D, in FP32. Included by linear.inl.

// Rows of X as columns, 16 rows at a time: ws.transposed[block of 16 rows][column][row]. Lanes without a row repeat the
// last one. Entries above `threshold` are left out.
static void transposeRows(const float* x, size_t xStride, int rows, int in, float threshold, Workspace& ws) {
    float* to = ws.transposed;
    for (int first = 0; first < rows; first += LANES) {
        for (int c = 0; c < in; c += LANES) {
            V block[LANES];
            BITDGDM_UNROLL for (int row = 0; row < LANES; row++) {
                V value = load(x + (first + row < rows ? first + row : rows - 1) * xStride + c);
                block[row] = threshold < __builtin_inff() ? keep(value, ~maskAbove(value, threshold)) : value;
            }
            transpose(block);
            BITDGDM_UNROLL for (int k = 0; k < LANES; k++) {
                store(to + (size_t) (c + k) * LANES, block[k]);
            }
        }
        to += (size_t) padded(in) * LANES;
    }
}

// How much is known of Q(H) R when code is compiled: there is none, of any rank, or of the usual rank of 13 to 16.
constexpr int NO_RIGHT = 0;
constexpr int ANY_RIGHT = -1;
constexpr int USUAL_QUADS = 4;

// Adds Q(H) R, a row a lane, to the sums of COLUMNS columns from `column` on. `quads` are codes of H as transposeQuads
// leaves them.
template <int QUADS, int COLUMNS>
BITDGDM_INLINE void addRight(const CodePanels& right, const uint8_t* quads, int column, V (&sum)[COLUMNS]) {
    const int count = QUADS > 0 ? QUADS : right.quads;
    const int8_t* weights = right.codes + ((size_t) (column / PANEL) * right.quads * PANEL + column % PANEL) * 4;
    BITDGDM_UNROLL for (int o = 0; o < COLUMNS; o++) {
        I total = set1Int(right.start[column + o]);
        BITDGDM_UNROLL for (int quad = 0; quad < count; quad++) {
            total = dotQuads(total, loadQuads(quads + quad * PANEL * 4), weights + (quad * PANEL + o) * 4);
        }
        sum[o] = fma(toFloat(total), set1(right.scale[column + o]), sum[o]);
    }
}

// 16 rows of `to` = (X S + Q(H) R) + each row's start, `rows` of them stored. `x` has a row a lane, so that an entry of S
// is one multiply-add for 16 rows; a panel of sums is turned to rows in registers.
template <int QUADS>
static __attribute__((noinline)) void sparseBlock(const Linear& layer, const float* x, const uint8_t* quads,
                                                  const float* const* start, int rows, bool withRelu, float* to) {
    const SparsePanels& sparse = layer.sparse;
    const int stride = padded(layer.out);
    const V lowest = set1(withRelu ? 0 : -__builtin_inff());
    for (int column = 0; column < stride; column += PANEL) {
        const int from = sparse.from[column / PANEL];
        const int end = sparse.from[column / PANEL + 1];
        V panel[PANEL];
        BITDGDM_UNROLL for (int first = 0; first < PANEL; first += SPARSE_COLUMNS) {
            V sum[SPARSE_COLUMNS];
            BITDGDM_UNROLL for (int o = 0; o < SPARSE_COLUMNS; o++) {
                sum[o] = zero();
            }
            for (int place = from; place < end; place++) {
                const int32_t* row = sparse.row + (size_t) place * PANEL + first;
                const float* value = sparse.value + (size_t) place * PANEL + first;
                BITDGDM_UNROLL for (int o = 0; o < SPARSE_COLUMNS; o++) {
                    sum[o] = fma(set1(value[o]), load(x + (uint32_t) row[o]), sum[o]);
                }
            }
            if constexpr (QUADS != NO_RIGHT) {
                addRight<QUADS>(layer.right, quads, column + first, sum);
            }
            BITDGDM_UNROLL for (int o = 0; o < SPARSE_COLUMNS; o++) {
                panel[first + o] = sum[o];
            }
        }
        transpose(panel);
        BITDGDM_UNROLL for (int row = 0; row < PANEL; row++) {
            if (row < rows) {
                store(to + row * (size_t) stride + column, max(lowest, add(panel[row], load(start[row] + column))));
            }
        }
    }
}

// to = X S + Q(H) R, if asked, + each row's start, then max(0, y) if asked; X in ws.transposed. `to` may be ws.addend.
static void sparseProduct(const Linear& layer, int rows, bool withRight, bool relu, float* to, Workspace& ws) {
    const size_t rankStride = padded(layer.rank);
    for (int first = 0; first < rows; first += PANEL) {
        const int count = rows - first < PANEL ? rows - first : PANEL;
        const float* x = ws.transposed + first * (size_t) padded(layer.in);
        uint8_t* quads = ws.intermediateQuads;
        float* y = to + first * (size_t) padded(layer.out);
        for (size_t c = 0; withRight && c < rankStride; c += PANEL) {
            transposeQuads(ws.intermediateCodes + first * rankStride + c, rankStride, quads + c * PANEL);
        }
        if (!withRight) {
            sparseBlock<NO_RIGHT>(layer, x, quads, ws.start + first, count, relu, y);
        } else if (layer.right.quads == USUAL_QUADS) {
            sparseBlock<USUAL_QUADS>(layer, x, quads, ws.start + first, count, relu, y);
        } else {
            sparseBlock<ANY_RIGHT>(layer, x, quads, ws.start + first, count, relu, y);
        }
    }
}

// PANELS panels of the bias and the outliers of one row, of which there is one at least, times the dense part, into `to`,
// the row's own. Most often there is just one.
template <int PANELS>
BITDGDM_INLINE void outlierPanels(const Linear& layer, int row, size_t column, float* to, Workspace& ws) {
    const size_t stride = padded(layer.out);
    const int32_t* columns = ws.outlierColumn + (size_t) row * layer.in;
    const float* values = ws.outlierValue + (size_t) row * layer.in;
    const float* denseColumn = layer.dense + column;
    V sum[PANELS];
    {
        const float* dense = denseColumn + columns[0] * stride;
        const V outlier = set1(values[0]);
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            sum[panel] = fma(outlier, load(dense + panel * PANEL), load(layer.bias + column + panel * PANEL));
        }
    }
    for (int i = 1; i < ws.outlierCount[row]; i++) {
        const float* dense = denseColumn + columns[i] * stride;
        const V outlier = set1(values[i]);
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            sum[panel] = fma(outlier, load(dense + panel * PANEL), sum[panel]);
        }
    }
    BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
        store(to + column + panel * PANEL, sum[panel]);
    }
}

// ws.start = b + X_S D, in `to`, (rows, padded out), where a row has outliers: row by row over all columns, since a loop
// over a few outliers costs most where it ends.
static void startRows(const Linear& layer, int rows, float* to, Workspace& ws) {
    const size_t stride = padded(layer.out);
    int32_t withOutliers[CHUNK_ROWS];
    int count = 0;
    for (int row = 0; row < rows; row++) {
        const bool any = layer.dense != nullptr && ws.outlierCount[row] > 0;
        ws.start[row] = any ? to + row * stride : layer.bias;
        withOutliers[count] = row;
        count += any;
    }
    for (int i = 0; i < count; i++) {
        const int row = withOutliers[i];
        size_t column = 0;
        for (; column + OUTLIER_PANELS * PANEL <= stride; column += OUTLIER_PANELS * PANEL) {
            outlierPanels<OUTLIER_PANELS>(layer, row, column, to + row * stride, ws);
        }
        for (; OUTLIER_PANELS > 4 && column + 4 * PANEL <= stride; column += 4 * PANEL) {
            outlierPanels<4>(layer, row, column, to + row * stride, ws);
        }
        for (; column < stride; column += PANEL) {
            outlierPanels<1>(layer, row, column, to + row * stride, ws);
        }
    }
}

// The rows of ws.addend are what sums start with.
static void startFromAddend(const Linear& layer, int rows, Workspace& ws) {
    for (int row = 0; row < rows; row++) {
        ws.start[row] = ws.addend + row * (size_t) padded(layer.out);
    }
}
