// The message passing of GraDe-IF over one protein, shaped like ReferenceProteinDenoiser. Included inside the namespace of an
// instruction set. Sums over a whole protein are taken row by row and then in double, so that long chains lose no digits.

// x / (1 + e^-x).
BITDGDM_INLINE V siluOf(V x) {
    return div(x, add(set1(1), exponential(sub(zero(), x))));
}

// Of `count` values, a multiple of 16.
static void silu(float* x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        store(x + i, siluOf(load(x + i)));
    }
}

// to = (x - mean) / deviation * weight + bias, mean and deviation over all entries; epsilon beside the root of the variance,
// or under it. to may be x.
static void normaliseAll(const Norm& norm, const float* x, size_t stride, int rows, bool besideRoot, float* to,
                         size_t toStride) {
    const int width = norm.width;
    const double count = (double) rows * width;
    double sum = 0;
    for (int row = 0; row < rows; row++) {
        V part = zero();
        for (int c = 0; c < width; c += LANES) {
            part = add(part, keep(load(x + row * stride + c), lanesWithin(width, c)));
        }
        sum += sumLanes(part);
    }
    const V mean = set1((float) (sum / count));
    double squares = 0;
    for (int row = 0; row < rows; row++) {
        V part = zero();
        for (int c = 0; c < width; c += LANES) {
            V centred = keep(sub(load(x + row * stride + c), mean), lanesWithin(width, c));
            part = fma(centred, centred, part);
        }
        squares += sumLanes(part);
    }
    const double variance = squares / count;
    const float deviation = (float) (besideRoot ? __builtin_sqrt(variance) + 1e-5 : __builtin_sqrt(variance + 1e-5));
    const V inverse = set1(1 / deviation);
    for (int row = 0; row < rows; row++) {
        for (int c = 0; c < width; c += LANES) {
            V centred = sub(load(x + row * stride + c), mean);
            V value = fma(mul(centred, inverse), load(norm.weight + c), load(norm.bias + c));
            store(to + row * toStride + c, keep(value, lanesWithin(width, c)));
        }
    }
}

static void siluLinear(const Linear& layer, const float* x, size_t stride, int rows, float* y, Workspace& ws) {
    linear(layer, x, stride, rows, y, false, ws);
    silu(y, (size_t) rows * padded(layer.out));
}

// Rows silu(values), made as they are asked for: `values` gives a function of the column for each row. At a stride of 0 each
// row takes the place of the one before it.
template <typename Values>
struct SiluRows {
    const Values& values;
    float* to;
    size_t stride;

    struct Row {
        typename Values::Row value;
        float* at;

        __attribute__((always_inline)) V entries(int c) const {
            const V x = siluOf(value(c));
            store(at + c, x);
            return x;
        }
    };

    __attribute__((always_inline)) Row row(int row) const { return {values.row(row), to + row * stride}; }
};

// Values that lie in memory.
struct LyingValues {
    const float* x;
    size_t stride;

    struct Row {
        const float* at;

        __attribute__((always_inline)) V operator()(int c) const { return load(at + c); }
    };

    __attribute__((always_inline)) Row row(int row) const { return {x + row * stride}; }
};

// Y = silu(values) W + b of at most chunkRows(layer) rows: one row at a time goes from its values to its codes. `x` has room
// for silu(values), (rows, padded in), where these values may lie, and `one` for a row of it.
template <typename Values>
static void linearOfSilu(const Linear& layer, const Values& values, int rows, float* x, float* one, float* y, Workspace& ws) {
    const size_t stride = padded(layer.in);
    if (ws.capture != nullptr || isTransformed(layer) || !layer.activation.coded) {
        for (int row = 0; row < rows; row++) {
            const auto value = values.row(row);
            for (size_t c = 0; c < stride; c += LANES) {
                store(x + row * stride + c, siluOf(value(c)));
            }
        }
        linear(layer, x, stride, rows, y, false, ws);
        return;
    }
    const bool hasSparse = layer.sparse.from != nullptr;
    // Only S meets X itself.
    const bool kept = hasSparse || layer.sparseRows.from != nullptr;
    quantizeRows(layer, SiluRows<Values>{values, kept ? x : one, kept ? stride : 0}, 0, rows, ws);
    if (hasSparse) {
        transposeRows(x, stride, 0, rows, layer.in,
            layer.crossTerm || layer.activation.perRow ? __builtin_inff() : layer.activation.threshold, ws);
    }
    codedProduct(layer, x, stride, rows, hasSparse, y, false, ws);
}

