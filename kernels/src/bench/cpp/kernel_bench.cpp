// Times the peaks of a core and, beside them, every piece of the cpu backend: kernel_bench peaks|pieces < DESCRIPTION
// or comparisons of fingerprints, of which the description says how long only: kernel_bench fingerprints < DESCRIPTION
//
// Each piece is first run on the scalar kernels too and must give the same bits. Prints one line per measurement, see
// stopwatch.h; the description comes from KernelBench.java: lines of words, in any order but `layer` last.
//   isa NAME | threads N | repeats N | seconds S       (what and how long)
//   shape NODE_TYPES EDGE_TYPES MAX_NODES STEPS FIXED_BUG MOLECULAR HEADS DX DE DY
//   graph NODE_CLASSES UPPER_TRIANGLE                   (a digit for each element; all graphs of one size)
//   layer LABEL nodes|edges|globals IN OUT RANK WEIGHT_BITS ACTIVATION_BITS UNSIGNED PER_ROW OUTLIER_SHARE
//         INTERMEDIATE_BITS RESIDUAL_BITS SPARSE_ENTRIES   (32 bits: FP32; residual 0: none)
#include <cmath>
#include <cstring>
#include <iostream>
#include <random>
#include <sstream>
#include <stdexcept>

#include "cpu_features.h"
#include "fingerprints.h"
#include "packing.h"
#include "pieces.h"
#include "scratch.h"
#include "stopwatch.h"

using namespace bitdgdm;

namespace {

struct LayerForm {
    std::string label;
    std::string kind;
    int in, out, rank, weightBits, activationBits, isUnsigned, perRow;
    double outlierShare;
    int intermediateBits, residualBits, sparseEntries;
};

struct Description {
    std::string isa = "auto";
    int threads = 1;
    Patience patience = {11, 0.005};
    Shape shape = {};
    int dx = 0, de = 0, dy = 0;
    std::vector<std::string> nodeClasses;
    std::vector<std::string> upperTriangles;
    std::vector<LayerForm> layers;

    int nodes() const { return nodeClasses.empty() ? 0 : static_cast<int>(nodeClasses[0].size()); }
};

Description read(std::istream& in) {
    Description d;
    std::string line;
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::string key;
        words >> key;
        if (key == "isa") {
            words >> d.isa;
        } else if (key == "threads") {
            words >> d.threads;
        } else if (key == "repeats") {
            words >> d.patience.repeats;
        } else if (key == "seconds") {
            words >> d.patience.seconds;
        } else if (key == "shape") {
            Shape& s = d.shape;
            words >> s.nodeTypes >> s.edgeTypes >> s.maxNodes >> s.fixedBug >> s.features >> s.molecular >> s.heads >> d.dx >> d.de
                >> d.dy;
        } else if (key == "graph") {
            words >> d.nodeClasses.emplace_back();
            if (d.nodes() > 1) {
                words >> d.upperTriangles.emplace_back();
            }
        } else if (key == "layer") {
            LayerForm f;
            words >> f.label >> f.kind >> f.in >> f.out >> f.rank >> f.weightBits >> f.activationBits >> f.isUnsigned
                >> f.perRow >> f.outlierShare >> f.intermediateBits >> f.residualBits >> f.sparseEntries;
            d.layers.push_back(f);
        }
        if (words.fail() || key.empty()) {
            throw std::runtime_error("cannot read the line '" + line + "'");
        }
    }
    return d;
}

struct InstructionSet {
    const char* name;
    Isa isa;
    const Kernels* kernels;
    const Pieces* pieces;
};

InstructionSet isaOf(const std::string& name) {
    std::vector<InstructionSet> known = {{"scalar", Isa::SCALAR, &SCALAR_KERNELS, &SCALAR_PIECES}};
#if defined(__x86_64__)
    known.push_back({"avx2", Isa::AVX2, &AVX2_KERNELS, &AVX2_PIECES});
    known.push_back({"avx512", Isa::AVX512, &AVX512_KERNELS, &AVX512_PIECES});
#endif
    for (const InstructionSet& isa : known) {
        if (name == "auto" ? isa.isa == bestIsa() : name == isa.name) {
            if (!isaSupported(isa.isa)) {
                break;
            }
            return isa;
        }
    }
    throw std::runtime_error("this processor has no " + name);
}

// ---- Peaks ---------------------------------------------------------------------------------------------------------

