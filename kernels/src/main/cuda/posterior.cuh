// One step of a sampler and its draws, as Posterior.java, Flow.java, Leap.java and CounterRandom.java define them; sums in
// double, exp in FP32, flows in FP32, in the order of the cpu backend. Also the draws that sampling starts from, those of
// InitialNoise.java. A thread has one element, a node or an edge i < j, and computes a value again rather than keep an array
// of them.
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

// The network's prediction of one element: softmax of its logits.
struct Prediction {
    Logits logits;
    int classes;
    // Found by start().
    float highest;
    double total;

    BITDGDM_MEMBER float exponent(int k) const {
        return exponential(logits(k) - highest);
    }

    BITDGDM_MEMBER float weight(int k) const {
        return (float) divide((double) exponent(k), total);
    }

    // False if a logit is not finite.
    BITDGDM_MEMBER bool start() {
        highest = logits(0);
        for (int k = 1; k < classes; k++) {
            const float value = logits(k);
            highest = value > highest ? value : highest;
        }
        total = 0;
        for (int k = 0; k < classes; k++) {
            total = add(total, (double) exponent(k));
        }
        return total < (double) infinity();
    }
};

// p(z_s | z_t) of one element.
struct Posterior {
    Prediction prediction;
    const float* marginal;
    int classes;
    double marginalSum;
    double beta;
    double alphaBarT;
    double alphaBarS;
    // Found by start().
    double currentLimit;
    double ratioSum;
    double sum;

    BITDGDM_MEMBER double ratio(int k) const {
        const double offDiagonal = multiply(subtract(1, alphaBarT), currentLimit);
        const double denominator = k == prediction.logits.current ? add(offDiagonal, alphaBarT) : offDiagonal;
        return divide(divide((double) prediction.exponent(k), prediction.total), denominator == 0 ? 1e-6 : denominator);
    }

    BITDGDM_MEMBER double joint(int k) const {
        double step = multiply(beta, currentLimit);
        if (k == prediction.logits.current) {
            step = add(step, subtract(1, beta));
        }
        const double limit = divide((double) marginal[k], marginalSum);
        return multiply(step,
            add(multiply(alphaBarS, ratio(k)), multiply(multiply(subtract(1, alphaBarS), limit), ratioSum)));
    }

    BITDGDM_MEMBER float weight(int k) const {
        return (float) (sum == 0 ? divide(1.0, (double) classes) : divide(joint(k), sum));
    }

    BITDGDM_MEMBER void start() {
        marginalSum = 0;
        for (int k = 0; k < classes; k++) {
            marginalSum = add(marginalSum, (double) marginal[k]);
        }
        currentLimit = divide((double) marginal[prediction.logits.current], marginalSum);
        ratioSum = 0;
        for (int k = 0; k < classes; k++) {
            ratioSum = add(ratioSum, ratio(k));
        }
        sum = 0;
        for (int k = 0; k < classes; k++) {
            sum = add(sum, joint(k));
        }
    }
};

// Slots of the draws of x1 and of one more class lie this far from those of the classes.
constexpr uint32_t PREDICTED = 1u << 31;
constexpr uint32_t NOISED = 1u << 30;

// The first of the largest of some weights.
template <typename Weights>
BITDGDM_DEVICE int best(int classes, const Weights& weights) {
    int best = 0;
    for (int k = 1; k < classes; k++) {
        best = weights.weight(k) > weights.weight(best) ? k : best;
    }
    return best;
}

// p0, and what is left of it and of the drawn class at a flow's time.
struct Interpolation {
    const float* marginal;
    float marginalSum;
    float time;
    int drawn;

    BITDGDM_MEMBER float limit(int k) const {
        // What has been normalised before keeps its bits.
        return magnitude(marginalSum - 1) <= 1e-6f ? marginal[k] : marginal[k] / marginalSum;
    }

    BITDGDM_MEMBER float weight(int k) const {
        const float p = time * (k == drawn ? 1.0f : 0.0f) + (1 - time) * limit(k);
        return p < 0 ? 0 : p > 1 ? 1 : p;
    }
};

// The class of one element after a step of a flow, see Flow.java.
struct Jump {
    Interpolation p;
    const Step* step;
    int classes;
    int current;
    // Found by start().
    int column;
    float denominator;
    float own;
    float stay;

    BITDGDM_MEMBER bool inMask(int j) const {
        switch (step->stochasticity) {
            case GENERAL: return true;
            case MARGINAL: return p.limit(j) > p.limit(current);
            case ENTRY_FIRST:
            case ENTRY_ABS_STATE: return current == column ? j == p.drawn : current == p.drawn && j == column;
            default: return current == column || j == column;
        }
    }

    BITDGDM_MEMBER float weight(int j) const {
        if (j == current) {
            return stay;
        }
        const float there = p.weight(j);
        const float slope = (j == p.drawn ? 1.0f : 0.0f) - p.limit(j) - own;
        const float rate = (slope > 0 ? slope : 0.0f) / denominator + there * (inMask(j) ? 1.0f : 0.0f) * step->eta
            + (j == p.drawn ? step->omega : 0.0f) / denominator;
        const bool kept = rate <= 1e5f && p.weight(current) != 0 && there != 0;
        return (kept ? rate : 0.0f) * (step->alphaBarTo - step->alphaBarFrom);
    }