// Calls work(first, rows, scratch, workspace) for ranges that cover all rows: one of all where there is no team. The scratch of
// a range knows what is shared: rows of nodes, their parts in messages and the messages themselves.
template <class Work>
static void shareRows(Team* team, int count, int grain, ProteinWorkspace& pw, Workspace& ws, const Work& work) {
    if (team == nullptr || count <= grain) {
        work(0, count, pw, ws);
        return;
    }
    struct Shared {
        const Work& work;
        const ProteinWorkspace& pw;
    };
    const Shared shared = {work, pw};
    team->share(*team, count, grain, [](const void* of, int first, int rows, ProteinWorkspace& room, Workspace& own) {
        const Shared& all = *static_cast<const Shared*>(of);
        ProteinWorkspace scratch = room;
        scratch.x = all.pw.x;
        scratch.receiver = all.pw.receiver;
        scratch.sender = all.pw.sender;
        scratch.largest = all.pw.largest;
        scratch.messages = all.pw.messages;
        all.work(first, rows, scratch, own);
    }, &shared);
}

static void copyRow(const float* from, int count, float* to) {
    __builtin_memcpy(to, from, count * sizeof(float));
}

// What some columns add to the first layer of the messages, (rows, padded out of the part).
static void messagePart(const ProteinLayer& layer, const Linear& part, const float* x, size_t stride, int rows, float* to,
                        Workspace& ws) {
    if (layer.split == IN_FLOATS) {
        linear(part, x, stride, rows, to, false, ws);
    } else {
        codeSums(part, x, stride, rows, to, ws);
    }
}

BITDGDM_INLINE float largestOf(const float* x, int width) {
    V largest = zero();
    for (int c = 0; c < width; c += LANES) {
        largest = max(largest, keep(abs(load(x + c)), lanesWithin(width, c)));
    }
    return maxLanes(largest);
}

// The parts of a condition that the network computes: embedding of the structure, edges of every layer, and where there is
// room for them their part of the first layer of the messages.
static void proteinEdges(const ProteinModel& model, ProteinCondition& protein, ProteinWorkspace& pw, Workspace& ws) {
    const size_t d = padded(model.d);
    const size_t stride = padded(model.d + 1);
    const int count = protein.edgeCount;
    siluLinear(model.structure0, protein.structure, padded(8), protein.n, pw.hidden, ws);
    linear(model.structure2, pw.hidden, padded(model.structure0.out), protein.n, protein.structureEmbedding, false, ws);
    for (int layer = 0; layer < model.layerCount; layer++) {
        const ProteinLayer& own = model.layers[layer];
        float* edges = protein.edges[layer];
        for (int first = 0; first < count; first += MESSAGE_ROWS) {
            const int rows = count - first < MESSAGE_ROWS ? count - first : MESSAGE_ROWS;
            float* before = pw.edgeUpdate;
            if (layer == 0) {
                linear(model.edges, protein.edgeFeatures + first * (size_t) padded(93), padded(93), rows, before, false, ws);
            } else {
                for (int row = 0; row < rows; row++) {
                    copyRow(protein.edges[layer - 1] + (first + row) * stride, model.d, before + row * d);
                }
            }
            if (model.edgesUpdated) {
                siluLinear(own.edge0, before, d, rows, pw.hidden, ws);
                siluLinear(own.edge3, pw.hidden, padded(own.edge0.out), rows, pw.some, ws);
                for (size_t i = 0; i < rows * d; i += LANES) {
                    store(before + i, add(load(before + i), load(pw.some + i)));
                }
            }
            for (int row = 0; row < rows; row++) {
                copyRow(before + row * d, model.d, edges + (first + row) * stride);
            }
        }
        if (model.edgesUpdated && count > 0) {
            normaliseAll(own.edgeNorm, edges, stride, count, false, edges, stride);
        }
        for (int edge = 0; edge < count; edge++) {
            edges[edge * stride + model.d] = protein.distances[edge];
        }
        for (int edge = 0; own.split == IN_CODES_OF_ROWS && edge < count; edge++) {
            protein.largest[layer][edge] = largestOf(edges + edge * stride, model.d + 1);
        }
        // While recording, layers are taken whole.
        if (protein.terms[layer] != nullptr && ws.capture == nullptr) {
            messagePart(own, own.edge, edges, stride, count, protein.terms[layer], ws);
        }
    }
}