// Calls work(thread) on `threads` threads at once, again and again; the seconds of a round, by its slowest thread.
template <typename Work>
std::vector<double> timeTogether(int threads, const Patience& patience, Work work) {
    std::vector<double> seconds;
    for (int repeat = 0; repeat <= patience.repeats; repeat++) {
        std::vector<std::thread> others;
        double start = now();
        for (int thread = 1; thread < threads; thread++) {
            others.emplace_back(work, thread);
        }
        work(0);
        for (std::thread& other : others) {
            other.join();
        }
        // The first warms up.
        if (repeat > 0) {
            seconds.push_back(now() - start);
        }
    }
    return seconds;
}

// Rounds of a loop that last about `seconds`.
long roundsFor(double (*loop)(long), double seconds) {
    constexpr long PROBE = 2000000;
    loop(PROBE);
    double start = now();
    loop(PROBE);
    return static_cast<long>(PROBE * seconds / (now() - start)) + 1;
}

void peaks(const Description& d) {
    const Pieces& pieces = *isaOf(d.isa).pieces;
    // Long enough that starting a thread does not show.
    const double seconds = 8 * d.patience.seconds;
    const long floatRounds = roundsFor(pieces.multiplyAdds, seconds);
    const long integerRounds = roundsFor(pieces.integerDots, seconds);
    for (int threads = 1; threads <= d.threads; threads++) {
        const std::string detail = std::to_string(threads);
        const double floats = threads * pieces.multiplyAdds(floatRounds);
        print({"multiply-add", detail, floats, 0, 0, 0},
            timeTogether(threads, d.patience, [&](int) { pieces.multiplyAdds(floatRounds); }));
        const double dots = threads * pieces.integerDots(integerRounds);
        print({pieces.integerInstruction, detail, 0, dots, 0, 0},
            timeTogether(threads, d.patience, [&](int) { pieces.integerDots(integerRounds); }));
        for (size_t kilobytes : {16, 256}) {
            const size_t count = kilobytes * 1024 / sizeof(float);
            Memory memory;
            std::vector<float*> from;
            for (int thread = 0; thread < threads; thread++) {
                from.push_back(memory.allocate<float>(count));
            }
            const int times = static_cast<int>(262144 / kilobytes);
            print({"multiply-add, operand from " + std::to_string(kilobytes) + " KiB", detail,
                      threads * times * pieces.loadedMultiplyAdds(from[0], count), 0, 0, 0},
                timeTogether(threads, d.patience, [&](int thread) {
                    for (int time = 0; time < times; time++) {
                        pieces.loadedMultiplyAdds(from[thread], count);
                    }
                }));
        }
        for (size_t kilobytes : {128, 65536}) {
            const size_t count = kilobytes * 1024 / sizeof(float);
            Memory memory;
            std::vector<float*> from, to;
            for (int thread = 0; thread < threads; thread++) {
                from.push_back(memory.allocate<float>(count));
                to.push_back(memory.allocate<float>(count));
            }
            const int times = static_cast<int>(262144 / kilobytes);
            print({"copy of " + std::to_string(kilobytes) + " KiB", detail, 0, 0,
                      2.0 * threads * times * count * sizeof(float), 0},
                timeTogether(threads, d.patience, [&](int thread) {
                    for (int time = 0; time < times; time++) {
                        pieces.copy(from[thread], to[thread], count);
                    }
                }));
        }
    }
}

// ---- Pieces --------------------------------------------------------------------------------------------------------

void requireSame(const std::string& what, const void* expected, const void* found, size_t bytes) {
    if (std::memcmp(expected, found, bytes) != 0) {
        throw std::runtime_error(what + " must give the bits of the scalar kernels, found others; nothing is timed");
    }
}

class Numbers {
public:
    float normal(double deviation) { return static_cast<float>(normal_(engine_) * deviation); }
    double uniform() { return uniform_(engine_); }
    int below(int bound) { return static_cast<int>(engine_() % bound); }
    std::vector<float> normals(size_t count, double deviation) {
        std::vector<float> values(count);
        for (float& value : values) {
            value = normal(deviation);
        }
        return values;
    }
    std::vector<int8_t> codes(size_t count, int bits) {
        const int largest = (1 << (bits - 1)) - 1;
        std::vector<int8_t> values(count);
        for (int8_t& value : values) {
            value = static_cast<int8_t>(below(2 * largest + 1) - largest);
        }
        return values;
    }

private:
    std::mt19937 engine_{1};
    std::normal_distribution<double> normal_;
    std::uniform_real_distribution<double> uniform_;
};

