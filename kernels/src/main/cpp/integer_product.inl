// The dense terms of a quantized product, Q(X_D) L R and Q(X_D) E, in integers. Included by linear.inl.

// Integer product of ROWS rows of codes with PANELS panels: use(row, panel, product), as floats. A product is used as soon
// as its sum is converted, so that only one of the two takes registers.
template <bool NARROW, int ROWS, int PANELS, typename Use>
BITDGDM_INLINE void sumOfCodes(const uint8_t* codes, size_t stride, const CodePanels& weights, int firstPanel, Use use) {
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
            use(row, panel, toFloat(Dot<NARROW>::finish(sum[row][panel])));
        }
    }
}

template <int ROWS, int PANELS, typename Use>
BITDGDM_INLINE void codeProduct(const uint8_t* codes, size_t stride, const CodePanels& weights, int firstPanel, Use use) {
    if (NARROW_IS_FASTER && weights.narrow) {
        sumOfCodes<NARROW_IS_FASTER, ROWS, PANELS>(codes, stride, weights, firstPanel, use);
    } else {
        sumOfCodes<false, ROWS, PANELS>(codes, stride, weights, firstPanel, use);
    }
}

struct CodeTileArguments {
    const Linear* layer;
    Workspace* ws;
    int row;                // first row within the chunk
    int panel;              // first panel
    bool relu;
    float* y;               // of the first row and panel
    size_t yStride;
    const float* x;         // of the first row; null where S is not by rows
    size_t xStride;
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
        codeProduct<ROWS, PANELS>(a.ws->codes + a.row * stride, stride, layer.left, a.panel,
            [&](int row, int panel, const V& product) __attribute__((always_inline)) { h[row][panel] = product; });
        const size_t at = a.row * rankStride + (size_t) a.panel * PANEL;
        BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
            const V columnScale = load(layer.left.scale + (size_t) (a.panel + panel) * PANEL);
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                V scale = columnScale;
                if (layer.activation.perRow) {
                    scale = mul(mul(set1(a.ws->rowScale[a.row + row]), scale), set1(layer.intermediateInverse));
                }
                h[row][panel] = mul(h[row][panel], scale);
            }
        }
        if (!layer.intermediateCoded) {
            float* to = a.ws->intermediate + at;
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    store(to + row * rankStride + panel * PANEL, h[row][panel]);
                }
            }
            return;
        }
        // Read before anything is stored: bytes might be anything, a layer's fields too.
        uint8_t* to = a.ws->intermediateCodes + at;
        const int offset = layer.intermediateOffset;
        const V highest = set1((float) layer.intermediateMax);
        const V lowest = set1(-(float) layer.intermediateMax);
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                storeBytes(to + row * rankStride + panel * PANEL,
                    add(toInt(max(min(h[row][panel], highest), lowest)), offset));
            }
        }
    }
};

// Which integer terms a tile of Y has on top of where its rows start.
enum Terms { RIGHT = 1, RESIDUAL = 2, ROW_SCALES = 4, SPARSE = 8 };

// X S of ROWS rows and one panel, S by rows.
template <int ROWS>
BITDGDM_INLINE void sparseRowsProduct(const SparseRowPanels& sparse, int panel, const float* x, size_t xStride,
                                      V (&sum)[ROWS]) {
    BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
        sum[row] = zero();
    }
    const int end = sparse.from[panel + 1];
    for (int place = sparse.from[panel]; place < end; place++) {
        const V value = load(sparse.value + (size_t) place * PANEL);
        const float* entry = x + sparse.row[place];
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            sum[row] = fma(set1(entry[row * xStride]), value, sum[row]);
        }
    }
}

