// The network's input for one noisy graph: GraphFeatures.java, SymmetricEigen.java and LowestEigenpairs.java, operation by
// operation, so that the bits are the same. Integer sums in any order, everything else in the order of the rule.
//
// A team of threads has a graph: a block, or, where graphs are small, as many threads as it has nodes, so that a warp works
// out the rotations of several graphs at once. Barriers are the block's, so all its teams take the same number of them.
#pragma once

#include "device.cuh"
#include "layout.cuh"
#include "lowest_eigenpairs.cuh"

namespace bitdgdm {

constexpr int EIGENVALUES = 5;
constexpr int EIGENVECTORS = 2;
constexpr float MISSING_EIGENVALUE = 2;
constexpr double CYCLE_UNIT = 10;
constexpr double SKIP = 1e-12;
constexpr int MAX_SWEEPS = 64;
constexpr int CYCLE_SUMS = 5;
constexpr int CYCLE_COLUMNS = 3;
// Up to this many nodes all eigenpairs are found by rotations, above only those that are features.
constexpr int MOST_ROTATED = 16;

// Teams of a block of 32 threads for graphs of n nodes; featureTeams in DeviceScratch.java is the same.
BITDGDM_DEVICE int teamsOf(int n) { return n <= MOST_ROTATED ? 32 / n : 1; }

// Where a graph's intermediate results lie; featureBytes in DeviceScratch.java has their sizes.
struct FeatureMemory {
    double* matrix;         // (n, n) being diagonalised; before that, the second and third power of A
    double* rotations;      // (n, n) eigenvectors are rows; of a large graph (n, EIGEN_COLUMNS)
    int64_t* sums;          // (n, CYCLE_SUMS) of each node
    int32_t* label;         // (n) lowest node of the component, and a second copy
    int32_t* order;         // (n) place of the k-th smallest eigenvalue
};

BITDGDM_DEVICE FeatureMemory divide(int n, char* memory) {
    FeatureMemory to;
    to.matrix = (double*) memory;
    to.rotations = to.matrix + (size_t) n * n;
    to.sums = (int64_t*) (to.rotations + (size_t) n * (n <= MOST_ROTATED ? n : EIGEN_COLUMNS));
    to.label = (int32_t*) (to.sums + (size_t) n * CYCLE_SUMS);
    to.order = to.label + 2 * n;
    return to;
}

// A count, given as a multiple of it, in the unit of the features.
BITDGDM_DEVICE float capped(int64_t multiple, int factor) {
    double value = divide((double) multiple, factor * CYCLE_UNIT);
    return (float) (value < 1 ? value : 1.0);
}

// Cycle counts from closed walks, as the variant counts them.
BITDGDM_DEVICE void cycles(const Team& team, const uint8_t* edges, int n, bool fixedBug, const FeatureMemory& memory,
                           bool columns, float* node, int stride, float* global) {
    int32_t* a2 = (int32_t*) memory.matrix;
    int32_t* a3 = a2 + n * n;
    for (int ij = team.lane; team.working && ij < n * n; ij += team.size) {
        int32_t sum = 0;
        for (int k = 0; k < n; k++) {
            sum += edges[ij / n * n + k] != 0 && edges[k * n + ij % n] != 0 ? 1 : 0;
        }
        a2[ij] = sum;
    }
    sync();
    for (int ij = team.lane; team.working && ij < n * n; ij += team.size) {
        int32_t sum = 0;
        for (int k = 0; k < n; k++) {
            sum += edges[k * n + ij % n] != 0 ? a2[ij / n * n + k] : 0;
        }
        a3[ij] = sum;
    }
    sync();
    for (int i = team.lane; team.working && i < n; i += team.size) {
        const int64_t degree = a2[i * n + i];
        const int64_t walks3 = a3[i * n + i];
        int64_t walks4 = 0, walks5 = 0, closed6 = 0, neighbourDegrees = 0, neighbourWalks3 = 0;
        int64_t sharedDegrees = 0, sharedSquares = 0, threeStepWalks = 0;
        for (int j = 0; j < n; j++) {
            const int64_t one = edges[i * n + j] != 0 ? 1 : 0;
            const int64_t two = a2[i * n + j];
            const int64_t three = a3[i * n + j];
            walks4 += two * two;
            walks5 += two * three;
            closed6 += three * three;
            neighbourDegrees += one * a2[j * n + j];
            neighbourWalks3 += one * a3[j * n + j];
            sharedDegrees += one * two * a2[j * n + j];
            sharedSquares += one * two * two;
            threeStepWalks += three;
        }
        const int64_t c4 = walks4 - degree * (degree - 1) - neighbourDegrees;
        const int64_t c5 = fixedBug
            ? walks5 - 2 * sharedDegrees - 2 * degree * walks3 - neighbourWalks3 + 5 * walks3
            : walks5 - 2 * walks3 * degree - neighbourWalks3 + walks3;
        if (columns) {
            node[i * stride] = capped(walks3, 2);
            node[i * stride + 1] = capped(c4, 2);
            node[i * stride + 2] = capped(c5, 2);
        }
        int64_t* sums = memory.sums + i * CYCLE_SUMS;
        sums[0] = walks3;
        sums[1] = c4;
        sums[2] = c5;
        sums[3] = closed6;
        sums[4] = -3 * walks3 * walks3 + 9 * sharedSquares - 6 * degree * walks4 + 6 * walks4 - 4 * walks3
            + 4 * degree * degree * degree + 3 * threeStepWalks - 12 * degree * degree + 4 * degree;
    }
    sync();
    if (team.working && team.lane == 0) {
        int64_t total[CYCLE_SUMS] = {0, 0, 0, 0, 0};
        for (int i = 0; i < n; i++) {
#pragma unroll
            for (int k = 0; k < CYCLE_SUMS; k++) {
                total[k] += memory.sums[i * CYCLE_SUMS + k];
            }
        }
        global[0] = capped(total[0], 6);
        global[1] = capped(total[1], 8);
        global[2] = capped(total[2], 10);
        global[3] = capped(total[3] + total[4], 12);
    }
    sync();
}

// Labels every node with the lowest node of its component; returns the labels.
BITDGDM_DEVICE const int32_t* components(const Team& team, const uint8_t* edges, int n, const FeatureMemory& memory) {
    int32_t* label = memory.label;
    int32_t* next = memory.label + n;
    for (int i = team.lane; team.working && i < n; i += team.size) {
        label[i] = i;
    }
    bool changed = true;
    while (changed) {
        sync();
        bool mine = false;
        for (int i = team.lane; team.working && i < n; i += team.size) {
            int32_t lowest = label[i];
            for (int j = 0; j < n; j++) {
                lowest = edges[i * n + j] != 0 && label[j] < lowest ? label[j] : lowest;
            }
            next[i] = lowest;
            mine = mine || lowest != label[i];
        }
        changed = syncOr(mine);
        int32_t* swapped = label;
        label = next;
        next = swapped;
    }
    return label;
}

// One rotation of rows and columns p, q, where `due`. Begins with a barrier, before which all threads of the team have read
// the same entries, and ends with one.
BITDGDM_DEVICE void rotate(const Team& team, bool due, double* a, double* v, int n, int p, int q) {
    double app = 0, aqq = 0, c = 1, s = 0, shift = 0;
    if (due) {
        const double apq = a[p * n + q];
        app = a[p * n + p];
        aqq = a[q * n + q];
        const double theta = divide(subtract(aqq, app), multiply(2, apq));
        double t = divide(1, add(magnitude(theta), squareRoot(add(multiply(theta, theta), 1))));
        if (theta < 0) {
            t = -t;
        }
        c = divide(1, squareRoot(add(multiply(t, t), 1)));
        s = multiply(t, c);
        shift = multiply(t, apq);
    }
    sync();
    for (int k = team.lane; due && k < n; k += team.size) {
        if (k == p) {
            a[p * n + p] = subtract(app, shift);
            a[p * n + q] = 0;
        } else if (k == q) {
            a[q * n + q] = add(aqq, shift);
            a[q * n + p] = 0;
        } else {
            const double x = a[p * n + k];
            const double y = a[q * n + k];
            const double newX = subtract(multiply(c, x), multiply(s, y));
            const double newY = add(multiply(s, x), multiply(c, y));
            a[p * n + k] = newX;
            a[k * n + p] = newX;
            a[q * n + k] = newY;
            a[k * n + q] = newY;
        }
        const double x = v[p * n + k];
        const double y = v[q * n + k];
        v[p * n + k] = subtract(multiply(c, x), multiply(s, y));
        v[q * n + k] = add(multiply(s, x), multiply(c, y));
    }
    sync();
}

// The Laplacian, and the eigenvectors of a diagonal matrix where these are rotated.
BITDGDM_DEVICE void setUp(const Team& team, const uint8_t* edges, int n, const FeatureMemory& memory) {
    for (int i = team.lane; team.working && i < n; i += team.size) {
        int degree = 0;
        for (int j = 0; j < n; j++) {
            const int one = edges[i * n + j] != 0 ? 1 : 0;
            degree += one;
            // +0 where there is no edge: -0 would be another double.
            memory.matrix[i * n + j] = (double) -one;
            if (n <= MOST_ROTATED) {
                memory.rotations[i * n + j] = i == j ? 1 : 0;
            }
        }
        memory.matrix[i * n + i] = degree;
    }
    sync();
}

// Diagonalises the Laplacian by cyclic Jacobi rotations in a fixed order and sorts its eigenvalues.
BITDGDM_DEVICE void rotateAll(const Team& team, int n, const FeatureMemory& memory) {
    double* a = memory.matrix;
    double* v = memory.rotations;
    for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
        bool rotated = false;
        for (int p = 0; p < n - 1; p++) {
            for (int q = p + 1; q < n; q++) {
                const bool due = team.working && magnitude(a[p * n + q]) >= SKIP;
                // Teams that are done wait for the others of their block.
                if (team.size == threadCount() ? due : syncOr(due)) {
                    rotate(team, due, a, v, n, p, q);
                    rotated = true;
                }
            }
        }
        if (!rotated) {
            break;
        }
    }
    // The rank of an eigenvalue in a stable sort.
    for (int i = team.lane; team.working && i < n; i += team.size) {
        const double value = a[i * n + i];
        int rank = 0;
        for (int j = 0; j < n; j++) {
            const double other = a[j * n + j];
            rank += other < value || (other == value && j < i) ? 1 : 0;
        }
        memory.order[rank] = i;
    }
    sync();
}