// |x| of an input beyond this is an outlier.
constexpr float THRESHOLD = 3;

LinearSource random(const LayerForm& form, Numbers& numbers) {
    LinearSource source;
    const size_t size = static_cast<size_t>(form.in) * form.out;
    source.in = form.in;
    source.out = form.out;
    source.bias = numbers.normals(form.out, 0.1);
    source.activationBits = form.activationBits;
    if (form.weightBits > 8) {
        source.hasWeight = true;
        source.weight = numbers.normals(size, 1 / std::sqrt(form.in));
        return source;
    }
    source.isUnsigned = form.isUnsigned;
    source.perRow = form.perRow;
    const int maxCode = form.isUnsigned ? (1 << form.activationBits) - 1 : (1 << (form.activationBits - 1)) - 1;
    source.threshold = form.perRow ? 0 : THRESHOLD;
    source.scale = source.threshold / maxCode;
    source.inverse = form.perRow ? 0 : 1 / source.scale;
    const auto matrix = [&](int rows, int cols, int scales, int bits) {
        return MatrixSource{rows, cols, true, numbers.codes(static_cast<size_t>(rows) * cols, bits),
            std::vector<float>(scales, 0.01f), {}};
    };
    source.hasLowRank = form.rank > 0;
    if (source.hasLowRank) {
        source.left = matrix(form.in, form.rank, form.rank, form.weightBits);
        source.right = matrix(form.out, form.rank, form.out, form.weightBits);
        source.intermediateBits = form.intermediateBits;
        source.intermediateScale = 0.02f;
        source.intermediateInverse = 50;
    }
    source.hasResidual = form.residualBits > 0;
    if (source.hasResidual) {
        source.residual = matrix(form.in, form.out, form.out, form.residualBits);
    }
    if (!form.perRow) {
        source.dense = numbers.normals(size, 0.05);
    }
    // The entries of S spread evenly over rows, then at random over columns.
    const int width = (form.sparseEntries + form.in - 1) / form.in;
    source.sparseWidth = width;
    source.sparseColumns.assign(static_cast<size_t>(form.in) * width, -1);
    source.sparseValues.assign(source.sparseColumns.size(), 0);
    for (int entry = 0; entry < form.sparseEntries; entry++) {
        const int row = entry % form.in;
        const int place = entry / form.in;
        const int slot = form.out / width;
        source.sparseColumns[static_cast<size_t>(row) * width + place] = place * slot + numbers.below(slot);
        source.sparseValues[static_cast<size_t>(row) * width + place] = numbers.normal(0.2);
    }
    return source;
}

// (rows, padded in): entries within the threshold but for the share of outliers; half of a ReLU's are 0.
float* input(const LayerForm& form, int rows, Numbers& numbers, Memory& memory) {
    float* x = memory.allocate<float>(static_cast<size_t>(rows) * padded(form.in));
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < form.in; column++) {
            const double draw = numbers.uniform();
            float value = static_cast<float>((2 * numbers.uniform() - 1) * THRESHOLD);
            if (form.isUnsigned) {
                value = value < 0 ? 0 : value;
            }
            x[static_cast<size_t>(row) * padded(form.in) + column] = draw < form.outlierShare ? THRESHOLD + 1 : value;
        }
    }
    return x;
}

class PieceBench {
public:
    explicit PieceBench(const Description& d) : d_(d), isa_(isaOf(d.isa)), model_(modelOf(d)), n_(d.nodes()),
        graphs_(groupSize(model_, d.nodes())), scratch_(model_), expected_(model_) {
        scratch_.prepare(n_, graphs_);
        expected_.prepare(n_, graphs_);
        for (Workspace* ws : {&scratch_.workspace, &expected_.workspace}) {
            Numbers numbers;
            const size_t nodeRows = static_cast<size_t>(n_) * graphs_;
            for (float* x : {ws->x, ws->xNew, ws->q, ws->k, ws->v}) {
                fill(x, nodeRows * padded(model_.dx), numbers, 0.5);
            }
            fill(ws->e, nodeRows * n_ * padded(model_.de), numbers, 1);
            for (float* x : {ws->eMul, ws->eAdd}) {
                fill(x, static_cast<size_t>(blockRows()) * padded(model_.dx), numbers, 0.5);
            }
            fill(ws->eNew, static_cast<size_t>(blockRows()) * padded(model_.de), numbers, 0.5);
            for (float* x : {ws->filmEMul, ws->filmEAdd, ws->filmXMul, ws->filmXAdd}) {
                fill(x, static_cast<size_t>(graphs_) * padded(model_.dx), numbers, 0.3);
            }
            fill(ws->nodeLogits, nodeRows * padded(model_.shape.nodeTypes), numbers, 2);
            fill(ws->edgeLogits, nodeRows * n_ * padded(model_.shape.edgeTypes), numbers, 2);
        }
    }

