#include "fingerprints.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <stdexcept>

#include "similarity.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define COUNTS_WORDS __attribute__((target("popcnt")))
#define COUNTS_VECTORS __attribute__((target("avx512f,avx512vpopcntdq")))
#else
#define COUNTS_WORDS
#endif

namespace bitdgdm {
namespace {

constexpr size_t ROWS = 512;
constexpr size_t OTHERS = 8192;
// About what Morgan fingerprints of drug-like molecules have set.
constexpr double DENSITY = 0.045;

struct Rows {
    std::vector<int64_t> bits;
    std::vector<int32_t> set;
    size_t words;

    Rows(size_t rows, size_t words, std::mt19937_64& random) : bits(rows * words), set(rows), words(words) {
        std::bernoulli_distribution bit(DENSITY);
        for (size_t at = 0; at < bits.size() * 64; at++) {
            if (bit(random)) {
                bits[at / 64] |= int64_t{1} << at % 64;
                set[at / 64 / words]++;
            }
        }
    }
    Fingerprints view() const { return {bits.data(), set.data(), set.size(), words}; }
};

double quotient(int common, int both) {
    return both == 0 ? 1 : static_cast<double>(common) / (both - common);
}

// As FingerprintBlock.java: four rows with one at a time, a word after the other.
COUNTS_WORDS void byWords(const Fingerprints& mine, const Fingerprints& others, const double* shares, float* nearest,
                          double* means) {
    constexpr size_t CHUNK = 128, TILE = 4;
    for (size_t chunk = 0; chunk < others.rows; chunk += CHUNK) {
        for (size_t row = 0; row < mine.rows; row += TILE) {
            for (size_t other = chunk; other < std::min(others.rows, chunk + CHUNK); other++) {
                int common[TILE] = {};
                for (size_t word = 0; word < mine.words; word++) {
                    const int64_t there = others.bits[other * mine.words + word];
                    for (size_t k = 0; k < TILE; k++) {
                        common[k] += __builtin_popcountll(mine.bits[(row + k) * mine.words + word] & there);
                    }
                }
                for (size_t k = 0; k < TILE; k++) {
                    const double similar = quotient(common[k], mine.set[row + k] + others.set[other]);
                    if (nearest != nullptr) {
                        nearest[row + k] = std::max(nearest[row + k], static_cast<float>(similar));
                    } else {
                        means[2 * (row + k)] += shares[other] * similar;
                        means[2 * (row + k) + 1] += shares[other] * similar * similar;
                    }
                }
            }
        }
    }
}

#if defined(__x86_64__)
constexpr int CHAINS = 8;
constexpr long ROUNDS = 10000;

COUNTS_VECTORS void counts() {
    __m512i a[CHAINS] = {};
    for (long round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 8
        for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm512_popcnt_epi64(a[i]);
            asm volatile("" : "+v"(a[i]));
        }
    }
}

COUNTS_VECTORS void countsOfBoth() {
    __m512i a[CHAINS] = {};
    __m512i b[CHAINS] = {};
    __m512i c = _mm512_set1_epi64(5);
    for (long round = 0; round < ROUNDS; round++) {
#pragma GCC unroll 8
        for (int i = 0; i < CHAINS; i++) {
            a[i] = _mm512_add_epi64(a[i], _mm512_popcnt_epi64(_mm512_and_si512(b[i], c)));
            asm volatile("" : "+v"(a[i]), "+v"(b[i]));
        }
    }
}
#endif

}  // namespace

void fingerprints(const Patience& patience) {
    const Similarity* vectors = similarity();
#if defined(__x86_64__)
    if (vectors != nullptr) {
        print({"vpopcntq", "", 0, 0, 0, double{CHAINS} * ROUNDS}, timeCalls(patience, counts));
        print({"vpandq, vpopcntq and vpaddq", "", 0, 0, 0, double{CHAINS} * ROUNDS}, timeCalls(patience, countsOfBoth));
    }
#endif
    std::mt19937_64 random(1);
    for (size_t words : {16, 32}) {
        const Rows mine(ROWS, words, random), others(OTHERS, words, random);
        const std::string bits = std::to_string(64 * words);
        const std::vector<double> shares(OTHERS, 1.0 / OTHERS);
        std::vector<float> nearest(ROWS), found(ROWS);
        std::vector<double> means(2 * ROWS), sums(2 * ROWS);
        const auto clear = [&] { std::fill(means.begin(), means.end(), 0); };
        const double pairs = double{ROWS} * OTHERS;
        print({"nearest, by words", bits, 0, 0, 0, pairs}, timeCalls(patience, [&] {
            byWords(mine.view(), others.view(), nullptr, nearest.data(), nullptr); }));
        print({"means, by words", bits, 0, 0, 0, double{ROWS} * ROWS}, timeCalls(patience, [&] {
            clear();
            byWords(mine.view(), mine.view(), shares.data(), nullptr, means.data()); }));
        if (vectors == nullptr) {
            continue;
        }
        print({"nearest", bits, 0, 0, 0, pairs}, timeCalls(patience, [&] {
            vectors->nearest(mine.view(), 0, ROWS, others.view(), found.data()); }));
        print({"means", bits, 0, 0, 0, double{ROWS} * ROWS}, timeCalls(patience, [&] {
            vectors->means(mine.view(), shares.data(), 0, ROWS, sums.data()); }));
        if (std::memcmp(nearest.data(), found.data(), ROWS * sizeof(float)) != 0
            || std::memcmp(means.data(), sums.data(), 2 * ROWS * sizeof(double)) != 0) {
            throw std::runtime_error("similarities by vectors are not those by words");
        }
    }
}

}  // namespace bitdgdm
