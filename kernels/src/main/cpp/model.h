// A model packed for the CPU kernels: plain structures of pointers that every instruction set reads, the same layout
// for all of them. Packed once (packing.cpp), then shared by all threads.
//
// Widths are padded to multiples of 16 columns; padded columns of weights, biases and norms are 0, so padded columns of
// activations are 0 as well. A "panel" is 16 columns of a weight: (depth, 16) FP32, or (ceil(depth / 4), 16, 4) bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bitdgdm {

constexpr int PANEL = 16;
// Entries of X that are quantized at a time; bounds the scratch of a layer.
constexpr int CHUNK_ENTRIES = 36864;
constexpr int CHUNK_ROWS = 144;
// Blocks of 16 channels that go through attention together.
constexpr int ATTENTION_BLOCKS = 2;
// Most blocks of 16 rows whose sums with S are taken together.
constexpr int MOST_SPARSE_BLOCKS = 2;

static inline int padded(int width) {
    return (width + PANEL - 1) / PANEL * PANEL;
}

// Floats of a row of pooled statistics, mean | min | max | spread; the last of them may write 16 columns past its end.
static inline int poolStride(int width) {
    return padded(4 * width) + PANEL;
}

// How X becomes codes; ActivationCodes.java says what each field means.
struct Activation {
    bool coded;
    bool perRow;
    bool isUnsigned;
    float threshold;
    float scale;
    float inverse;
    int maxCode;
    // Added to a code to make it an unsigned byte: 0, or 2^(bits-1) for signed codes.
    int offset;
};

// Integer weight in panels of bytes, for codes that carry an offset.
struct CodePanels {
    const int8_t* codes;    // (panels, quads, 16, 4); null if there is none
    const int32_t* start;   // (panels * 16) -offset * sum of the column: where the sum of a column starts
    const float* scale;     // (panels * 16)
    int quads;              // ceil(depth / 4)
    bool narrow;            // two products of a code and a weight always fit 16 bits
};

// S by panels of output columns, all columns of a panel with as many places as its fullest. A column's entries ascend by
// row of W; unused places come last and are 0 * row 0.
struct SparsePanels {
    const int32_t* from;    // (panels + 1) first place of each panel; null if S is empty or merged into `weight`
    const int32_t* row;     // (places, 16) row of W, times 16
    const float* value;     // (places, 16)
};

// The same where S has few entries: for each panel the rows of W that have any there. Rows of X then need not be turned.
struct SparseRowPanels {
    const int32_t* from;    // (panels + 1) first place of each panel; null if S is not kept so
    const int32_t* row;     // (places) row of W, ascending within a panel
    const float* value;     // (places, 16) its entries in the panel
};

// InputTransform.java; what is missing is null. Rotations are panels, block after block: (ceil(size / 16), size, 16).
struct Transform {
    const float* scale;         // (padded in)
    const int32_t* permutation; // (in)
    const float* first;
    const float* second;
    int block;                  // channels of a block, a multiple of 16
};

// LowRankBranch.java.
struct Branch {
    int rank;
    const float* down;          // panels (padded rank / 16, in, 16)
    const float* up;            // panels (padded out / 16, rank, 16)
};

// The product of one linear layer, see PackedLinear.java. Exactly one of `weight` and (`left`/`residual`) is used.
struct Linear {
    int index;              // place in the order in which layers were added
    int in;
    int out;
    int rank;
    const float* bias;      // (padded out)
    Activation activation;

    // FP32 product: W, or the dequantized dense part where an operand is not coded, S merged if X is not coded.
    const float* weight;    // panels (padded out / 16, in, 16); null where the product is an integer one

    // Integer product.
    // Scales of sums: s_x is a factor of those of `left` and `residual`, unless it is a row's own.
    CodePanels left;        // scale: s_x * s_L, times 1 / scale_H where H is coded
    CodePanels right;       // scale: scale_H * s_R
    const float* rightValues;  // panels (padded out / 16, rank, 16): R where H stays FP32
    bool intermediateCoded;
    float intermediateInverse;  // 1 / scale_H where it is not part of `left`'s scale, else 1
    int intermediateMax;
    int intermediateOffset;
    CodePanels residual;    // scale: s_x * s_E

    // (in, padded out) row-major: what X_S is multiplied by; null where no outlier can be.
    const float* dense;

    SparsePanels sparse;
    SparseRowPanels sparseRows;
    bool crossTerm;

    // Only some baselines have these; see transformed.inl. Null if there is none.
    const Transform* transform;
    const Branch* branch;
};