// A tile of Y: X S, S by rows, + Q(H) R + where its rows start + Q(X_D) E, then max(0, y) if asked.
template <int TERMS>
struct OutputTiles {
    template <int ROWS, int PANELS>
    struct Tile {
        static __attribute__((noinline)) void run(const CodeTileArguments& a) {
            const Linear& layer = *a.layer;
            const Workspace& ws = *a.ws;
            const int from = a.panel * PANEL;
            const float* const* starts = ws.start + a.row;
            float* to = a.y;
            const size_t yStride = a.yStride;
            const V lowest = set1(a.relu ? 0 : -__builtin_inff());
            const auto start = [&](int row, int panel) __attribute__((always_inline)) {
                return load(starts[row] + from + panel * PANEL);
            };
            const auto finish = [&](int row, int panel, const V& value) __attribute__((always_inline)) {
                store(to + row * yStride + panel * PANEL, max(lowest, value));
            };
            V y[ROWS][PANELS];
            if constexpr ((TERMS & SPARSE) != 0) {
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    V sum[ROWS];
                    sparseRowsProduct(layer.sparseRows, a.panel + panel, a.x, a.xStride, sum);
                    BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                        y[row][panel] = sum[row];
                    }
                }
            }
            if constexpr ((TERMS & RIGHT) != 0) {
                const size_t rankStride = padded(layer.rank);
                const float* scale = layer.right.scale + from;
                codeProduct<ROWS, PANELS>(ws.intermediateCodes + a.row * rankStride, rankStride, layer.right, a.panel,
                    [&](int row, int panel, const V& product) __attribute__((always_inline)) {
                        const V factor = load(scale + panel * PANEL);
                        const V sum = (TERMS & SPARSE) != 0 ? add(fma(product, factor, y[row][panel]), start(row, panel))
                            : fma(product, factor, start(row, panel));
                        if constexpr ((TERMS & RESIDUAL) != 0) {
                            y[row][panel] = sum;
                        } else {
                            finish(row, panel, sum);
                        }
                    });
            }
            if constexpr ((TERMS & RESIDUAL) != 0) {
                const size_t stride = padded(layer.in);
                const float* scale = layer.residual.scale + from;
                const float* rowScale = ws.rowScale + a.row;
                codeProduct<ROWS, PANELS>(ws.codes + a.row * stride, stride, layer.residual, a.panel,
                    [&](int row, int panel, const V& product) __attribute__((always_inline)) {
                        V factor = load(scale + panel * PANEL);
                        if constexpr ((TERMS & ROW_SCALES) != 0) {
                            factor = mul(set1(rowScale[row]), factor);
                        }
                        finish(row, panel, fma(product, factor, (TERMS & RIGHT) != 0 ? y[row][panel] : start(row, panel)));
                    });
            }
        }
    };
};

// Calls tile(first panel, panels) for all panels of a width, INT_TILE_PANELS at a time as long as there are so many.
template <typename Tile>
BITDGDM_INLINE void eachPanels(int width, Tile tile) {
    const int panels = padded(width) / PANEL;
    for (int panel = 0; panel < panels; panel += INT_TILE_PANELS) {
        tile(panel, panels - panel >= INT_TILE_PANELS);
    }
}

template <int LARGEST>
BITDGDM_INLINE void intermediateTile(const Linear& layer, int row, int count, int panel, bool whole, Workspace& ws) {
    CodeTileArguments a = {&layer, &ws, row, panel, false, nullptr, 0, nullptr, 0};
    if (whole) {
        runTile<IntermediateTile, LARGEST, INT_TILE_PANELS>(count, a);
    } else {
        runTile<IntermediateTile, LARGEST, 1>(count, a);
    }
}

template <int TERMS, int LARGEST>
BITDGDM_INLINE void outputTile(const Linear& layer, const float* x, size_t xStride, int row, int count, int panel, bool whole,
                               float* y, bool relu, Workspace& ws) {
    const size_t yStride = padded(layer.out);
    CodeTileArguments a = {&layer, &ws, row, panel, relu, y + row * yStride + panel * PANEL, yStride, x + row * xStride,
        xStride};
    if (whole) {
        runTile<OutputTiles<TERMS>::template Tile, LARGEST, INT_TILE_PANELS>(count, a);
    } else {
        runTile<OutputTiles<TERMS>::template Tile, LARGEST, 1>(count, a);
    }
}