// Receiver, sender, edge and squared distance of some edges, into pw.messageInput.
static void messageInput(const ProteinModel& model, const ProteinCondition& protein, int layer, int first, int rows,
                         ProteinWorkspace& pw) {
    const size_t d = padded(model.d);
    const size_t edgeStride = padded(model.d + 1);
    const float* edges = protein.edges[layer] + first * edgeStride;
    for (int row = 0; row < rows; row++) {
        float* in = pw.messageInput + row * (size_t) padded(3 * model.d + 1);
        copyRow(pw.x + protein.targets[first + row] * d, model.d, in);
        copyRow(pw.x + protein.sources[first + row] * d, model.d, in + model.d);
        copyRow(edges + row * edgeStride, model.d + 1, in + 2 * model.d);
    }
}

// Entries of a row of X above the threshold, as those of the columns from `column` on.
static void addOutliersOf(const float* x, int width, float threshold, int row, int column, Workspace& ws) {
    for (int c = 0; c < width; c += LANES) {
        uint32_t above = maskAbove(load(x + c), threshold) & lanesWithin(width, c);
        for (; above != 0; above &= above - 1) {
            const int at = c + __builtin_ctz(above);
            ws.outliers[ws.outlierCount++] = {row, column + at, x[at]};
        }
    }
}

// The first layer of the messages of some edges from integer sums of its parts, which are in pw.sums, into pw.hidden; what else
// there is of it is of the edge.
static void messageOfSums(const ProteinModel& model, const ProteinCondition& protein, int layer, int first, int rows,
                          ProteinWorkspace& pw, Workspace& ws) {
    const Linear& whole = model.layers[layer].message0;
    const size_t width = padded(model.layers[layer].edge.out);
    const size_t stride = padded(whole.in);
    // S meets X itself, its sums in the order of all columns.
    if (whole.sparse.from != nullptr || whole.sparseRows.from != nullptr) {
        messageInput(model, protein, layer, first, rows, pw);
    }
    if (whole.sparse.from != nullptr) {
        transposeRows(pw.messageInput, stride, 0, rows, whole.in,
            whole.crossTerm ? __builtin_inff() : whole.activation.threshold, ws);
    }
    productOfSums(whole, pw.messageInput, stride, rows, pw.sums, width, pw.hidden, ws);
}

// Outliers of the first layer of the messages of some edges.
static void messageOutliers(const ProteinModel& model, const ProteinCondition& protein, int layer, int first, int rows,
                            const ProteinWorkspace& pw, Workspace& ws) {
    const float threshold = model.layers[layer].message0.activation.threshold;
    const size_t d = padded(model.d);
    const size_t edgeStride = padded(model.d + 1);
    ws.outlierCount = 0;
    for (int row = 0; row < rows; row++) {
        const int edge = first + row;
        addOutliersOf(pw.x + protein.targets[edge] * d, model.d, threshold, row, 0, ws);
        addOutliersOf(pw.x + protein.sources[edge] * d, model.d, threshold, row, model.d, ws);
        addOutliersOf(protein.edges[layer] + edge * edgeStride, model.d + 1, threshold, row, 2 * model.d, ws);
    }
}

