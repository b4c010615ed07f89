// The graph transformer of DiGress over one group of equal-size graphs, shaped like ReferenceDenoiser.Pass. Included
// inside the namespace of an instruction set.
//
// Rows (i, 0...n-1) of E are worked on together for a few nodes i at a time, from scores to the end of E's feed-forward,
// so that no (n, n, dx) tensor exists and what does exist stays in the cache. A result depends on its own graph only.

static void mlp(const Mlp& layers, const float* x, size_t stride, int rows, float* hidden, float* y, bool lastRelu,
                Workspace& ws) {
    linear(layers.first, x, stride, rows, hidden, true, ws);
    linear(layers.second, hidden, padded(layers.first.out), rows, y, lastRelu, ws);
}

// x = LayerNorm(x + second(relu(first(x)))), `update` is scratch of x's shape.
static void feedForward(const Mlp& layers, const Norm& norm, float* x, int rows, float* hidden, float* update,
                        Workspace& ws) {
    mlp(layers, x, padded(norm.width), rows, hidden, update, false, ws);
    addAndNormalise(norm, x, update, x, rows);
}

static void addOne(float* x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        store(x + i, add(load(x + i), set1(1)));
    }
}

static void addTo(float* sum, const float* term, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        store(sum + i, add(load(sum + i), load(term + i)));
    }
}

// Attention of node `row` of the group in BLOCKS blocks of 16 channels from `c` on, see attend(). Blocks go side by side,
// since one alone waits for its maximum, its exponentials and its sums in turn.
template <int BLOCKS>
BITDGDM_INLINE void attendChannels(const Model& model, const Workspace& ws, int row, size_t c, float* eMul,
                                   const float* eAdd) {
    const int n = ws.nodes;
    const size_t stride = padded(model.dx);
    const size_t graph = row / n;
    const V rootInverse = set1(1.0f / __builtin_sqrtf((float) (model.dx / model.shape.heads)));
    const float* k = ws.k + graph * n * stride + c;
    const float* v = ws.v + graph * n * stride + c;
    const size_t film = graph * stride + c;
    const size_t out = row * stride + c;
    float* scores = ws.scores;
    eMul += c;
    eAdd += c;
    const V one = set1(1);
    V q[BLOCKS], mulE[BLOCKS], addE[BLOCKS], highest[BLOCKS];
    BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
        q[block] = mul(load(ws.q + out + block * LANES), rootInverse);
        mulE[block] = load(ws.filmEMul + film + block * LANES);
        addE[block] = load(ws.filmEAdd + film + block * LANES);
        highest[block] = set1(-__builtin_inff());
    }
    for (int j = 0; j < n; j++) {
        BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
            const size_t at = j * stride + block * LANES;
            V score = mul(q[block], load(k + at));
            score = fma(score, add(load(eMul + at), one), load(eAdd + at));
            store(scores + (j * BLOCKS + block) * LANES, score);
            store(eMul + at, fma(score, mulE[block], addE[block]));
            highest[block] = max(score, highest[block]);
        }
    }
    V total[BLOCKS], sum[BLOCKS];
    BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
        total[block] = zero();
        sum[block] = zero();
    }
    for (int j = 0; j < n; j++) {
        BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
            V weight = exponential(sub(load(scores + (j * BLOCKS + block) * LANES), highest[block]));
            total[block] = add(total[block], weight);
            sum[block] = fma(weight, load(v + j * stride + block * LANES), sum[block]);
        }
    }
    BITDGDM_UNROLL for (int block = 0; block < BLOCKS; block++) {
        store(ws.xNew + out + block * LANES, fma(div(sum[block], total[block]), load(ws.filmXMul + film + block * LANES),
            load(ws.filmXAdd + film + block * LANES)));
    }
}

// Attention of node `row` of the group, whose edge terms are eMul and eAdd, (n, dx) each:
// Y_j = Q_i K_j / sqrt(d_head) (e_mul + 1) + e_add, for each channel on its own;
// xNew = y_x_add + (y_x_mul + 1) sum_j softmax_j(Y) V_j; eMul becomes y_e_add + (y_e_mul + 1) Y.
// The sum is off by at most sum_j p_j |V_j| (4 + |max Y - Y_j| + 2 n + 3) u, u = 2^-24, to first order: exp's own 2^-22, the
// rounding of its argument, and those of two sums and a quotient.
static void attend(const Model& model, Workspace& ws, int row, float* eMul, const float* eAdd) {
    const size_t stride = padded(model.dx);
    size_t c = 0;
    for (; c + ATTENTION_BLOCKS * LANES <= stride; c += ATTENTION_BLOCKS * LANES) {
        attendChannels<ATTENTION_BLOCKS>(model, ws, row, c, eMul, eAdd);
    }
    for (; c < stride; c += LANES) {
        attendChannels<1>(model, ws, row, c, eMul, eAdd);
    }
}