// All output tiles of a chunk, at most LARGEST rows high.
template <int TERMS, int LARGEST>
static void outputTiles(const Linear& layer, int rows, float* y, bool relu, Workspace& ws) {
    eachPanels(layer.out, [&](int panel, bool whole) __attribute__((always_inline)) {
        eachTile(rows, LARGEST, [&](int row, int count) __attribute__((always_inline)) {
            outputTile<TERMS, LARGEST>(layer, nullptr, 0, row, count, panel, whole, y, relu, ws);
        });
    });
}

// H = Q(X_D) L of a chunk of rows whose codes are in the workspace.
static void intermediateProduct(const Linear& layer, int rows, Workspace& ws) {
    eachPanels(layer.rank, [&](int panel, bool whole) __attribute__((always_inline)) {
        eachTile(rows, INT_TILE_ROWS, [&](int row, int count) __attribute__((always_inline)) {
            intermediateTile<INT_TILE_ROWS>(layer, row, count, panel, whole, ws);
        });
    });
}

// H from sums that are known, in the place of intermediateProduct; scales are static.
static void intermediateOfSums(const Linear& layer, const float* sums, size_t sumStride, int rows, Workspace& ws) {
    const size_t rankStride = padded(layer.rank);
    const int offset = layer.intermediateOffset;
    const V highest = set1((float) layer.intermediateMax);
    const V lowest = set1(-(float) layer.intermediateMax);
    for (int row = 0; row < rows; row++) {
        for (size_t c = 0; c < rankStride; c += PANEL) {
            const V h = mul(load(sums + row * sumStride + c), load(layer.left.scale + c));
            if (layer.intermediateCoded) {
                storeBytes(ws.intermediateCodes + row * rankStride + c, add(toInt(max(min(h, highest), lowest)), offset));
            } else {
                store(ws.intermediate + row * rankStride + c, h);
            }
        }
    }
}

// Adds Q(X_D) E from sums that are known to where each row starts; scales are static.
static void residualOfSums(const Linear& layer, const float* sums, size_t sumStride, int rows, float* y, Workspace& ws) {
    const size_t stride = padded(layer.out);
    for (int row = 0; row < rows; row++) {
        for (size_t c = 0; c < stride; c += PANEL) {
            store(y + row * stride + c, fma(load(sums + row * sumStride + c), load(layer.residual.scale + c),
                load(ws.start[row] + c)));
        }
    }
}

// Integer sums of a layer's codes with its residual alone, as floats, which must hold them exactly.
template <int ROWS, int PANELS>
struct SumTile {
    static __attribute__((noinline)) void run(const CodeTileArguments& a) {
        const size_t stride = padded(a.layer->in);
        float* to = a.y;
        const size_t yStride = a.yStride;
        codeProduct<ROWS, PANELS>(a.ws->codes + a.row * stride, stride, a.layer->residual, a.panel,
            [&](int row, int panel, const V& sum) __attribute__((always_inline)) {
                store(to + row * yStride + panel * PANEL, sum);
            });
    }
};

// The sums of any number of rows of X; to is (rows, padded out).
static void codeSums(const Linear& layer, const float* x, size_t xStride, int rows, float* to, Workspace& ws) {
    const int chunk = chunkRows(layer);
    const size_t stride = padded(layer.out);
    for (int first = 0; first < rows; first += chunk) {
        const int count = rows - first < chunk ? rows - first : chunk;
        quantizeRows(layer, x + first * xStride, xStride, 0, count, ws);
        eachPanels(layer.out, [&](int panel, bool whole) __attribute__((always_inline)) {
            eachTile(count, INT_TILE_ROWS, [&](int row, int few) __attribute__((always_inline)) {
                const CodeTileArguments a = {&layer, &ws, row, panel, false, to + (first + row) * stride + panel * PANEL,
                    stride, nullptr, 0};
                if (whole) {
                    runTile<SumTile, INT_TILE_ROWS, INT_TILE_PANELS>(few, a);
                } else {
                    runTile<SumTile, INT_TILE_ROWS, 1>(few, a);
                }
            });
        });
    }
}

