#include "scratch.h"

#include <algorithm>

namespace bitdgdm {
namespace {

// E of a group, which passes the caches once a layer. It may be larger than an L2: reading a layer's weights, up to 5 MB,
// for fewer graphs at a time costs more.
constexpr size_t GROUP_EDGE_BYTES = 1536 * 1024;
constexpr int LARGEST_GROUP = 16;
// Rows of E that go through attention together: a multiple of every register tile.
constexpr int ATTENTION_ROWS = 48;
// The same at most where S meets them: it takes 16 rows at a time, and more of them fill the last 16 better.
constexpr int SPARSE_ATTENTION_ROWS = 112;

// Nodes i whose rows of E go through attention together: few, and with S those whose rows leave the least of 16 unused.
int attentionNodesOf(const Model& model, int n) {
    int best = std::max(1, ATTENTION_ROWS / n);
    const auto unused = [n](int nodes) { return padded(nodes * n) - nodes * n; };
    for (int nodes = best + 1; model.sparseEdges && nodes * n <= SPARSE_ATTENTION_ROWS; nodes++) {
        if (unused(nodes) * best < unused(best) * nodes) {
            best = nodes;
        }
    }
    return best;
}

void allocateQuantized(int widestIn, int widestOut, int widestRank, Memory& memory, Workspace& ws) {
    const size_t widest = padded(std::max(widestIn, widestOut));
    const size_t entries = std::max<size_t>(CHUNK_ENTRIES, widest);
    const size_t rankEntries = static_cast<size_t>(CHUNK_ROWS) * padded(widestRank);
    ws.codes = memory.allocate<uint8_t>(entries);
    ws.intermediateCodes = memory.allocate<uint8_t>(rankEntries);
    ws.intermediateQuads = memory.allocate<uint8_t>(static_cast<size_t>(padded(widestRank)) * PANEL * MOST_SPARSE_BLOCKS);
    ws.intermediate = memory.allocate<float>(rankEntries);
    ws.rowScale = memory.allocate<float>(CHUNK_ROWS);
    ws.outliers = memory.allocate<Outlier>(entries);
    ws.decoded = memory.allocate<float>(entries);
    // One block of 16 rows may be all but empty.
    ws.transposed = memory.allocate<float>(entries + static_cast<size_t>(padded(widestIn)) * PANEL);
    ws.addend = memory.allocate<float>(entries);
    ws.turned = memory.allocate<float>(entries + PANEL);
    ws.turning = memory.allocate<float>(entries + PANEL);
    ws.branch = memory.allocate<float>(rankEntries);
    ws.start = memory.allocate<const float*>(CHUNK_ROWS);
}

}  // namespace

int groupSize(const Model& model, int n) {
    const size_t edgeBytes = static_cast<size_t>(n) * n * padded(model.de) * sizeof(float);
    return static_cast<int>(std::clamp<size_t>(GROUP_EDGE_BYTES / edgeBytes, 1, LARGEST_GROUP));
}

void Scratch::prepare(int n, int graphs) {
    Workspace& ws = workspace;
    const int attentionNodes = attentionNodesOf(model_, n);
    const size_t nodesNow = static_cast<size_t>(n) * graphs;
    const size_t edgesNow = nodesNow * n;
    if (n > nodes_ || graphs > graphs_ || nodesNow > nodeRows_ || edgesNow > edgeRows_) {
        nodes_ = std::max(n, nodes_);
        graphs_ = std::max(graphs, graphs_);
        nodeRows_ = std::max(nodesNow, nodeRows_);
        edgeRows_ = std::max(edgesNow, edgeRows_);
        const size_t nodeRows = nodeRows_;
        const size_t edgeRows = edgeRows_;
        ws = {};
        memory_.clear();
        const Model& m = model_;
        const size_t attentionRows = std::max(nodes_, SPARSE_ATTENTION_ROWS);
        const size_t dx = padded(m.dx);
        const size_t de = padded(m.de);
        const size_t dy = padded(m.dy);
        const auto floats = [&](size_t rows, size_t width) { return memory_.allocate<float>(rows * width); };
        ws.nodeInput = floats(nodeRows, padded(m.shape.nodeInputs()));
        ws.edgeInput = m.shape.walks > 0 ? floats(edgeRows, padded(m.shape.edgeInputs())) : nullptr;
        ws.globalInput = floats(graphs_, padded(m.shape.globalInputs()));
        for (float** x : {&ws.x, &ws.xNew, &ws.q, &ws.k, &ws.v}) {
            *x = floats(nodeRows, dx);
        }
        ws.hiddenX = floats(nodeRows, padded(m.hiddenX));
        ws.e = floats(edgeRows, de);
        ws.eMul = floats(attentionRows, dx);
        ws.eAdd = floats(attentionRows, dx);
        ws.scores = floats(nodes_, ATTENTION_BLOCKS * PANEL);
        ws.eNew = floats(attentionRows, de);
        ws.hiddenE = floats(attentionRows, padded(m.hiddenE));
        for (float** y : {&ws.y, &ws.yNew, &ws.yTerm}) {
            *y = floats(graphs_, dy);
        }
        ws.hiddenY = floats(graphs_, padded(m.hiddenY));
        for (float** film : {&ws.filmEMul, &ws.filmEAdd, &ws.filmXMul, &ws.filmXAdd}) {
            *film = floats(graphs_, dx);
        }
        ws.poolX = floats(graphs_, poolStride(m.dx));
        ws.poolE = floats(graphs_, poolStride(m.de));
        ws.nodeLogits = floats(nodeRows, padded(m.shape.nodeTypes));
        ws.edgeLogits = floats(edgeRows, padded(m.shape.edgeTypes));
        ws.classes = floats(1, padded(std::max(m.shape.nodeTypes, m.shape.edgeTypes)));
        allocateQuantized(m.widestIn, m.widestOut, m.widestRank, memory_, ws);
        features.prepare(nodes_);
    }
    ws.nodes = n;
    ws.graphs = graphs;
    ws.attentionNodes = attentionNodes;
}

void prepareLinear(const Linear& layer, Memory& memory, Workspace& workspace) {
    const int branchRank = layer.branch == nullptr ? 0 : layer.branch->rank;
    allocateQuantized(layer.in, layer.out, std::max(layer.rank, branchRank), memory, workspace);
}

}  // namespace bitdgdm
