// Uniform samples of what flows into a layer, taken row by row as it is recorded: the same as InputCollector.java keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bitdgdm {

// Which items of a stream belong to a uniform sample of fixed size, and where each goes: as SkipReservoir.java.
class SkipReservoir {
public:
    SkipReservoir(int capacity, uint64_t seed, uint64_t stream) : capacity_(capacity), seed_(seed), stream_(stream) {}

    // Position in the stream of the next item to take.
    int64_t next() const { return next_; }

    // Takes it and says at which place of the sample it goes.
    int take();

private:
    double uniform(uint32_t draw, uint32_t which) const;

    int capacity_;
    uint64_t seed_;
    uint64_t stream_;
    uint32_t taken_ = 0;
    double weight_ = 1;
    int64_t next_ = 0;
};

class InputSample {
public:
    // `rows` whole rows of `in` entries are kept, and `magnitudes` of non-zero entries, or none.
    InputSample(int in, uint64_t seed, uint64_t stream, int rows, int magnitudes);

    // Takes rows, which must be counted in whole.
    void accept(const std::vector<float>& input);

    // Whether all entries were; what follows one that is not is not taken.
    bool finite() const { return maximum_ < 0x7F800000u; }
    // Bits of the largest magnitude.
    uint32_t maximum() const { return maximum_; }
    int64_t values() const { return values_; }
    int64_t nonZeros() const { return nonZeros_; }
    int64_t rowsSeen() const { return rowsSeen_; }

    // Those that were kept, ascending.
    std::vector<float> sortedMagnitudes() const;
    // Those that were kept, (rows, in).
    const std::vector<float>& rows() const { return rows_; }

private:
    static constexpr size_t CHUNK = 64;

    void sample(const float* input, size_t count, int64_t nonZeros);

    size_t in_;
    bool keepsMagnitudes_;
    SkipReservoir magnitudeReservoir_;
    SkipReservoir rowReservoir_;
    std::vector<float> magnitudes_;
    std::vector<float> rows_;
    uint32_t maximum_ = 0;
    int64_t values_ = 0;
    int64_t nonZeros_ = 0;
    int64_t rowsSeen_ = 0;
};

}  // namespace bitdgdm