// Floats ahead at which what edges give is asked for: it comes from beyond the cache, and what is done with it in between keeps
// it from being read ahead.
constexpr int TERMS_AHEAD = 512;

// Receiver + sender + edge in the first layer of the messages, of some edges.
struct PartSums {
    const ProteinCondition& protein;
    const float* receiver;
    const float* sender;
    const float* terms;     // of the first of the edges
    size_t width;
    int first;

    struct Row {
        const float* receiver;
        const float* sender;
        const float* term;

        __attribute__((always_inline)) V operator()(int c) const {
            __builtin_prefetch(term + TERMS_AHEAD + c);
            return add(add(load(receiver + c), load(sender + c)), load(term + c));
        }
    };

    __attribute__((always_inline)) Row row(int row) const {
        return {receiver + protein.targets[first + row] * width, sender + protein.sources[first + row] * width,
            terms + row * width};
    }
};

// The same sums in integers, times their scales, on top of where each row starts.
struct ScaledSums {
    const PartSums& sums;
    const float* scale;
    const float* const* start;

    struct Row {
        PartSums::Row sum;
        const float* scale;
        const float* start;

        __attribute__((always_inline)) V operator()(int c) const {
            return fma(sum(c), load(scale + c), load(start + c));
        }
    };

    __attribute__((always_inline)) Row row(int row) const { return {sums.row(row), scale, start[row]}; }
};

// Integer sums of the first layer of the messages with a scale for each row, of some rows of codes and columns of them.
struct RowSums {
    const CodePanels* weights;
    const uint8_t* codes;   // of the first row
    size_t stride;          // of codes
    int panel;
    float* y;               // of the first row and panel
    size_t width;           // of Y
};

template <int ROWS, int PANELS>
struct RowSumTile {
    static __attribute__((noinline)) void run(const RowSums& a) {
        float* to = a.y;
        const size_t width = a.width;
        codeProduct<ROWS, PANELS>(a.codes, a.stride, *a.weights, a.panel,
            [&](int row, int panel, const V& sum) __attribute__((always_inline)) {
                store(to + row * width + panel * PANEL, sum);
            });
    }
};

// These sums and those of the edges' columns, times their scales, on top of the bias.
struct RowScaledSums {
    const float* sums;
    const float* terms;     // of the first edge
    const float* none;      // zeros, in the place of the terms of an edge whose columns were met
    const int32_t* order;   // edge of each row, from the first edge on
    int known;              // rows whose terms are wanted
    size_t width;
    const float* rowScale;
    const float* scale;
    const float* bias;

    struct Row {
        const float* sum;
        const float* term;
        V rowScale;
        const float* scale;
        const float* bias;

        __attribute__((always_inline)) V operator()(int c) const {
            __builtin_prefetch(term + TERMS_AHEAD + c);
            const V factor = mul(rowScale, load(scale + c));
            return fma(add(load(sum + c), load(term + c)), factor, load(bias + c));
        }
    };

    __attribute__((always_inline)) Row row(int row) const {
        return {sums + row * width, row < known ? terms + order[row] * width : none, set1(rowScale[row]), scale, bias};
    }
};

