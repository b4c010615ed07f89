// A packed model on one instruction set: splits batches into groups of graphs, and groups over threads.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cpu_features.h"
#include "input_sample.h"
#include "packing.h"
#include "scratch.h"
#include "thread_pool.h"

namespace bitdgdm {

// What could not be done, as a sentence for the user.
class EngineError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Logits that are not finite.
class NotFiniteError : public EngineError {
public:
    using EngineError::EngineError;
};

// Graphs of one size with their ids; classes are read and, by advance(), written.
struct Batch {
    int nodes;
    std::vector<int64_t> ids;           // (B)
    std::vector<uint8_t> nodeClasses;   // (B, n)
    std::vector<uint8_t> edgeClasses;   // (B, n, n)
};

// Inputs of those linear layers that were asked for, in the order in which layers were added, of one group of graphs after
// the other: (rows, in) each; empty for others.
struct Recording {
    std::vector<std::vector<std::vector<float>>> groups;
    bool drawn = true;  // false where a step could not be drawn, since logits are not finite
};

// The functions of an instruction set; throws EngineError where the processor or this build lacks it.
const Kernels& kernelsOf(Isa isa);

// Any number of threads may call any function at once.
class Engine {
public:
    Engine(std::unique_ptr<PackedNetwork> network, Isa isa, int threads);

    // Takes every graph through all steps.
    void advance(Batch& batch, uint64_t seed, const std::vector<Step>& steps);

    // Logits at a time, with the scales of its range: (B, n, nodeTypes) and (B, n, n, edgeTypes).
    void logits(const Batch& batch, float time, int range, float* nodeLogits, float* edgeLogits);

    // Evaluates once at a time; takes the graphs through a step from there unless that is null. What was recorded before is
    // replaced, in its memory.
    void record(Batch& batch, uint64_t seed, float time, int range, const Step* step, const std::vector<bool>& wanted,
                Recording& recording);

    // Adds what was recorded of layers, by their index, to samples, each of which is named once.
    void sample(const Recording& recording, const std::vector<std::pair<size_t, InputSample*>>& samples);

    // Network inputs at a time: (B, n, nodeInputs), (B, n, n, edgeInputs) where edges have features, and (B, globalInputs).
    void features(const Batch& batch, float time, float* nodeInput, float* edgeInput, float* globalInput);

    // Bytes of scratch that are kept between calls, all threads together; only for calls while no other is under way.
    size_t scratchBytes();

    const Shape& shape() const { return network_->model.shape; }

private:
    class Lease;

    int groupsOf(const Batch& batch) const;
    template <typename Work>
    void eachGroup(const Batch& batch, Work work);
    void evaluate(Scratch& scratch, const Group& group, float time, int range) const;

    std::unique_ptr<PackedNetwork> network_;
    const Kernels& kernels_;
    ThreadPool pool_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Scratch>> idle_;
};

}  // namespace bitdgdm
