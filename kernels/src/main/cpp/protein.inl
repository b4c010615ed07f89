// The message passing of GraDe-IF over one protein, shaped like ReferenceProteinDenoiser. Included inside the namespace of an
// instruction set. Sums over a whole protein are taken row by row and then in double, so that long chains lose no digits.

// x / (1 + e^-x) of `count` values, a multiple of 16.
static void silu(float* x, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        V value = load(x + i);
        store(x + i, div(value, add(set1(1), exponential(sub(zero(), value)))));
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
        all.work(first, rows, scratch, own);
    }, &shared);
}

static void copyRow(const float* from, int count, float* to) {
    __builtin_memcpy(to, from, count * sizeof(float));
}

// What some columns add to the first layer of the messages, (rows, padded out of the part).
static void messagePart(const ProteinLayer& layer, const Linear& part, const float* x, size_t stride, int rows, float* to,
                        Workspace& ws) {
    if (layer.split == IN_CODES) {
        codeSums(part, x, stride, rows, to, ws);
    } else {
        linear(part, x, stride, rows, to, false, ws);
    }
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
                siluLinear(own.edge3, pw.hidden, padded(own.edge0.out), rows, pw.messages, ws);
                for (size_t i = 0; i < rows * d; i += LANES) {
                    store(before + i, add(load(before + i), load(pw.messages + i)));
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

// The same product from integer sums of its parts, which are in pw.sums; what else there is of it is of the edge.
static void messageOfSums(const ProteinModel& model, const ProteinCondition& protein, int layer, int first, int rows,
                          ProteinWorkspace& pw, Workspace& ws) {
    const ProteinLayer& own = model.layers[layer];
    const Linear& whole = own.message0;
    const size_t d = padded(model.d);
    const size_t edgeStride = padded(model.d + 1);
    const size_t width = padded(own.edge.out);
    const size_t stride = padded(whole.in);
    const float threshold = whole.activation.threshold;
    const int chunk = chunkRows(whole);
    for (int from = 0; from < rows; from += chunk) {
        const int count = rows - from < chunk ? rows - from : chunk;
        ws.outlierCount = 0;
        for (int row = 0; row < count; row++) {
            const int edge = first + from + row;
            addOutliersOf(pw.x + protein.targets[edge] * d, model.d, threshold, row, 0, ws);
            addOutliersOf(pw.x + protein.sources[edge] * d, model.d, threshold, row, model.d, ws);
            addOutliersOf(protein.edges[layer] + edge * edgeStride, model.d + 1, threshold, row, 2 * model.d, ws);
        }
        // S meets X itself, its sums in the order of all columns.
        if (whole.sparse.from != nullptr || whole.sparseRows.from != nullptr) {
            messageInput(model, protein, layer, first + from, count, pw);
        }
        if (whole.sparse.from != nullptr) {
            transposeRows(pw.messageInput, stride, 0, count, whole.in, whole.crossTerm ? __builtin_inff() : threshold, ws);
        }
        productOfSums(whole, pw.messageInput, stride, count, pw.sums + from * width, width,
            pw.hidden + from * (size_t) padded(whole.out), ws);
    }
}

// The first layer of the messages of some edges before its SiLU, into pw.hidden: from the parts of its columns, or whole.
static void messageHidden(const ProteinModel& model, const ProteinCondition& protein, int layer, int first, int rows,
                          ProteinWorkspace& pw, Workspace& ws) {
    const ProteinLayer& own = model.layers[layer];
    if (own.split == WHOLE || ws.capture != nullptr) {
        messageInput(model, protein, layer, first, rows, pw);
        linear(own.message0, pw.messageInput, padded(own.message0.in), rows, pw.hidden, false, ws);
        return;
    }
    const size_t edgeStride = padded(model.d + 1);
    const size_t width = padded(own.edge.out);
    float* sums = own.split == IN_CODES ? pw.sums : pw.hidden;
    const float* terms = protein.terms[layer];
    if (terms == nullptr) {
        messagePart(own, own.edge, protein.edges[layer] + first * edgeStride, edgeStride, rows, sums, ws);
        terms = sums;
    } else {
        terms += first * width;
    }
    for (int row = 0; row < rows; row++) {
        const float* receiver = pw.receiver + protein.targets[first + row] * width;
        const float* sender = pw.sender + protein.sources[first + row] * width;
        for (size_t c = 0; c < width; c += LANES) {
            V sum = add(load(receiver + c), load(sender + c));
            store(sums + row * width + c, add(sum, load(terms + row * width + c)));
        }
    }
    if (own.split == IN_CODES) {
        messageOfSums(model, protein, layer, first, rows, pw, ws);
    }
}

// Messages of some edges before they are summed, into pw.messages.
static void messages(const ProteinModel& model, const ProteinCondition& protein, int layer, int first, int rows,
                     ProteinWorkspace& pw, Workspace& ws) {
    const ProteinLayer& own = model.layers[layer];
    messageHidden(model, protein, layer, first, rows, pw, ws);
    const size_t width = padded(own.message0.out);
    silu(pw.hidden, rows * width);
    siluLinear(own.message3, pw.hidden, width, rows, pw.messages, ws);
}

// Adds messages of some edges to the sums of their receivers, in the last m columns of pw.withMessages.
static void addMessages(const ProteinModel& model, const ProteinCondition& protein, const float* message, int first, int rows,
                        ProteinWorkspace& pw) {
    const size_t stride = padded(model.d + model.m);
    for (int row = 0; row < rows; row++, message += padded(model.m)) {
        float* sum = pw.withMessages + protein.targets[first + row] * stride + model.d;
        for (int c = 0; c < model.m; c++) {
            sum[c] += message[c];
        }
    }
}

// Messages of all edges, summed at their receivers, in the order of the edges whoever computes them.
static void sumMessages(const ProteinModel& model, const ProteinCondition& protein, int layer, ProteinWorkspace& pw,
                        Workspace& ws, Team* team) {
    const ProteinLayer& own = model.layers[layer];
    const size_t d = padded(model.d);
    const size_t m = padded(model.m);
    const size_t stride = padded(model.d + model.m);
    if (own.split != WHOLE && ws.capture == nullptr) {
        const size_t width = padded(own.receiver.out);
        shareRows(team, protein.n, TEAM_ROWS, pw, ws, [&](int first, int rows, ProteinWorkspace&, Workspace& room) {
            messagePart(own, own.receiver, pw.x + first * d, d, rows, pw.receiver + first * width, room);
            messagePart(own, own.sender, pw.x + first * d, d, rows, pw.sender + first * width, room);
        });
    }
    for (int i = 0; i < protein.n; i++) {
        for (int c = 0; c < model.m; c++) {
            pw.withMessages[i * stride + model.d + c] = 0;
        }
    }
    const bool shared = team != nullptr && protein.edgeCount > MESSAGE_ROWS;
    const auto some = [&](int from, int count, ProteinWorkspace& scratch, Workspace& room) {
        for (int first = from; first < from + count; first += MESSAGE_ROWS) {
            const int rows = from + count - first < MESSAGE_ROWS ? from + count - first : MESSAGE_ROWS;
            messages(model, protein, layer, first, rows, scratch, room);
            if (shared) {
                __builtin_memcpy(pw.edgeMessages + first * m, scratch.messages, rows * m * sizeof(float));
            } else {
                addMessages(model, protein, scratch.messages, first, rows, pw);
            }
        }
    };
    shareRows(team, protein.edgeCount, MESSAGE_ROWS, pw, ws, some);
    if (shared) {
        addMessages(model, protein, pw.edgeMessages, 0, protein.edgeCount, pw);
    }
}

static void proteinLayer(const ProteinModel& model, const ProteinCondition& protein, int layer, ProteinWorkspace& pw,
                         Workspace& ws, Team* team) {
    const ProteinLayer& own = model.layers[layer];
    const int n = protein.n;
    const size_t d = padded(model.d);
    const size_t stride = padded(model.d + model.m);
    sumMessages(model, protein, layer, pw, ws, team);
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
        float* withMessages = pw.withMessages + first * stride;
        float* update = pw.update + first * d;
        float* x = pw.x + first * d;
        for (int i = 0; i < rows; i++) {
            copyRow(read + (first + i) * d, model.d, withMessages + i * stride);
        }
        siluLinear(own.node0, withMessages, stride, rows, scratch.hidden, room);
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
    shareRows(team, n, TEAM_ROWS, pw, ws, [&](int first, int rows, ProteinWorkspace&, Workspace& room) {
        linear(own.ff4, pw.update + first * d, d, rows, pw.x + first * d, false, room);
    });
}

static void addStructure(const ProteinModel& model, const ProteinCondition& protein, ProteinWorkspace& pw) {
    for (size_t i = 0; i < protein.n * (size_t) padded(model.d); i += LANES) {
        store(pw.x + i, add(load(pw.x + i), load(protein.structureEmbedding + i)));
    }
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
    linear(model.nodes, pw.input, width, n, pw.x, false, ws);
    for (int layer = 0; layer < model.layerCount; layer++) {
        if (layer == model.layerCount - 1 && model.structureAt == AT_LAST_LAYER) {
            addStructure(model, protein, pw);
        }
        proteinLayer(model, protein, layer, pw, ws, team);
    }
    if (model.structureAt == AT_OUTPUT) {
        addStructure(model, protein, pw);
    }
    linear(model.output, pw.x, padded(model.d), n, pw.logits, false, ws);
}