// Integer sums of the first layer of the messages of some edges with a scale for each row, into pw.hidden, scales into
// ws.rowScale, and in pw.order which row is whose: those come first whose scale is one of the edge itself, and lack the columns
// of the edge. Returns how many.
static int messageSumsOfRows(const ProteinModel& model, const ProteinCondition& protein, int layer, int first, int rows,
                          ProteinWorkspace& pw, Workspace& ws) {
    const ProteinLayer& own = model.layers[layer];
    const Linear& whole = own.message0;
    const Activation& activation = whole.activation;
    const size_t d = padded(model.d);
    const size_t edgeStride = padded(model.d + 1);
    const size_t stride = padded(whole.in);
    const size_t width = padded(whole.out);
    float magnitude[MESSAGE_ROWS];
    int known = 0;
    int others = rows;
    for (int row = 0; row < rows; row++) {
        const int edge = first + row;
        const float atEnds = pw.largest[protein.targets[edge]] > pw.largest[protein.sources[edge]]
            ? pw.largest[protein.targets[edge]] : pw.largest[protein.sources[edge]];
        const float ofEdge = protein.largest[layer][edge];
        const int at = protein.terms[layer] != nullptr && ofEdge >= atEnds ? known++ : --others;
        pw.order[at] = row;
        magnitude[at] = ofEdge > atEnds ? ofEdge : atEnds;
    }
    const auto code = [&](const float* x, int columns, float inverse, uint8_t* to) __attribute__((always_inline)) {
        for (int c = 0; c < columns; c += LANES) {
            storeBytes(to + c, add(toInt(mul(load(x + c), set1(inverse))), activation.offset));
        }
    };
    for (int at = 0; at < rows; at++) {
        const int edge = first + pw.order[at];
        const float inverse = inverseOfRow(activation, magnitude[at]);
        uint8_t* codes = ws.codes + at * stride;
        ws.rowScale[at] = magnitude[at] / (float) activation.maxCode;
        code(pw.x + protein.targets[edge] * d, model.d, inverse, codes);
        code(pw.x + protein.sources[edge] * d, model.d, inverse, codes + model.d);
        if (at >= known) {
            code(protein.edges[layer] + edge * edgeStride, model.d + 1, inverse, codes + 2 * model.d);
        }
    }
    const auto product = [&](const CodePanels& weights, int from, int count) __attribute__((always_inline)) {
        eachPanels(whole.out, [&](int panel, bool full) __attribute__((always_inline)) {
            eachTile(count, INT_TILE_ROWS, [&](int row, int some) __attribute__((always_inline)) {
                const RowSums a = {&weights, ws.codes + (from + row) * stride, stride, panel,
                    pw.hidden + (from + row) * width + panel * PANEL, width};
                if (full) {
                    runTile<RowSumTile, INT_TILE_ROWS, INT_TILE_PANELS>(some, a);
                } else {
                    runTile<RowSumTile, INT_TILE_ROWS, 1>(some, a);
                }
            });
        });
    };
    product(own.residues.residual, 0, known);
    product(whole.residual, known, rows - known);
    return known;
}

// Messages of some edges, at most as many as fit a chunk of both layers, into their rows of pw.messages.
static void messages(const ProteinModel& model, const ProteinCondition& protein, int layer, int first, int rows,
                     ProteinWorkspace& pw, Workspace& ws) {
    const ProteinLayer& own = model.layers[layer];
    const Linear& whole = own.message0;
    const size_t m = padded(model.m);
    float* to = pw.messages + first * m;
    const auto second = [&](const auto& values, float* y) __attribute__((always_inline)) {
        linearOfSilu(own.message3, values, rows, pw.hidden, pw.hiddenRow, y, ws);
    };
    const LyingValues lying = {pw.hidden, (size_t) padded(whole.out)};
    const int split = ws.capture == nullptr ? own.split : WHOLE;
    if (split == WHOLE) {
        messageInput(model, protein, layer, first, rows, pw);
        linear(whole, pw.messageInput, padded(whole.in), rows, pw.hidden, false, ws);
        second(lying, to);
    } else if (split == IN_CODES_OF_ROWS) {
        const int known = messageSumsOfRows(model, protein, layer, first, rows, pw, ws);
        const size_t width = padded(whole.out);
        const float* terms = known > 0 ? protein.terms[layer] + first * width : nullptr;
        second(RowScaledSums{pw.hidden, terms, pw.none, pw.order, known, width, ws.rowScale, whole.residual.scale,
            whole.bias}, pw.some);
        for (int row = 0; row < rows; row++) {
            copyRow(pw.some + row * m, (int) m, to + pw.order[row] * m);
        }
    } else {
        const size_t edgeStride = padded(model.d + 1);
        const size_t width = padded(own.edge.out);
        const float* terms = pw.sums;
        if (protein.terms[layer] == nullptr) {
            messagePart(own, own.edge, protein.edges[layer] + first * edgeStride, edgeStride, rows, pw.sums, ws);
        } else {
            terms = protein.terms[layer] + first * width;
        }
        const PartSums sums = {protein, pw.receiver, pw.sender, terms, width, first};
        if (split == IN_FLOATS) {
            second(sums, to);
        } else {
            messageOutliers(model, protein, layer, first, rows, pw, ws);
            if (whole.left.codes == nullptr && whole.sparse.from == nullptr && whole.sparseRows.from == nullptr) {
                startRows(whole, rows, pw.hidden, ws);
                second(ScaledSums{sums, whole.residual.scale, ws.start}, to);
            } else {
                for (int row = 0; row < rows; row++) {
                    const PartSums::Row sum = sums.row(row);
                    for (size_t c = 0; c < width; c += LANES) {
                        store(pw.sums + row * width + c, sum(c));
                    }
                }
                messageOfSums(model, protein, layer, first, rows, pw, ws);
                second(lying, to);
            }
        }
    }
    silu(to, rows * m);
}

