// The message passing of GraDe-IF packed for the CPU kernels, and what it works in: plain structures that every instruction
// set reads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model.h"

namespace bitdgdm {

struct Workspace;

// Edges whose messages are worked on together.
constexpr int MESSAGE_ROWS = 96;
// Residues that are worth handing to another thread.
constexpr int TEAM_ROWS = 16;

// ProteinArchitecture.StructureAt, by ordinal.
enum StructureAt : int { AT_OUTPUT = 0, AT_LAST_LAYER = 1, NOWHERE = 2 };

// How the first layer of the messages is multiplied: whole, edge by edge, or its columns of receiver and sender once for each
// residue. Where its input is not coded, parts are sums in floats. Where its codes have static scales, an entry has the same
// code in every row, and parts are exact sums of integers. Other codes have a scale for each row, that of its largest entry.
// Where this is one of the edge itself, its columns have the same codes for every sequence and time, and sums that are exact.
enum Split : int { WHOLE = 0, IN_FLOATS = 1, IN_CODES = 2, IN_CODES_OF_ROWS = 3 };

// One layer; names as in the published code.
struct ProteinLayer {
    Linear edge0, edge3, message0, message3, node0, node3, time, ff0, ff4;
    int split;                  // Split
    // The first layer of the messages by what its columns read. In codes: sums as packSums has them.
    Linear receiver, sender, edge;
    Linear residues;            // IN_CODES_OF_ROWS: receiver and sender in one
    Norm edgeNorm, nodeNorm, ffNorm;
};

struct ProteinModel {
    int layerCount;
    bool nodesNormalised;
    bool edgesUpdated;
    int structureAt;            // StructureAt
    int d;                      // width of nodes and edges
    int m;                      // width of messages
    Linear time0, time2, structure0, structure2, nodes, edges, output;
    const ProteinLayer* layers;
    int widestIn, widestOut, widestRank;
    int widestNode;             // of all hidden layers on nodes
    int widestPart;             // of what the first layers of messages are split into
};

// What a backbone gives to the network, and what of the network depends on nothing else.
struct ProteinCondition {
    int n;
    int edgeCount;
    const int32_t* sources;         // (E)
    const int32_t* targets;         // (E)
    const int32_t* firstIncoming;   // (N + 1) where the edges to each residue begin
    const int32_t* incoming;        // (E) these, of each residue in ascending order
    const float* nodeFeatures;      // (N, 11)
    const float* structure;         // (N, padded 8)
    const float* edgeFeatures;      // (E, padded 93)
    const float* distances;         // (E)
    float* structureEmbedding;      // (N, padded d)
    float** edges;                  // for each layer (E, padded d + 1): the edge, then its squared distance
    float** terms;                  // for each layer (E, padded out of the part): edges in the messages' first layer, or null
    float** largest;                // for each layer (E): largest magnitude of edge and distance, where IN_CODES_OF_ROWS
};

// Scratch of one thread; strides are padded widths, padded columns stay 0.
struct ProteinWorkspace {
    float* input;           // (N, padded 31)
    float* x;               // (N, d), also xNext, normalised
    float* update;
    float* normalised;
    float* hidden;          // (max(N, MESSAGE_ROWS), widest hidden layer of nodes, edges and messages)
    float* receiver;        // (N, widest part)
    float* sender;
    float* largest;         // (N) largest magnitude of each residue
    float* sums;            // (MESSAGE_ROWS, widest part)
    float* none;            // one row of zeros of the widest part
    float* withMessages;    // (N, d + m)
    float* messageInput;    // (MESSAGE_ROWS, 3 d + 1)
    float* hiddenRow;       // one row of the widest hidden layer
    int32_t* order;         // (MESSAGE_ROWS) edges in the order in which they are worked on
    float* some;            // (MESSAGE_ROWS, widest of d and m)
    float* messages;        // (E, m)
    float* edgeUpdate;      // (MESSAGE_ROWS, d)
    float* time;            // one row of any width
    float* timeHidden;
    float* film;            // one row of 2 d
    float* filmMul;         // one row of d
    float* filmAdd;
    float* logits;          // (N, padded 20)
};

// Threads that share the rows of one sequence.
struct Team {
    using Work = void (*)(const void* of, int first, int rows, ProteinWorkspace& pw, Workspace& ws);

    // Calls work for ranges that cover rows 0 ... count - 1, all but the last of a multiple of `grain` rows, each with scratch
    // of its own; returns when all are done. A plain function: what is included by several instruction sets holds no code of
    // the standard library's.
    void (*share)(Team& team, int count, int grain, Work work, const void* of);
};

}  // namespace bitdgdm
