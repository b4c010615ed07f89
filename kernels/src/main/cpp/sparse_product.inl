// The sparse terms of a quantized product, X S and X_S D, in FP32. Included by linear.inl.

// `rows` rows of X from row `first` of the chunk on, a multiple of 16, as columns, 16 rows at a time:
// ws.transposed[block of 16 rows][column][row]. Lanes without a row repeat the last one. Entries above `threshold` are
// left out.
static void transposeRows(const float* x, size_t xStride, int first, int rows, int in, float threshold, Workspace& ws) {
    const int last = first + rows - 1;
    for (int top = first; top <= last; top += LANES) {
        float* to = ws.transposed + top * (size_t) padded(in);
        for (int c = 0; c < in; c += LANES) {
            V block[LANES];
            BITDGDM_UNROLL for (int row = 0; row < LANES; row++) {
                V value = load(x + (top + row < last ? top + row : last) * xStride + c);
                block[row] = threshold < __builtin_inff() ? keep(value, ~maskAbove(value, threshold)) : value;
            }
            transpose(block);
            BITDGDM_UNROLL for (int k = 0; k < LANES; k++) {
                store(to + (size_t) (c + k) * LANES, block[k]);
            }
        }
    }
}

// How much is known of Q(H) R when code is compiled: there is none, of any rank, or of the usual rank of 13 to 16.
constexpr int NO_RIGHT = 0;
constexpr int ANY_RIGHT = -1;
constexpr int USUAL_QUADS = 4;

// Adds Q(H) R, a row a lane, to the sums of COLUMNS columns from `column` on of BLOCKS blocks of 16 rows. `quads` are codes
// of H as transposeQuads leaves them, `quadsSize` of each block.
template <int QUADS, int BLOCKS, int COLUMNS>
BITDGDM_INLINE void addRight(const CodePanels& right, const uint8_t* quads, size_t quadsSize, int column,
                             V (&sum)[BLOCKS][COLUMNS]) {
    const int count = QUADS > 0 ? QUADS : right.quads;
    const int8_t* weights = right.codes + ((size_t) (column / PANEL) * right.quads * PANEL + column % PANEL) * 4;
    BITDGDM_UNROLL for (int o = 0; o < COLUMNS; o++) {
        I total[BLOCKS];
        BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
            total[block] = set1Int(right.start[column + o]);
        }
        BITDGDM_UNROLL for (int quad = 0; quad < count; quad++) {
            const I weight = set1Quad(weights + (quad * PANEL + o) * 4);
            BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                total[block] = dotQuads(total[block], loadQuads(quads + block * quadsSize + quad * PANEL * 4), weight);
            }
        }
        const V scale = set1(right.scale[column + o]);
        BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
            sum[block][o] = fma(toFloat(total[block]), scale, sum[block][o]);
            keepInOrder(sum[block][o]);
        }
    }
}

struct SparseBlockArguments {
    const Linear* layer;
    const float* x;         // a row a lane, so that an entry of S is one multiply-add for 16 rows
    size_t xSize;           // of a block of 16 rows
    const uint8_t* quads;
    size_t quadsSize;
    const float* const* start;
    int rows;               // to be stored
    bool relu;
    float* to;
};

// BLOCKS blocks of 16 rows of `to` = (X S + Q(H) R) + each row's start. An entry of S is read once for all blocks; a panel
// of sums is turned to rows in registers.
template <int QUADS, int BLOCKS>
static __attribute__((noinline)) void sparseBlocks(const SparseBlockArguments& a) {
    constexpr int COLUMNS = SPARSE_COLUMNS / BLOCKS;
    const Linear& layer = *a.layer;
    const SparsePanels& sparse = layer.sparse;
    const float* x = a.x;
    const size_t xSize = a.xSize;
    const float* const* start = a.start;
    const int rows = a.rows;
    float* to = a.to;
    const int stride = padded(layer.out);
    const V lowest = set1(a.relu ? 0 : -__builtin_inff());
    for (int column = 0; column < stride; column += PANEL) {
        const int from = sparse.from[column / PANEL];
        const int end = sparse.from[column / PANEL + 1];
        V panel[BLOCKS][PANEL];
        BITDGDM_UNROLL for (int first = 0; first < PANEL; first += COLUMNS) {
            V sum[BLOCKS][COLUMNS];
            BITDGDM_UNROLL for (int o = 0; o < COLUMNS; o++) {
                BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                    sum[block][o] = zero();
                }
            }
            for (int place = from; place < end; place++) {
                const int32_t* row = sparse.row + (size_t) place * PANEL + first;
                const float* value = sparse.value + (size_t) place * PANEL + first;
                BITDGDM_UNROLL for (int o = 0; o < COLUMNS; o++) {
                    const V factor = set1(value[o]);
                    const float* entry = x + (uint32_t) row[o];
                    BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                        sum[block][o] = fma(factor, load(entry + block * xSize), sum[block][o]);
                    }
                }
            }
            if constexpr (QUADS != NO_RIGHT) {
                addRight<QUADS>(layer.right, a.quads, a.quadsSize, column + first, sum);
            }
            BITDGDM_UNROLL for (int o = 0; o < COLUMNS; o++) {
                BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                    panel[block][first + o] = sum[block][o];
                }
            }
        }
        BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
            transpose(panel[block]);
            BITDGDM_UNROLL for (int lane = 0; lane < PANEL; lane++) {
                const int row = block * PANEL + lane;
                if (row < rows) {
                    store(to + row * (size_t) stride + column,
                        max(lowest, add(panel[block][lane], load(start[row] + column))));
                }
            }
        }
    }
}

