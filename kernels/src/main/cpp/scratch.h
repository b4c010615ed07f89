// The memory behind a Workspace, grown to the largest group that it has served.
#pragma once

#include "graph_features.h"
#include "memory.h"
#include "workspace.h"

namespace bitdgdm {

// Graphs of n nodes that are worked on together: enough to reuse each weight that is read, few enough for their edges
// to stay in a core's cache.
int groupSize(const Model& model, int n);

class Scratch {
public:
    explicit Scratch(const Model& model) : features(model.shape), model_(model) {}

    // Makes room for a group; allocates only where no earlier one was as large.
    void prepare(int n, int graphs);

    size_t bytes() const { return memory_.bytes() + features.bytes(); }

    Workspace workspace = {};
    GraphFeatures features;

private:
    const Model& model_;
    Memory memory_;
    // Room for this many of each.
    int nodes_ = 0;
    int graphs_ = 0;
    size_t nodeRows_ = 0;
    size_t edgeRows_ = 0;
};

// Only what one linear layer needs; for products outside a network.
void prepareLinear(const Linear& layer, Memory& memory, Workspace& workspace);

}  // namespace bitdgdm
