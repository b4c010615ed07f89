// One reverse step of the diffusion and its draws, as Posterior.java and CounterRandom.java define them; sums in double,
// exp in FP32, in the order of the cpu backend. Also the draws that sampling starts from, those of InitialNoise.java. A
// thread has one element, a node or an edge i < j, and computes a value again rather than keep an array of them.
#pragma once

#include "device.cuh"
#include "layout.cuh"
#include "philox.cuh"
#include "vector_math.cuh"

namespace bitdgdm {

// The logits of one element: what the MLP gave plus the noisy class; of an edge the mean of both directions.
struct Logits {
    const float* one;
    const float* other;     // null for a node
    int current;

    BITDGDM_MEMBER float operator()(int k) const {
        const float noisy = k == current ? 1.0f : 0.0f;
        return other == nullptr ? one[k] + noisy : ((other[k] + noisy) + (one[k] + noisy)) * 0.5f;
    }
};

// The first class whose cumulative weight exceeds u * total, both in FP32; never one of weight 0.
template <typename Weights>
BITDGDM_DEVICE int drawClass(float u, int classes, const Weights& weights) {
    float all = 0;
    for (int k = 0; k < classes; k++) {
        all = all + weights.weight(k);
    }
    const float limit = u * all;
    float cumulative = 0;
    int last = 0;
    for (int k = 0; k < classes; k++) {
        const float mine = weights.weight(k);
        if (mine > 0) {
            cumulative = cumulative + mine;
            last = k;
            if (cumulative > limit) {
                return k;
            }
        }
    }
    // u * all may round up to the total itself; the last class of positive weight is then the one meant.
    return last;
}

// A limit distribution.
struct Marginal {
    const float* values;

    BITDGDM_MEMBER float weight(int k) const { return values[k]; }
};

// p(z_s | z_t) of one element.
struct Posterior {
    Logits logits;
    const float* marginal;
    int classes;
    double marginalSum;
    double beta;
    double alphaBarT;
    double alphaBarS;
    // Found by start().
    float highest;
    double total;
    double currentLimit;
    double ratioSum;
    double sum;

    BITDGDM_MEMBER float exponent(int k) const {
        return exponential(logits(k) - highest);
    }

    BITDGDM_MEMBER double ratio(int k) const {
        const double offDiagonal = multiply(subtract(1, alphaBarT), currentLimit);
        const double denominator = k == logits.current ? add(offDiagonal, alphaBarT) : offDiagonal;
        return divide(divide((double) exponent(k), total), denominator == 0 ? 1e-6 : denominator);
    }

    BITDGDM_MEMBER double joint(int k) const {
        double step = multiply(beta, currentLimit);
        if (k == logits.current) {
            step = add(step, subtract(1, beta));
        }
        const double limit = divide((double) marginal[k], marginalSum);
        return multiply(step,
            add(multiply(alphaBarS, ratio(k)), multiply(multiply(subtract(1, alphaBarS), limit), ratioSum)));
    }

    BITDGDM_MEMBER float weight(int k) const {
        return (float) (sum == 0 ? divide(1.0, (double) classes) : divide(joint(k), sum));
    }