// e_add(E) and e_mul(E) of `rows` rows from `first` on, into ws.eAdd and ws.eMul. What enters the first layer has only as
// many different rows as there are classes, so its products are copied from tables.
static void edgeTerms(const Model& model, const Block& block, Workspace& ws, const Group& group, size_t first, int rows,
                      bool firstLayer) {
    const size_t dx = padded(model.dx);
    const size_t de = padded(model.de);
    if (firstLayer && ws.capture == nullptr && model.shape.walks == 0) {
        for (int row = 0; row < rows; row++) {
            const size_t from = group.edgeClasses[first + row] * dx;
            __builtin_memcpy(ws.eAdd + row * dx, model.edgeAddTable + from, dx * sizeof(float));
            __builtin_memcpy(ws.eMul + row * dx, model.edgeMulTable + from, dx * sizeof(float));
        }
    } else {
        const Output terms[] = {{&block.eAdd, ws.eAdd}, {&block.eMul, ws.eMul}};
        linears(terms, ws.e + first * de, de, rows, false, ws);
    }
}

// From E before the layer to E after it, and ws.xNew = the attended values of X, modulated by y.
static void edges(const Model& model, const Block& block, Workspace& ws, const Group& group, bool firstLayer) {
    const int n = ws.nodes;
    const size_t dx = padded(model.dx);
    const size_t de = padded(model.de);
    const int nodeRows = ws.graphs * n;
    for (int first = 0; first < nodeRows; first += ws.attentionNodes) {
        const int nodes = nodeRows - first < ws.attentionNodes ? nodeRows - first : ws.attentionNodes;
        const int rows = nodes * n;
        float* e = ws.e + (size_t) first * n * de;
        edgeTerms(model, block, ws, group, (size_t) first * n, rows, firstLayer);
        for (int node = 0; node < nodes; node++) {
            const size_t from = (size_t) node * n * dx;
            attend(model, ws, first + node, ws.eMul + from, ws.eAdd + from);
        }
        linear(block.eOut, ws.eMul, dx, rows, ws.eNew, false, ws);
        addAndNormalise(block.normE1, e, ws.eNew, e, rows);
        feedForward(block.ffE, block.normE2, e, rows, ws.hiddenE, ws.eNew, ws);
    }
}

static void transformerLayer(const Model& model, Workspace& ws, const Group& group, int layer) {
    const Block& block = model.blocks[layer];
    // Nothing reads y after the last layer, except a recording of what its linear layers take in.
    const bool updateGlobals = layer + 1 < model.shape.layers || ws.capture != nullptr;
    const int n = ws.nodes;
    const int graphs = ws.graphs;
    const int nodeRows = graphs * n;
    const size_t dx = padded(model.dx);
    const size_t de = padded(model.de);
    const size_t dy = padded(model.dy);

    const Output nodeTerms[] = {{&block.q, ws.q}, {&block.k, ws.k}, {&block.v, ws.v}};
    linears(nodeTerms, ws.x, dx, nodeRows, false, ws);
    const Output films[] = {{&block.yEMul, ws.filmEMul}, {&block.yEAdd, ws.filmEAdd}, {&block.yXMul, ws.filmXMul},
        {&block.yXAdd, ws.filmXAdd}};
    linears(films, ws.y, dy, graphs, false, ws);
    addOne(ws.filmEMul, graphs * dx);
    addOne(ws.filmXMul, graphs * dx);

    // y from itself and the pooled channels, all before they are updated.
    if (updateGlobals) {
        const size_t poolX = poolStride(model.dx);
        const size_t poolE = poolStride(model.de);
        for (int graph = 0; graph < graphs; graph++) {
            pool(ws.x + graph * n * dx, n, model.dx, model.shape.fixedBug, ws.poolX + graph * poolX);
            pool(ws.e + (size_t) graph * n * n * de, n * n, model.de, model.shape.fixedBug, ws.poolE + graph * poolE);
        }
        linear(block.yY, ws.y, dy, graphs, ws.yNew, false, ws);
        linear(block.xY, ws.poolX, poolX, graphs, ws.yTerm, false, ws);
        addTo(ws.yNew, ws.yTerm, graphs * dy);
        linear(block.eY, ws.poolE, poolE, graphs, ws.yTerm, false, ws);
        addTo(ws.yNew, ws.yTerm, graphs * dy);
    }

    edges(model, block, ws, group, layer == 0);

    linear(block.xOut, ws.xNew, dx, nodeRows, ws.q, false, ws);
    addAndNormalise(block.normX1, ws.x, ws.q, ws.x, nodeRows);
    feedForward(block.ffX, block.normX2, ws.x, nodeRows, ws.hiddenX, ws.q, ws);

    if (updateGlobals) {
        mlp(block.yOut, ws.yNew, dy, graphs, ws.hiddenY, ws.yTerm, false, ws);
        addAndNormalise(block.normY1, ws.y, ws.yTerm, ws.y, graphs);
        feedForward(block.ffY, block.normY2, ws.y, graphs, ws.hiddenY, ws.yTerm, ws);
    }
}

