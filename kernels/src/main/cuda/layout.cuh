// What Java hands to the kernels, byte by byte: the packed model in device memory and the arguments of each kernel.
// DeviceLayout.java has the same offsets; the assertions here and its test hold the two together. Little endian,
// pointers of 8 bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bitdgdm {

// How codes of a weight are stored and multiplied: in 8 bits; in 4 bits, as bytes; in 4 bits, by the tensor cores' own
// product of 4 bits, where the other operand has no more either and the chip has one.
enum CodeForm : int32_t { BYTES = 0, NARROW = 1, NIBBLES = 2 };

// Integer weight for the tensor cores, in the order in which a warp reads it: (nTiles, kTiles, 32 threads) of one word
// (NARROW) or two, each the share that a thread has of a tile of 32 (NIBBLES: 64) x 8. See DeviceWeights.java.
struct CodeTiles {
    const uint32_t* codes;  // null if there is none
    const float* scale;     // (nTiles * 8), 0 in padding
    int32_t form;           // CodeForm
    int32_t kTiles;         // ceil(depth / 32), NIBBLES: ceil(depth / 64)
    int32_t nTiles;         // ceil(columns / 8)
    int32_t unused;
};

// What becomes of X first, X T with T = diag(scale) R1 P R2, see InputTransform.java; any part may be missing.
struct Transform {
    const float* scale;          // (in)
    const float* first;          // R1, block after block, each (size, size) row-major
    const int32_t* permutation;  // (in) column that goes here
    const float* second;         // R2
    int32_t block;               // channels of a block; the last holds what is left
    int32_t present;
};

// (X A) B beside the product, in FP32.
struct Branch {
    const float* down;           // (in, rankPadded) A
    const float* up;             // (rank, outPadded) B
    int32_t rank;                // 0: none
    int32_t rankPadded;
};

// Whether X is coded, and in how many bits its codes lie in shared memory.
enum Coded : int32_t { NOT_CODED = 0, WHOLE_BYTES = 1, HALF_BYTES = 2 };

// One linear layer, see PackedLinear.java. Exactly one of `weight`, `halves` and the integer parts is used. Widths are
// padded to multiples of 8 columns; padding is 0. Where there is a transform, X is X T throughout.
struct Linear {
    const float* bias;         // (outPadded)
    const float* weight;       // (in, outPadded) FP32: W, or the dequantized dense part where an operand is not coded,
                               // S merged if X is not coded; null where the product is an integer one
    CodeTiles left;            // (in, rank); scale: s_L
    CodeTiles right;           // (rank, out); scale: scale_H * s_R
    const float* rightValues;  // (rank, outPadded) R where H stays FP32
    CodeTiles residual;        // (in, out); scale: s_E
    const float* dense;        // (in, outPadded) what X_S is multiplied by; null where no outlier can be
    const int32_t* sparseRow;  // (sparseWidth, outPadded) row of W, ascending in a column; -1 in unused places
    const float* sparseValue;  // (sparseWidth, outPadded)
    int32_t in;
    int32_t out;
    int32_t outPadded;
    int32_t rank;
    int32_t rankPadded;
    int32_t coded;             // Coded
    int32_t perRow;
    int32_t isUnsigned;
    int32_t maxCode;
    float threshold;
    float scale;
    float inverse;
    int32_t intermediateMax;   // largest code of H; 0: H stays FP32
    float intermediateInverse;
    int32_t sparseWidth;       // the same for every column, so that threads share the work equally; 0: none
    int32_t crossTerm;
    const uint32_t* halves;    // (nTiles, ceil(in / 16), 32 threads, 2) W in BF16, each word two values of a column; a
                               // thread's share of a 16 x 8 tile
    Transform transform;
    Branch branch;
};

