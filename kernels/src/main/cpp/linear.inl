// The product of a linear layer, FP32 and integer. Included inside the namespace of an instruction set.
//
// Every output element is summed over the depth in ascending order by one lane, so neither the register tile nor the
// number of rows changes a bit. Integer sums are exact. The order of the FP32 terms is that of PackedLinear.java.

// Splits `rows` into tiles of nearly equal height, none above `largest`, and calls tile(first row, height) for each.
template <typename Tile>
BITDGDM_INLINE void eachTile(int rows, int largest, Tile tile) {
    int tiles = (rows + largest - 1) / largest;
    int height = tiles == 0 ? 0 : rows / tiles;
    int taller = rows - height * tiles;
    for (int i = 0, row = 0; i < tiles; i++) {
        int count = height + (i < taller ? 1 : 0);
        tile(row, count);
        row += count;
    }
}

// Calls Tile<ROWS, PANELS>::run for a height known at run time only.
template <template <int, int> class Tile, int ROWS, int PANELS, typename Arguments>
BITDGDM_INLINE void runTile(int rows, const Arguments& arguments) {
    if constexpr (ROWS > 1) {
        if (rows < ROWS) {
            runTile<Tile, ROWS - 1, PANELS>(rows, arguments);
            return;
        }
    }
    Tile<ROWS, PANELS>::run(arguments);
}

// y = sum (+ addend) (+ bias), then max(0, y) if asked. The loops are unrolled so that `sum` stays in registers.
template <int ROWS, int PANELS>
BITDGDM_INLINE void finishTile(V (&sum)[ROWS][PANELS], const float* addend, const float* bias, bool withRelu, float* y,
                               size_t yStride) {
    if (addend != nullptr) {
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                sum[row][panel] = add(sum[row][panel], load(addend + row * yStride + panel * PANEL));
            }
        }
    }
    if (bias != nullptr) {
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            V term = load(bias + panel * PANEL);
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                sum[row][panel] = add(sum[row][panel], term);
            }
        }
    }
    if (withRelu) {
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                sum[row][panel] = relu(sum[row][panel]);
            }
        }
    }
    BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            store(y + row * yStride + panel * PANEL, sum[row][panel]);
        }
    }
}

// ---- FP32 ----------------------------------------------------------------------------------------------------------

struct FloatTileArguments {
    const float* x;
    size_t xStride;
    int depth;
    const float* weight;    // first panel
    const float* bias;      // of the first panel; null: none
    const float* addend;    // (rows, PANELS * 16) with stride yStride, added before the bias; null: none
    float* y;
    size_t yStride;
    bool relu;
};

template <int ROWS, int PANELS>
struct FloatTile {
    static __attribute__((noinline)) void run(const FloatTileArguments& a) {
        const size_t panelSize = (size_t) a.depth * PANEL;
        V sum[ROWS][PANELS];
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                sum[row][panel] = zero();
            }
        }
        const float* x = a.x;
        const float* weight = a.weight;
        const size_t xStride = a.xStride;
        for (int k = 0; k < a.depth; k++) {
            V column[PANELS];
            for (int panel = 0; panel < PANELS; panel++) {
                column[panel] = load(weight + panel * panelSize + (size_t) k * PANEL);
            }
            for (int row = 0; row < ROWS; row++) {
                V value = set1(x[row * xStride + k]);
                for (int panel = 0; panel < PANELS; panel++) {
                    sum[row][panel] = fma(value, column[panel], sum[row][panel]);
                }
            }
        }
        finishTile(sum, a.addend, a.bias, a.relu, a.y, a.yStride);
    }
};