// Logits of nodes: MLP of X plus the noisy types.
static void nodeLogits(const Model& model, Workspace& ws, const Group& group) {
    const int rows = ws.graphs * ws.nodes;
    const size_t width = padded(model.shape.nodeTypes);
    mlp(model.outX, ws.x, padded(model.dx), rows, ws.hiddenX, ws.nodeLogits, false, ws);
    for (int row = 0; row < rows; row++) {
        ws.nodeLogits[row * width + group.nodeClasses[row]] += 1;
    }
}

// Logits of edges: MLP of E plus the noisy types, made symmetric, 0 on the diagonal.
static void edgeLogits(const Model& model, Workspace& ws, const Group& group) {
    const int n = ws.nodes;
    const int nodeRows = ws.graphs * n;
    const size_t de = padded(model.de);
    const size_t width = padded(model.shape.edgeTypes);
    for (int first = 0; first < nodeRows; first += ws.attentionNodes) {
        const int nodes = nodeRows - first < ws.attentionNodes ? nodeRows - first : ws.attentionNodes;
        const size_t row = (size_t) first * n;
        mlp(model.outE, ws.e + row * de, de, nodes * n, ws.hiddenE, ws.edgeLogits + row * width, false, ws);
    }
    const V half = set1(0.5f);
    for (int graph = 0; graph < ws.graphs; graph++) {
        const size_t base = (size_t) graph * n * n;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                float* lower = ws.edgeLogits + (base + i * n + j) * width;
                float* upper = ws.edgeLogits + (base + j * n + i) * width;
                lower[group.edgeClasses[base + i * n + j]] += 1;
                upper[group.edgeClasses[base + j * n + i]] += 1;
                for (size_t c = 0; c < width; c += LANES) {
                    V mean = mul(add(load(lower + c), load(upper + c)), half);
                    store(lower + c, mean);
                    store(upper + c, mean);
                }
            }
            float* diagonal = ws.edgeLogits + (base + i * n + i) * width;
            for (size_t c = 0; c < width; c += LANES) {
                store(diagonal + c, zero());
            }
        }
    }
}

// The input MLP of edges that have features, made symmetric.
static void edgeInputs(const Model& model, Workspace& ws) {
    const int n = ws.nodes;
    const int nodeRows = ws.graphs * n;
    const size_t de = padded(model.de);
    const size_t stride = padded(model.shape.edgeInputs());
    for (int first = 0; first < nodeRows; first += ws.attentionNodes) {
        const int nodes = nodeRows - first < ws.attentionNodes ? nodeRows - first : ws.attentionNodes;
        const size_t row = (size_t) first * n;
        mlp(model.inE, ws.edgeInput + row * stride, stride, nodes * n, ws.hiddenE, ws.e + row * de, true, ws);
    }
    const V half = set1(0.5f);
    for (int graph = 0; graph < ws.graphs; graph++) {
        const size_t base = (size_t) graph * n * n;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < i; j++) {
                float* lower = ws.e + (base + i * n + j) * de;
                float* upper = ws.e + (base + j * n + i) * de;
                for (size_t c = 0; c < de; c += LANES) {
                    V mean = mul(add(load(lower + c), load(upper + c)), half);
                    store(lower + c, mean);
                    store(upper + c, mean);
                }
            }
        }
    }
}

static void network(const Model& model, Workspace& ws, const Group& group) {
    const int nodeRows = ws.graphs * ws.nodes;
    const size_t edgeRows = (size_t) nodeRows * ws.nodes;
    const size_t de = padded(model.de);
    mlp(model.inX, ws.nodeInput, padded(model.shape.nodeInputs()), nodeRows, ws.hiddenX, ws.x, true, ws);
    mlp(model.inY, ws.globalInput, padded(model.shape.globalInputs()), ws.graphs, ws.hiddenY, ws.y, true, ws);
    if (model.shape.walks > 0) {
        edgeInputs(model, ws);
    } else {
        // The classes are symmetric, hence so is the table's choice: (E + E^T) / 2 changes nothing.
        for (size_t row = 0; row < edgeRows; row++) {
            __builtin_memcpy(ws.e + row * de, model.edgeTable + group.edgeClasses[row] * de, de * sizeof(float));
        }
    }
    for (int layer = 0; layer < model.shape.layers; layer++) {
        transformerLayer(model, ws, group, layer);
    }
    nodeLogits(model, ws, group);
    edgeLogits(model, ws, group);
}
