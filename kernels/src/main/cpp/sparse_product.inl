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

struct SparseTileArguments {
    const Linear* layer;
    Workspace* ws;
    int row;                // first row within the chunk, a multiple of 16
    int rows;               // of the chunk
    bool withRight;         // whether Q(H) R is part of the sum
    bool relu;
    float* to;              // (rows, padded out), of the chunk's first row
};

// 16 columns of sums as `rows` rows, each added to where it starts.
template <bool ALL_ROWS>
BITDGDM_INLINE void turnPanel(const float* sums, const float* const* start, int column, int rows, bool withRelu, float* to,
                              size_t stride) {
    V panel[PANEL];
    BITDGDM_UNROLL for (int o = 0; o < PANEL; o++) {
        panel[o] = load(sums + o * PANEL);
    }
    transpose(panel);
    const V lowest = set1(withRelu ? 0 : -__builtin_inff());
    BITDGDM_UNROLL for (int row = 0; row < PANEL; row++) {
        if (ALL_ROWS || row < rows) {
            store(to + row * stride, max(lowest, add(panel[row], load(start[row] + column))));
        }
    }
}

// BLOCKS blocks of 16 rows of `to` = (X S + Q(H) R) + each row's start. A row a lane, so that an entry of S is one
// multiply-add for 16 rows; groups of columns in any order, put in place and turned back span by span.
template <int BLOCKS>
static __attribute__((noinline)) void sparseTile(const SparseTileArguments& a) {
    const Linear& layer = *a.layer;
    const SparseGroups& sparse = layer.sparse;
    const int stride = padded(layer.out);
    const size_t blockSize = (size_t) padded(layer.in) * PANEL;
    const float* x[BLOCKS];
    BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
        x[block] = a.ws->transposed + (a.row / PANEL + block) * blockSize;
    }
    const size_t quadsSize = (size_t) padded(layer.rank) * PANEL;
    const uint8_t* quads = a.ws->intermediateQuads + a.row / PANEL * quadsSize;
    alignas(64) float sums[SPARSE_SPAN * BLOCKS * PANEL];
    for (int span = 0; span < stride; span += SPARSE_SPAN) {
        const int end = span + SPARSE_SPAN < stride ? span + SPARSE_SPAN : stride;
        for (int group = span / SPARSE_GROUP; group < end / SPARSE_GROUP; group++) {
            const int32_t* columns = sparse.column + group * SPARSE_GROUP;
            V sum[SPARSE_GROUP][BLOCKS];
            BITDGDM_UNROLL for (int o = 0; o < SPARSE_GROUP; o++) {
                BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                    sum[o][block] = zero();
                }
            }
            for (int place = sparse.from[group]; place < sparse.from[group + 1]; place++) {
                BITDGDM_UNROLL for (int o = 0; o < SPARSE_GROUP; o++) {
                    const V value = set1(sparse.value[place * SPARSE_GROUP + o]);
                    const size_t at = (uint32_t) sparse.row[place * SPARSE_GROUP + o];
                    BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                        sum[o][block] = fma(value, load(x[block] + at), sum[o][block]);
                    }
                }
            }
            if (a.withRight) {
                const int8_t* weights[SPARSE_GROUP];
                I total[SPARSE_GROUP][BLOCKS];
                BITDGDM_UNROLL for (int o = 0; o < SPARSE_GROUP; o++) {
                    weights[o] = layer.right.codes + ((size_t) (columns[o] / PANEL) * layer.right.quads * PANEL
                        + columns[o] % PANEL) * 4;
                    BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                        total[o][block] = set1Int(layer.right.start[columns[o]]);
                    }
                }
                for (int quad = 0; quad < layer.right.quads; quad++) {
                    I codes[BLOCKS];
                    BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                        codes[block] = loadQuads(quads + block * quadsSize + quad * PANEL * 4);
                    }
                    BITDGDM_UNROLL for (int o = 0; o < SPARSE_GROUP; o++) {
                        BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                            total[o][block] = dotQuads(total[o][block], codes[block], weights[o] + quad * PANEL * 4);
                        }
                    }
                }
                BITDGDM_UNROLL for (int o = 0; o < SPARSE_GROUP; o++) {
                    const V scale = set1(layer.right.scale[columns[o]]);
                    BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                        sum[o][block] = fma(toFloat(total[o][block]), scale, sum[o][block]);
                    }
                }
            }
            BITDGDM_UNROLL for (int o = 0; o < SPARSE_GROUP; o++) {
                float* to = sums + (columns[o] - span) * PANEL;
                BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
                    store(to + block * SPARSE_SPAN * PANEL, sum[o][block]);
                }
            }
        }
        for (int block = 0; block < BLOCKS; block++) {
            const int first = a.row + block * PANEL;
            const int count = a.rows - first < PANEL ? a.rows - first : PANEL;
            for (int column = span; column < end; column += PANEL) {
                const float* from = sums + (block * SPARSE_SPAN + column - span) * PANEL;
                float* to = a.to + (size_t) first * stride + column;
                if (count == PANEL) {
                    turnPanel<true>(from, a.ws->start + first, column, PANEL, a.relu, to, stride);
                } else {
                    turnPanel<false>(from, a.ws->start + first, column, count, a.relu, to, stride);
                }
            }
        }
    }
}

