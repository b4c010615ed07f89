#include "engine.h"

#include <algorithm>
#include <atomic>

namespace bitdgdm {
namespace {

// Collects what Kernels::network shows of its linear layers for one group, rows in order.
struct RecordingCapture : Capture {
    RecordingCapture(const std::vector<bool>& wanted, std::vector<std::vector<float>>& inputs)
        : wanted(wanted), inputs(inputs) {
        add = append;
    }

    const std::vector<bool>& wanted;
    std::vector<std::vector<float>>& inputs;

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

}  // namespace

const Kernels& kernelsOf(Isa isa) {
    if (!isaSupported(isa)) {
        throw EngineError(std::string("this processor or build has no ") + isaName(isa)
            + "; the widest instruction set here is " + isaName(bestIsa()) + "; set --cpu-isa auto");
    }
#if defined(__x86_64__)
    if (isa == Isa::AVX512) {
        return AVX512_KERNELS;
    }
    if (isa == Isa::AVX2) {
        return AVX2_KERNELS;
    }
#endif
    return SCALAR_KERNELS;
}

// Scratch borrowed by one thread for one group.
class Engine::Lease {
public:
    explicit Lease(Engine& engine) : engine_(engine) {
        std::lock_guard<std::mutex> lock(engine.mutex_);
        if (engine.idle_.empty()) {
            scratch_.reset(new Scratch(engine.network_->model));
        } else {
            scratch_ = std::move(engine.idle_.back());
            engine.idle_.pop_back();
        }
    }

    ~Lease() {
        scratch_->workspace.capture = nullptr;
        std::lock_guard<std::mutex> lock(engine_.mutex_);
        engine_.idle_.push_back(std::move(scratch_));
    }

