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

// ws.addend = X S, of transposed rows, a row a lane: S is by column, so that each of its entries is one multiply-add for
// 16 rows.
static void sparseProduct(const Linear& layer, int rows, Workspace& ws) {
    const SparsePanels& sparse = layer.sparse;
    const size_t stride = padded(layer.out);
    for (int first = 0; first < rows; first += LANES) {
        const float* x = ws.transposed + (size_t) first * padded(layer.in);
        const int count = rows - first < LANES ? rows - first : LANES;
        for (size_t panel = 0; panel < stride / PANEL; panel++) {
            V block[PANEL];
            for (int column = 0; column < PANEL; column += SPARSE_COLUMNS) {
                V sum[SPARSE_COLUMNS];
                BITDGDM_UNROLL for (int o = 0; o < SPARSE_COLUMNS; o++) {
                    sum[o] = zero();
                }
                for (int place = sparse.from[panel]; place < sparse.from[panel + 1]; place++) {
                    const size_t at = (size_t) place * PANEL + column;
                    BITDGDM_UNROLL for (int o = 0; o < SPARSE_COLUMNS; o++) {
                        sum[o] = fma(set1(sparse.value[at + o]), load(x + sparse.row[at + o]), sum[o]);
                    }
                }
                BITDGDM_UNROLL for (int o = 0; o < SPARSE_COLUMNS; o++) {
                    block[column + o] = sum[o];
                }
            }
            transpose(block);
            for (int row = 0; row < count; row++) {
                store(ws.addend + (first + row) * stride + panel * PANEL, block[row]);
            }
        }
    }
}

// PANELS panels of the outliers of one row times the dense part, added to ws.addend or written to it.
template <int PANELS>
BITDGDM_INLINE void outlierPanels(const Linear& layer, int row, size_t column, bool accumulate, Workspace& ws) {
    const size_t stride = padded(layer.out);
    const size_t first = (size_t) row * layer.in;
    float* to = ws.addend + row * stride + column;
    V sum[PANELS];
    BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
        sum[panel] = accumulate ? load(to + panel * PANEL) : zero();
    }
    for (size_t at = first; at < first + (size_t) ws.outlierCount[row]; at++) {
        const float* dense = layer.dense + ws.outlierColumn[at] * stride + column;
        const V outlier = set1(ws.outlierValue[at]);
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            sum[panel] = fma(outlier, load(dense + panel * PANEL), sum[panel]);
        }
    }
    BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
        store(to + panel * PANEL, sum[panel]);
    }
}

// ws.addend (+)= X_S D: row by row over all columns, since a loop over a few outliers costs most where it ends.
static void outlierProduct(const Linear& layer, int rows, bool accumulate, Workspace& ws) {
    const size_t stride = padded(layer.out);
    for (int row = 0; row < rows; row++) {
        if (accumulate && ws.outlierCount[row] == 0) {
            continue;
        }
        size_t column = 0;
        for (; column + OUTLIER_PANELS * PANEL <= stride; column += OUTLIER_PANELS * PANEL) {
            outlierPanels<OUTLIER_PANELS>(layer, row, column, accumulate, ws);
        }
        for (; column < stride; column += PANEL) {
            outlierPanels<1>(layer, row, column, accumulate, ws);
        }
    }
}
