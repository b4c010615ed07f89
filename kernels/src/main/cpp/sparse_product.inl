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

// Rows of a dense part lie anywhere in it, and those of a model do not fit a second-level cache: they are asked for so many
// outliers ahead.
constexpr size_t PREFETCHED_OUTLIERS = 6;

// Adds every outlier of a chunk, times its row of the dense part, to PANELS panels of its row of Y from `column` on. Entry
// by entry and not row by row: a loop over the few outliers of a row costs most where it ends.
template <int PANELS>
static void addOutliers(const Linear& layer, const Workspace& ws, size_t column, float* to) {
    const size_t stride = padded(layer.out);
    const float* dense = layer.dense + column;
    const float* bias = layer.bias + column;
    const Outlier* list = ws.outliers;
    const size_t count = ws.outlierCount;
    int last = -1;
    for (size_t i = 0; i < count; i++) {
        const Outlier outlier = list[i];
        float* y = to + outlier.row * stride + column;
        const float* from = outlier.row == last ? y : bias;
        const float* weights = dense + outlier.column * stride;
        const float* ahead = dense + list[i + PREFETCHED_OUTLIERS < count ? i + PREFETCHED_OUTLIERS : i].column * stride;
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            __builtin_prefetch(ahead + panel * PANEL);
        }
        const V value = set1(outlier.value);
        last = outlier.row;
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            store(y + panel * PANEL, fma(value, load(weights + panel * PANEL), load(from + panel * PANEL)));
        }
    }
}

// ws.start = where each row's sum starts: at b + X_S D, in `to`, (rows, padded out), or at b where a row has no outliers.
static void startRows(const Linear& layer, int rows, float* to, Workspace& ws) {
    const size_t stride = padded(layer.out);
    for (int row = 0; row < rows; row++) {
        ws.start[row] = layer.bias;
    }
    if (layer.dense == nullptr) {
        return;
    }
    for (size_t i = 0; i < ws.outlierCount; i++) {
        const size_t row = ws.outliers[i].row;
        ws.start[row] = to + row * stride;
    }
    size_t column = 0;
    for (; column + 16 * PANEL <= stride; column += 16 * PANEL) {
        addOutliers<16>(layer, ws, column, to);
    }
    for (; column + 4 * PANEL <= stride; column += 4 * PANEL) {
        addOutliers<4>(layer, ws, column, to);
    }
    for (; column < stride; column += PANEL) {
        addOutliers<1>(layer, ws, column, to);
    }
}

// Rows of `sums`, (rows, padded out), are what others start with.
static void startFrom(const float* sums, const Linear& layer, int rows, Workspace& ws) {
    for (int row = 0; row < rows; row++) {
        ws.start[row] = sums + row * (size_t) padded(layer.out);
    }
}
