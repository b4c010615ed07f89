#include "lowest_eigenpairs.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace bitdgdm {
namespace {

constexpr double NEGLIGIBLE = 1e-24;
constexpr int HALVINGS = 56;
constexpr double TINY = 1e-280;
constexpr double PIVOT = 1e-15;
constexpr int ITERATIONS = 3;
// Eigenvalues whose bisections go side by side: each waits for its divisions.
constexpr int SIDE_BY_SIDE = 5;

double large(double pivot) {
    return std::fabs(pivot) >= PIVOT ? pivot : pivot < 0 ? -PIVOT : PIVOT;
}

}  // namespace

void LowestEigenpairs::prepare(int n, int count, int vectors) {
    for (auto* column : {&d_, &e_, &squares_, &tau_, &p_, &w_, &pivots_, &beside_, &second_, &factors_}) {
        column->resize(n);
    }
    swapped_.resize(n);
    values_.resize(std::max(count, SIDE_BY_SIDE));
    vectors_.resize(static_cast<size_t>(vectors) * n);
}

size_t LowestEigenpairs::bytes() const {
    return sizeof(double) * (10 * d_.size() + values_.size() + vectors_.size()) + swapped_.size();
}

void LowestEigenpairs::compute(double* a, int n, int from, int count, int vectors) {
    reduce(a, n);
    bisect(n, from, count);
    vectorsOfTridiagonal(n, vectors);
    for (int m = 0; m < vectors; m++) {
        double* x = vectors_.data() + static_cast<size_t>(m) * n;
        reflect(a, n, x);
        int largest = 0;
        for (int i = 1; i < n; i++) {
            largest = std::fabs(x[i]) > std::fabs(x[largest]) ? i : largest;
        }
        const bool negate = x[largest] < 0;
        for (int i = 0; negate && i < n; i++) {
            x[i] = -x[i];
        }
    }
}

// Leaves the vectors of the reflections in the rows of a, right of the diagonal. What a reflection changes of a row is
// changed when the next one reads it, so that each of them passes the matrix once.
void LowestEigenpairs::reduce(double* a, int n) {
    double* __restrict p = p_.data();
    double* w = w_.data();
    const double* v = nullptr;  // of the reflection that the matrix does not have yet
    for (int k = 0; k < n - 2; k++) {
        double* row = a + static_cast<size_t>(k) * n;
        if (v != nullptr) {
            for (int j = k; j < n; j++) {
                row[j] -= v[k] * w[j] + w[k] * v[j];
            }
        }
        d_[k] = row[k];
        const double first = row[k + 1];
        double sigma = 0;
        for (int j = k + 2; j < n; j++) {
            sigma += row[j] * row[j];
        }
        tau_[k] = 0;
        e_[k] = first;
        const bool reflects = !(sigma < NEGLIGIBLE);
        if (reflects) {
            const double norm = std::sqrt(first * first + sigma);
            e_[k] = first > 0 ? -norm : norm;
            row[k + 1] = first - e_[k];
            tau_[k] = 2 / (row[k + 1] * row[k + 1] + sigma);
            std::fill(p + k + 1, p + n, 0.0);
        }
        for (int j = k + 1; j < n; j++) {
            double* other = a + static_cast<size_t>(j) * n;
            const double factor = row[j];
            if (v != nullptr && reflects) {
                const double vj = v[j];
                const double wj = w[j];
                for (int i = k + 1; i < n; i++) {
                    const double entry = other[i] - (vj * w[i] + wj * v[i]);
                    other[i] = entry;
                    p[i] += factor * entry;
                }
            } else if (v != nullptr) {
                for (int i = k + 1; i < n; i++) {
                    other[i] -= v[j] * w[i] + w[j] * v[i];
                }
            } else if (reflects) {
                for (int i = k + 1; i < n; i++) {
                    p[i] += factor * other[i];
                }
            }
        }
        v = nullptr;
        if (reflects) {
            double dot = 0;
            for (int i = k + 1; i < n; i++) {
                p[i] = tau_[k] * p[i];
                dot += p[i] * row[i];
            }
            const double h = tau_[k] / 2 * dot;
            for (int i = k + 1; i < n; i++) {
                w[i] = p[i] - h * row[i];
            }
            v = row;
        }
    }
    for (int k = std::max(0, n - 2); k < n; k++) {
        double* row = a + static_cast<size_t>(k) * n;
        for (int j = k; v != nullptr && j < n; j++) {
            row[j] -= v[k] * w[j] + w[k] * v[j];
        }
        d_[k] = row[k];
        if (k < n - 1) {
            e_[k] = row[k + 1];
        }
    }
}