    void run() {
        std::printf("# group of %d graphs of %d nodes, %d nodes i at a time\n", graphs_, n_,
            scratch_.workspace.attentionNodes);
        exponentials();
        turns();
        attention();
        norms();
        pools();
        features();
        draws();
        for (const LayerForm& form : d_.layers) {
            layer(form);
        }
    }

private:
    static Model modelOf(const Description& d) {
        static const std::vector<float> weights(128, 12.0f);
        static const std::vector<float> marginal(128, 0.2f);
        Model model = {};
        model.shape = d.shape;
        model.shape.nodeWeights = weights.data();
        model.shape.maxWeight = 150;
        model.limits = {marginal.data(), marginal.data()};
        model.dx = d.dx;
        model.de = d.de;
        model.dy = d.dy;
        model.hiddenX = d.dx;
        model.hiddenE = d.de;
        model.hiddenY = d.dy;
        for (const LayerForm& form : d.layers) {
            model.widestIn = std::max(model.widestIn, form.in);
            model.widestOut = std::max(model.widestOut, form.out);
            model.widestRank = std::max(model.widestRank, form.rank);
        }
        return model;
    }

    static void fill(float* x, size_t count, Numbers& numbers, double deviation) {
        for (size_t i = 0; i < count; i++) {
            x[i] = numbers.normal(deviation);
        }
    }

    // Rows of E that the network works on together.
    int blockRows() const { return scratch_.workspace.attentionNodes * n_; }

    std::string size(int rows, int width) const { return std::to_string(rows) + " x " + std::to_string(width); }

    template <typename Work>
    void measure(const Measured& measured, Work work) {
        print(measured, timeCalls(d_.patience, work));
    }

    void exponentials() {
        constexpr size_t COUNT = 4096;
        Memory memory;
        Numbers numbers;
        float* x = memory.allocate<float>(COUNT);
        float* y = memory.allocate<float>(COUNT);
        float* same = memory.allocate<float>(COUNT);
        fill(x, COUNT, numbers, 5);
        SCALAR_PIECES.exponentials(x, same, COUNT);
        isa_.pieces->exponentials(x, y, COUNT);
        requireSame("exp", same, y, COUNT * sizeof(float));
        measure({"exp", "4096", 0, 0, 8.0 * COUNT, COUNT}, [&] { isa_.pieces->exponentials(x, y, COUNT); });
    }

    void turns() {
        constexpr size_t BLOCKS = 8;
        constexpr size_t COUNT = BLOCKS * PANEL * PANEL;
        Memory memory;
        Numbers numbers;
        float* x = memory.allocate<float>(COUNT);
        float* y = memory.allocate<float>(COUNT);
        float* same = memory.allocate<float>(COUNT);
        fill(x, COUNT, numbers, 1);
        SCALAR_PIECES.turn(x, same, BLOCKS);
        isa_.pieces->turn(x, y, BLOCKS);
        requireSame("turn", same, y, COUNT * sizeof(float));
        measure({"turn", std::to_string(BLOCKS) + " blocks", 0, 0, 2.0 * COUNT * sizeof(float), BLOCKS},
            [&] { isa_.pieces->turn(x, y, BLOCKS); });
    }

    void attention() {
        const size_t dx = padded(model_.dx);
        const auto block = [&](const Kernels& kernels, Workspace& ws) {
            for (int node = 0; node < ws.attentionNodes && node < n_ * graphs_; node++) {
                const size_t from = node * n_ * dx;
                kernels.attend(model_, ws, node, ws.eMul + from, ws.eAdd + from);
            }
        };
        block(SCALAR_KERNELS, expected_.workspace);
        block(*isa_.kernels, scratch_.workspace);
        const int nodes = std::min(scratch_.workspace.attentionNodes, n_ * graphs_);
        const double elements = static_cast<double>(nodes) * n_ * model_.dx;
        requireSame("attention", expected_.workspace.eMul, scratch_.workspace.eMul,
            static_cast<size_t>(nodes) * n_ * dx * sizeof(float));
        requireSame("attention", expected_.workspace.xNew, scratch_.workspace.xNew, nodes * dx * sizeof(float));
        // Besides exp: scale, 1 + e_mul, fma, max, difference, sum, fma of V, fma of y.
        measure({"attention", size(nodes * n_, model_.dx), 11 * elements, 0, 12 * elements, elements},
            [&] { block(*isa_.kernels, scratch_.workspace); });
    }

