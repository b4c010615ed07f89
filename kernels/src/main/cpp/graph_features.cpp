#include "graph_features.h"

#include <algorithm>
#include <cmath>

namespace bitdgdm {
namespace {

// Up to this many nodes all eigenpairs are found by rotations, above only those that are features.
constexpr int MOST_ROTATED = 16;
constexpr int EIGENVALUES = 5;
constexpr int EIGENVECTORS = 2;
constexpr float MISSING_EIGENVALUE = 2;
constexpr double CYCLE_UNIT = 10;
constexpr double LONGEST_PERIOD = 10000;
constexpr double SKIP = 1e-12;
constexpr int MAX_SWEEPS = 64;

// A count, given as a multiple of it, in the unit of the features.
float capped(int64_t multiple, int factor) {
    double value = static_cast<double>(multiple) / (factor * CYCLE_UNIT);
    return static_cast<float>(value < 1 ? value : 1);
}

void product(const int32_t* left, const int32_t* right, int n, int32_t* out) {
    std::fill(out, out + n * n, 0);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < n; k++) {
            const int32_t value = left[i * n + k];
            for (int j = 0; value != 0 && j < n; j++) {
                out[i * n + j] += value * right[k * n + j];
            }
        }
    }
}

void rotate(double* a, double* v, int n, int p, int q) {
    const double apq = a[p * n + q];
    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
    double t = 1 / (std::fabs(theta) + std::sqrt(theta * theta + 1));
    if (theta < 0) {
        t = -t;
    }
    const double c = 1 / std::sqrt(t * t + 1);
    const double s = t * c;
    const double shift = t * apq;
    a[p * n + p] = a[p * n + p] - shift;
    a[q * n + q] = a[q * n + q] + shift;
    a[p * n + q] = 0;
    a[q * n + p] = 0;
    for (int k = 0; k < n; k++) {
        if (k != p && k != q) {
            const double x = a[p * n + k];
            const double y = a[q * n + k];
            const double newX = c * x - s * y;
            const double newY = s * x + c * y;
            a[p * n + k] = newX;
            a[k * n + p] = newX;
            a[q * n + k] = newY;
            a[k * n + q] = newY;
        }
    }
    for (int k = 0; k < n; k++) {
        const double x = v[p * n + k];
        const double y = v[q * n + k];
        v[p * n + k] = c * x - s * y;
        v[q * n + k] = s * x + c * y;
    }
}

}  // namespace

void GraphFeatures::prepare(int n) {
    const size_t square = static_cast<size_t>(n) * n;
    for (auto* matrix : {&a1_, &a2_, &a3_}) {
        matrix->resize(square);
    }
    for (auto* list : {&component_, &stack_, &size_, &order_}) {
        list->resize(n);
    }
    matrix_.resize(square);
    // Smaller graphs come, too.
    const size_t rotated = std::min(n, MOST_ROTATED);
    rotations_.resize(rotated * rotated);
    vectors_.resize(rotated * rotated);
    values_.resize(rotated);
    if (n > MOST_ROTATED) {
        lowest_.prepare(n, EIGENVALUES, EIGENVECTORS);
    }
    step_.resize(n);
    row_.resize(n);
}

size_t GraphFeatures::bytes() const {
    return sizeof(int32_t) * (a1_.size() + a2_.size() + a3_.size() + component_.size() + stack_.size() + size_.size()
        + order_.size()) + sizeof(double) * (matrix_.size() + rotations_.size() + vectors_.size() + values_.size())
        + sizeof(float) * (step_.size() + row_.size()) + lowest_.bytes();
}

void GraphFeatures::compute(const uint8_t* nodes, const uint8_t* edges, int n, float time, float* node, int nodeStride,
                            float* edge, int edgeStride, float* global) {
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < shape_.nodeTypes; k++) {
            node[i * nodeStride + k] = nodes[i] == k ? 1 : 0;
        }
    }
    float* at = node + shape_.nodeTypes;
    for (int ij = 0; ij < n * n; ij++) {
        a1_[ij] = edges[ij] != 0 ? 1 : 0;
    }
    if (shape_.walks > 0) {
        for (int ij = 0; ij < n * n; ij++) {
            for (int k = 0; k < shape_.edgeTypes; k++) {
                edge[ij * edgeStride + k] = edges[ij] == k ? 1 : 0;
            }
        }
        walks(n, at, nodeStride, edge + shape_.edgeTypes, edgeStride);
    }
    if (shape_.features != NO_FEATURES) {
        global[0] = static_cast<float>(static_cast<double>(n) / shape_.maxNodes);
        cycles(n, at, nodeStride, global + 1);
    }
    if (shape_.features == EIGENVALUE_FEATURES || shape_.features == ALL_FEATURES) {
        laplacian(n, at + 3, nodeStride, global + 5);
    }
    at += shape_.nodeColumns();
    float* y = global + shape_.globalColumns();

    if (shape_.molecular) {
        double weight = 0;
        for (int i = 0; i < n; i++) {
            int valency = 0;
            for (int j = 0; j < n; j++) {
                valency += data(edges[i * n + j], shape_.edgeTypes);
            }
            at[i * nodeStride] = static_cast<float>(data(nodes[i], shape_.nodeTypes) - valency);
            at[i * nodeStride + 1] = static_cast<float>(valency);
            weight += shape_.nodeWeights[data(nodes[i], shape_.nodeTypes)];
        }
        *y++ = static_cast<float>(weight / shape_.maxWeight);
    }
    *y = time;
    const int half = shape_.timeColumns() / 2;
    for (int i = 0; i < half; i++) {
        const double angle = time * std::pow(LONGEST_PERIOD, -static_cast<double>(i) / half);
        y[1 + i] = static_cast<float>(std::cos(angle));
        y[1 + half + i] = static_cast<float>(std::sin(angle));
    }
}

