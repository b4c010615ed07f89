// A packed model of proteins on one instruction set: conditions it on backbones, and evaluates sequences on threads.
#pragma once

#include "engine.h"
#include "protein.h"

namespace bitdgdm {

// The models of all ranges of steps, and the memory that they point into.
struct PackedProteins {
    Memory memory;
    std::vector<ProteinModel> models;
};

// Takes a model's parts by their names.
class ProteinBuilder {
public:
    // `shape` with layerCount and what is fixed beside the widths.
    ProteinBuilder(const ProteinModel& shape, int ranges);

    void addLinear(const ModuleName& name, const LinearSource& source);
    void addNorm(const ModuleName& name, const std::vector<float>& weight, const std::vector<float>& bias);

    // The finished model; throws std::invalid_argument if a part is missing.
    std::unique_ptr<PackedProteins> finish();

private:
    // A layer in every range of steps.
    using Ranges = std::vector<Linear>;

    Ranges pack(const LinearSource& source, int index);
    Ranges packSums(const LinearSource& source, const ModuleName& name, int first, int rows);
    ProteinModel model(size_t range);

    ProteinModel shape_;
    size_t ranges_;
    std::unique_ptr<PackedProteins> packed_;
    std::map<ModuleName, Ranges> linearOf_;
    std::map<ModuleName, std::vector<Ranges>> partsOf_;  // receiver, sender, edge, or both residues, edge
    std::map<ModuleName, Norm> normOf_;
    int count_ = 0;
};

// One protein, for one call at a time.
class Backbone {
public:
    // edgeFeatures is (E, 93), nodeFeatures (N, 11), structure (N, 8), positions (N, 3).
    Backbone(std::vector<int32_t> sources, std::vector<int32_t> targets, const std::vector<float>& nodeFeatures,
             const std::vector<float>& structure, const std::vector<float>& positions,
             const std::vector<float>& edgeFeatures);

    int residues() const { return condition_.n; }

private:
    friend class ProteinEngine;

    ProteinCondition condition_ = {};
    Memory memory_;             // of the protein
    std::unique_ptr<Memory> computed_;  // of what the network has computed of it
    int range_ = -1;            // of steps, that it was computed for
    std::vector<int32_t> sources_;
    std::vector<int32_t> targets_;
    std::vector<float*> edges_;
    std::vector<float*> terms_;
    std::vector<float*> largest_;
    std::vector<int32_t> firstIncoming_;
    std::vector<int32_t> incoming_;
};

// Any number of threads may call any function at once, each with a backbone of its own.
class ProteinEngine {
public:
    ProteinEngine(std::unique_ptr<PackedProteins> packed, Isa isa, int threads);
    ~ProteinEngine();

    // Logits (S, N, 20) of S sequences at a time, with the scales of its range. Threads share sequences, or where there are
    // fewer of those the rows of each; the bits are the same.
    void logits(Backbone& backbone, const std::vector<uint8_t>& sequences, float time, int range, float* logits);

    Recording record(Backbone& backbone, const std::vector<uint8_t>& sequence, float time, int range,
                     std::vector<bool> wanted);

private:
    struct Room;
    class Lease;
    struct PoolTeam;

    // Computes what of the network depends on the protein alone, unless it is there.
    void condition(Backbone& backbone, int range, Capture* capture);

    std::unique_ptr<PackedProteins> packed_;
    const Kernels& kernels_;
    ThreadPool pool_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Room>> idle_;
};

}  // namespace bitdgdm