// What residues give to the first layer of the messages: their part of it, or how large they are.
static void residueParts(const ProteinModel& model, int layer, int first, int rows, ProteinWorkspace& pw, Workspace& ws) {
    const ProteinLayer& own = model.layers[layer];
    const size_t d = padded(model.d);
    const float* x = pw.x + first * d;
    if (ws.capture != nullptr || own.split == WHOLE) {
        return;
    }
    if (own.split == IN_CODES_OF_ROWS) {
        for (int row = 0; row < rows; row++) {
            pw.largest[first + row] = largestOf(x + row * d, model.d);
        }
        return;
    }
    const size_t width = padded(own.receiver.out);
    messagePart(own, own.receiver, x, d, rows, pw.receiver + first * width, ws);
    messagePart(own, own.sender, x, d, rows, pw.sender + first * width, ws);
}

// Residues with the sums of the messages that each receives, in the order of the edges: rows of pw.withMessages.
static void withMessages(const ProteinModel& model, const ProteinCondition& protein, const float* read, int first, int rows,
                         const ProteinWorkspace& pw, float* to) {
    const size_t d = padded(model.d);
    const size_t m = padded(model.m);
    for (int i = first; i < first + rows; i++, to += padded(model.d + model.m)) {
        for (int c = 0; c < model.m; c += LANES) {
            V sum = zero();
            for (int at = protein.firstIncoming[i]; at < protein.firstIncoming[i + 1]; at++) {
                sum = add(sum, load(pw.messages + protein.incoming[at] * m + c));
            }
            float some[LANES];
            store(some, sum);
            copyRow(some, model.m - c < LANES ? model.m - c : LANES, to + model.d + c);
        }
        copyRow(read + i * d, model.d, to);
    }
}

static void addStructure(const ProteinModel& model, const ProteinCondition& protein, int first, int rows,
                         ProteinWorkspace& pw) {
    const size_t d = padded(model.d);
    for (size_t i = first * d; i < (first + rows) * d; i += LANES) {
        store(pw.x + i, add(load(pw.x + i), load(protein.structureEmbedding + i)));
    }
}

// What comes between a layer, or the embedding of the nodes, and the next layer, or the output: of some rows of nodes.
static void beforeLayer(const ProteinModel& model, const ProteinCondition& protein, int layer, int first, int rows,
                        ProteinWorkspace& pw, Workspace& ws) {
    if (model.structureAt == AT_LAST_LAYER ? layer == model.layerCount - 1
        : model.structureAt == AT_OUTPUT && layer == model.layerCount) {
        addStructure(model, protein, first, rows, pw);
    }
    if (layer < model.layerCount) {
        residueParts(model, layer, first, rows, pw, ws);
    }
}

