#include "protein_engine.h"

#include <algorithm>
#include <numeric>

namespace bitdgdm {
namespace {

constexpr int OUTSIDE = -1;
// Tasks that a team cuts rows into for each of its threads.
constexpr int TASKS_OF_THREAD = 2;
// A protein's part of the messages' first layers is kept between evaluations up to so many bytes.
constexpr size_t MOST_TERM_BYTES = size_t(64) << 20;

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::invalid_argument(what);
    }
}

// Rows of a layer's weight as a layer of their own; the bias goes with the last of them.
LinearSource rowsOf(const LinearSource& source, int first, int rows, bool withBias) {
    LinearSource part;
    part.in = rows;
    part.out = source.out;
    part.bias = withBias ? source.bias : std::vector<float>(source.out);
    part.hasWeight = true;
    const auto from = source.weight.begin() + static_cast<size_t>(first) * source.out;
    part.weight.assign(from, from + static_cast<size_t>(rows) * source.out);
    part.sparseWidth = source.sparseWidth;
    const size_t place = static_cast<size_t>(first) * source.sparseWidth;
    const size_t places = static_cast<size_t>(rows) * source.sparseWidth;
    part.sparseColumns.assign(source.sparseColumns.begin() + place, source.sparseColumns.begin() + place + places);
    part.sparseValues.assign(source.sparseValues.begin() + place, source.sparseValues.begin() + place + places);
    part.laterScales = source.laterScales;
    return part;
}

// Whether rows of codes with scales of their own meet one matrix of codes and nothing else, and a residue fills whole vectors.
bool splitsWithItsRows(const LinearSource& source, const Linear& whole, int d) {
    return whole.activation.perRow && !whole.activation.isUnsigned && !source.hasLowRank && whole.sparse.from == nullptr
        && whole.sparseRows.from == nullptr && d % PANEL == 0 && sumsFitFloats(source);
}

struct RecordingCapture : Capture {
    std::vector<bool> wanted;
    std::vector<std::vector<float>> inputs;

    static void append(Capture* self, int index, const float* x, size_t stride, int rows, int width) {
        RecordingCapture& capture = *static_cast<RecordingCapture*>(self);
        if (!capture.wanted.at(index)) {
            return;
        }
        std::vector<float>& input = capture.inputs[index];
        for (int row = 0; row < rows; row++) {
            input.insert(input.end(), x + row * stride, x + row * stride + width);
        }
    }
};

float* rowsPadded(const std::vector<float>& values, int rows, int width, Memory& memory) {
    float* to = memory.allocate<float>(static_cast<size_t>(rows) * padded(width));
    for (int row = 0; row < rows; row++) {
        std::copy_n(values.begin() + static_cast<size_t>(row) * width, width, to + static_cast<size_t>(row) * padded(width));
    }
    return to;
}

}  // namespace

ProteinBuilder::ProteinBuilder(const ProteinModel& shape, int ranges)
    : shape_(shape), ranges_(std::max(1, ranges)), packed_(new PackedProteins) {
}

ProteinBuilder::Ranges ProteinBuilder::pack(const LinearSource& source, int index) {
    require(source.laterScales.size() + 1 == ranges_, "a layer must have scales for every range of steps");
    Ranges packed = {packLinear(source, index, packed_->memory)};
    for (size_t range = 1; range < ranges_; range++) {
        packed.push_back(rescaled(packed[0], source, source.laterScales[range - 1], packed_->memory));
    }
    return packed;
}

void ProteinBuilder::addLinear(const ModuleName& name, const LinearSource& source) {
    require(linearOf_.emplace(name, pack(source, count_)).second, "a linear layer was given twice");
    const Linear& whole = linearOf_.at(name)[0];
    const int d = (source.in - 1) / 3;
    if (name.second != "message_mlp.0" || whole.transform != nullptr || whole.branch != nullptr) {
        // Whole.
    } else if (!whole.activation.coded) {
        partsOf_[name] = {pack(rowsOf(source, 0, d, false), count_), pack(rowsOf(source, d, d, false), count_),
            pack(rowsOf(source, 2 * d, d + 1, true), count_)};
    } else if (!whole.activation.perRow && sumsFitFloats(source)) {
        partsOf_[name] = {packSums(source, name, 0, d), packSums(source, name, d, d), packSums(source, name, 2 * d, d + 1)};
    } else if (splitsWithItsRows(source, whole, d)) {
        partsOf_[name] = {packSums(source, name, 0, 2 * d), packSums(source, name, 2 * d, d + 1)};
    }
    count_++;
}