    // False if a logit is not finite.
    BITDGDM_MEMBER bool start() {
        marginalSum = 0;
        for (int k = 0; k < classes; k++) {
            marginalSum = add(marginalSum, (double) marginal[k]);
        }
        highest = logits(0);
        for (int k = 1; k < classes; k++) {
            const float value = logits(k);
            highest = value > highest ? value : highest;
        }
        total = 0;
        for (int k = 0; k < classes; k++) {
            total = add(total, (double) exponent(k));
        }
        if (!(total < (double) infinity())) {
            return false;
        }
        currentLimit = divide((double) marginal[logits.current], marginalSum);
        ratioSum = 0;
        for (int k = 0; k < classes; k++) {
            ratioSum = add(ratioSum, ratio(k));
        }
        sum = 0;
        for (int k = 0; k < classes; k++) {
            sum = add(sum, joint(k));
        }
        return true;
    }
};

// Row and column of edge `slot`, counting i < j row-major from 0.
BITDGDM_DEVICE void edgeOf(int slot, int n, int& i, int& j) {
    i = 0;
    while (slot >= n - 1 - i) {
        slot -= n - 1 - i;
        i++;
    }
    j = i + 1 + slot;
}

// What a thread of a batch works on: node or edge `slot` of `graph`.
struct Element {
    size_t graph;
    int slot;
    bool node;
    int i;
    int j;
};

// False for a thread without one.
BITDGDM_DEVICE bool elementOf(const DrawArguments& args, Element& to) {
    const int64_t index = (int64_t) blockX() * BLOCK + threadIndex();
    const int n = args.n;
    const int slots = n + n * (n - 1) / 2;
    if (index >= (int64_t) args.graphs * slots) {
        return false;
    }
    to.graph = (size_t) (index / slots);
    to.slot = (int) (index % slots);
    to.node = to.slot < n;
    if (to.node) {
        to.i = to.j = to.slot;
    } else {
        edgeOf(to.slot - n, n, to.i, to.j);
    }
    return true;
}

// An element's logits, and its class at t.
BITDGDM_DEVICE Logits logitsOf(const DrawArguments& args, const Element& element) {
    const int n = args.n;
    if (element.node) {
        const size_t row = element.graph * n + element.slot;
        return {args.nodeOutput + row * args.nodeStride, nullptr, args.nodes[row]};
    }
    const size_t row = element.graph * n * n + (size_t) element.i * n + element.j;
    const size_t mirrored = element.graph * n * n + (size_t) element.j * n + element.i;
    return {args.edgeOutput + row * args.edgeStride, args.edgeOutput + mirrored * args.edgeStride, args.edges[row]};
}

// u in [0, 1) of an element's class, by the counter of its draw.
BITDGDM_DEVICE float uniformOf(const DrawArguments& args, const Element& element, int32_t counter) {
    return philoxUniform(args.seed, (uint64_t) args.ids[element.graph], (uint32_t) counter, (uint32_t) element.slot);
}

BITDGDM_DEVICE void writeClass(const DrawArguments& args, const Element& element, int drawn) {
    const int n = args.n;
    if (element.node) {
        args.nodes[element.graph * n + element.i] = (uint8_t) drawn;
    } else {
        uint8_t* edges = args.edges + element.graph * n * n;
        edges[element.i * n + element.j] = (uint8_t) drawn;
        edges[element.j * n + element.i] = (uint8_t) drawn;
    }
}

// z_T.
BITDGDM_DEVICE void drawInitial(const DrawArguments& args) {
    Element element;
    if (!elementOf(args, element)) {
        return;
    }
    const Marginal marginal = {element.node ? args.nodeMarginal : args.edgeMarginal};
    const float u = uniformOf(args, element, args.counter);
    writeClass(args, element, drawClass(u, element.node ? args.nodeTypes : args.edgeTypes, marginal));
    if (element.node) {
        // No edge has both ends here.
        args.edges[element.graph * args.n * args.n + (size_t) element.i * args.n + element.i] = 0;
    }
}

BITDGDM_DEVICE void draw(const DrawArguments& args) {
    Element element;
    if (!elementOf(args, element)) {
        return;
    }
    const Step step = args.steps[args.progress->step];
    Posterior posterior;
    posterior.logits = logitsOf(args, element);
    posterior.marginal = element.node ? args.nodeMarginal : args.edgeMarginal;
    posterior.classes = element.node ? args.nodeTypes : args.edgeTypes;
    posterior.beta = step.beta;
    posterior.alphaBarT = step.alphaBarFrom;
    posterior.alphaBarS = step.alphaBarTo;
    if (!posterior.start()) {
        // The first such step: later steps go on from classes that mean nothing. All threads of a launch would write the same.
        if (args.progress->broken == 0) {
            args.progress->broken = 1 + args.progress->step;
        }
        return;
    }
    writeClass(args, element, drawClass(uniformOf(args, element, step.to), posterior.classes, posterior));
}

BITDGDM_DEVICE void writeLogits(const DrawArguments& args) {
    Element element;
    if (!elementOf(args, element)) {
        return;
    }
    const int n = args.n;
    const Logits logits = logitsOf(args, element);
    if (element.node) {
        const size_t row = element.graph * n + element.i;
        for (int k = 0; k < args.nodeTypes; k++) {
            args.nodeLogits[row * args.nodeTypes + k] = logits(k);
        }
        // The diagonal of E has no logits.
        const size_t diagonal = element.graph * n * n + (size_t) element.i * n + element.i;
        for (int k = 0; k < args.edgeTypes; k++) {
            args.edgeLogits[diagonal * args.edgeTypes + k] = 0;
        }
    } else {
        const size_t row = element.graph * n * n + (size_t) element.i * n + element.j;
        const size_t mirrored = element.graph * n * n + (size_t) element.j * n + element.i;
        for (int k = 0; k < args.edgeTypes; k++) {
            const float value = logits(k);
            args.edgeLogits[row * args.edgeTypes + k] = value;
            args.edgeLogits[mirrored * args.edgeTypes + k] = value;
        }
    }
}

}  // namespace bitdgdm