void LowestEigenpairs::bisect(int n, int from, int count) {
    double lowest = std::numeric_limits<double>::infinity();
    double highest = -lowest;
    squares_[0] = 0;
    for (int i = 0; i < n; i++) {
        const double radius = (i == 0 ? 0 : std::fabs(e_[i - 1])) + (i == n - 1 ? 0 : std::fabs(e_[i]));
        lowest = std::min(lowest, d_[i] - radius);
        highest = std::max(highest, d_[i] + radius);
        if (i > 0) {
            squares_[i] = e_[i - 1] * e_[i - 1];
        }
    }
    for (int first = 0; first < count; first += SIDE_BY_SIDE) {
        double low[SIDE_BY_SIDE], high[SIDE_BY_SIDE], middle[SIDE_BY_SIDE], q[SIDE_BY_SIDE];
        int below[SIDE_BY_SIDE];
        std::fill(low, low + SIDE_BY_SIDE, lowest);
        std::fill(high, high + SIDE_BY_SIDE, highest);
        for (int halving = 0; halving < HALVINGS; halving++) {
            for (int m = 0; m < SIDE_BY_SIDE; m++) {
                middle[m] = 0.5 * (low[m] + high[m]);
                q[m] = 1;
                below[m] = 0;
            }
            for (int i = 0; i < n; i++) {
                for (int m = 0; m < SIDE_BY_SIDE; m++) {
                    const double quotient = d_[i] - middle[m] - squares_[i] / q[m];
                    q[m] = std::fabs(quotient) < TINY ? -TINY : quotient;
                    below[m] += q[m] < 0 ? 1 : 0;
                }
            }
            for (int m = 0; m < SIDE_BY_SIDE; m++) {
                (below[m] > from + first + m ? high : low)[m] = middle[m];
            }
        }
        for (int m = 0; m < SIDE_BY_SIDE && first + m < count; m++) {
            values_[first + m] = 0.5 * (low[m] + high[m]);
        }
    }
}

void LowestEigenpairs::factorise(int n, double value) {
    pivots_[0] = d_[0] - value;
    beside_[0] = n > 1 ? e_[0] : 0;
    for (int i = 0; i < n - 1; i++) {
        const double below = e_[i];
        const double diagonal = d_[i + 1] - value;
        const double beside = i + 2 < n ? e_[i + 1] : 0;
        swapped_[i] = std::fabs(pivots_[i]) < std::fabs(below);
        if (swapped_[i]) {
            factors_[i] = pivots_[i] / below;
            pivots_[i] = below;
            pivots_[i + 1] = beside_[i] - factors_[i] * diagonal;
            beside_[i] = diagonal;
            second_[i] = beside;
            beside_[i + 1] = -factors_[i] * beside;
        } else {
            pivots_[i] = large(pivots_[i]);
            factors_[i] = below / pivots_[i];
            pivots_[i + 1] = diagonal - factors_[i] * beside_[i];
            second_[i] = 0;
            beside_[i + 1] = beside;
        }
    }
    pivots_[n - 1] = large(pivots_[n - 1]);
}

void LowestEigenpairs::solve(int n, double* x) const {
    for (int i = 0; i < n - 1; i++) {
        const double own = x[i];
        const double other = x[i + 1];
        x[i] = swapped_[i] ? other : own;
        x[i + 1] = swapped_[i] ? own - factors_[i] * other : other - factors_[i] * own;
    }
    x[n - 1] = x[n - 1] / pivots_[n - 1];
    if (n > 1) {
        x[n - 2] = (x[n - 2] - beside_[n - 2] * x[n - 1]) / pivots_[n - 2];
    }
    for (int i = n - 3; i >= 0; i--) {
        x[i] = (x[i] - beside_[i] * x[i + 1] - second_[i] * x[i + 2]) / pivots_[i];
    }
}

void LowestEigenpairs::vectorsOfTridiagonal(int n, int vectors) {
    uint32_t random = 1;
    for (int m = 0; m < vectors; m++) {
        double* x = vectors_.data() + static_cast<size_t>(m) * n;
        factorise(n, values_[m]);
        for (int i = 0; i < n; i++) {
            random = 1664525 * random + 1013904223;
            x[i] = (random >> 16) - 32767.5;
        }
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            solve(n, x);
            for (int before = 0; before < m; before++) {
                const double* y = vectors_.data() + static_cast<size_t>(before) * n;
                double share = 0;
                for (int i = 0; i < n; i++) {
                    share += y[i] * x[i];
                }
                for (int i = 0; i < n; i++) {
                    x[i] -= share * y[i];
                }
            }
            double squares = 0;
            for (int i = 0; i < n; i++) {
                squares += x[i] * x[i];
            }
            const double norm = std::sqrt(squares);
            for (int i = 0; i < n; i++) {
                x[i] = x[i] / norm;
            }
        }
    }
}

// Takes the reflections back, from a vector of the tridiagonal matrix to one of the matrix.
void LowestEigenpairs::reflect(const double* a, int n, double* x) const {
    for (int k = n - 3; k >= 0; k--) {
        if (tau_[k] == 0) {
            continue;
        }
        const double* v = a + static_cast<size_t>(k) * n;
        double sum = 0;
        for (int j = k + 1; j < n; j++) {
            sum += v[j] * x[j];
        }
        const double s = tau_[k] * sum;
        for (int j = k + 1; j < n; j++) {
            x[j] -= s * v[j];
        }
    }
}

}  // namespace bitdgdm