ProteinBuilder::Ranges ProteinBuilder::packSums(const LinearSource& source, const ModuleName& name, int first, int rows) {
    Ranges parts;
    for (const Linear& whole : linearOf_.at(name)) {
        parts.push_back(parts.empty() ? bitdgdm::packSums(source, first, rows, packed_->memory) : parts[0]);
        parts.back().activation = whole.activation;
    }
    return parts;
}

void ProteinBuilder::addNorm(const ModuleName& name, const std::vector<float>& weight, const std::vector<float>& bias) {
    require(weight.size() == bias.size(), "a layer norm must have as many weights as biases");
    const int width = static_cast<int>(weight.size());
    Norm norm = {width, rowsPadded(weight, 1, width, packed_->memory), rowsPadded(bias, 1, width, packed_->memory)};
    require(normOf_.emplace(name, norm).second, "a layer norm was given twice");
}

ProteinModel ProteinBuilder::model(size_t range) {
    const auto linear = [&](int block, const char* module) {
        const auto found = linearOf_.find({block, module});
        if (found == linearOf_.end()) {
            throw std::invalid_argument(std::string("the model lacks the linear layer ") + module);
        }
        return found->second[range];
    };
    const auto norm = [&](int block, const char* module) {
        const auto found = normOf_.find({block, module});
        if (found == normOf_.end()) {
            throw std::invalid_argument(std::string("the model lacks the layer norm ") + module);
        }
        return found->second;
    };
    ProteinModel model = shape_;
    model.time0 = linear(OUTSIDE, "time_mlp.0");
    model.time2 = linear(OUTSIDE, "time_mlp.2");
    model.structure0 = linear(OUTSIDE, "ss_mlp.0");
    model.structure2 = linear(OUTSIDE, "ss_mlp.2");
    model.nodes = linear(OUTSIDE, "node_embedding");
    model.edges = linear(OUTSIDE, "edge_embedding");
    model.output = linear(OUTSIDE, "lin");
    model.d = model.nodes.out;
    ProteinLayer* layers = packed_->memory.allocate<ProteinLayer>(model.layerCount);
    model.widestNode = model.structure0.out;
    for (int at = 0; at < model.layerCount; at++) {
        ProteinLayer& layer = layers[at];
        if (model.edgesUpdated) {
            layer.edge0 = linear(at, "edge_mlp.0");
            layer.edge3 = linear(at, "edge_mlp.3");
            layer.edgeNorm = norm(at, "edge_norm");
        }
        if (model.nodesNormalised) {
            layer.nodeNorm = norm(at, "node_norm");
        }
        layer.message0 = linear(at, "message_mlp.0");
        layer.message3 = linear(at, "message_mlp.3");
        layer.node0 = linear(at, "node_mlp.0");
        layer.node3 = linear(at, "node_mlp.3");
        layer.time = linear(at, "time_mlp_list.1");
        layer.ff0 = linear(at, "ff_list.0");
        layer.ff4 = linear(at, "ff_list.4");
        layer.ffNorm = norm(at, "ff_list.3");
        const auto parts = partsOf_.find({at, "message_mlp.0"});
        const Activation& codes = layer.message0.activation;
        layer.split = parts == partsOf_.end() ? WHOLE : !codes.coded ? IN_FLOATS : codes.perRow ? IN_CODES_OF_ROWS : IN_CODES;
        if (layer.split == IN_CODES_OF_ROWS) {
            layer.residues = parts->second[0][range];
        } else if (layer.split != WHOLE) {
            layer.receiver = parts->second[0][range];
            layer.sender = parts->second[1][range];
        }
        if (layer.split != WHOLE) {
            layer.edge = parts->second.back()[range];
            model.widestPart = std::max(model.widestPart, layer.edge.out);
        }
        model.widestNode = std::max({model.widestNode, layer.edge0.out, layer.message0.out, layer.node0.out});
        model.m = layer.message3.out;
    }
    model.layers = layers;
    for (const auto& named : linearOf_) {
        const Linear& layer = named.second[range];
        model.widestIn = std::max(model.widestIn, layer.in);
        model.widestOut = std::max(model.widestOut, layer.out);
        model.widestRank = std::max({model.widestRank, layer.rank, layer.branch == nullptr ? 0 : layer.branch->rank});
    }
    return model;
}