// P_0 ... of random walks; matrix_, a2_ and size_ are scratch: sums over neighbours, in the order of nodes.
void GraphFeatures::walks(int n, float* node, int nodeStride, float* edge, int edgeStride) {
    for (int i = 0; i < n; i++) {
        int degree = 0;
        for (int j = 0; j < n; j++) {
            if (a1_[i * n + j] != 0) {
                a2_[i * n + degree++] = j;
            }
        }
        size_[i] = degree;
        step_[i] = degree == 0 ? 0 : 1.0f / degree;
    }
    double* next = matrix_.data();
    for (int i = 0; i < n; i++) {
        std::fill(row_.begin(), row_.end(), 0.0f);
        row_[i] = 1;
        for (int p = 0; p < shape_.walks; p++) {
            node[i * nodeStride + p] = row_[i];
            for (int j = 0; j < n; j++) {
                edge[(i * n + j) * edgeStride + p] = row_[j];
            }
            std::fill(next, next + n, 0.0);
            for (int k = 0; k < n; k++) {
                const double walked = static_cast<double>(row_[k]) * step_[k];
                for (int neighbour = 0; neighbour < size_[k]; neighbour++) {
                    next[a2_[k * n + neighbour]] += walked;
                }
            }
            for (int j = 0; j < n; j++) {
                row_[j] = static_cast<float>(next[j]);
            }
        }
    }
}

// Cycle counts from closed walks, as the variant counts them (c5 of main is not the number of 5-cycles).
void GraphFeatures::cycles(int n, float* node, int nodeStride, float* global) {
    product(a1_.data(), a1_.data(), n, a2_.data());
    // Powers commute, and most entries of the first are 0.
    product(a1_.data(), a2_.data(), n, a3_.data());
    int64_t sum3 = 0, sum4 = 0, sum5 = 0, closed6 = 0, six = 0;
    for (int i = 0; i < n; i++) {
        const int64_t degree = a2_[i * n + i];
        const int64_t walks3 = a3_[i * n + i];
        int64_t walks4 = 0, walks5 = 0, neighbourDegrees = 0, neighbourWalks3 = 0;
        int64_t sharedDegrees = 0, sharedSquares = 0, threeStepWalks = 0;
        for (int j = 0; j < n; j++) {
            const int64_t one = a1_[i * n + j];
            const int64_t two = a2_[i * n + j];
            const int64_t three = a3_[i * n + j];
            // The matrices are symmetric, so diag(A^4), diag(A^5) and tr(A^6) are sums of products of rows.
            walks4 += two * two;
            walks5 += two * three;
            closed6 += three * three;
            neighbourDegrees += one * a2_[j * n + j];
            neighbourWalks3 += one * a3_[j * n + j];
            sharedDegrees += one * two * a2_[j * n + j];
            sharedSquares += one * two * two;
            threeStepWalks += three;
        }
        const int64_t c4 = walks4 - degree * (degree - 1) - neighbourDegrees;
        const int64_t c5 = shape_.fixedBug
            ? walks5 - 2 * sharedDegrees - 2 * degree * walks3 - neighbourWalks3 + 5 * walks3
            : walks5 - 2 * walks3 * degree - neighbourWalks3 + walks3;
        if (shape_.hasCycleColumns()) {
            node[i * nodeStride] = capped(walks3, 2);
            node[i * nodeStride + 1] = capped(c4, 2);
            node[i * nodeStride + 2] = capped(c5, 2);
        }
        sum3 += walks3;
        sum4 += c4;
        sum5 += c5;
        six += -3 * walks3 * walks3 + 9 * sharedSquares - 6 * degree * walks4 + 6 * walks4 - 4 * walks3
            + 4 * degree * degree * degree + 3 * threeStepWalks - 12 * degree * degree + 4 * degree;
    }
    global[0] = capped(sum3, 6);
    global[1] = capped(sum4, 8);
    global[2] = capped(sum5, 10);
    global[3] = capped(closed6 + six, 12);
}