// Rows whose codes, outliers and sparse products fit the scratch of a layer: at least 1, so that the scratch holds the
// larger of CHUNK_ENTRIES and one row of the widest layer.
static inline int chunkRows(const Linear& layer) {
    int widest = padded(layer.in > layer.out ? layer.in : layer.out);
    int rows = widest == 0 ? CHUNK_ROWS : CHUNK_ENTRIES / widest;
    return rows < 1 ? 1 : rows > CHUNK_ROWS ? CHUNK_ROWS : rows;
}

struct Norm {
    int width;
    const float* weight;    // (padded width)
    const float* bias;      // (padded width)
};

struct Mlp {
    Linear first;
    Linear second;
};

// One transformer layer; names as in DiGress's NodeEdgeBlock and XEyTransformerLayer.
struct Block {
    Linear q, k, v, eAdd, eMul, yEMul, yEAdd, yXMul, yXAdd, yY, xY, eY, xOut, eOut;
    Mlp yOut, ffX, ffE, ffY;
    Norm normX1, normX2, normE1, normE2, normY1, normY2;
};

// FeatureSet.java, by ordinal.
enum FeatureSet : int { NO_FEATURES = 0, CYCLES = 1, EIGENVALUE_FEATURES = 2, ALL_FEATURES = 3, RRWP = 4 };

// Cosines and sines of the time among the features of RRWP.
constexpr int TIME_COLUMNS = 64;

struct Shape {
    int layers;
    int heads;
    int nodeTypes;
    int edgeTypes;
    int maxNodes;
    bool fixedBug;          // variant: spread = biased variance and true 5-cycles; else standard deviation, older count
    int features;           // FeatureSet
    bool molecular;         // whether charge, valency and weight are features
    float maxWeight;
    const float* nodeWeights;  // (nodeTypes) if molecular
    int walks;              // lengths of random walks that are features; 0 but for RRWP
    bool absorbing;         // the last class of nodes and edges, where there is more than one, is one that only noise has

    bool hasCycleColumns() const { return features != NO_FEATURES && features != RRWP; }
    int nodeColumns() const { return hasCycleColumns() ? (features == ALL_FEATURES ? 6 : 3) : walks; }
    int globalColumns() const {
        return features == NO_FEATURES ? 0 : features == CYCLES || features == RRWP ? 5 : 11;
    }
    int timeColumns() const { return features == RRWP ? TIME_COLUMNS : 0; }
    int nodeInputs() const { return nodeTypes + nodeColumns() + (molecular ? 2 : 0); }
    int edgeInputs() const { return edgeTypes + walks; }
    int globalInputs() const { return globalColumns() + (molecular ? 1 : 0) + 1 + timeColumns(); }
};

// Limit distributions.
struct Limits {
    const float* nodeMarginal; // (nodeTypes)
    const float* edgeMarginal; // (edgeTypes)
};

// One step of a sampler, Sampler.java. What depends on a noise schedule is worked out there.
enum Rule : int32_t { POSTERIOR = 0, FLOW = 1, PREDICTION = 2, LEAP = 3, MOST_PROBABLE = 4 };

// Stochasticity.java.
enum Stochasticity : int32_t {
    GENERAL = 0,
    MARGINAL = 1,
    COLUMN_MAX_MARGINAL = 2,
    COLUMN_X_T = 3,
    COLUMN_ABS_STATE = 4,
    COLUMN_P_X1_G_XT = 5,
    COLUMN_X_1 = 6,
    COLUMN_P_XT_G_X1 = 7,
    COLUMN_XHAT_T = 8,
    ENTRY_FIRST = 9,
    ENTRY_ABS_STATE = 10
};

struct Step {
    int32_t rule;           // Rule
    int32_t to;             // counter of the draws
    int32_t range;          // of static scales
    int32_t stochasticity;  // Stochasticity, of a flow
    float time;             // what the network reads
    float beta;             // noise between the two times, of a posterior; length of a leap
    float alphaBarFrom;     // at the time of the graphs; of a flow its time
    float alphaBarTo;       // at the time that is drawn
    float eta;              // of a flow
    float omega;            // of a flow
};

struct Model {
    Shape shape;
    Limits limits;
    int dx, de, dy;
    // Widest hidden layer of any MLP on nodes, edges, globals.
    int hiddenX, hiddenE, hiddenY;
    int widestIn;
    int widestOut;
    int widestRank;
    bool sparseEdges;          // whether any layer on rows of E of a block has S by panels
    Mlp inX, inE, inY, outX, outE;
    const Block* blocks;       // (layers)
    // Edges that have no input but their class: the input MLP of each class, (edgeTypes, padded de), and e_add and e_mul of the
    // first block of that, (edgeTypes, padded dx). Null where edges have features.
    const float* edgeTable;
    const float* edgeAddTable;
    const float* edgeMulTable;
};

}  // namespace bitdgdm