std::unique_ptr<PackedProteins> ProteinBuilder::finish() {
    for (size_t range = 0; range < ranges_; range++) {
        packed_->models.push_back(model(range));
    }
    return std::move(packed_);
}

Backbone::Backbone(std::vector<int32_t> sources, std::vector<int32_t> targets, const std::vector<float>& nodeFeatures,
                   const std::vector<float>& structure, const std::vector<float>& positions,
                   const std::vector<float>& edgeFeatures)
    : sources_(std::move(sources)), targets_(std::move(targets)) {
    const int n = static_cast<int>(positions.size() / 3);
    const int edgeCount = static_cast<int>(sources_.size());
    require(nodeFeatures.size() == n * size_t(11) && structure.size() == n * size_t(8) && targets_.size() == sources_.size()
        && edgeFeatures.size() == edgeCount * size_t(93), "arrays of a protein contradict each other");
    for (int edge = 0; edge < edgeCount; edge++) {
        require(sources_[edge] >= 0 && sources_[edge] < n && targets_[edge] >= 0 && targets_[edge] < n,
            "an edge must lead from residue to residue");
    }
    float* distances = memory_.allocate<float>(edgeCount);
    for (int edge = 0; edge < edgeCount; edge++) {
        double sum = 0;
        for (int axis = 0; axis < 3; axis++) {
            const double difference = double(positions[3 * size_t(sources_[edge]) + axis])
                - positions[3 * size_t(targets_[edge]) + axis];
            sum += difference * difference;
        }
        distances[edge] = static_cast<float>(sum);
    }
    float* features = memory_.allocate<float>(nodeFeatures.size());
    std::copy(nodeFeatures.begin(), nodeFeatures.end(), features);
    condition_.n = n;
    condition_.edgeCount = edgeCount;
    condition_.sources = sources_.data();
    condition_.targets = targets_.data();
    firstIncoming_.assign(n + size_t(1), 0);
    for (int target : targets_) {
        firstIncoming_[target + 1]++;
    }
    std::partial_sum(firstIncoming_.begin(), firstIncoming_.end(), firstIncoming_.begin());
    incoming_.resize(edgeCount);
    std::vector<int32_t> next = firstIncoming_;
    for (int edge = 0; edge < edgeCount; edge++) {
        incoming_[next[targets_[edge]]++] = edge;
    }
    condition_.firstIncoming = firstIncoming_.data();
    condition_.incoming = incoming_.data();
    condition_.nodeFeatures = features;
    condition_.structure = rowsPadded(structure, n, 8, memory_);
    condition_.edgeFeatures = rowsPadded(edgeFeatures, edgeCount, 93, memory_);
    condition_.distances = distances;
}

// Scratch of one thread, for proteins up to some length.
struct ProteinEngine::Room {
    Memory memory;
    Memory messageMemory;
    Memory quantized;
    Workspace workspace = {};
    ProteinWorkspace protein = {};
    int residues = 0;
    int messages = 0;
    std::thread::id last;   // thread that had it last, in whose cache it may be

    explicit Room(const ProteinModel& model) {
        Linear widest = {};
        widest.in = model.widestIn;
        widest.out = model.widestOut;
        widest.rank = model.widestRank;
        prepareLinear(widest, quantized, workspace);
    }