static_assert(sizeof(CodeTiles) == 32 && offsetof(CodeTiles, scale) == 8 && offsetof(CodeTiles, form) == 16
    && offsetof(CodeTiles, kTiles) == 20 && offsetof(CodeTiles, nTiles) == 24, "layout of CodeTiles");
static_assert(sizeof(Transform) == 40 && offsetof(Transform, second) == 24 && offsetof(Transform, block) == 32
    && sizeof(Branch) == 24 && offsetof(Branch, rank) == 16, "layout of Transform and Branch");
static_assert(sizeof(Linear) == 280 && offsetof(Linear, weight) == 8 && offsetof(Linear, left) == 16
    && offsetof(Linear, right) == 48 && offsetof(Linear, rightValues) == 80 && offsetof(Linear, residual) == 88
    && offsetof(Linear, dense) == 120 && offsetof(Linear, sparseRow) == 128 && offsetof(Linear, sparseValue) == 136
    && offsetof(Linear, in) == 144 && offsetof(Linear, coded) == 164 && offsetof(Linear, threshold) == 180
    && offsetof(Linear, intermediateMax) == 192 && offsetof(Linear, crossTerm) == 204
    && offsetof(Linear, halves) == 208 && offsetof(Linear, transform) == 216 && offsetof(Linear, branch) == 256,
    "layout of Linear");

// What a linear layer's result becomes before it is stored.
enum Finish : int32_t { STORE = 0, RELU = 1, PLUS_ONE = 2 };

// One product of bitdgdm_linear, or one transform of bitdgdm_transform.
struct LinearJob {
    const Linear* layer;
    const float* x;         // (rows, xStride); of a product X T where there is a transform
    float* y;               // (rows, yStride)
    int32_t xStride;        // a multiple of 4
    int32_t yStride;        // at least outPadded
    int32_t finish;
    int32_t unused;
};

constexpr int MAX_JOBS = 8;

// Grid: tiles of tileRows rows, chunks of columns, jobs. Shared: scratch of the largest layer. A transform has no chunks,
// no finish, and tiles of any height.
struct LinearArguments {
    LinearJob jobs[MAX_JOBS];
    int32_t rows;
    int32_t tileRows;       // 16, 32 or 64
    int32_t columns;        // of a chunk, a multiple of 8
    int32_t unused;
};

static_assert(sizeof(LinearJob) == 40 && offsetof(LinearJob, xStride) == 24, "layout of LinearJob");
static_assert(sizeof(LinearArguments) == 336 && offsetof(LinearArguments, rows) == 320, "layout of LinearArguments");

// x = LayerNorm(x + update). Grid: 16 rows a block.
struct NormArguments {
    float* x;               // (rows, stride)
    const float* update;    // (rows, stride)
    const float* weight;    // (width)
    const float* bias;      // (width)
    int32_t rows;
    int32_t width;
    int32_t stride;
    int32_t unused;
};

// out = (a + b) + c.
struct SumArguments {
    const float* a;
    const float* b;
    const float* c;
    float* out;
    int64_t count;
};

// mean | min | max | spread of each graph's rows of X (blockIdx.y 0) and E (1). Grid: graphs x 2.
struct PoolArguments {
    const float* x;         // (graphs, n, xStride)
    const float* e;         // (graphs, n, n, eStride)
    float* poolX;           // (graphs, poolXStride)
    float* poolE;           // (graphs, poolEStride)
    int32_t nodes;
    int32_t dx;
    int32_t xStride;
    int32_t de;
    int32_t eStride;
    int32_t poolXStride;
    int32_t poolEStride;
    int32_t biasedVariance;
};

static_assert(sizeof(NormArguments) == 48 && offsetof(NormArguments, rows) == 32, "layout of NormArguments");
static_assert(sizeof(SumArguments) == 40 && sizeof(PoolArguments) == 64 && offsetof(PoolArguments, nodes) == 32
    && offsetof(PoolArguments, biasedVariance) == 60, "layout of SumArguments and PoolArguments");