BITDGDM_DEVICE void laplacian(const Team& team, const uint8_t* edges, int n, const FeatureMemory& memory, bool all,
                              float* node, int stride, float* global) {
    const int32_t* label = components(team, edges, n, memory);
    setUp(team, edges, n, memory);
    if (n <= MOST_ROTATED) {
        rotateAll(team, n, memory);
    }
    // Every thread finds these two alone: n is small.
    int count = 0;
    int largest = 0;
    int largestSize = 0;
    for (int i = 0; team.working && i < n; i++) {
        if (label[i] == i) {
            int size = 0;
            for (int j = i; j < n; j++) {
                size += label[j] == i ? 1 : 0;
            }
            // Of equals the first, which holds the lowest node.
            if (size > largestSize) {
                largest = i;
                largestSize = size;
            }
            count++;
        }
    }
    const int found = n - count < EIGENVALUES ? n - count : EIGENVALUES;
    const int vectors = !all ? 0 : found < EIGENVECTORS ? found : EIGENVECTORS;
    EigenMemory lowest = {};
    if (n > MOST_ROTATED) {
        // A graph of this size has a block of its own, all of whose threads are here.
        lowest = eigenMemory(memory.rotations, n);
        lowestEigenpairs(team, memory.matrix, n, count, found, vectors, lowest);
    }
    if (!team.working) {
        return;
    }
    for (int k = team.lane; k < 1 + EIGENVALUES; k += team.size) {
        if (k == 0) {
            global[k] = (float) count;
        } else if (k > found) {
            global[k] = MISSING_EIGENVALUE;
        } else {
            const int at = n > MOST_ROTATED ? 0 : memory.order[count + k - 1];
            global[k] = (float) divide(n > MOST_ROTATED ? lowest.values[k - 1] : memory.matrix[at * n + at], (double) n);
        }
    }
    for (int i = team.lane; all && i < n; i += team.size) {
        node[i * stride] = label[i] == largest ? 0.0f : 1.0f;
        for (int k = 0; k < EIGENVECTORS; k++) {
            float entry = 0;
            if (k < vectors) {
                const double* vector = n > MOST_ROTATED ? lowest.vectors + (size_t) k * n
                    : memory.rotations + (size_t) memory.order[count + k] * n;
                int peak = 0;
                for (int j = 1; j < n; j++) {
                    peak = magnitude(vector[j]) > magnitude(vector[peak]) ? j : peak;
                }
                entry = (float) (vector[peak] < 0 ? -vector[i] : vector[i]);
            }
            node[i * stride + 1 + k] = entry;
        }
    }
}