// y = x * weight (+ addend) (+ bias), `weight` in panels of `depth` rows.
static void floatProduct(const float* x, size_t xStride, int rows, int depth, const float* weight, int out,
                         const float* addend, const float* bias, bool relu, float* y, size_t yStride) {
    const int panels = padded(out) / PANEL;
    for (int panel = 0; panel < panels; panel += TILE_PANELS) {
        const int from = panel * PANEL;
        eachTile(rows, TILE_ROWS, [&](int row, int count) __attribute__((always_inline)) {
            FloatTileArguments a = {x + row * xStride, xStride, depth, weight + (size_t) panel * depth * PANEL,
                bias == nullptr ? nullptr : bias + from, addend == nullptr ? nullptr : addend + row * yStride + from,
                y + row * yStride + from, yStride, relu};
            if (panels - panel >= TILE_PANELS) {
                runTile<FloatTile, TILE_ROWS, TILE_PANELS>(count, a);
            } else {
                runTile<FloatTile, TILE_ROWS, 1>(count, a);
            }
        });
    }
}

// ---- Activations ---------------------------------------------------------------------------------------------------

// Codes, scales and outliers of `rows` rows of X, into ws.codes, ws.rowScale and ws.outlier*.
static void quantizeRows(const Linear& layer, const float* x, size_t xStride, int rows, Workspace& ws) {
    const Activation& activation = layer.activation;
    const int stride = padded(layer.in);
    const V highest = set1((float) activation.maxCode);
    const V lowest = set1(activation.isUnsigned ? 0.0f : -(float) activation.maxCode);
    for (int row = 0; row < rows; row++) {
        const float* from = x + row * xStride;
        uint8_t* codes = ws.codes + (size_t) row * stride;
        int32_t* columns = ws.outlierColumn + (size_t) row * layer.in;
        float* values = ws.outlierValue + (size_t) row * layer.in;
        int outliers = 0;
        float scale = activation.scale;
        float inverse = activation.inverse;
        float threshold = activation.threshold;
        if (activation.perRow) {
            V largest = zero();
            for (int c = 0; c < layer.in; c += LANES) {
                largest = max(largest, keep(abs(load(from + c)), lanesWithin(layer.in, c)));
            }
            float magnitude = maxLanes(largest);
            scale = magnitude / (float) activation.maxCode;
            // A subnormal scale has no finite reciprocal; such a row, zeros among them, is taken as 0.
            inverse = scale >= 0x1p-126f ? (float) activation.maxCode / magnitude : 0;
            threshold = __builtin_inff();
        }
        for (int c = 0; c < layer.in; c += LANES) {
            V value = load(from + c);
            uint32_t above = maskAbove(value, threshold) & lanesWithin(layer.in, c);
            V code = max(min(mul(value, set1(inverse)), highest), lowest);
            if (above != 0) {
                code = keep(code, ~above);
            }
            storeBytes(codes + c, add(toInt(code), activation.offset));
            for (; above != 0; above &= above - 1) {
                int column = c + __builtin_ctz(above);
                columns[outliers] = column;
                values[outliers] = from[column];
                outliers++;
            }
        }
        ws.rowScale[row] = scale;
        ws.outlierCount[row] = outliers;
    }
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
        for (int i = 0; i < ws.outlierCount[row]; i++) {
            to[ws.outlierColumn[(size_t) row * layer.in + i]] = ws.outlierValue[(size_t) row * layer.in + i];
        }
    }
}

// ---- X S and X_S D -------------------------------------------------------------------------------------------------

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

// ---- Integers ------------------------------------------------------------------------------------------------------

// Integer product of ROWS rows of codes with PANELS panels, as floats.
template <bool NARROW, int ROWS, int PANELS>
BITDGDM_INLINE void sumOfCodes(const uint8_t* codes, size_t stride, const CodePanels& weights, int firstPanel,
                               V (&to)[ROWS][PANELS]) {
    const size_t panelSize = (size_t) weights.quads * PANEL * 4;
    typename Dot<NARROW>::Sum sum[ROWS][PANELS];
    BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            sum[row][panel] = Dot<NARROW>::start(weights.start + (firstPanel + panel) * PANEL);
        }
    }
    const int8_t* weight = weights.codes + firstPanel * panelSize;
    for (int quad = 0; quad < weights.quads; quad++) {
        Dot<NARROW>::step(sum, codes + quad * 4, stride, weight + (size_t) quad * PANEL * 4, panelSize);
    }
    BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            to[row][panel] = toFloat(Dot<NARROW>::finish(sum[row][panel]));
        }
    }
}