    void norm(int rows, int width, float* x, float* same, const float* update) {
        Memory memory;
        float* weight = memory.allocate<float>(padded(width));
        std::fill(weight, weight + width, 1.0f);
        const Norm norm = {width, weight, memory.allocate<float>(padded(width))};
        SCALAR_KERNELS.addAndNormalise(norm, same, update, same, rows);
        isa_.kernels->addAndNormalise(norm, x, update, x, rows);
        const double elements = static_cast<double>(rows) * width;
        requireSame("LayerNorm", same, x, static_cast<size_t>(rows) * padded(width) * sizeof(float));
        // Residual, mean, squares, scale and shift.
        measure({"LayerNorm", size(rows, width), 9 * elements, 0, 12 * elements, elements},
            [&] { isa_.kernels->addAndNormalise(norm, x, update, x, rows); });
    }

    void norms() {
        Workspace& ws = scratch_.workspace;
        norm(n_ * graphs_, model_.dx, ws.x, expected_.workspace.x, ws.q);
        norm(blockRows(), model_.de, ws.e, expected_.workspace.e, ws.eNew);
    }

    void pools() {
        Workspace& ws = scratch_.workspace;
        Workspace& same = expected_.workspace;
        const bool fixedBug = model_.shape.fixedBug;
        SCALAR_PIECES.pool(same.e, n_ * n_, model_.de, fixedBug, same.poolE);
        isa_.pieces->pool(same.e, n_ * n_, model_.de, fixedBug, ws.poolE);
        requireSame("pool", same.poolE, ws.poolE, 4 * model_.de * sizeof(float));
        const double elements = static_cast<double>(n_) * n_ * model_.de;
        measure({"pool", size(n_ * n_, model_.de), 6 * elements, 0, 4 * elements, elements},
            [&] { isa_.pieces->pool(ws.e, n_ * n_, model_.de, fixedBug, ws.poolE); });
    }

    // Classes of the described graphs, in turn, as many as a group has.
    void classes(std::vector<uint8_t>& nodes, std::vector<uint8_t>& edges) const {
        nodes.assign(static_cast<size_t>(graphs_) * n_, 0);
        edges.assign(nodes.size() * n_, 0);
        for (int graph = 0; graph < graphs_; graph++) {
            const size_t which = graph % d_.nodeClasses.size();
            for (int i = 0; i < n_; i++) {
                nodes[graph * n_ + i] = static_cast<uint8_t>(d_.nodeClasses[which][i] - '0');
            }
            uint8_t* bonds = edges.data() + static_cast<size_t>(graph) * n_ * n_;
            size_t pair = 0;
            for (int i = 0; i < n_; i++) {
                for (int j = i + 1; j < n_; j++) {
                    const uint8_t bond = static_cast<uint8_t>(d_.upperTriangles[which][pair++] - '0');
                    bonds[i * n_ + j] = bond;
                    bonds[j * n_ + i] = bond;
                }
            }
        }
    }

    void features() {
        std::vector<uint8_t> nodes, edges;
        classes(nodes, edges);
        const int stride = padded(model_.shape.nodeInputs());
        measure({"features", std::to_string(n_) + " nodes", 0, 0, 0, static_cast<double>(graphs_)}, [&] {
            for (size_t graph = 0; graph < static_cast<size_t>(graphs_); graph++) {
                scratch_.features.compute(nodes.data() + graph * n_, edges.data() + graph * n_ * n_, n_, 1,
                    scratch_.workspace.nodeInput + graph * n_ * stride, stride, nullptr, 0,
                    scratch_.workspace.globalInput + graph * padded(model_.shape.globalInputs()));
            }
        });
    }

