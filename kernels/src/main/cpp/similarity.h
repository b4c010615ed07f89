// Similarities of packed fingerprints by Tanimoto's coefficient, common bits ÷ bits of either, 1 where neither has any: the
// loops of FingerprintBlock.java with rows side by side in vectors. Each row meets the others in their order, so that sums have the
// same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bitdgdm {

struct Fingerprints {
    const int64_t* bits;    // (rows, words) row-major
    const int32_t* set;     // (rows) bits that are 1
    size_t rows;
    size_t words;
};

struct Similarity {
    // For rows from <= row < to the largest similarity with any of the others.
    void (*nearest)(const Fingerprints& mine, size_t from, size_t to, const Fingerprints& others, float* nearest);

    // For rows from <= row < to the sums over all rows of share * similarity and of share * similarity * similarity, beside each
    // other.
    void (*means)(const Fingerprints& all, const double* shares, size_t from, size_t to, double* means);
};

// Null where this build or the processor has no vectors that count bits: nothing here would be faster than Java's loops.
const Similarity* similarity();

}  // namespace bitdgdm