template <int ROWS, int PANELS>
BITDGDM_INLINE void codeProduct(const uint8_t* codes, size_t stride, const CodePanels& weights, int firstPanel,
                                V (&to)[ROWS][PANELS]) {
    if (weights.narrow) {
        sumOfCodes<true>(codes, stride, weights, firstPanel, to);
    } else {
        sumOfCodes<false>(codes, stride, weights, firstPanel, to);
    }
}

struct CodeTileArguments {
    const Linear* layer;
    Workspace* ws;
    int row;                // first row within the chunk
    int panel;              // first panel
    bool hasAddend;         // whether ws.addend is part of the sum
    bool relu;
    float* y;               // of the first row and panel
    size_t yStride;
};

// H = Q(X_D) L of a tile of rows and one panel of rank columns: codes into ws.intermediateCodes, or FP32 into
// ws.intermediate.
template <int ROWS, int PANELS>
struct IntermediateTile {
    static __attribute__((noinline)) void run(const CodeTileArguments& a) {
        const Linear& layer = *a.layer;
        const size_t stride = padded(layer.in);
        const size_t rankStride = padded(layer.rank);
        V h[ROWS][PANELS];
        codeProduct(a.ws->codes + a.row * stride, stride, layer.left, a.panel, h);
        for (int row = 0; row < ROWS; row++) {
            for (int panel = 0; panel < PANELS; panel++) {
                const size_t column = (size_t) (a.panel + panel) * PANEL;
                const size_t at = (a.row + row) * rankStride + column;
                V scale = mul(set1(a.ws->rowScale[a.row + row]), load(layer.left.scale + column));
                if (layer.intermediateCoded) {
                    V highest = set1((float) layer.intermediateMax);
                    V lowest = set1(-(float) layer.intermediateMax);
                    V code = mul(h[row][panel], mul(scale, set1(layer.intermediateInverse)));
                    code = max(min(code, highest), lowest);
                    storeBytes(a.ws->intermediateCodes + at, add(toInt(code), layer.intermediateOffset));
                } else {
                    store(a.ws->intermediate + at, mul(h[row][panel], scale));
                }
            }
        }
    }
};

// A tile of Y: low rank + residual + addend + bias. Where H is FP32, its product is already in y.
template <int ROWS, int PANELS>
struct OutputTile {
    static __attribute__((noinline)) void run(const CodeTileArguments& a) {
        const Linear& layer = *a.layer;
        const Workspace& ws = *a.ws;
        const size_t stride = padded(layer.in);
        const int from = a.panel * PANEL;
        V y[ROWS][PANELS];
        if (layer.right.codes != nullptr) {
            const size_t rankStride = padded(layer.rank);
            codeProduct(ws.intermediateCodes + a.row * rankStride, rankStride, layer.right, a.panel, y);
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    y[row][panel] = mul(y[row][panel], load(layer.right.scale + from + panel * PANEL));
                }
            }
        } else {
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    y[row][panel] = layer.rightValues != nullptr ? load(a.y + row * a.yStride + panel * PANEL) : zero();
                }
            }
        }
        if (layer.residual.codes != nullptr) {
            V product[ROWS][PANELS];
            codeProduct(ws.codes + a.row * stride, stride, layer.residual, a.panel, product);
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                V rowScale = set1(ws.rowScale[a.row + row]);
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    V scale = mul(rowScale, load(layer.residual.scale + from + panel * PANEL));
                    y[row][panel] = fma(product[row][panel], scale, y[row][panel]);
                }
            }
        }
        finishTile(y, a.hasAddend ? ws.addend + a.row * a.yStride + from : nullptr, layer.bias + from, a.relu, a.y,
            a.yStride);
    }
};