    void draws() {
        std::vector<uint8_t> nodes, edges, sameNodes, sameEdges;
        classes(nodes, edges);
        classes(sameNodes, sameEdges);
        std::vector<int64_t> ids(graphs_);
        const Group group = {n_, graphs_, ids.data(), nodes.data(), edges.data()};
        const Group same = {n_, graphs_, ids.data(), sameNodes.data(), sameEdges.data()};
        const std::pair<const char*, Step> rules[] = {
            {"draw", {POSTERIOR, 1, 0, GENERAL, 0, 0.01f, 0.5f, 0.5f, 0, 0}},
            {"draw of a flow", {FLOW, 1, 0, GENERAL, 0, 0, 0.5f, 0.51f, 10, 0.1f}},
            {"draw of a leap", {LEAP, 1, 0, GENERAL, 0, 0.01f, 0.5f, 0.51f, 0, 0}}};
        const auto draw = [&](const Kernels& kernels, Workspace& ws, const Group& to, const Step& step) {
            if (!kernels.draw(model_, ws, to, 1, step)) {
                throw std::runtime_error("the probabilities of finite logits must be finite");
            }
        };
        // A draw leaves other logits behind, so that all are compared before the first is taken many times.
        for (const auto& rule : rules) {
            draw(SCALAR_KERNELS, expected_.workspace, same, rule.second);
            draw(*isa_.kernels, scratch_.workspace, group, rule.second);
            requireSame(rule.first, sameNodes.data(), nodes.data(), nodes.size());
            requireSame(rule.first, sameEdges.data(), edges.data(), edges.size());
        }
        for (const auto& rule : rules) {
            measure({rule.first, std::to_string(n_) + " nodes", 0, 0, 0, static_cast<double>(graphs_)},
                [&] { draw(*isa_.kernels, scratch_.workspace, group, rule.second); });
        }
    }

    int rowsOf(const LayerForm& form) const {
        return form.kind == "edges" ? blockRows() : form.kind == "nodes" ? n_ * graphs_ : graphs_;
    }

    void layer(const LayerForm& form) {
        Memory memory;
        Numbers numbers;
        const Linear linear = packLinear(random(form, numbers), 0, memory);
        // What packLinear leaves to the whole model.
        const int rows = rowsOf(form);
        Workspace ws = {};
        prepareLinear(linear, memory, ws);
        const float* x = input(form, rows, numbers, memory);
        const size_t stride = padded(form.in);
        const size_t outputs = static_cast<size_t>(rows) * padded(form.out);
        float* y = memory.allocate<float>(outputs);
        float* same = memory.allocate<float>(outputs);
        SCALAR_KERNELS.linear(linear, x, stride, rows, same, false, ws);
        isa_.kernels->linear(linear, x, stride, rows, y, false, ws);
        requireSame(form.label, same, y, outputs * sizeof(float));

        const double in = form.in;
        const double out = form.out;
        Measured measured = {form.label, size(rows, form.in) + " x " + std::to_string(form.out)};
        measured.bytes = 4 * rows * (in + out) + 4 * out;
        measured.items = rows;
        if (form.weightBits > 8) {
            measured.floatOperations = 2 * rows * in * out;
            measured.bytes += 4 * in * out;
        } else {
            const double rankedFloats = form.intermediateBits > 8 ? form.rank * out : 0;
            measured.integerOperations = 2 * rows * (form.rank * (in + out) - rankedFloats
                + (form.residualBits > 0 ? in * out : 0));
            measured.floatOperations = 2 * rows * (rankedFloats + form.sparseEntries + form.outlierShare * in * out);
            measured.bytes += form.rank * (in + out) + (form.residualBits > 0 ? in * out : 0) + 8.0 * form.sparseEntries;
        }
        measure(measured, [&] { isa_.kernels->linear(linear, x, stride, rows, y, false, ws); });
        // Few entries are those of globals.
        if (form.weightBits <= 8 && form.kind != "globals") {
            const int chunk = std::min(rows, chunkRows(linear));
            const double entries = chunk * in;
            measure({"quantize " + form.label, size(chunk, form.in), 0, 0, 5 * entries, entries},
                [&] { isa_.pieces->quantize(linear, x, stride, 0, chunk, ws); });
        }
    }

    const Description& d_;
    const InstructionSet isa_;
    const Model model_;
    const int n_;
    const int graphs_;
    Scratch scratch_;
    Scratch expected_;
};

}  // namespace

int main(int count, char** arguments) {
    const std::string mode = count == 2 ? arguments[1] : "";
    try {
        const Description description = read(std::cin);
        if (mode == "peaks") {
            peaks(description);
        } else if (mode == "pieces") {
            PieceBench(description).run();
        } else if (mode == "fingerprints") {
            fingerprints(description.patience);
        } else {
            throw std::runtime_error("usage: kernel_bench peaks|pieces|fingerprints < DESCRIPTION");
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kernel_bench: %s\n", error.what());
        return 2;
    }
    return 0;
}