    void prepare(const ProteinModel& model, int n) {
        if (n <= residues) {
            return;
        }
        residues = n;
        memory.clear();
        const auto floats = [&](size_t rows, int width) { return memory.allocate<float>(rows * padded(width)); };
        protein.input = floats(n, 31);
        for (float** x : {&protein.x, &protein.update, &protein.normalised}) {
            *x = floats(n, model.d);
        }
        protein.hidden = floats(std::max(n, MESSAGE_ROWS), model.widestNode);
        protein.receiver = floats(n, model.widestPart);
        protein.sender = floats(n, model.widestPart);
        protein.sums = floats(MESSAGE_ROWS, model.widestPart);
        protein.none = floats(1, model.widestPart);
        protein.withMessages = floats(n, model.d + model.m);
        protein.messageInput = floats(MESSAGE_ROWS, 3 * model.d + 1);
        protein.largest = memory.allocate<float>(n);
        protein.hiddenRow = floats(1, model.widestNode);
        protein.order = memory.allocate<int32_t>(MESSAGE_ROWS);
        protein.some = floats(MESSAGE_ROWS, std::max(model.d, model.m));
        protein.edgeUpdate = floats(MESSAGE_ROWS, model.d);
        protein.time = floats(1, model.d);
        protein.timeHidden = floats(1, model.time0.out);
        protein.film = floats(1, 2 * model.d);
        protein.filmMul = floats(1, model.d);
        protein.filmAdd = floats(1, model.d);
        protein.logits = floats(n, 20);
    }

    // Only the room of a whole sequence has messages.
    void prepareMessages(const ProteinModel& model, int edgeCount) {
        if (edgeCount > messages) {
            messages = edgeCount;
            messageMemory.clear();
            protein.messages = messageMemory.allocate<float>(static_cast<size_t>(edgeCount) * padded(model.m));
        }
    }
};

// A room borrowed by one thread.
class ProteinEngine::Lease {
public:
    Lease(ProteinEngine& engine, int residues) : engine_(engine) {
        {
            std::lock_guard<std::mutex> lock(engine.mutex_);
            std::vector<std::unique_ptr<Room>>& idle = engine.idle_;
            const std::thread::id caller = std::this_thread::get_id();
            const auto own = std::find_if(idle.begin(), idle.end(), [&](const auto& room) { return room->last == caller; });
            if (!idle.empty()) {
                std::swap(own == idle.end() ? idle.back() : *own, idle.back());
                room_ = std::move(idle.back());
                idle.pop_back();
            }
        }
        if (room_ == nullptr) {
            room_.reset(new Room(engine.packed_->models[0]));
        }
        room_->prepare(engine.packed_->models[0], residues);
    }

    ~Lease() {
        room_->workspace.capture = nullptr;
        room_->last = std::this_thread::get_id();
        std::lock_guard<std::mutex> lock(engine_.mutex_);
        engine_.idle_.push_back(std::move(room_));
    }

    Room& operator*() { return *room_; }

private:
    ProteinEngine& engine_;
    std::unique_ptr<Room> room_;
};

ProteinEngine::ProteinEngine(std::unique_ptr<PackedProteins> packed, Isa isa, int threads)
    : packed_(std::move(packed)), kernels_(kernelsOf(isa)), pool_(threads) {
}

ProteinEngine::~ProteinEngine() = default;