// All output tiles of a chunk, at most LARGEST rows high.
template <int LARGEST>
static void outputTiles(const Linear& layer, int rows, bool hasAddend, float* y, bool relu, Workspace& ws) {
    const size_t yStride = padded(layer.out);
    const int panels = padded(layer.out) / PANEL;
    for (int panel = 0; panel < panels; panel += INT_TILE_PANELS) {
        eachTile(rows, LARGEST, [&](int row, int count) __attribute__((always_inline)) {
            CodeTileArguments a = {&layer, &ws, row, panel, hasAddend, relu, y + row * yStride + panel * PANEL, yStride};
            if (panels - panel >= INT_TILE_PANELS) {
                runTile<OutputTile, LARGEST, INT_TILE_PANELS>(count, a);
            } else {
                runTile<OutputTile, LARGEST, 1>(count, a);
            }
        });
    }
}

// One chunk of rows whose codes are in the workspace.
static void integerProduct(const Linear& layer, int rows, bool hasAddend, float* y, bool relu, Workspace& ws) {
    for (int panel = 0; layer.left.codes != nullptr && panel < padded(layer.rank) / PANEL; panel++) {
        eachTile(rows, INT_TILE_ROWS, [&](int row, int count) __attribute__((always_inline)) {
            CodeTileArguments a = {&layer, &ws, row, panel, false, false, nullptr, 0};
            runTile<IntermediateTile, INT_TILE_ROWS, 1>(count, a);
        });
    }
    if (layer.rightValues != nullptr) {
        floatProduct(ws.intermediate, padded(layer.rank), rows, layer.rank, layer.rightValues, layer.out, nullptr, nullptr,
            false, y, padded(layer.out));
    }
    // Two products need twice the registers of one.
    if (layer.right.codes != nullptr && layer.residual.codes != nullptr) {
        outputTiles<(INT_TILE_ROWS + 1) / 2>(layer, rows, hasAddend, y, relu, ws);
    } else {
        outputTiles<INT_TILE_ROWS>(layer, rows, hasAddend, y, relu, ws);
    }
}

// ---- Layers --------------------------------------------------------------------------------------------------------

// A layer and where its Y goes, (rows, padded out).
struct Output {
    const Linear* layer;
    float* y;
};

BITDGDM_INLINE bool sameCodes(const Activation& a, const Activation& b) {
    return a.maxCode == b.maxCode && a.offset == b.offset && a.perRow == b.perRow && a.threshold == b.threshold
        && a.scale == b.scale && a.inverse == b.inverse;
}

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
        if (!layer.activation.coded) {
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
            if (!layer.activation.coded) {
                continue;
            }
            if (codes == nullptr || !sameCodes(*codes, layer.activation)) {
                quantizeRows(layer, from, xStride, count, ws);
                codes = &layer.activation;
            }
            const bool hasSparse = layer.sparse.from != nullptr;
            if (hasSparse) {
                // Without the cross term only entries that are not outliers meet S.
                const float threshold = layer.crossTerm || layer.activation.perRow ? __builtin_inff()
                    : layer.activation.threshold;
                if (transposed != threshold) {
                    transposeRows(from, xStride, count, layer.in, threshold, ws);
                    transposed = threshold;
                }
                sparseProduct(layer, count, ws);
            }
            float* y = output.y + (size_t) first * padded(layer.out);
            if (layer.weight != nullptr) {
                decodeRows(layer, count, ws);
                floatProduct(ws.decoded, padded(layer.in), count, layer.in, layer.weight, layer.out,
                    hasSparse ? ws.addend : nullptr, layer.bias, withRelu, y, padded(layer.out));
            } else {
                if (layer.dense != nullptr) {
                    outlierProduct(layer, count, hasSparse, ws);
                }
                integerProduct(layer, count, hasSparse || layer.dense != nullptr, y, withRelu, ws);
            }
        }
    }
}

static void linear(const Linear& layer, const float* x, size_t xStride, int rows, float* y, bool withRelu, Workspace& ws) {
    const Output outputs[] = {{&layer, y}};
    linears(outputs, x, xStride, rows, withRelu, ws);
}