// Classes of edges, and P_0 ... of random walks, which stand where they belong: each is made from the one before.
BITDGDM_DEVICE void walks(const Team& team, const FeatureArguments& args, const uint8_t* edges, const FeatureMemory& memory,
                          float* node, float* edge) {
    const int n = args.n;
    float* step = (float*) memory.order;
    for (int i = team.lane; team.working && i < n; i += team.size) {
        int degree = 0;
        for (int j = 0; j < n; j++) {
            degree += edges[i * n + j] != 0 ? 1 : 0;
        }
        step[i] = degree == 0 ? 0.0f : 1.0f / (float) degree;
    }
    for (int ij = team.lane; team.working && ij < n * n; ij += team.size) {
        for (int k = 0; k < args.edgeTypes; k++) {
            edge[(size_t) ij * args.edgeStride + k] = edges[ij] == k ? 1.0f : 0.0f;
        }
    }
    float* walk = edge + args.edgeTypes;
    for (int p = 0; p < args.walks; p++) {
        sync();
        for (int ij = team.lane; team.working && ij < n * n; ij += team.size) {
            const int i = ij / n;
            const int j = ij % n;
            double sum = i == j ? 1 : 0;
            if (p > 0) {
                sum = 0;
                for (int k = 0; k < n; k++) {
                    const float before = walk[(size_t) (i * n + k) * args.edgeStride + p - 1];
                    sum = edges[k * n + j] != 0 ? add(sum, multiply((double) before, (double) step[k])) : sum;
                }
            }
            walk[(size_t) ij * args.edgeStride + p] = (float) sum;
            if (i == j) {
                node[i * args.nodeStride + p] = (float) sum;
            }
        }
    }
    sync();
}