    // `noised` draws one more class.
    BITDGDM_MEMBER void start(const Prediction& prediction, float noised) {
        switch (step->stochasticity) {
            case COLUMN_MAX_MARGINAL: {
                column = 0;
                for (int k = 1; k < classes; k++) {
                    column = p.limit(k) > p.limit(column) ? k : column;
                }
                break;
            }
            case COLUMN_X_T: column = current; break;
            case COLUMN_ABS_STATE:
            case ENTRY_ABS_STATE: column = classes - 1; break;
            case COLUMN_P_X1_G_XT: column = best(classes, prediction); break;
            case COLUMN_X_1: column = p.drawn; break;
            case COLUMN_P_XT_G_X1: column = best(classes, p); break;
            case COLUMN_XHAT_T: column = drawClass(noised, classes, p); break;
            case ENTRY_FIRST: column = 0; break;
            default: column = -1;
        }
        int reached = 0;
        for (int j = 0; j < classes; j++) {
            reached += p.weight(j) != 0 ? 1 : 0;
        }
        denominator = (float) reached * p.weight(current);
        own = (current == p.drawn ? 1.0f : 0.0f) - p.limit(current);
        float left = 0;
        for (int j = 0; j < classes; j++) {
            left = j == current ? left : left + weight(j);
        }
        stay = left < 1 ? 1 - left : 0;
    }
};

// A leap of one element, see Leap.java.
struct Leap {
    Prediction prediction;
    const float* marginal;
    int classes;
    int current;
    double kept;
    double length;
    // Found by start().
    double marginalSum;
    double ratioSum;

    // q(j | x0) where x0 is j or not.
    BITDGDM_MEMBER double noised(int j, bool own) const {
        const double limit = divide((double) marginal[j], marginalSum);
        const double share = add(own ? kept : 0.0, multiply(subtract(1, kept), limit));
        return share < 1e-8 ? 0 : share;
    }

    BITDGDM_MEMBER double ratio(int k) const {
        return divide((double) prediction.weight(k), add(noised(current, k == current), 1e-9));
    }

    // Mean number of jumps to j.
    BITDGDM_MEMBER double mean(int j) const {
        const double limit = divide((double) marginal[current], marginalSum);
        const double own = ratio(j);
        return multiply(multiply(limit,
            add(multiply(noised(j, false), subtract(ratioSum, own)), multiply(noised(j, true), own))), length);
    }

    BITDGDM_MEMBER void start() {
        marginalSum = 0;
        for (int k = 0; k < classes; k++) {
            marginalSum = add(marginalSum, (double) marginal[k]);
        }
        ratioSum = 0;
        for (int k = 0; k < classes; k++) {
            ratioSum = add(ratioSum, ratio(k));
        }
    }

    BITDGDM_MEMBER int jumps(int j, float u) const {
        const double expected = mean(j);
        double probability = exponential((float) -expected);
        double cumulative = probability;
        int jumps = 0;
        while (u >= cumulative && jumps < 127) {
            jumps++;
            probability = multiply(probability, divide(expected, (double) jumps));
            cumulative = add(cumulative, probability);
        }
        return jumps;
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

// u in [0, 1) of an element's class, by the counter of its draw; of its other draws by what these add to its slot.
BITDGDM_DEVICE float uniformOf(const DrawArguments& args, const Element& element, int32_t counter, uint32_t other) {
    return philoxUniform(args.seed, (uint64_t) args.ids[element.graph], (uint32_t) counter, (uint32_t) element.slot | other);
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
    const float u = uniformOf(args, element, args.counter, 0);
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
    const int classes = element.node ? args.nodeTypes : args.edgeTypes;
    const float* marginal = element.node ? args.nodeMarginal : args.edgeMarginal;
    Prediction prediction;
    prediction.logits = logitsOf(args, element);
    prediction.classes = classes;
    if (!prediction.start()) {
        // The first such step: later steps go on from classes that mean nothing. All threads of a launch would write the same.
        if (args.progress->broken == 0) {
            args.progress->broken = 1 + args.progress->step;
        }
        return;
    }
    const float u = uniformOf(args, element, step.to, 0);
    if (step.rule == POSTERIOR) {
        Posterior posterior;
        posterior.prediction = prediction;
        posterior.marginal = marginal;
        posterior.classes = classes;
        posterior.beta = step.beta;
        posterior.alphaBarT = step.alphaBarFrom;
        posterior.alphaBarS = step.alphaBarTo;
        posterior.start();
        writeClass(args, element, drawClass(u, classes, posterior));
    } else if (step.rule == FLOW) {
        Jump jump;
        jump.p.marginal = marginal;
        jump.p.marginalSum = 0;
        for (int k = 0; k < classes; k++) {
            jump.p.marginalSum = jump.p.marginalSum + marginal[k];
        }
        jump.p.time = step.alphaBarFrom;
        jump.p.drawn = drawClass(uniformOf(args, element, step.to, PREDICTED), classes, prediction);
        jump.step = &step;
        jump.classes = classes;
        jump.current = prediction.logits.current;
        jump.start(prediction, step.stochasticity == COLUMN_XHAT_T ? uniformOf(args, element, step.to, NOISED) : 0);
        writeClass(args, element, drawClass(u, classes, jump));
    } else if (step.rule == LEAP) {
        Leap leap;
        leap.prediction = prediction;
        leap.marginal = marginal;
        leap.classes = classes;
        leap.current = prediction.logits.current;
        leap.kept = step.alphaBarFrom;
        leap.length = step.beta;
        leap.start();
        int moved = leap.current;
        for (int j = 0; j < classes; j++) {
            if (j != leap.current) {
                moved += leap.jumps(j, uniformOf(args, element, step.to, (uint32_t) j << 24)) * (j - leap.current);
            }
        }
        writeClass(args, element, moved < 0 ? 0 : moved >= classes ? classes - 1 : moved);
    } else if (step.rule == MOST_PROBABLE) {
        writeClass(args, element, best(classes, prediction));
    } else {
        writeClass(args, element, drawClass(u, classes, prediction));
    }
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