template <int BLOCKS>
static void sparseBlocksOf(bool withRight, const SparseBlockArguments& a) {
    if (!withRight) {
        sparseBlocks<NO_RIGHT, BLOCKS>(a);
    } else if (a.layer->right.quads == USUAL_QUADS) {
        sparseBlocks<USUAL_QUADS, BLOCKS>(a);
    } else {
        sparseBlocks<ANY_RIGHT, BLOCKS>(a);
    }
}

// to = X S + Q(H) R, if asked, + each row's start, then max(0, y) if asked; X in ws.transposed. `to` may be ws.addend.
static void sparseProduct(const Linear& layer, int rows, bool withRight, bool relu, float* to, Workspace& ws) {
    const size_t rankStride = padded(layer.rank);
    const size_t xStride = padded(layer.in);
    for (int first = 0; first < rows; first += SPARSE_BLOCKS * PANEL) {
        const int count = rows - first < SPARSE_BLOCKS * PANEL ? rows - first : SPARSE_BLOCKS * PANEL;
        for (int row = 0; withRight && row < count; row += PANEL) {
            for (size_t c = 0; c < rankStride; c += PANEL) {
                transposeQuads(ws.intermediateCodes + (first + row) * rankStride + c, rankStride,
                    ws.intermediateQuads + row * rankStride + c * PANEL);
            }
        }
        const SparseBlockArguments a = {&layer, ws.transposed + first * xStride, PANEL * xStride, ws.intermediateQuads,
            PANEL * rankStride, ws.start + first, count, relu, to + first * (size_t) padded(layer.out)};
        if (count > PANEL) {
            sparseBlocksOf<SPARSE_BLOCKS>(withRight, a);
        } else {
            sparseBlocksOf<1>(withRight, a);
        }
    }
}

// What the outliers of a row are multiplied by.
struct OutlierRow {
    const int32_t* columns;
    const float* values;
    int count;
};

// PANELS panels of the bias and the outliers of one row, of which there is one at least, times the dense part, into `to`,
// the row's own. Most often there is just one.
template <int PANELS>
BITDGDM_INLINE void outlierPanels(const OutlierRow& row, const float* bias, const float* dense, size_t stride, float* to) {
    V sum[PANELS];
    {
        const float* from = dense + row.columns[0] * stride;
        const V outlier = set1(row.values[0]);
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            sum[panel] = fma(outlier, load(from + panel * PANEL), load(bias + panel * PANEL));
        }
    }
    for (int i = 1; i < row.count; i++) {
        const float* from = dense + row.columns[i] * stride;
        const V outlier = set1(row.values[i]);
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            sum[panel] = fma(outlier, load(from + panel * PANEL), sum[panel]);
        }
    }
    BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
        store(to + panel * PANEL, sum[panel]);
    }
}

// ws.start = b + X_S D, in `to`, (rows, padded out), where a row has outliers: row by row over all columns, since a loop
// over a few outliers costs most where it ends.
static void startRows(const Linear& layer, int rows, float* to, Workspace& ws) {
    const size_t stride = padded(layer.out);
    const size_t in = layer.in;
    const float* bias = layer.bias;
    const float* dense = layer.dense;
    const float** start = ws.start;
    const int32_t* counts = ws.outlierCount;
    const int32_t* columns = ws.outlierColumn;
    const float* values = ws.outlierValue;
    int32_t withOutliers[CHUNK_ROWS];
    int count = 0;
    for (int row = 0; row < rows; row++) {
        const bool any = dense != nullptr && counts[row] > 0;
        start[row] = any ? to + row * stride : bias;
        withOutliers[count] = row;
        count += any;
    }
    for (int i = 0; i < count; i++) {
        const size_t at = withOutliers[i];
        const OutlierRow row = {columns + at * in, values + at * in, counts[at]};
        float* y = to + at * stride;
        size_t column = 0;
        for (; column + OUTLIER_PANELS * PANEL <= stride; column += OUTLIER_PANELS * PANEL) {
            outlierPanels<OUTLIER_PANELS>(row, bias + column, dense + column, stride, y + column);
        }
        for (; OUTLIER_PANELS > 8 && column + 8 * PANEL <= stride; column += 8 * PANEL) {
            outlierPanels<8>(row, bias + column, dense + column, stride, y + column);
        }
        for (; OUTLIER_PANELS > 4 && column + 4 * PANEL <= stride; column += 4 * PANEL) {
            outlierPanels<4>(row, bias + column, dense + column, stride, y + column);
        }
        for (; column < stride; column += PANEL) {
            outlierPanels<1>(row, bias + column, dense + column, stride, y + column);
        }
    }
}

// The rows of ws.addend are what sums start with.
static void startFromAddend(const Linear& layer, int rows, Workspace& ws) {
    for (int row = 0; row < rows; row++) {
        ws.start[row] = ws.addend + row * (size_t) padded(layer.out);
    }
}
