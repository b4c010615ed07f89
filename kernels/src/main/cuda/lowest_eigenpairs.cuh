// A few neighbouring eigenpairs of a symmetric matrix: LowestEigenpairs.java, operation by operation, so that the bits are
// the same. A block has a matrix; its threads share rows and columns, and each sums alone, in the order of the rule. What
// is one long chain of operations, every thread works out alike, or one thread for each eigenvalue.
#pragma once

#include "device.cuh"

namespace bitdgdm {

constexpr double NEGLIGIBLE = 1e-24;
constexpr int HALVINGS = 56;
constexpr double TINY = 1e-280;
constexpr double PIVOT = 1e-15;
constexpr int ITERATIONS = 3;
// Doubles of each row of the matrix, and so EigenMemory for more than 16 rows; DeviceScratch.java has the same.
constexpr int EIGEN_COLUMNS = 13;
constexpr int MOST_VALUES = 8;

// The threads of a graph, and whether there is one: a block may have teams without.
struct Team {
    int lane;
    int size;
    bool working;
};

struct EigenMemory {
    double* values;                     // (MOST_VALUES)
    double* vectors;                    // (2, n) rows, without their sign
    double* d;                          // (n) diagonal of the tridiagonal matrix
    double* e;                          // (n) beside it
    double* tau;                        // (n) of each reflection; 0: none
    double* p;                          // (n) of a reflection
    double* w;
    double* pivots;                     // (n) the tridiagonal matrix as a product of triangles
    double* beside;
    double* second;
    double* factors;
    double* swapped;                    // (n) 1 where two rows are
};

BITDGDM_DEVICE EigenMemory eigenMemory(double* memory, int n) {
    EigenMemory to;
    to.values = memory;
    to.vectors = to.values + MOST_VALUES;
    to.d = to.vectors + 2 * n;
    to.e = to.d + n;
    to.tau = to.e + n;
    to.p = to.tau + n;
    to.w = to.p + n;
    to.pivots = to.w + n;
    to.beside = to.pivots + n;
    to.second = to.beside + n;
    to.factors = to.second + n;
    to.swapped = to.factors + n;
    return to;
}

// Leaves the vectors of the reflections in the rows of a, right of the diagonal.
BITDGDM_DEVICE void reduce(const Team& team, double* a, int n, const EigenMemory& memory) {
    double* p = memory.p;
    double* w = memory.w;
    for (int k = 0; k < n - 2; k++) {
        double* row = a + (size_t) k * n;
        const double first = row[k + 1];
        double sigma = 0;
        for (int j = k + 2; j < n; j++) {
            sigma = add(sigma, multiply(row[j], row[j]));
        }
        const bool reflects = !(sigma < NEGLIGIBLE);
        double beside = first;
        double lead = first;
        double tau = 0;
        if (reflects) {
            const double norm = squareRoot(add(multiply(first, first), sigma));
            beside = first > 0 ? -norm : norm;
            lead = subtract(first, beside);
            tau = divide(2, add(multiply(lead, lead), sigma));
        }
        sync();
        if (team.lane == 0) {
            memory.d[k] = row[k];
            memory.e[k] = beside;
            memory.tau[k] = tau;
            row[k + 1] = lead;
        }
        sync();
        if (!reflects) {
            continue;
        }
        for (int i = k + 1 + team.lane; i < n; i += team.size) {
            double sum = 0;
            for (int j = k + 1; j < n; j++) {
                sum = add(sum, multiply(row[j], a[(size_t) j * n + i]));
            }
            p[i] = multiply(tau, sum);
        }
        sync();
        double dot = 0;
        for (int i = k + 1; i < n; i++) {
            dot = add(dot, multiply(p[i], row[i]));
        }
        const double h = multiply(divide(tau, 2), dot);
        for (int i = k + 1 + team.lane; i < n; i += team.size) {
            w[i] = subtract(p[i], multiply(h, row[i]));
        }
        sync();
        for (int i = k + 1; i < n; i++) {
            for (int j = k + 1 + team.lane; j < n; j += team.size) {
                double* entry = a + (size_t) i * n + j;
                *entry = subtract(*entry, add(multiply(row[i], w[j]), multiply(w[i], row[j])));
            }
        }
        sync();
    }
    for (int k = (n > 2 ? n - 2 : 0) + team.lane; k < n; k += team.size) {
        memory.d[k] = a[(size_t) k * n + k];
        if (k < n - 1) {
            memory.e[k] = a[(size_t) k * n + k + 1];
        }
    }
    sync();
}

// A thread has an eigenvalue.
BITDGDM_DEVICE void bisect(const Team& team, int n, int from, int count, const EigenMemory& memory) {
    const double* d = memory.d;
    const double* e = memory.e;
    for (int m = team.lane; m < count; m += team.size) {
        double low = 0;
        double high = 0;
        for (int i = 0; i < n; i++) {
            const double radius = add(i == 0 ? 0 : magnitude(e[i - 1]), i == n - 1 ? 0 : magnitude(e[i]));
            const double lowest = subtract(d[i], radius);
            const double highest = add(d[i], radius);
            low = i == 0 || lowest < low ? lowest : low;
            high = i == 0 || highest > high ? highest : high;
        }
        for (int halving = 0; halving < HALVINGS; halving++) {
            const double middle = multiply(0.5, add(low, high));
            int below = 0;
            double q = 1;
            for (int i = 0; i < n; i++) {
                const double square = i == 0 ? 0 : multiply(e[i - 1], e[i - 1]);
                q = subtract(subtract(d[i], middle), divide(square, q));
                q = magnitude(q) < TINY ? -TINY : q;
                below += q < 0 ? 1 : 0;
            }
            if (below > from + m) {
                high = middle;
            } else {
                low = middle;
            }
        }
        memory.values[m] = multiply(0.5, add(low, high));
    }
    sync();
}

BITDGDM_DEVICE double large(double pivot) { return magnitude(pivot) >= PIVOT ? pivot : pivot < 0 ? -PIVOT : PIVOT; }

BITDGDM_DEVICE void factorise(int n, double value, const EigenMemory& memory) {
    double* pivots = memory.pivots;
    double* beside = memory.beside;
    pivots[0] = subtract(memory.d[0], value);
    beside[0] = n > 1 ? memory.e[0] : 0;
    for (int i = 0; i < n - 1; i++) {
        const double below = memory.e[i];
        const double diagonal = subtract(memory.d[i + 1], value);
        const double following = i + 2 < n ? memory.e[i + 1] : 0;
        const bool swapped = magnitude(pivots[i]) < magnitude(below);
        memory.swapped[i] = swapped ? 1 : 0;
        if (swapped) {
            memory.factors[i] = divide(pivots[i], below);
            pivots[i] = below;
            pivots[i + 1] = subtract(beside[i], multiply(memory.factors[i], diagonal));
            beside[i] = diagonal;
            memory.second[i] = following;
            beside[i + 1] = multiply(-memory.factors[i], following);
        } else {
            pivots[i] = large(pivots[i]);
            memory.factors[i] = divide(below, pivots[i]);
            pivots[i + 1] = subtract(diagonal, multiply(memory.factors[i], beside[i]));
            memory.second[i] = 0;
            beside[i + 1] = following;
        }
    }
    pivots[n - 1] = large(pivots[n - 1]);
}

BITDGDM_DEVICE void solve(int n, double* x, const EigenMemory& memory) {
    for (int i = 0; i < n - 1; i++) {
        const double own = x[i];
        const double other = x[i + 1];
        const bool swapped = memory.swapped[i] != 0;
        x[i] = swapped ? other : own;
        x[i + 1] = swapped ? subtract(own, multiply(memory.factors[i], other))
            : subtract(other, multiply(memory.factors[i], own));
    }
    x[n - 1] = divide(x[n - 1], memory.pivots[n - 1]);
    if (n > 1) {
        x[n - 2] = divide(subtract(x[n - 2], multiply(memory.beside[n - 2], x[n - 1])), memory.pivots[n - 2]);
    }
    for (int i = n - 3; i >= 0; i--) {
        x[i] = divide(subtract(subtract(x[i], multiply(memory.beside[i], x[i + 1])), multiply(memory.second[i], x[i + 2])),
            memory.pivots[i]);
    }
}

// One thread: each vector needs the ones before.
BITDGDM_DEVICE void vectorsOfTridiagonal(int n, int vectors, const EigenMemory& memory) {
    uint32_t random = 1;
    for (int m = 0; m < vectors; m++) {
        double* x = memory.vectors + (size_t) m * n;
        factorise(n, memory.values[m], memory);
        for (int i = 0; i < n; i++) {
            random = 1664525 * random + 1013904223;
            x[i] = subtract((double) (random >> 16), 32767.5);
        }
        for (int iteration = 0; iteration < ITERATIONS; iteration++) {
            solve(n, x, memory);
            for (int before = 0; before < m; before++) {
                const double* y = memory.vectors + (size_t) before * n;
                double share = 0;
                for (int i = 0; i < n; i++) {
                    share = add(share, multiply(y[i], x[i]));
                }
                for (int i = 0; i < n; i++) {
                    x[i] = subtract(x[i], multiply(share, y[i]));
                }
            }
            double squares = 0;
            for (int i = 0; i < n; i++) {
                squares = add(squares, multiply(x[i], x[i]));
            }
            const double norm = squareRoot(squares);
            for (int i = 0; i < n; i++) {
                x[i] = divide(x[i], norm);
            }
        }
    }
}

// Takes the reflections back; a thread has a vector.
BITDGDM_DEVICE void reflect(const Team& team, const double* a, int n, int vectors, const EigenMemory& memory) {
    for (int m = team.lane; m < vectors; m += team.size) {
        double* x = memory.vectors + (size_t) m * n;
        for (int k = n - 3; k >= 0; k--) {
            if (memory.tau[k] == 0) {
                continue;
            }
            const double* v = a + (size_t) k * n;
            double sum = 0;
            for (int j = k + 1; j < n; j++) {
                sum = add(sum, multiply(v[j], x[j]));
            }
            const double s = multiply(memory.tau[k], sum);
            for (int j = k + 1; j < n; j++) {
                x[j] = subtract(x[j], multiply(s, v[j]));
            }
        }
    }
    sync();
}

// Finds `count` pairs, at most MOST_VALUES, from the one of index `from` in ascending order on, and the first `vectors`
// vectors, at most 2. Destroys a (n, n), both triangles of which are equal. A team is the whole block.
BITDGDM_DEVICE void lowestEigenpairs(const Team& team, double* a, int n, int from, int count, int vectors,
                                     const EigenMemory& memory) {
    reduce(team, a, n, memory);
    bisect(team, n, from, count, memory);
    if (team.lane == 0) {
        vectorsOfTridiagonal(n, vectors, memory);
    }
    sync();
    reflect(team, a, n, vectors, memory);
}

}  // namespace bitdgdm