// One layer; what the residues give to its messages is known, and after it what they give to the next ones.
static void proteinLayer(const ProteinModel& model, const ProteinCondition& protein, int layer, ProteinWorkspace& pw,
                         Workspace& ws, Team* team) {
    const ProteinLayer& own = model.layers[layer];
    const int n = protein.n;
    const size_t d = padded(model.d);
    const size_t stride = padded(model.d + model.m);
    const int most = chunkRows(own.message0) < chunkRows(own.message3) ? chunkRows(own.message0) : chunkRows(own.message3);
    const int chunk = most < MESSAGE_ROWS ? most : MESSAGE_ROWS;
    shareRows(team, protein.edgeCount, MESSAGE_ROWS, pw, ws, [&](int from, int count, ProteinWorkspace& scratch,
                                                                 Workspace& room) {
        for (int first = from; first < from + count; first += chunk) {
            messages(model, protein, layer, first, from + count - first < chunk ? from + count - first : chunk, scratch, room);
        }
    });
    const float* read = pw.x;
    if (model.nodesNormalised) {
        normaliseAll(own.nodeNorm, pw.x, d, n, false, pw.normalised, d);
        read = pw.normalised;
    }
    // The time: factor and term of each channel.
    linear(own.time, pw.time, d, 1, pw.film, false, ws);
    copyRow(pw.film, model.d, pw.filmMul);
    copyRow(pw.film + model.d, model.d, pw.filmAdd);
    shareRows(team, n, TEAM_ROWS, pw, ws, [&](int first, int rows, ProteinWorkspace& scratch, Workspace& room) {
        float* with = pw.withMessages + first * stride;
        float* update = pw.update + first * d;
        float* x = pw.x + first * d;
        withMessages(model, protein, read, first, rows, pw, with);
        siluLinear(own.node0, with, stride, rows, scratch.hidden, room);
        linear(own.node3, scratch.hidden, padded(own.node0.out), rows, update, false, room);
        for (int i = 0; i < rows; i++) {
            for (size_t c = 0; c < d; c += LANES) {
                V sum = add(load(x + i * d + c), load(update + i * d + c));
                store(x + i * d + c, fma(sum, add(load(pw.filmMul + c), set1(1)), load(pw.filmAdd + c)));
            }
        }
        siluLinear(own.ff0, x, d, rows, update, room);
    });
    normaliseAll(own.ffNorm, pw.update, d, n, true, pw.update, d);
    shareRows(team, n, TEAM_ROWS, pw, ws, [&](int first, int rows, ProteinWorkspace& scratch, Workspace& room) {
        float* x = pw.x + first * d;
        linear(own.ff4, pw.update + first * d, d, rows, x, false, room);
        beforeLayer(model, protein, layer + 1, first, rows, scratch, room);
    });
}

// Logits of one sequence at a time into pw.logits.
static void proteinNetwork(const ProteinModel& model, const ProteinCondition& protein, const uint8_t* sequence, float time,
                           ProteinWorkspace& pw, Workspace& ws, Team* team) {
    const int n = protein.n;
    const size_t width = padded(31);
    for (int i = 0; i < n; i++) {
        float* input = pw.input + i * width;
        for (int k = 0; k < 20; k++) {
            input[k] = k == sequence[i];
        }
        copyRow(protein.nodeFeatures + i * (size_t) 11, 11, input + 20);
    }
    for (int c = 0; c < PANEL; c++) {
        pw.film[c] = 0;
    }
    pw.film[0] = time;
    siluLinear(model.time0, pw.film, PANEL, 1, pw.timeHidden, ws);
    siluLinear(model.time2, pw.timeHidden, padded(model.time0.out), 1, pw.time, ws);
    shareRows(team, n, TEAM_ROWS, pw, ws, [&](int first, int rows, ProteinWorkspace& scratch, Workspace& room) {
        linear(model.nodes, pw.input + first * width, width, rows, pw.x + first * padded(model.d), false, room);
        beforeLayer(model, protein, 0, first, rows, scratch, room);
    });
    for (int layer = 0; layer < model.layerCount; layer++) {
        proteinLayer(model, protein, layer, pw, ws, team);
    }
    linear(model.output, pw.x, padded(model.d), n, pw.logits, false, ws);
}