// E before the layer to E after it, and the attended values of X, modulated by y.
struct EdgesArguments {
    const Linear* eMul;
    const Linear* eAdd;
    const Linear* eOut;
    const Linear* first;    // linE1
    const Linear* second;   // linE2
    const float* norm1Weight;
    const float* norm1Bias;
    const float* norm2Weight;
    const float* norm2Bias;
    const float* q;         // (graphs, n, xStride), also k, v, xNew
    const float* k;
    const float* v;
    const float* filmEMul;  // (graphs, xStride) y_e_mul(y) + 1, and so on
    const float* filmEAdd;
    const float* filmXMul;
    const float* filmXAdd;
    float* e;               // (graphs, n, n, eStride)
    float* xNew;
    int32_t nodes;
    int32_t nodeRows;       // graphs * n
    int32_t unused;
    int32_t xStride;
    int32_t de;
    int32_t eStride;
    int32_t tileRows;       // rows of E in a tile: 16, 32 or 64
    int32_t items;          // nodes i whose rows (i, 0...n-1) make a tile; 1 where they need several tiles
    int32_t channels;       // of e_mul and e_add at a time, a multiple of 8
    int32_t eTileStride;    // of the tiles in shared memory, in floats, multiples of 4
    int32_t yTileStride;
    int32_t addTileStride;
    int32_t scratchBytes;   // scratch of the largest layer but e_add, which has its own after it
    float rootInverse;      // 1 / sqrt(d_head)
};

// X before the layer to X after it, from the attended values. Grid: tiles of tileRows rows.
struct NodesArguments {
    const Linear* out;      // x_out
    const Linear* first;    // linX1
    const Linear* second;   // linX2
    const float* norm1Weight;
    const float* norm1Bias;
    const float* norm2Weight;
    const float* norm2Bias;
    float* xNew;            // (rows, xStride) attended values; then what is added to X last
    float* x;               // (rows, xStride)
    int32_t rows;
    int32_t dx;
    int32_t xStride;
    int32_t tileRows;       // 16, 32 or 64
    int32_t xTileStride;    // of the tiles in shared memory, in floats, multiples of 4
    int32_t yTileStride;
};

// The input MLP's output of every edge, by its class.
struct EdgeInputArguments {
    const float* table;     // (edgeTypes, eStride)
    const uint8_t* classes; // (rows)
    float* e;               // (rows, eStride)
    int64_t rows;
    int32_t eStride;
    int32_t unused;
};

// The output MLP of E.
struct EdgeOutputArguments {
    const Linear* first;
    const Linear* second;
    const float* e;         // (rows, eStride)
    float* logits;          // (rows, logitStride)
    int64_t rows;
    int32_t eStride;
    int32_t logitStride;
    int32_t tileRows;
    int32_t hiddenStride;   // of the tile in shared memory, in floats, a multiple of 4
};

static_assert(sizeof(EdgesArguments) == 200 && offsetof(EdgesArguments, nodes) == 144
    && offsetof(EdgesArguments, scratchBytes) == 192, "layout of EdgesArguments");
static_assert(sizeof(NodesArguments) == 96 && offsetof(NodesArguments, rows) == 72, "layout of NodesArguments");
static_assert(sizeof(EdgeInputArguments) == 40 && sizeof(EdgeOutputArguments) == 56
    && offsetof(EdgeOutputArguments, rows) == 32, "layout of EdgeInputArguments and EdgeOutputArguments");

// One step of a sampler, Sampler.java. What depends on a noise schedule is worked out there.
enum Rule : int32_t { POSTERIOR = 0, FLOW = 1, PREDICTION = 2, LEAP = 3, MOST_PROBABLE = 4 };

// Stochasticity.java, by ordinal.
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
    float time;             // what the network reads
    float beta;             // noise between the two times, of a posterior; length of a leap
    float alphaBarFrom;     // at the time of the graphs; of a flow its time
    float alphaBarTo;       // at the time that is drawn
    int32_t stochasticity;  // Stochasticity, of a flow
    float eta;              // of a flow
    float omega;            // of a flow
};