// H and all of Y of a few rows at a time, where H R, or it and S by rows, are all: X and H stay in the first-level cache, and
// without S both factors, too.
template <int TERMS>
static void factorProduct(const Linear& layer, const float* x, size_t xStride, int rows, float* y, bool relu, Workspace& ws) {
    eachTile(rows, INT_TILE_ROWS, [&](int row, int count) __attribute__((always_inline)) {
        eachPanels(layer.rank, [&](int panel, bool whole) __attribute__((always_inline)) {
            intermediateTile<INT_TILE_ROWS>(layer, row, count, panel, whole, ws);
        });
        eachPanels(layer.out, [&](int panel, bool whole) __attribute__((always_inline)) {
            outputTile<TERMS, INT_TILE_ROWS>(layer, x, xStride, row, count, panel, whole, y, relu, ws);
        });
    });
}

// Y of a chunk = where each row starts, for a layer without integer terms in Y.
static void copyStarts(const Linear& layer, int rows, float* y, bool relu, const Workspace& ws) {
    const size_t stride = padded(layer.out);
    const V lowest = set1(relu ? 0 : -__builtin_inff());
    for (int row = 0; row < rows; row++) {
        for (size_t c = 0; c < stride; c += LANES) {
            store(y + row * stride + c, max(lowest, load(ws.start[row] + c)));
        }
    }
}

// Tiles of Q(H) R on top of S by rows.
static void rightOnSparseRows(const Linear& layer, const float* x, size_t xStride, int rows, float* y, bool relu,
                              Workspace& ws) {
    eachTile(rows, INT_TILE_ROWS, [&](int row, int count) __attribute__((always_inline)) {
        eachPanels(layer.out, [&](int panel, bool whole) __attribute__((always_inline)) {
            outputTile<RIGHT | SPARSE, INT_TILE_ROWS>(layer, x, xStride, row, count, panel, whole, y, relu, ws);
        });
    });
}

// Y of a chunk from codes and H, on top of each row's start.
static void outputProduct(const Linear& layer, int rows, bool withRight, float* y, bool relu, Workspace& ws) {
    // Two products need twice the registers of one.
    constexpr int HALF = (INT_TILE_ROWS + 1) / 2;
    const bool rightInFloats = layer.rightValues != nullptr;
    const bool reluNow = relu && !rightInFloats;
    const bool residual = layer.residual.codes != nullptr;
    const bool perRow = layer.activation.perRow;
    if (withRight && residual) {
        if (perRow) {
            outputTiles<RIGHT | RESIDUAL | ROW_SCALES, HALF>(layer, rows, y, reluNow, ws);
        } else {
            outputTiles<RIGHT | RESIDUAL, HALF>(layer, rows, y, reluNow, ws);
        }
    } else if (withRight) {
        outputTiles<RIGHT, INT_TILE_ROWS>(layer, rows, y, reluNow, ws);
    } else if (residual && perRow) {
        outputTiles<RESIDUAL | ROW_SCALES, INT_TILE_ROWS>(layer, rows, y, reluNow, ws);
    } else if (residual) {
        outputTiles<RESIDUAL, INT_TILE_ROWS>(layer, rows, y, reluNow, ws);
    } else {
        copyStarts(layer, rows, y, reluNow, ws);
    }
    if (rightInFloats) {
        floatProduct(ws.intermediate, padded(layer.rank), rows, layer.rank, layer.rightValues, layer.out, y, nullptr, relu,
            y, padded(layer.out));
    }
}