    Scratch& operator*() { return *scratch_; }

private:
    Engine& engine_;
    std::unique_ptr<Scratch> scratch_;
};

Engine::Engine(std::unique_ptr<PackedNetwork> network, Isa isa, int threads)
    : network_(std::move(network)), kernels_(kernelsOf(isa)), pool_(threads) {
    // The products of a row do not depend on other rows, so those of every edge class can be taken once.
    Model& model = network_->model;
    if (model.shape.walks > 0) {
        return;
    }
    const int types = model.shape.edgeTypes;
    const int inputs = padded(types);
    const auto table = [&](const Linear& layer, const float* x, int width, bool relu, Memory& memory) {
        Memory scratch;
        Workspace ws = {};
        prepareLinear(layer, scratch, ws);
        float* y = memory.allocate<float>(static_cast<size_t>(types) * padded(layer.out));
        kernels_.linear(layer, x, padded(width), types, y, relu, ws);
        return y;
    };
    Memory temporary;
    float* oneHot = temporary.allocate<float>(static_cast<size_t>(types) * inputs);
    for (int type = 0; type < types; type++) {
        oneHot[type * inputs + type] = 1;
    }
    const float* hidden = table(model.inE.first, oneHot, types, true, temporary);
    Memory& memory = network_->memory;
    model.edgeTable = table(model.inE.second, hidden, model.inE.first.out, true, memory);
    model.edgeAddTable = table(model.blocks[0].eAdd, model.edgeTable, model.de, false, memory);
    model.edgeMulTable = table(model.blocks[0].eMul, model.edgeTable, model.de, false, memory);
    for (Model& later : network_->later) {
        const float* laterHidden = table(later.inE.first, oneHot, types, true, temporary);
        later.edgeTable = table(later.inE.second, laterHidden, later.inE.first.out, true, memory);
        later.edgeAddTable = table(later.blocks[0].eAdd, later.edgeTable, later.de, false, memory);
        later.edgeMulTable = table(later.blocks[0].eMul, later.edgeTable, later.de, false, memory);
    }
}

// As few groups as fit the cache, and as many as keep every thread busy to the end.
int Engine::groupsOf(const Batch& batch) const {
    const int graphs = static_cast<int>(batch.ids.size());
    const int largest = groupSize(network_->model, batch.nodes);
    const int threads = pool_.threads();
    const int groups = (graphs + largest - 1) / largest;
    return std::min(graphs, (groups + threads - 1) / threads * threads);
}

// Calls work(index, scratch, group, first graph) for groups of nearly equal size.
template <typename Work>
void Engine::eachGroup(const Batch& batch, Work work) {
    const int graphs = static_cast<int>(batch.ids.size());
    const int groups = groupsOf(batch);
    const size_t n = batch.nodes;
    pool_.run(groups, [&](int index) {
        const int first = static_cast<int>(static_cast<int64_t>(graphs) * index / groups);
        const int end = static_cast<int>(static_cast<int64_t>(graphs) * (index + 1) / groups);
        Lease lease(*this);
        Scratch& scratch = *lease;
        scratch.prepare(batch.nodes, end - first);
        // advance() and record() own their batches, the others do not write through these pointers.
        Group group = {batch.nodes, end - first, batch.ids.data() + first,
            const_cast<uint8_t*>(batch.nodeClasses.data()) + first * n,
            const_cast<uint8_t*>(batch.edgeClasses.data()) + first * n * n};
        work(index, scratch, group, static_cast<size_t>(first));
    });
}

void Engine::evaluate(Scratch& scratch, const Group& group, float time, int range) const {
    const Shape& shape = network_->model.shape;
    Workspace& ws = scratch.workspace;
    const size_t n = group.nodes;
    const int stride = padded(shape.nodeInputs());
    const int edgeStride = padded(shape.edgeInputs());
    for (int graph = 0; graph < group.graphs; graph++) {
        scratch.features.compute(group.nodeClasses + graph * n, group.edgeClasses + graph * n * n, group.nodes, time,
            ws.nodeInput + graph * n * stride, stride,
            shape.walks > 0 ? ws.edgeInput + graph * n * n * edgeStride : nullptr, edgeStride,
            ws.globalInput + graph * padded(shape.globalInputs()));
    }
    kernels_.network(network_->at(range), ws, group);
}

void Engine::advance(Batch& batch, uint64_t seed, const std::vector<Step>& steps) {
    eachGroup(batch, [&](int, Scratch& scratch, const Group& group, size_t) {
        for (const Step& step : steps) {
            evaluate(scratch, group, step.time, step.range);
            if (!kernels_.draw(network_->model, scratch.workspace, group, seed, step)) {
                throw NotFiniteError("logits before the step to time " + std::to_string(step.to)
                    + " are not finite; the model's weights are broken");
            }
        }
    });
}

void Engine::logits(const Batch& batch, float time, int range, float* nodeLogits, float* edgeLogits) {
    const Shape& shape = network_->model.shape;
    eachGroup(batch, [&](int, Scratch& scratch, const Group& group, size_t first) {
        evaluate(scratch, group, time, range);
        const size_t rows = static_cast<size_t>(group.graphs) * group.nodes;
        const size_t n = group.nodes;
        for (size_t row = 0; row < rows; row++) {
            std::copy_n(scratch.workspace.nodeLogits + row * padded(shape.nodeTypes), shape.nodeTypes,
                nodeLogits + (first * n + row) * shape.nodeTypes);
        }
        for (size_t row = 0; row < rows * n; row++) {
            std::copy_n(scratch.workspace.edgeLogits + row * padded(shape.edgeTypes), shape.edgeTypes,
                edgeLogits + (first * n * n + row) * shape.edgeTypes);
        }
    });
}

void Engine::features(const Batch& batch, float time, float* nodeInput, float* edgeInput, float* globalInput) {
    const Shape& shape = network_->model.shape;
    const size_t n = batch.nodes;
    Lease lease(*this);
    Scratch& scratch = *lease;
    scratch.prepare(batch.nodes, 1);
    for (size_t graph = 0; graph < batch.ids.size(); graph++) {
        scratch.features.compute(batch.nodeClasses.data() + graph * n, batch.edgeClasses.data() + graph * n * n,
            batch.nodes, time, nodeInput + graph * n * shape.nodeInputs(), shape.nodeInputs(),
            shape.walks > 0 ? edgeInput + graph * n * n * shape.edgeInputs() : nullptr, shape.edgeInputs(),
            globalInput + graph * shape.globalInputs());
    }
}

size_t Engine::scratchBytes() {
    std::lock_guard<std::mutex> lock(mutex_);
    size_t bytes = 0;
    for (const auto& scratch : idle_) {
        bytes += scratch->bytes();
    }
    return bytes;
}

void Engine::record(Batch& batch, uint64_t seed, float time, int range, const Step* step, const std::vector<bool>& wanted,
                    Recording& recording) {
    recording.groups.resize(groupsOf(batch));
    for (auto& inputs : recording.groups) {
        inputs.resize(wanted.size());
        for (std::vector<float>& input : inputs) {
            input.clear();
        }
    }
    std::atomic<bool> drawn(true);
    eachGroup(batch, [&](int index, Scratch& scratch, const Group& group, size_t) {
        RecordingCapture capture(wanted, recording.groups[index]);
        scratch.workspace.capture = &capture;
        evaluate(scratch, group, time, range);
        scratch.workspace.capture = nullptr;
        if (step != nullptr && !kernels_.draw(network_->model, scratch.workspace, group, seed, *step)) {
            drawn = false;
        }
    });
    recording.drawn = drawn;
}

void Engine::sample(const Recording& recording, const std::vector<std::pair<size_t, InputSample*>>& samples) {
    pool_.run(static_cast<int>(samples.size()), [&](int index) {
        for (const auto& group : recording.groups) {
            samples[index].second->accept(group.at(samples[index].first));
        }
    });
}

}  // namespace bitdgdm
