// The native code without Java, so that it can run under AddressSanitizer and UBSan (sanitize.sh), or in an emulator:
// layers in every packed form and whole networks, each on every instruction set of this machine, bit against bit.
// LayerNorm and softmax are held to their error bounds too; what all other results should be is tested in Java. Prints a
// checksum of the results, the same on any machine.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "algebra.h"
#include "protein_engine.h"
#include "similarity.h"

namespace {

using namespace bitdgdm;

// Random numbers that are the same everywhere, unlike those of <random>'s distributions.
class Random {
public:
    uint32_t below(uint32_t bound) {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<uint32_t>(state_ >> 33) % bound;
    }
    // About normal, a sum of uniforms.
    float normal() {
        int sum = 0;
        for (int i = 0; i < 4; i++) {
            sum += static_cast<int>(below(2049)) - 1024;
        }
        return static_cast<float>(sum) / 1180;
    }
    std::vector<float> normals(size_t count, float deviation) {
        std::vector<float> values(count);
        for (float& value : values) {
            value = normal() * deviation;
        }
        return values;
    }

private:
    uint64_t state_ = 42;
};

Random random_;
uint64_t checksum = 1469598103934665603u;

void addToChecksum(const void* data, size_t bytes) {
    for (size_t i = 0; i < bytes; i++) {
        checksum = (checksum ^ static_cast<const uint8_t*>(data)[i]) * 1099511628211u;
    }
}

void require(bool holds, const char* what, const char* isa) {
    if (!holds) {
        std::fprintf(stderr, "kernels_test: %s differs on %s\n", what, isa);
        std::exit(1);
    }
}

std::vector<Isa> supported() {
    std::vector<Isa> isas;
    for (Isa isa : {Isa::SCALAR, Isa::AVX2, Isa::AVX512}) {
        if (isaSupported(isa)) {
            isas.push_back(isa);
        }
    }
    return isas;
}

// How a layer is packed; bits of 0: that part is missing.
struct Form {
    int rank;
    int factorBits;
    int residualBits;
    int activationBits;
    bool perRow;
    float threshold;
    int intermediateBits;
    int sparseWidth;
    bool crossTerm;
    bool transformed = false;
    int branchRank = 0;
};

const Form FORMS[] = {
    {0, 0, 0, 32, false, 0, 32, 0, true},
    {0, 0, 8, 8, true, 0, 32, 0, true},
    {0, 0, 4, 4, false, 1.5f, 32, 2, true},
    {3, 4, 0, 4, false, 1.5f, 8, 2, true},
    {3, 4, 0, 4, false, 1.5f, 32, 2, false},
    {3, 8, 4, 8, false, 1.5f, 4, 2, true},
    {3, 2, 2, 2, true, 0, 2, 0, true},
    {3, 4, 4, 8, false, 0, 8, 1, true},
    {17, 8, 8, 8, false, 2.5f, 8, 3, true},
    {33, 4, 0, 8, false, 2.5f, 8, 3, true},
    {0, 0, 4, 4, false, 1.5f, 32, 2, true, true, 3},
    {3, 4, 4, 8, true, 0, 8, 0, true, true, 0},
    {0, 0, 8, 8, true, 0, 32, 0, true, false, 17},
};

// All codes of weights and inputs at their largest (1) or smallest (-1) instead of random (0).
int extreme = 0;

MatrixSource codes(int rows, int cols, int bits, int scales) {
    MatrixSource matrix;
    matrix.rows = rows;
    matrix.cols = cols;
    matrix.coded = true;
    const int largest = (1 << (bits - 1)) - 1;
    for (int i = 0; i < rows * cols; i++) {
        const int code = static_cast<int>(random_.below(2 * largest + 1)) - largest;
        matrix.codes.push_back(static_cast<int8_t>(extreme == 0 ? code : extreme * largest));
    }
    matrix.scale = random_.normals(scales, 1.0f / largest / std::sqrt(static_cast<float>(rows)));
    return matrix;
}

// Scales, two rotations (they need not be orthogonal here) in blocks of 32, and a reversal.
TransformSource transformOf(int in) {
    TransformSource transform;
    transform.block = 32;
    size_t entries = 0;
    for (int from = 0; from < in; from += 32) {
        const size_t size = std::min(32, in - from);
        entries += size * size;
    }
    transform.first = random_.normals(entries, 0.2f);
    transform.second = random_.normals(entries, 0.2f);
    for (int channel = 0; channel < in; channel++) {
        transform.scale.push_back(1 + 0.01f * static_cast<float>(channel));
        transform.permutation.push_back(in - 1 - channel);
    }
    return transform;
}

LinearSource layer(int in, int out, const Form& form, bool isUnsigned) {
    LinearSource source;
    source.in = in;
    source.out = out;
    if (form.transformed) {
        source.transform = transformOf(in);
    }
    if (form.branchRank > 0) {
        source.branch = {form.branchRank, random_.normals(static_cast<size_t>(in) * form.branchRank, 0.1f),
            random_.normals(static_cast<size_t>(form.branchRank) * out, 0.1f)};
    }
    source.bias = random_.normals(out, 0.1f);
    source.activationBits = form.activationBits;
    if (form.activationBits > 8) {
        source.hasWeight = true;
        source.weight = random_.normals(static_cast<size_t>(in) * out, 1 / std::sqrt(static_cast<float>(in)));
        return source;
    }
    const int largest = isUnsigned ? (1 << form.activationBits) - 1 : (1 << (form.activationBits - 1)) - 1;
    source.isUnsigned = isUnsigned;
    source.perRow = form.perRow;
    source.threshold = form.threshold;
    source.scale = form.threshold / static_cast<float>(largest);
    source.inverse = form.threshold > 0 ? 1 / source.scale : 0;
    if (form.rank > 0) {
        source.hasLowRank = true;
        source.left = codes(in, form.rank, form.factorBits, form.rank);
        source.right = codes(out, form.rank, form.factorBits, out);
        source.intermediateBits = form.intermediateBits;
        source.intermediateScale = 0.02f;
        source.intermediateInverse = 50;
    }
    if (form.residualBits > 0) {
        source.hasResidual = true;
        source.residual = codes(in, out, form.residualBits, out);
    }
    source.dense = random_.normals(static_cast<size_t>(in) * out, 1 / std::sqrt(static_cast<float>(in)));
    source.crossTerm = form.crossTerm;
    source.sparseWidth = std::min(form.sparseWidth, out);
    for (int row = 0; row < in; row++) {
        for (int place = 0; place < source.sparseWidth; place++) {
            // Every third row has no entry; columns ascend.
            const bool used = row % 3 != 0;
            source.sparseColumns.push_back(used ? place * (out / source.sparseWidth) : -1);
            source.sparseValues.push_back(used ? random_.normal() * 0.1f : 0);
        }
    }
    return source;
}

void layers(int codesAt) {
    extreme = codesAt;
    for (const Form& form : FORMS) {
        for (const auto& [in, out] : {std::pair<int, int>{1, 1}, {7, 5}, {16, 16}, {33, 19}, {64, 130}, {300, 40}}) {
            const bool isUnsigned = in % 2 == 1;
            const LinearSource source = layer(in, out, form, isUnsigned);
            for (int rows : {1, 13, 100}) {
                std::vector<float> input = random_.normals(static_cast<size_t>(rows) * in, 1);
                for (float& value : input) {
                    // Within the threshold, so that it becomes a code; for a row's own scale anything does.
                    value = extreme == 0 ? value : static_cast<float>(extreme) * (form.threshold > 0 ? form.threshold : 1);
                    value = isUnsigned ? std::fabs(value) : value;
                }
                std::vector<float> first;
                for (Isa isa : supported()) {
                    Memory memory;
                    Workspace workspace = {};
                    const Linear packed = packLinear(source, 0, memory);
                    prepareLinear(packed, memory, workspace);
                    float* x = memory.allocate<float>(static_cast<size_t>(rows) * padded(in));
                    float* y = memory.allocate<float>(static_cast<size_t>(rows) * padded(out));
                    for (int row = 0; row < rows; row++) {
                        std::memcpy(x + static_cast<size_t>(row) * padded(in), input.data() + static_cast<size_t>(row) * in,
                            in * sizeof(float));
                    }
                    kernelsOf(isa).linear(packed, x, padded(in), rows, y, false, workspace);
                    const std::vector<float> output(y, y + static_cast<size_t>(rows) * padded(out));
                    first = first.empty() ? output : first;
                    require(std::memcmp(output.data(), first.data(), output.size() * sizeof(float)) == 0, "a layer",
                        isaName(isa));
                }
                addToChecksum(first.data(), first.size() * sizeof(float));
            }
        }
    }
}

void requireWithin(double expected, float found, double bound, const char* what, const char* isa) {
    if (!(std::fabs(found - expected) <= bound)) {
        std::fprintf(stderr, "kernels_test: %s must be %.9g within %.3g on %s, found %.9g\n", what, expected, bound,
            isa, found);
        std::exit(1);
    }
}

// Unit roundoff of FP32, and what first-order bounds leave out.
constexpr double U = 0x1p-24;
constexpr double SECOND_ORDER = 1.01;

void requireNormalised(const Norm& norm, const float* a, const float* b, const float* y, const char* isa) {
    double mean = 0, magnitude = 0, variance = 0;
    for (int c = 0; c < norm.width; c++) {
        mean += static_cast<double>(a[c] + b[c]) / norm.width;
        magnitude += std::fabs(static_cast<double>(a[c] + b[c])) / norm.width;
    }
    for (int c = 0; c < norm.width; c++) {
        variance += std::pow(static_cast<double>(a[c] + b[c]) - mean, 2) / norm.width;
    }
    const double scale = std::sqrt(variance + 1e-5);
    for (int c = 0; c < norm.width; c++) {
        const double z = (static_cast<double>(a[c] + b[c]) - mean) / scale;
        const double m = norm.width / 16 + 5;
        const double bound = std::fabs(norm.weight[c])
            * (m * U * magnitude / scale * (1 + std::fabs(z)) + (m + 8) * U * std::fabs(z)) + U * std::fabs(norm.bias[c]);
        requireWithin(z * norm.weight[c] + norm.bias[c], y[c], SECOND_ORDER * bound, "LayerNorm", isa);
    }
}

// LayerNorm against double within the bound of vector_math.inl: any width, deviations from 1e-3 to 1e4, means far larger.
void norms() {
    for (int width : {1, 2, 5, 15, 16, 17, 64, 250, 256}) {
        for (float deviation : {1e-3f, 1.0f, 1e4f}) {
            for (float offset : {0.0f, 1.0f, 300.0f}) {
                const std::vector<float> weight = random_.normals(padded(width), 1);
                const std::vector<float> bias = random_.normals(padded(width), 0.5f);
                const Norm norm = {width, weight.data(), bias.data()};
                // More rows than go side by side.
                constexpr int ROWS = 6;
                const int stride = padded(width);
                std::vector<float> a(ROWS * stride), b(ROWS * stride);
                for (int at = 0; at < ROWS * stride; at++) {
                    a[at] = at % stride < width ? (random_.normal() + offset) * deviation : 0;
                    b[at] = at % stride < width ? random_.normal() * deviation : 0;
                }
                for (Isa isa : supported()) {
                    std::vector<float> y(ROWS * stride);
                    kernelsOf(isa).addAndNormalise(norm, a.data(), b.data(), y.data(), ROWS);
                    for (int row = 0; row < ROWS; row++) {
                        requireNormalised(norm, a.data() + row * stride, b.data() + row * stride, y.data() + row * stride,
                            isaName(isa));
                    }
                }
            }
        }
    }
}

// Softmax and its sum over V against double within the bound of network.inl, scores spread from nothing to beyond exp's
// range.
void softmaxes() {
    for (int dx : {8, 24, 40}) {
        Model model = {};
        model.dx = dx;
        model.de = model.dy = model.hiddenX = model.hiddenE = model.hiddenY = 1;
        model.shape.heads = 1;
        model.shape.maxNodes = 64;
        for (int n : {1, 2, 3, 5, 8, 9, 27, 64}) {
            for (float spread : {0.0f, 1.0f, 20.0f, 100.0f}) {
                Scratch scratch(model);
                scratch.prepare(n, 1);
                Workspace& ws = scratch.workspace;
                const int stride = padded(dx);
                // With Q = 0 the scores are e_add's, and with films of 1 and 0 nothing else is added.
                std::vector<float> scores = random_.normals(static_cast<size_t>(n) * stride, spread);
                const std::vector<float> values = random_.normals(scores.size(), 1);
                std::copy(values.begin(), values.end(), ws.v);
                std::fill_n(ws.filmXMul, stride, 1.0f);
                for (Isa isa : supported()) {
                    std::vector<float> eMul(scores.size());
                    kernelsOf(isa).attend(model, ws, 0, eMul.data(), scores.data());
                    for (int c = 0; c < dx; c++) {
                        double highest = -INFINITY, total = 0, sum = 0, bound = 0;
                        for (int j = 0; j < n; j++) {
                            highest = std::max<double>(highest, scores[j * stride + c]);
                        }
                        for (int j = 0; j < n; j++) {
                            const double distance = highest - scores[j * stride + c];
                            const double weight = std::exp(-distance);
                            total += weight;
                            sum += weight * values[j * stride + c];
                            bound += weight * std::fabs(values[j * stride + c]) * (4 + distance + 2 * n + 3) * U;
                        }
                        // A weight below e^-87 is 0.
                        requireWithin(sum / total, ws.xNew[c], SECOND_ORDER * bound / total + 1e-37, "a softmax",
                            isaName(isa));
                    }
                }
            }
        }
    }
}

// A network of 2 layers with widths that fill no vector register.
std::unique_ptr<PackedNetwork> network(const Form& form, bool fixedBug, Random start) {
    random_ = start;
    // 24 channels of nodes are an even number of vectors, 40 an odd one.
    const int DX = fixedBug ? 24 : 40;
    constexpr int DE = 10, DY = 6, HIDDEN = 13, NODE_TYPES = 3, EDGE_TYPES = 4;
    Shape shape = {};
    shape.layers = 2;
    shape.heads = 4;
    shape.nodeTypes = NODE_TYPES;
    shape.edgeTypes = EDGE_TYPES;
    shape.maxNodes = 9;
    shape.fixedBug = fixedBug;
    shape.features = ALL_FEATURES;
    shape.molecular = true;
    NetworkBuilder builder(shape, 1);
    builder.setWeights({12, 14, 16}, 120);
    builder.setLimits({0.6f, 0.3f, 0.1f}, {0.7f, 0.25f, 0.05f, 0});
    struct Module {
        const char* name;
        int in;
        int out;
        bool afterRelu;
    };
    const auto add = [&](int block, const Module& module, const Form& f) {
        builder.addLinear({block, module.name}, layer(module.in, module.out, f, module.afterRelu));
    };
    const Form full = FORMS[0];
    for (const Module& module : {Module{"mlp_in_X.0", shape.nodeInputs(), HIDDEN, false}, {"mlp_in_X.2", HIDDEN, DX, false},
                                 {"mlp_in_E.0", EDGE_TYPES, HIDDEN, false}, {"mlp_in_E.2", HIDDEN, DE, false},
                                 {"mlp_in_y.0", shape.globalInputs(), HIDDEN, false}, {"mlp_in_y.2", HIDDEN, DY, false}}) {
        add(-1, module, full);
    }
    for (int block = 0; block < shape.layers; block++) {
        for (const Module& module : {Module{"self_attn.q", DX, DX, false}, {"self_attn.k", DX, DX, false},
                                     {"self_attn.v", DX, DX, false}, {"self_attn.e_add", DE, DX, false},
                                     {"self_attn.e_mul", DE, DX, false}, {"self_attn.y_e_mul", DY, DX, false},
                                     {"self_attn.y_e_add", DY, DX, false}, {"self_attn.y_x_mul", DY, DX, false},
                                     {"self_attn.y_x_add", DY, DX, false}, {"self_attn.y_y", DY, DY, false},
                                     {"self_attn.x_y.lin", 4 * DX, DY, false}, {"self_attn.e_y.lin", 4 * DE, DY, false},
                                     {"self_attn.x_out", DX, DX, false}, {"self_attn.e_out", DX, DE, false},
                                     {"self_attn.y_out.0", DY, DY, false}, {"self_attn.y_out.2", DY, DY, true},
                                     {"linX1", DX, HIDDEN, false}, {"linX2", HIDDEN, DX, true},
                                     {"linE1", DE, HIDDEN, false}, {"linE2", HIDDEN, DE, true},
                                     {"lin_y1", DY, HIDDEN, false}, {"lin_y2", HIDDEN, DY, true}}) {
            add(block, module, form);
        }
        for (const auto& [name, width] : {std::pair<const char*, int>{"normX1", DX}, {"normX2", DX}, {"normE1", DE},
                                          {"normE2", DE}, {"norm_y1", DY}, {"norm_y2", DY}}) {
            builder.addNorm({block, name}, std::vector<float>(width, 1), std::vector<float>(width, 0));
        }
    }
    for (const Module& module : {Module{"mlp_out_X.0", DX, HIDDEN, false}, {"mlp_out_X.2", HIDDEN, NODE_TYPES, false},
                                 {"mlp_out_E.0", DE, HIDDEN, false}, {"mlp_out_E.2", HIDDEN, EDGE_TYPES, false}}) {
        add(-1, module, full);
    }
    return builder.finish();
}

Batch graphs(int n, int count) {
    Batch batch = {n, {}, {}, std::vector<uint8_t>(static_cast<size_t>(count) * n * n)};
    for (int graph = 0; graph < count; graph++) {
        batch.ids.push_back(1000000007LL * graph);
        for (int i = 0; i < n; i++) {
            batch.nodeClasses.push_back(static_cast<uint8_t>(random_.below(3)));
            for (int j = 0; j < i; j++) {
                const uint8_t type = static_cast<uint8_t>(random_.below(3) == 0 ? random_.below(4) : 0);
                batch.edgeClasses[(static_cast<size_t>(graph) * n + i) * n + j] = type;
                batch.edgeClasses[(static_cast<size_t>(graph) * n + j) * n + i] = type;
            }
        }
    }
    return batch;
}

void networks() {
    // The layers of the blocks: all but 6 before and 4 after them.
    std::vector<bool> recorded(54, true);
    std::fill_n(recorded.begin(), 6, false);
    std::fill_n(recorded.end() - 4, 4, false);
    // From time 20 of 20 to 8, 7 and 0 of a schedule, and then as a flow.
    const std::vector<Step> steps = {{POSTERIOR, 8, 0, GENERAL, 1, 0.99f, 1e-3f, 0.1f, 0, 0},
        {POSTERIOR, 7, 0, GENERAL, 0.4f, 0.4f, 0.1f, 0.16f, 0, 0}, {POSTERIOR, 0, 0, GENERAL, 0.35f, 0.83f, 0.16f, 0.95f, 0, 0},
        {FLOW, 3, 0, MARGINAL, 0.35f, 0, 0.16f, 0.5f, 10, 0.5f},
        {FLOW, 2, 0, COLUMN_XHAT_T, 0.3f, 0, 0.5f, 0.6f, 10, 0.05f}, {FLOW, 1, 0, ENTRY_FIRST, 0.3f, 0, 0.6f, 0.9f, 10, 0},
        {PREDICTION, 0, 0, GENERAL, 0.2f, 0, 0.9f, 1, 0, 0}};
    for (const Form& form : FORMS) {
        const Random start = random_;
        for (int n : {1, 2, 3, 5, 8, 9, 27, 64}) {
            // Graphs of 64 take most of the time: one form in three.
            if (n == 64 && (&form - FORMS) % 3 != 0) {
                continue;
            }
            random_ = start;
            const Batch noise = graphs(n, n == 64 ? 1 : n == 27 ? 2 : 5);
            std::vector<float> firstLogits;
            Batch firstDrawn;
            for (Isa isa : supported()) {
                // Threads are the same code on every instruction set.
                for (int threads : isa == bestIsa() ? std::vector<int>{1, 2} : std::vector<int>{1}) {
                    Engine engine(network(form, n % 2 == 0, start), isa, threads);
                    std::vector<float> logits(noise.nodeClasses.size() * 3 + noise.edgeClasses.size() * 4);
                    engine.logits(noise, 0.35f, 0, logits.data(), logits.data() + noise.nodeClasses.size() * 3);
                    Batch drawn = noise;
                    engine.advance(drawn, 99, steps);
                    Batch stepped = noise, recordedStep = noise;
                    engine.advance(stepped, 99, {steps[0]});
                    Recording recording;
                    engine.record(recordedStep, 99, steps[0].time, steps[0].range, &steps[0], recorded, recording);
                    size_t values = 0, unwanted = 0;
                    for (const auto& group : recording.groups) {
                        values += group[49].size();
                        unwanted += group[0].size();
                    }
                    require(values == noise.ids.size() * 13 && unwanted == 0, "a recording", isaName(isa));
                    InputSample sample(13, 99, 1, 2, 8);
                    engine.sample(recording, {{49, &sample}});
                    require(sample.finite() && sample.values() == static_cast<int64_t>(values)
                        && sample.rowsSeen() == static_cast<int64_t>(noise.ids.size())
                        && sample.sortedMagnitudes().size() <= 8, "a sample of a recording", isaName(isa));
                    require(recording.drawn && recordedStep.nodeClasses == stepped.nodeClasses
                        && recordedStep.edgeClasses == stepped.edgeClasses, "a step that is recorded", isaName(isa));
                    if (firstLogits.empty()) {
                        firstLogits = logits;
                        firstDrawn = drawn;
                    }
                    require(std::memcmp(logits.data(), firstLogits.data(), logits.size() * sizeof(float)) == 0, "a logit",
                        isaName(isa));
                    require(drawn.nodeClasses == firstDrawn.nodeClasses && drawn.edgeClasses == firstDrawn.edgeClasses,
                        "a drawn class", isaName(isa));
                }
            }
            addToChecksum(firstLogits.data(), firstLogits.size() * sizeof(float));
            addToChecksum(firstDrawn.edgeClasses.data(), firstDrawn.edgeClasses.size());
        }
    }
}

// A random model of proteins of 2 layers, m 7; `form` is that of the layers within blocks.
std::unique_ptr<PackedProteins> proteinNetwork(const Form& form, int structureAt, int d, Random start) {
    random_ = start;
    ProteinModel shape = {};
    shape.layerCount = 2;
    shape.nodesNormalised = true;
    shape.edgesUpdated = true;
    shape.structureAt = structureAt;
    ProteinBuilder builder(shape, 1);
    const Form& full = FORMS[0];
    const auto linear = [&](int block, const char* module, int in, int out, const Form& own) {
        builder.addLinear({block, module}, layer(in, out, own, false));
    };
    const auto norm = [&](int block, const char* module) {
        builder.addNorm({block, module}, random_.normals(d, 1), random_.normals(d, 0.1f));
    };
    linear(-1, "time_mlp.0", 1, 5, full);
    linear(-1, "time_mlp.2", 5, d, full);
    linear(-1, "ss_mlp.0", 8, 5, full);
    linear(-1, "ss_mlp.2", 5, d, full);
    linear(-1, "node_embedding", 31, d, full);
    linear(-1, "edge_embedding", 93, d, full);
    for (int at = 0; at < 2; at++) {
        linear(at, "edge_mlp.0", d, 2 * d, form);
        linear(at, "edge_mlp.3", 2 * d, d, form);
        linear(at, "message_mlp.0", 3 * d + 1, 6 * d + 2, form);
        linear(at, "message_mlp.3", 6 * d + 2, 7, form);
        linear(at, "node_mlp.0", d + 7, 2 * d, form);
        linear(at, "node_mlp.3", 2 * d, d, form);
        linear(at, "time_mlp_list.1", d, 2 * d, form);
        linear(at, "ff_list.0", d, d, form);
        linear(at, "ff_list.4", d, d, form);
        norm(at, "edge_norm");
        norm(at, "node_norm");
        norm(at, "ff_list.3");
    }
    linear(-1, "lin", d, 20, full);
    return builder.finish();
}

void proteins() {
    for (const Form& form : {FORMS[0], FORMS[1], FORMS[2], FORMS[4], FORMS[5], FORMS[9]}) {
        for (int n : {1, 2, 9, 40}) {
            // Of whole vectors, which messages with scales of their rows need to be split, or not.
            const int d = n == 9 || form.perRow ? 16 : 10;
            const int neighbours = std::min(n - 1, 5);
            std::vector<int32_t> sources, targets;
            for (int edge = 0; edge < n * neighbours; edge++) {
                sources.push_back(edge / neighbours);
                targets.push_back((edge / neighbours + 1 + edge % neighbours) % n);
            }
            const size_t edges = sources.size();
            const std::vector<float> nodes = random_.normals(n * 11, 1), states = random_.normals(n * 8, 1);
            const std::vector<float> positions = random_.normals(n * 3, 1), features = random_.normals(edges * 93, 1);
            std::vector<uint8_t> sequences(3 * n);
            for (uint8_t& residue : sequences) {
                residue = static_cast<uint8_t>(random_.below(20));
            }
            const Random start = random_;
            std::vector<float> first;
            for (Isa isa : supported()) {
                ProteinEngine engine(proteinNetwork(form, n % 3, d, start), isa, isa == bestIsa() ? 2 : 1);
                Backbone backbone(sources, targets, nodes, states, positions, features);
                std::vector<float> logits(sequences.size() * 20);
                engine.logits(backbone, sequences, 30, 0, logits.data());
                const std::vector<uint8_t> one(sequences.begin(), sequences.begin() + n);
                const Recording recording = engine.record(backbone, one, 30, 0, std::vector<bool>(25, true));
                require(recording.groups.at(0)[8].size() == edges * (3 * d + 1), "a recording of a protein", isaName(isa));
                std::vector<float> again(logits.size());
                engine.logits(backbone, sequences, 30, 0, again.data());
                // Threads share the rows of a sequence that is alone.
                std::vector<float> alone(n * 20);
                engine.logits(backbone, one, 30, 0, alone.data());
                require(std::equal(alone.begin(), alone.end(), logits.begin()), "a logit by a team", isaName(isa));
                first = first.empty() ? logits : first;
                require(std::memcmp(logits.data(), first.data(), logits.size() * sizeof(float)) == 0
                    && again == logits, "a logit of a residue", isaName(isa));
            }
            addToChecksum(first.data(), first.size() * sizeof(float));
        }
    }
}

// What the loops of an instruction set make of the same numbers, one after the other.
std::vector<double> algebraOf(const Algebra& loops, size_t n, const std::vector<float>& rows, size_t count) {
    std::vector<double> all;
    const auto keep = [&](const std::vector<double>& values) { all.insert(all.end(), values.begin(), values.end()); };
    const size_t stride = gramStride(n);
    std::vector<double> scratch(std::max(8 * stride, choleskyScratch(n)));
    std::vector<double> sums((n + 1) * stride);
    loops.gram(sums.data(), rows.data(), count, n, scratch.data());
    std::vector<double> gram(n * n);
    for (size_t column = 0; column < n; column++) {
        for (size_t row = 0; row <= column; row++) {
            gram[column * n + row] = gram[row * n + column] = sums[column * stride + row] + (row == column);
        }
    }
    keep(gram);
    for (bool byFours : {false, true}) {
        std::vector<double> product(n * 3, 1);
        loops.multiply(product.data(), gram.data(), gram.data(), n, std::min<size_t>(n, 3), n, byFours, scratch.data());
        keep(product);
    }
    std::vector<double> factor = gram;
    require(loops.cholesky(factor.data(), n, scratch.data()), "a matrix that is positive definite", "");
    std::vector<double> upper(n * n);
    for (size_t column = 0; column < n; column++) {
        for (size_t row = 0; row <= column; row++) {
            upper[column * n + row] = factor[row * n + column];
        }
    }
    loops.invert(upper.data(), n, scratch.data());
    keep(upper);
    std::vector<int32_t> order(n);
    for (size_t i = 0; i < n; i++) {
        order[i] = static_cast<int32_t>(n - 1 - i);
    }
    std::vector<double> byRow(n * n);
    for (size_t at = 0; at < n * n; at++) {
        byRow[at % n * n + at / n] = upper[at];
    }
    const std::vector<uint8_t> dead(n);
    const std::vector<double> ones(n, 1);
    std::vector<double> left(n * TRIAL_LANES);
    std::vector<int8_t> tried(n * TRIAL_LANES), codes(n);
    for (const double* norm : {static_cast<const double*>(byRow.data()), static_cast<const double*>(nullptr)}) {
        const Feedback feedback = {n, norm, ones.data(), order.data(), dead.data()};
        all.push_back(loops.round(feedback, gram.data(), 7, codes.data(), left.data(), tried.data()));
        all.insert(all.end(), codes.begin(), codes.end());
    }
    return all;
}

void algebras() {
    for (size_t n : {1, 7, 33, 64, 65, 140}) {
        const size_t count = 2 * n + 3;
        const std::vector<float> rows = random_.normals(count * n, 1);
        const std::vector<double> first = algebraOf(algebra(Isa::SCALAR), n, rows, count);
        for (Isa isa : supported()) {
            const std::vector<double> found = algebraOf(algebra(isa), n, rows, count);
            require(std::memcmp(found.data(), first.data(), first.size() * sizeof(double)) == 0, "algebra", isaName(isa));
        }
    }
}

double tanimoto(const std::vector<int64_t>& bits, size_t words, size_t row, size_t other) {
    int common = 0, either = 0;
    for (size_t word = 0; word < words; word++) {
        common += __builtin_popcountll(bits[row * words + word] & bits[other * words + word]);
        either += __builtin_popcountll(bits[row * words + word] | bits[other * words + word]);
    }
    return either == 0 ? 1 : static_cast<double>(common) / either;
}

// Of numbers of rows that are no multiples of a vector; the first row and its like have no bits.
void similarities() {
    for (size_t rows : {1, 7, 16, 131, 270}) {
        const size_t words = rows % 2 == 0 ? 16 : 3, from = rows / 3;
        std::vector<int64_t> bits(rows * words);
        std::vector<int32_t> set(rows);
        std::vector<double> shares(rows);
        for (size_t row = 0; row < rows; row++) {
            shares[row] = (row + 1.0) / rows;
            for (size_t word = 0; row % 50 != 0 && word < words; word++) {
                bits[row * words + word] = static_cast<int64_t>(random_.below(1u << 31)) * random_.below(1u << 31);
                set[row] += __builtin_popcountll(bits[row * words + word]);
            }
        }
        std::vector<float> nearest(rows - from);
        std::vector<double> means(2 * (rows - from));
        for (size_t row = from; row < rows; row++) {
            for (size_t other = 0; other < rows; other++) {
                const double similar = tanimoto(bits, words, row, other);
                nearest[row - from] = std::max(nearest[row - from], static_cast<float>(similar));
                means[2 * (row - from)] += shares[other] * similar;
                means[2 * (row - from) + 1] += shares[other] * similar * similar;
            }
        }
        addToChecksum(means.data(), means.size() * sizeof(double));
        if (const Similarity* vectors = similarity()) {
            std::vector<float> foundNearest(rows - from);
            std::vector<double> foundMeans(2 * (rows - from));
            const Fingerprints all = {bits.data(), set.data(), rows, words};
            vectors->nearest(all, from, rows, all, foundNearest.data());
            vectors->means(all, shares.data(), from, rows, foundMeans.data());
            require(nearest == foundNearest && means == foundMeans, "similarity", "avx512");
        }
    }
}

}  // namespace

int main() {
    for (int codesAt : {0, 1, -1}) {
        layers(codesAt);
    }
    extreme = 0;
    norms();
    softmaxes();
    networks();
    proteins();
    algebras();
    similarities();
    std::printf("kernels_test: %zu instruction sets agree, checksum %016llx\n", supported().size(),
        static_cast<unsigned long long>(checksum));
    return 0;
}