// Where a batch is in its steps. Lies in device memory, so that one captured graph serves every step.
struct Progress {
    int32_t step;           // index of the step that is next
    int32_t broken;         // 1 + the first step before which a logit was not finite; 0: none
};

// FeatureSet.java, by ordinal.
enum FeatureSet : int32_t { NO_FEATURES = 0, CYCLES = 1, EIGENVALUE_FEATURES = 2, ALL_FEATURES = 3, RRWP = 4 };

// The network's input. Grid: graphs, over the teams of a block.
struct FeatureArguments {
    const uint8_t* nodes;   // (graphs, n)
    const uint8_t* edges;   // (graphs, n, n)
    const Progress* progress;
    const Step* steps;
    const float* nodeWeights;  // (nodeTypes) if molecular
    char* scratch;          // (graphs, scratchBytes), null: shared memory is used, so many bytes a team
    float* nodeInput;       // (graphs, n, nodeStride)
    float* edgeInput;       // (graphs, n, n, edgeStride) of RRWP
    float* globalInput;     // (graphs, globalStride)
    const float* timeInput; // (steps, timeColumns) cosines and sines of the time, of RRWP
    int64_t scratchBytes;
    int32_t n;
    int32_t nodeTypes;
    int32_t edgeTypes;
    int32_t maxNodes;
    int32_t fixedBug;
    int32_t features;       // FeatureSet
    int32_t molecular;
    float maxWeight;
    int32_t nodeStride;
    int32_t edgeStride;
    int32_t globalStride;
    int32_t graphs;
    int32_t walks;          // lengths of walks, of RRWP
    int32_t timeColumns;
    int32_t absorbing;      // the last of several classes is one that only noise has
    int32_t unused;
};

// E = (E + E^T) / 2. Grid: edge rows.
struct SymmetricArguments {
    float* e;               // (graphs, n, n, eStride)
    int64_t rows;
    int32_t n;
    int32_t eStride;
};

// Logits of nodes and edges from what the output MLPs left, and what is done with them. Grid: elements.
struct DrawArguments {
    const float* nodeOutput;   // (graphs, n, nodeStride) MLP of X
    const float* edgeOutput;   // (graphs, n, n, edgeStride) MLP of E
    uint8_t* nodes;            // (graphs, n)
    uint8_t* edges;            // (graphs, n, n)
    const int64_t* ids;        // (graphs)
    Progress* progress;
    const Step* steps;
    const float* nodeMarginal;
    const float* edgeMarginal;
    float* nodeLogits;         // bitdgdm_logits: (graphs, n, nodeTypes)
    float* edgeLogits;         // bitdgdm_logits: (graphs, n, n, edgeTypes)
    uint64_t seed;
    int32_t counter;           // of the draws that sampling starts from
    int32_t n;
    int32_t graphs;
    int32_t nodeTypes;
    int32_t edgeTypes;
    int32_t nodeStride;
    int32_t edgeStride;
    int32_t unused;
};

static_assert(sizeof(Step) == 36 && offsetof(Step, time) == 8 && offsetof(Step, omega) == 32, "layout of Step");
static_assert(sizeof(Progress) == 8 && sizeof(FeatureArguments) == 152 && offsetof(FeatureArguments, n) == 88
    && offsetof(FeatureArguments, unused) == 148 && sizeof(SymmetricArguments) == 24,
    "layout of FeatureArguments and SymmetricArguments");
static_assert(sizeof(DrawArguments) == 128 && offsetof(DrawArguments, seed) == 88 && offsetof(DrawArguments, n) == 100
    && offsetof(DrawArguments, edgeStride) == 120, "layout of DrawArguments");

}  // namespace bitdgdm