// A class; of one that only noise has, 0.
BITDGDM_DEVICE int dataOf(const FeatureArguments& args, int found, int classes) {
    return args.absorbing && classes > 1 && found == classes - 1 ? 0 : found;
}

BITDGDM_DEVICE void features(const FeatureArguments& args) {
    const int n = args.n;
    const int teams = teamsOf(n);
    Team team;
    team.size = teams == 1 ? threadCount() : n;
    const int index = threadIndex() / team.size;
    team.lane = threadIndex() % team.size;
    // Threads past the last team and teams past the last graph only take part in barriers; they look at the first graph.
    team.working = index < teams && blockX() * teams + index < args.graphs;
    const int graph = team.working ? blockX() * teams + index : 0;
    char* place = args.scratch == nullptr ? sharedMemory() + (team.working ? index : 0) * args.scratchBytes
        : args.scratch + graph * args.scratchBytes;
    const FeatureMemory memory = divide(n, place);
    const uint8_t* nodes = args.nodes + (size_t) graph * n;
    const uint8_t* edges = args.edges + (size_t) graph * n * n;
    float* node = args.nodeInput + (size_t) graph * n * args.nodeStride;
    float* global = args.globalInput + (size_t) graph * args.globalStride;
    for (int i = team.lane; team.working && i < n; i += team.size) {
        for (int k = 0; k < args.nodeTypes; k++) {
            node[i * args.nodeStride + k] = nodes[i] == k ? 1.0f : 0.0f;
        }
    }
    float* at = node + args.nodeTypes;
    const bool all = args.features == ALL_FEATURES;
    const bool spectral = all || args.features == EIGENVALUE_FEATURES;
    const bool walking = args.features == RRWP;
    if (walking) {
        walks(team, args, edges, memory, at, args.edgeInput + (size_t) graph * n * n * args.edgeStride);
        at += args.walks;
    }
    if (args.features != NO_FEATURES) {
        cycles(team, edges, n, args.fixedBug != 0, memory, !walking, at, args.nodeStride, global + 1);
        at += walking ? 0 : CYCLE_COLUMNS;
    }
    if (spectral) {
        laplacian(team, edges, n, memory, all, at, args.nodeStride, global + 2 + CYCLE_COLUMNS);
        at += all ? 1 + EIGENVECTORS : 0;
    }
    if (args.molecular) {
        for (int i = team.lane; team.working && i < n; i += team.size) {
            int valency = 0;
            for (int j = 0; j < n; j++) {
                valency += dataOf(args, edges[i * n + j], args.edgeTypes);
            }
            at[i * args.nodeStride] = (float) (dataOf(args, nodes[i], args.nodeTypes) - valency);
            at[i * args.nodeStride + 1] = (float) valency;
        }
    }
    if (team.working && team.lane == 0) {
        float* y = global;
        if (args.features != NO_FEATURES) {
            *y = (float) divide((double) n, (double) args.maxNodes);
            y += 2 + CYCLE_COLUMNS + (spectral ? 1 + EIGENVALUES : 0);
        }
        if (args.molecular) {
            double weight = 0;
            for (int i = 0; i < n; i++) {
                weight = add(weight, (double) args.nodeWeights[dataOf(args, nodes[i], args.nodeTypes)]);
            }
            *y++ = (float) divide(weight, (double) args.maxWeight);
        }
        const int step = args.progress->step;
        *y = args.steps[step].time;
        for (int k = 0; k < args.timeColumns; k++) {
            y[1 + k] = args.timeInput[step * args.timeColumns + k];
        }
    }
}

}  // namespace bitdgdm
