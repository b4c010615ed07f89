// Register tiles and the FP32 product. Included by linear.inl.

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