void ProteinEngine::condition(Backbone& backbone, int range, Capture* capture) {
    if (backbone.range_ == range && capture == nullptr) {
        return;
    }
    const ProteinModel& model = packed_->models.at(range);
    ProteinCondition& condition = backbone.condition_;
    backbone.range_ = -1;
    backbone.computed_.reset(new Memory);
    Memory& memory = *backbone.computed_;
    const size_t edgeCount = condition.edgeCount;
    condition.structureEmbedding = memory.allocate<float>(static_cast<size_t>(condition.n) * padded(model.d));
    backbone.edges_.clear();
    backbone.terms_.clear();
    backbone.largest_.clear();
    size_t termBytes = 0;
    for (int at = 0; at < model.layerCount; at++) {
        const ProteinLayer& layer = model.layers[at];
        backbone.edges_.push_back(memory.allocate<float>(edgeCount * padded(model.d + 1)));
        const size_t terms = layer.split == WHOLE ? 0 : edgeCount * padded(layer.edge.out);
        termBytes += terms * sizeof(float);
        backbone.largest_.push_back(layer.split == IN_CODES_OF_ROWS ? memory.allocate<float>(edgeCount) : nullptr);
        backbone.terms_.push_back(terms > 0 && termBytes <= MOST_TERM_BYTES ? memory.allocate<float>(terms) : nullptr);
    }
    condition.edges = backbone.edges_.data();
    condition.terms = backbone.terms_.data();
    condition.largest = backbone.largest_.data();
    Lease lease(*this, condition.n);
    (*lease).workspace.capture = capture;
    kernels_.proteinEdges(model, condition, (*lease).protein, (*lease).workspace);
    // What was recorded lacks the parts of split layers.
    backbone.range_ = capture == nullptr ? range : -1;
}

// The engine's threads, on the rows of one sequence.
struct ProteinEngine::PoolTeam : Team {
    ProteinEngine& engine;
    int residues;

    PoolTeam(ProteinEngine& engine, int residues) : Team{shareRows}, engine(engine), residues(residues) {}

    static void shareRows(Team& team, int count, int grain, Work work, const void* of) {
        PoolTeam& self = static_cast<PoolTeam&>(team);
        const int grains = (count + grain - 1) / grain;
        // Several for each thread, so that the last does not keep the others waiting.
        const int tasks = std::min(grains, TASKS_OF_THREAD * self.engine.pool_.threads());
        self.engine.pool_.run(tasks, [&](int task) {
            const int first = grains * task / tasks * grain;
            const int end = std::min(count, grains * (task + 1) / tasks * grain);
            Lease lease(self.engine, self.residues);
            work(of, first, end - first, (*lease).protein, (*lease).workspace);
        });
    }
};

void ProteinEngine::logits(Backbone& backbone, const std::vector<uint8_t>& sequences, float time, int range,
                           float* logits) {
    condition(backbone, range, nullptr);
    const ProteinModel& model = packed_->models.at(range);
    const ProteinCondition& protein = backbone.condition_;
    const size_t n = protein.n;
    const int samples = static_cast<int>(sequences.size() / n);
    const auto one = [&](int at, Team* team) {
        Lease lease(*this, protein.n);
        Room& room = *lease;
        room.prepareMessages(model, protein.edgeCount);
        kernels_.proteinNetwork(model, protein, sequences.data() + at * n, time, room.protein, room.workspace, team);
        for (size_t i = 0; i < n; i++) {
            std::copy_n(room.protein.logits + i * padded(20), 20, logits + (at * n + i) * 20);
        }
    };
    if (samples >= pool_.threads()) {
        pool_.run(samples, [&](int at) { one(at, nullptr); });
        return;
    }
    PoolTeam team(*this, protein.n);
    for (int at = 0; at < samples; at++) {
        one(at, &team);
    }
}

Recording ProteinEngine::record(Backbone& backbone, const std::vector<uint8_t>& sequence, float time, int range,
                                std::vector<bool> wanted) {
    RecordingCapture capture;
    capture.add = RecordingCapture::append;
    capture.inputs.resize(wanted.size());
    capture.wanted = std::move(wanted);
    condition(backbone, range, &capture);
    Lease lease(*this, backbone.condition_.n);
    Room& room = *lease;
    room.prepareMessages(packed_->models.at(range), backbone.condition_.edgeCount);
    room.workspace.capture = &capture;
    kernels_.proteinNetwork(packed_->models.at(range), backbone.condition_, sequence.data(), time, room.protein,
        room.workspace, nullptr);
    Recording recording;
    recording.groups.push_back(std::move(capture.inputs));
    return recording;
}

}  // namespace bitdgdm