template <int BLOCKS>
BITDGDM_INLINE void runSparseTile(int blocks, const SparseTileArguments& arguments) {
    if constexpr (BLOCKS > 1) {
        if (blocks < BLOCKS) {
            runSparseTile<BLOCKS - 1>(blocks, arguments);
            return;
        }
    }
    sparseTile<BLOCKS>(arguments);
}

// to = X S + Q(H) R, if asked, + each row's start, then max(0, y) if asked; X in ws.transposed. `to` may be ws.addend.
static void sparseProduct(const Linear& layer, int rows, bool withRight, bool relu, float* to, Workspace& ws) {
    const int blocks = (rows + PANEL - 1) / PANEL;
    if (withRight) {
        const size_t rankStride = padded(layer.rank);
        for (int block = 0; block < blocks; block++) {
            const size_t first = (size_t) block * PANEL * rankStride;
            for (size_t c = 0; c < rankStride; c += PANEL) {
                transposeQuads(ws.intermediateCodes + first + c, rankStride, ws.intermediateQuads + first + c * PANEL);
            }
        }
    }
    eachTile(blocks, SPARSE_BLOCKS, [&](int block, int count) __attribute__((always_inline)) {
        SparseTileArguments a = {&layer, &ws, block * PANEL, rows, withRight, relu, to};
        runSparseTile<SPARSE_BLOCKS>(count, a);
    });
}

// PANELS panels of the bias and the outliers of one row, of which there is one at least, times the dense part, into
// ws.addend. Most often there is just one.
template <int PANELS>
BITDGDM_INLINE void outlierPanels(const Linear& layer, int row, size_t column, Workspace& ws) {
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
        store(ws.addend + row * stride + column + panel * PANEL, sum[panel]);
    }
}

// ws.start = b + X_S D: row by row over all columns, since a loop over a few outliers costs most where it ends.
static void startRows(const Linear& layer, int rows, Workspace& ws) {
    const size_t stride = padded(layer.out);
    int32_t withOutliers[CHUNK_ROWS];
    int count = 0;
    for (int row = 0; row < rows; row++) {
        const bool any = layer.dense != nullptr && ws.outlierCount[row] > 0;
        ws.start[row] = any ? ws.addend + row * stride : layer.bias;
        withOutliers[count] = row;
        count += any;
    }
    for (int i = 0; i < count; i++) {
        const int row = withOutliers[i];
        size_t column = 0;
        for (; column + OUTLIER_PANELS * PANEL <= stride; column += OUTLIER_PANELS * PANEL) {
            outlierPanels<OUTLIER_PANELS>(layer, row, column, ws);
        }
        for (; OUTLIER_PANELS > 4 && column + 4 * PANEL <= stride; column += 4 * PANEL) {
            outlierPanels<4>(layer, row, column, ws);
        }
        for (; column < stride; column += PANEL) {
            outlierPanels<1>(layer, row, column, ws);
        }
    }
}

// The rows of ws.addend are what sums start with.
static void startFromAddend(const Linear& layer, int rows, Workspace& ws) {
    for (int row = 0; row < rows; row++) {
        ws.start[row] = ws.addend + row * (size_t) padded(layer.out);
    }
}
