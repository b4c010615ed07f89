// Scratch of one thread for one group of equal-size graphs, and what a kernel set offers. Plain structures: they are
// read by translation units of every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model.h"
#include "protein.h"

namespace bitdgdm {

// Inputs of the block layers, kept while recording. `add` appends rows to what layer `index` has seen.
struct Capture {
    void (*add)(Capture* self, int index, const float* x, size_t stride, int rows, int width);
};

// An entry of X_S: of which row of the chunk and which column.
struct Outlier {
    int32_t row;
    int32_t column;
    float value;
};

// Rows of nodes: group * n; rows of edges: group * n * n. Strides are padded widths. Sizes: scratch.cpp.
struct Workspace {
    int nodes;              // n
    int graphs;             // group size
    int attentionNodes;     // nodes i whose rows (i, 0...n-1) of E are worked on at a time

    float* nodeInput;       // (rows of nodes, padded nodeInputs)
    float* edgeInput;       // (rows of edges, padded edgeInputs) where edges have features; else null
    float* globalInput;     // (group, padded globalInputs)
    float* x;               // (rows of nodes, dx), also xNew, q, k, v
    float* xNew;
    float* q;
    float* k;
    float* v;
    float* hiddenX;         // (rows of nodes, hiddenX)
    float* e;               // (rows of edges, de)
    float* eMul;            // (attentionNodes * n, dx), then Y
    float* eAdd;            // (attentionNodes * n, dx)
    float* scores;          // (n, ATTENTION_BLOCKS, 16): Y of one node and as many channels
    float* eNew;            // (attentionNodes * n, de)
    float* hiddenE;         // (attentionNodes * n, hiddenE)
    float* y;               // (group, dy), also yNew, yTerm
    float* yNew;
    float* yTerm;
    float* hiddenY;         // (group, hiddenY)
    float* filmEMul;        // (group, dx): y_e_mul(y) + 1
    float* filmEAdd;        // (group, dx): y_e_add(y)
    float* filmXMul;        // (group, dx): y_x_mul(y) + 1
    float* filmXAdd;        // (group, dx): y_x_add(y)
    float* poolX;           // (group, poolStride(dx))
    float* poolE;           // (group, poolStride(de))
    float* nodeLogits;      // (rows of nodes, padded nodeTypes)
    float* edgeLogits;      // (rows of edges, padded edgeTypes)
    float* classes;         // the wider of padded nodeTypes and edgeTypes

    uint8_t* codes;         // Q(X_D) with offset: (chunk, padded in)
    uint8_t* intermediateCodes;  // (chunk, padded rank)
    uint8_t* intermediateQuads;  // (MOST_SPARSE_BLOCKS, padded rank / 4, 16, 4): the same of 16 rows each, a row a lane
    float* intermediate;    // (chunk, padded rank)
    float* rowScale;        // (CHUNK_ROWS) s_x
    Outlier* outliers;      // (chunk * padded in) by row, then column; the first outlierCount used
    size_t outlierCount;
    float* decoded;         // (chunk, padded in): X with its coded entries decoded
    float* transposed;      // (blocks of 16 rows of the chunk, padded in, 16): X, a row a lane
    float* addend;          // (chunk, padded out): sums so far of those rows that have their own
    float* turned;          // (chunk, padded in): X T
    float* turning;         // the same, between its parts
    float* branch;          // (chunk, padded rank of the branch): (X T) A
    const float** start;    // (CHUNK_ROWS) where each row's sum starts: in addend, in Y, or the bias

    Capture* capture;       // null unless recording
};

// What is drawn and where: one group of graphs within a batch.
struct Group {
    int nodes;
    int graphs;
    const int64_t* ids;     // (graphs)
    uint8_t* nodeClasses;   // (graphs, n)
    uint8_t* edgeClasses;   // (graphs, n, n)
};

// The functions of one instruction set.
struct Kernels {
    // Logits of p(x0 | z_t) from ws.nodeInput, ws.globalInput and the classes of the group, into ws.nodeLogits and
    // ws.edgeLogits.
    void (*network)(const Model& model, Workspace& ws, const Group& group);
    // Draws the classes after a step from the logits before it; false if a probability is not finite.
    bool (*draw)(const Model& model, Workspace& ws, const Group& group, uint64_t seed, const Step& step);
    // Y = X W + b of one layer; x is (rows, xStride), readable up to a multiple of 16 columns; y is (rows, padded out).
    void (*linear)(const Linear& layer, const float* x, size_t xStride, int rows, float* y, bool relu, Workspace& ws);
    // exp of 16 values.
    void (*exponential)(const float* x, float* y);
    // Of vector_math.inl and network.inl, for tests and benchmarks of their own.
    void (*addAndNormalise)(const Norm& norm, const float* a, const float* b, float* to, int rows);
    void (*attend)(const Model& model, Workspace& ws, int row, float* eMul, const float* eAdd);
    // What of a protein's network depends on the protein alone, and the logits of one sequence, into pw.logits; by a team, or
    // by the caller alone where that is null.
    void (*proteinEdges)(const ProteinModel& model, ProteinCondition& protein, ProteinWorkspace& pw, Workspace& ws);
    void (*proteinNetwork)(const ProteinModel& model, const ProteinCondition& protein, const uint8_t* sequence, float time,
                           ProteinWorkspace& pw, Workspace& ws, Team* team);
};

extern const Kernels SCALAR_KERNELS;
#if defined(__x86_64__)
extern const Kernels AVX2_KERNELS;
extern const Kernels AVX512_KERNELS;
#endif

}  // namespace bitdgdm
