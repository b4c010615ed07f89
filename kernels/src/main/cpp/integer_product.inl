// The dense terms of a quantized product, Q(X_D) L R and Q(X_D) E, in integers. Included by linear.inl.

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
    bool withRight;         // whether Q(H) R is part of the sum
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

// A tile of Y: where its rows start + low rank + residual. Where H is FP32, its product is already in y.
template <int ROWS, int PANELS>
struct OutputTile {
    static __attribute__((noinline)) void run(const CodeTileArguments& a) {
        const Linear& layer = *a.layer;
        const Workspace& ws = *a.ws;
        const size_t stride = padded(layer.in);
        const int from = a.panel * PANEL;
        V y[ROWS][PANELS];
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                y[row][panel] = zero();
            }
        }
        if (a.withRight) {
            const size_t rankStride = padded(layer.rank);
            V product[ROWS][PANELS];
            codeProduct(ws.intermediateCodes + a.row * rankStride, rankStride, layer.right, a.panel, product);
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                const float* start = ws.start[a.row + row] + from;
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    y[row][panel] = fma(product[row][panel], load(layer.right.scale + from + panel * PANEL),
                        load(start + panel * PANEL));
                }
            }
        }
        if (layer.residual.codes != nullptr) {
            V product[ROWS][PANELS];
            codeProduct(ws.codes + a.row * stride, stride, layer.residual, a.panel, product);
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                const float* start = ws.start[a.row + row] + from;
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    V scale = load(layer.residual.scale + from + panel * PANEL);
                    if (layer.activation.perRow) {
                        scale = mul(set1(ws.rowScale[a.row + row]), scale);
                    }
                    y[row][panel] = fma(product[row][panel], scale,
                        a.withRight ? y[row][panel] : load(start + panel * PANEL));
                }
            }
        }
        if (!a.withRight && layer.residual.codes == nullptr) {
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    y[row][panel] = load(ws.start[a.row + row] + from + panel * PANEL);
                }
            }
        }
        // Read before anything is stored: a store of a vector might be to anything.
        float* to = a.y;
        const size_t yStride = a.yStride;
        if (layer.rightValues != nullptr) {
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    y[row][panel] = add(y[row][panel], load(to + row * yStride + panel * PANEL));
                }
            }
        }
        if (a.relu) {
            BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
                BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                    y[row][panel] = relu(y[row][panel]);
                }
            }
        }
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            BITDGDM_UNROLL for (int panel = 0; panel < PANELS; panel++) {
                store(to + row * yStride + panel * PANEL, y[row][panel]);
            }
        }
    }
};

// All output tiles of a chunk, at most LARGEST rows high.
template <int LARGEST>
static void outputTiles(const Linear& layer, int rows, bool withRight, float* y, bool relu, Workspace& ws) {
    const size_t yStride = padded(layer.out);
    const int panels = padded(layer.out) / PANEL;
    for (int panel = 0; panel < panels; panel += INT_TILE_PANELS) {
        eachTile(rows, LARGEST, [&](int row, int count) __attribute__((always_inline)) {
            CodeTileArguments a = {&layer, &ws, row, panel, withRight, relu, y + row * yStride + panel * PANEL, yStride};
            if (panels - panel >= INT_TILE_PANELS) {
                runTile<OutputTile, LARGEST, INT_TILE_PANELS>(count, a);
            } else {
                runTile<OutputTile, LARGEST, 1>(count, a);
            }
        });
    }
}

// H = Q(X_D) L of a chunk of rows whose codes are in the workspace.
static void intermediateProduct(const Linear& layer, int rows, Workspace& ws) {
    for (int panel = 0; layer.left.codes != nullptr && panel < padded(layer.rank) / PANEL; panel++) {
        eachTile(rows, INT_TILE_ROWS, [&](int row, int count) __attribute__((always_inline)) {
            CodeTileArguments a = {&layer, &ws, row, panel, false, false, nullptr, 0};
            runTile<IntermediateTile, INT_TILE_ROWS, 1>(count, a);
        });
    }
}

// Y of a chunk from codes and H, on top of each row's start.
static void outputProduct(const Linear& layer, int rows, bool withRight, float* y, bool relu, Workspace& ws) {
    if (layer.rightValues != nullptr) {
        floatProduct(ws.intermediate, padded(layer.rank), rows, layer.rank, layer.rightValues, layer.out, nullptr, nullptr,
            false, y, padded(layer.out));
    }
    // Two products need twice the registers of one.
    if (withRight && layer.residual.codes != nullptr) {
        outputTiles<(INT_TILE_ROWS + 1) / 2>(layer, rows, withRight, y, relu, ws);
    } else {
        outputTiles<INT_TILE_ROWS>(layer, rows, withRight, y, relu, ws);
    }
}
