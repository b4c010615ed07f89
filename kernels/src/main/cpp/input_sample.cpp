#include "input_sample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "philox.h"
#include "strict_math.h"

namespace bitdgdm {
namespace {

constexpr uint32_t MAGNITUDE = 0x7FFFFFFF;
// Which of an item's three random numbers: its place, and the two that decide the next item.
constexpr uint32_t PLACE = 0;
constexpr uint32_t WEIGHT = 1;
constexpr uint32_t SKIP = 2;

uint32_t magnitudeBits(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits & MAGNITUDE;
}

}  // namespace

double SkipReservoir::uniform(uint32_t draw, uint32_t which) const {
    return (philoxWord(seed_, stream_, draw, which) + 0.5) * 0x1p-32;
}

int SkipReservoir::take() {
    const uint32_t draw = taken_++;
    const uint32_t capacity = static_cast<uint32_t>(capacity_);
    const int place = static_cast<int>(taken_ <= capacity ? draw : capacity_ * uniform(draw, PLACE));
    if (taken_ < capacity) {
        next_++;
    } else {
        weight_ *= strict::exp(strict::log(uniform(draw, WEIGHT)) / capacity_);
        const double skip = std::floor(strict::log(uniform(draw, SKIP)) / strict::log1p(-weight_));
        // Once the weight has vanished no further item is ever taken; the sum saturates instead of wrapping.
        next_ = skip < static_cast<double>(INT64_MAX - next_) ? next_ + 1 + static_cast<int64_t>(skip) : INT64_MAX;
    }
    return place;
}

InputSample::InputSample(int in, uint64_t seed, uint64_t stream, int rows, int magnitudes)
    : in_(in), keepsMagnitudes_(magnitudes > 0), magnitudeReservoir_(magnitudes, seed, 2 * stream),
      rowReservoir_(rows, seed, 2 * stream + 1), magnitudes_(magnitudes), rows_(static_cast<size_t>(rows) * in) {}

void InputSample::accept(const std::vector<float>& input) {
    if (!finite()) {
        return;
    }
    const size_t count = input.size();
    uint32_t largest = maximum_;
    for (size_t from = 0; from < count; from += CHUNK) {
        const float* chunk = input.data() + from;
        const size_t size = std::min(CHUNK, count - from);
        // Lanes that a compiler makes vectors of.
        int32_t most = 0;
        int32_t others = 0;
        if (size == CHUNK) {
            int32_t bits[CHUNK];
            std::memcpy(bits, chunk, sizeof bits);
            for (size_t k = 0; k < CHUNK; k++) {
                const int32_t magnitude = bits[k] & static_cast<int32_t>(MAGNITUDE);
                most = magnitude > most ? magnitude : most;
                others += magnitude != 0;
            }
        } else {
            for (size_t k = 0; k < size; k++) {
                const int32_t magnitude = static_cast<int32_t>(magnitudeBits(chunk[k]));
                most = std::max(most, magnitude);
                others += magnitude != 0;
            }
        }
        largest = std::max(largest, static_cast<uint32_t>(most));
        if (keepsMagnitudes_ && magnitudeReservoir_.next() < nonZeros_ + others) {
            sample(chunk, size, others);
        }
        nonZeros_ += others;
    }
    maximum_ = largest;
    if (!finite()) {
        return;
    }
    const int64_t rows = static_cast<int64_t>(count / in_);
    while (rowReservoir_.next() < rowsSeen_ + rows) {
        const size_t row = static_cast<size_t>(rowReservoir_.next() - rowsSeen_);
        const size_t place = static_cast<size_t>(rowReservoir_.take());
        std::copy_n(input.data() + row * in_, in_, rows_.data() + place * in_);
    }
    values_ += static_cast<int64_t>(count);
    rowsSeen_ += rows;
}

// Takes those of the reservoir's next that are among these, of which so many are not 0.
void InputSample::sample(const float* input, size_t count, int64_t nonZeros) {
    if (nonZeros == static_cast<int64_t>(count)) {
        while (magnitudeReservoir_.next() < nonZeros_ + nonZeros) {
            const float value = input[magnitudeReservoir_.next() - nonZeros_];
            magnitudes_[magnitudeReservoir_.take()] = std::fabs(value);
        }
        return;
    }
    int64_t before = nonZeros_;
    for (size_t k = 0; k < count; k++) {
        if (input[k] != 0) {
            if (before == magnitudeReservoir_.next()) {
                magnitudes_[magnitudeReservoir_.take()] = std::fabs(input[k]);
            }
            before++;
        }
    }
}

std::vector<float> InputSample::sortedMagnitudes() const {
    // Magnitudes sort as their bits do, 11 of them at a time.
    const size_t count = static_cast<size_t>(std::min<int64_t>(nonZeros_, static_cast<int64_t>(magnitudes_.size())));
    std::vector<uint32_t> from(count);
    std::vector<uint32_t> to(count);
    std::memcpy(from.data(), magnitudes_.data(), count * sizeof(uint32_t));
    for (int shift = 0; shift < 32; shift += 11) {
        std::vector<size_t> starts(1 << 11);
        const auto digit = [&](uint32_t bits) { return bits >> shift & 0x7FF; };
        for (uint32_t bits : from) {
            starts[digit(bits)]++;
        }
        size_t start = 0;
        for (size_t& entry : starts) {
            start += entry;
            entry = start - entry;
        }
        for (uint32_t bits : from) {
            to[starts[digit(bits)]++] = bits;
        }
        from.swap(to);
    }
    std::vector<float> sorted(count);
    std::memcpy(sorted.data(), from.data(), count * sizeof(float));
    return sorted;
}

}  // namespace bitdgdm