void GraphFeatures::laplacian(int n, float* node, int nodeStride, float* global) {
    const int components = labelComponents(n);
    const int largest = largestComponent(n, components);
    for (int i = 0; i < n; i++) {
        int degree = 0;
        for (int j = 0; j < n; j++) {
            degree += a1_[i * n + j];
            matrix_[i * n + j] = -a1_[i * n + j];
        }
        matrix_[i * n + i] = degree;
    }
    const bool all = shape_.features == ALL_FEATURES;
    const int count = std::min(EIGENVALUES, n - components);
    const int vectors = all ? std::min(EIGENVECTORS, count) : 0;
    const bool rotated = n <= MOST_ROTATED;
    if (rotated) {
        rotateAll(n);
    } else {
        lowest_.compute(matrix_.data(), n, components, count, vectors);
    }
    const double* values = rotated ? values_.data() + components : lowest_.values();
    const double* rows = rotated ? vectors_.data() + components * n : lowest_.vectors();
    global[0] = static_cast<float>(components);
    for (int k = 0; k < EIGENVALUES; k++) {
        global[1 + k] = k < count ? static_cast<float>(values[k] / n) : MISSING_EIGENVALUE;
    }
    for (int i = 0; all && i < n; i++) {
        node[i * nodeStride] = component_[i] == largest ? 0 : 1;
        for (int k = 0; k < EIGENVECTORS; k++) {
            node[i * nodeStride + 1 + k] = k < vectors ? static_cast<float>(rows[k * n + i]) : 0;
        }
    }
}

// Labels components 0, 1, ... in the order of their lowest node, by depth-first search; returns how many.
int GraphFeatures::labelComponents(int n) {
    std::fill(component_.begin(), component_.begin() + n, -1);
    int components = 0;
    for (int start = 0; start < n; start++) {
        if (component_[start] >= 0) {
            continue;
        }
        component_[start] = components;
        int depth = 0;
        stack_[depth++] = start;
        while (depth > 0) {
            const int i = stack_[--depth];
            for (int j = 0; j < n; j++) {
                if (a1_[i * n + j] != 0 && component_[j] < 0) {
                    component_[j] = components;
                    stack_[depth++] = j;
                }
            }
        }
        components++;
    }
    return components;
}

// The component of most nodes; of equals the first, which holds the lowest node.
int GraphFeatures::largestComponent(int n, int components) {
    std::fill(size_.begin(), size_.begin() + components, 0);
    for (int i = 0; i < n; i++) {
        size_[component_[i]]++;
    }
    int largest = 0;
    for (int k = 1; k < components; k++) {
        if (size_[k] > size_[largest]) {
            largest = k;
        }
    }
    return largest;
}

// Diagonalises matrix_ by cyclic Jacobi rotations in a fixed order; see SymmetricEigen.java.
void GraphFeatures::rotateAll(int n) {
    double* a = matrix_.data();
    double* v = rotations_.data();
    std::fill(v, v + n * n, 0.0);
    for (int i = 0; i < n; i++) {
        v[i * n + i] = 1;
    }
    for (int sweep = 0; sweep < MAX_SWEEPS; sweep++) {
        bool rotated = false;
        for (int p = 0; p < n - 1; p++) {
            for (int q = p + 1; q < n; q++) {
                if (std::fabs(a[p * n + q]) >= SKIP) {
                    rotate(a, v, n, p, q);
                    rotated = true;
                }
            }
        }
        if (!rotated) {
            break;
        }
    }
    // A stable insertion sort of the diagonal.
    for (int i = 0; i < n; i++) {
        const double value = a[i * n + i];
        int at = i;
        while (at > 0 && a[order_[at - 1] * n + order_[at - 1]] > value) {
            order_[at] = order_[at - 1];
            at--;
        }
        order_[at] = i;
    }
    for (int i = 0; i < n; i++) {
        const double* vector = v + order_[i] * n;
        values_[i] = a[order_[i] * n + order_[i]];
        int largest = 0;
        for (int k = 1; k < n; k++) {
            if (std::fabs(vector[k]) > std::fabs(vector[largest])) {
                largest = k;
            }
        }
        const bool negate = vector[largest] < 0;
        for (int k = 0; k < n; k++) {
            vectors_[i * n + k] = negate ? -vector[k] : vector[k];
        }
    }
}

}  // namespace bitdgdm
