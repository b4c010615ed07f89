// Similarities of sixteen rows with one at a time. This unit alone is compiled with its flags (units.sh).
#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <vector>

#include "similarity.h"

namespace bitdgdm {
namespace {

constexpr size_t LANES = 8;
// Rows of a tile, in two vectors: what is read of another row is used for both.
constexpr size_t TILE = 2 * LANES;
// Others that all tiles meet in turn: 16 kB of 1,024 bits each stay in the nearest cache.
constexpr size_t CHUNK = 128;

// Rows from <= row < to in tiles, word by word; rows that a tile lacks have no bits.
class Tiles {
public:
    Tiles(const Fingerprints& of, size_t from, size_t to)
        : words_(of.words), count_((to - from + TILE - 1) / TILE), bits_(count_ * of.words * TILE), set_(count_ * TILE) {
        for (size_t row = from; row < to; row++) {
            const size_t tile = (row - from) / TILE, lane = (row - from) % TILE;
            set_[tile * TILE + lane] = of.set[row];
            for (size_t word = 0; word < words_; word++) {
                bits_[(tile * words_ + word) * TILE + lane] = of.bits[row * words_ + word];
            }
        }
    }

    size_t count() const { return count_; }
    const int64_t* bits(size_t tile) const { return bits_.data() + tile * words_ * TILE; }
    const int64_t* set(size_t tile) const { return set_.data() + tile * TILE; }

private:
    size_t words_;
    size_t count_;
    std::vector<int64_t> bits_;
    std::vector<int64_t> set_;
};

inline __m512d quotient(__m512i common, __m512i both) {
    const __m512d found = _mm512_div_pd(_mm512_cvtepi64_pd(common), _mm512_cvtepi64_pd(_mm512_sub_epi64(both, common)));
    return _mm512_mask_mov_pd(found, _mm512_cmpeq_epi64_mask(both, _mm512_setzero_si512()), _mm512_set1_pd(1));
}

// What becomes of each similarity: `Sums` is loaded for a tile, gets those of both its vectors with each other row, is stored.
template <typename Sums>
void compare(const Tiles& tiles, const Fingerprints& others, Sums sums) {
    for (size_t chunk = 0; chunk < others.rows; chunk += CHUNK) {
        const size_t last = std::min(others.rows, chunk + CHUNK);
        for (size_t tile = 0; tile < tiles.count(); tile++) {
            const int64_t* mine = tiles.bits(tile);
            const __m512i set0 = _mm512_loadu_si512(tiles.set(tile));
            const __m512i set1 = _mm512_loadu_si512(tiles.set(tile) + LANES);
            sums.load(tile);
            for (size_t other = chunk; other < last; other++) {
                const int64_t* theirs = others.bits + other * others.words;
                __m512i common0 = _mm512_setzero_si512();
                __m512i common1 = _mm512_setzero_si512();
                for (size_t word = 0; word < others.words; word++) {
                    const __m512i there = _mm512_set1_epi64(theirs[word]);
                    const int64_t* here = mine + word * TILE;
                    common0 = _mm512_add_epi64(common0,
                        _mm512_popcnt_epi64(_mm512_and_si512(there, _mm512_loadu_si512(here))));
                    common1 = _mm512_add_epi64(common1,
                        _mm512_popcnt_epi64(_mm512_and_si512(there, _mm512_loadu_si512(here + LANES))));
                }
                const __m512i set = _mm512_set1_epi64(others.set[other]);
                sums.add(other, quotient(common0, _mm512_add_epi64(set0, set)), quotient(common1, _mm512_add_epi64(set1, set)));
            }
            sums.store(tile);
        }
    }
}

struct Largest {
    double* found;
    __m512d most0, most1;

    void load(size_t tile) {
        most0 = _mm512_loadu_pd(found + tile * TILE);
        most1 = _mm512_loadu_pd(found + tile * TILE + LANES);
    }
    void add(size_t, __m512d similar0, __m512d similar1) {
        most0 = _mm512_max_pd(most0, similar0);
        most1 = _mm512_max_pd(most1, similar1);
    }
    void store(size_t tile) const {
        _mm512_storeu_pd(found + tile * TILE, most0);
        _mm512_storeu_pd(found + tile * TILE + LANES, most1);
    }
};

struct Weighted {
    const double* shares;
    double* first;
    double* second;
    __m512d first0, first1, second0, second1;

    void load(size_t tile) {
        first0 = _mm512_loadu_pd(first + tile * TILE);
        first1 = _mm512_loadu_pd(first + tile * TILE + LANES);
        second0 = _mm512_loadu_pd(second + tile * TILE);
        second1 = _mm512_loadu_pd(second + tile * TILE + LANES);
    }
    void add(size_t other, __m512d similar0, __m512d similar1) {
        const __m512d share = _mm512_set1_pd(shares[other]);
        const __m512d part0 = _mm512_mul_pd(share, similar0);
        const __m512d part1 = _mm512_mul_pd(share, similar1);
        first0 = _mm512_add_pd(first0, part0);
        first1 = _mm512_add_pd(first1, part1);
        second0 = _mm512_add_pd(second0, _mm512_mul_pd(part0, similar0));
        second1 = _mm512_add_pd(second1, _mm512_mul_pd(part1, similar1));
    }
    void store(size_t tile) const {
        _mm512_storeu_pd(first + tile * TILE, first0);
        _mm512_storeu_pd(first + tile * TILE + LANES, first1);
        _mm512_storeu_pd(second + tile * TILE, second0);
        _mm512_storeu_pd(second + tile * TILE + LANES, second1);
    }
};

void nearest(const Fingerprints& mine, size_t from, size_t to, const Fingerprints& others, float* nearest) {
    const Tiles tiles(mine, from, to);
    std::vector<double> found(tiles.count() * TILE);
    compare(tiles, others, Largest{found.data(), {}, {}});
    // Rounding keeps the order: the largest of all as float is the float of the largest.
    std::copy(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(to - from), nearest);
}

void means(const Fingerprints& all, const double* shares, size_t from, size_t to, double* means) {
    const Tiles tiles(all, from, to);
    std::vector<double> first(tiles.count() * TILE);
    std::vector<double> second(tiles.count() * TILE);
    compare(tiles, all, Weighted{shares, first.data(), second.data(), {}, {}, {}, {}});
    for (size_t row = 0; row < to - from; row++) {
        means[2 * row] = first[row];
        means[2 * row + 1] = second[row];
    }
}

}  // namespace

extern const Similarity AVX512_SIMILARITY = {nearest, means};

}  // namespace bitdgdm
#endif
