// One step of a sampler and its draws, as Posterior.java, Flow.java, Leap.java and CounterRandom.java define them; sums in
// double, exp in FP32, flows in FP32. Included inside the namespace of an instruction set.

// q(z_t | z_s), q(z_s | x0), q(z_t | x0) of one kind of element.
struct Transition {
    const float* marginal;
    double marginalSum;
    int classes;
    double beta;            // noise from s to t
    double alphaBarT;
    double alphaBarS;
};

static Transition transitionOf(const Step& step, const float* marginal, int classes) {
    double sum = 0;
    for (int k = 0; k < classes; k++) {
        sum += marginal[k];
    }
    return {marginal, sum, classes, step.beta, step.alphaBarFrom, step.alphaBarTo};
}

// Exponentials of logits, padded, in their place, relative to the highest; their sum, NaN where a logit was NaN or infinite.
static double exponentials(float* logits, int classes) {
    const int width = padded(classes);
    float highest = logits[0];
    for (int k = 1; k < classes; k++) {
        highest = logits[k] > highest ? logits[k] : highest;
    }
    for (int c = 0; c < width; c += LANES) {
        store(logits + c, exponential(sub(load(logits + c), set1(highest))));
    }
    double total = 0;
    for (int k = 0; k < classes; k++) {
        total += logits[k];
    }
    return total;
}

// p(z_s | z_t) of one element into `weights`; false if a logit is not finite. `logits` is padded and overwritten.
static bool posterior(const Transition& transition, float* logits, int current, float* weights) {
    const int classes = transition.classes;
    const double total = exponentials(logits, classes);
    if (!(total < __builtin_inf())) {
        return false;
    }
    const double currentLimit = transition.marginal[current] / transition.marginalSum;
    const double offDiagonal = (1 - transition.alphaBarT) * currentLimit;
    double ratioSum = 0;
    double ratios[128];
    for (int k = 0; k < classes; k++) {
        double denominator = k == current ? offDiagonal + transition.alphaBarT : offDiagonal;
        ratios[k] = logits[k] / total / (denominator == 0 ? 1e-6 : denominator);
        ratioSum += ratios[k];
    }
    const double alphaBarS = transition.alphaBarS;
    double sum = 0;
    for (int k = 0; k < classes; k++) {
        double step = transition.beta * currentLimit;
        if (k == current) {
            step += 1 - transition.beta;
        }
        double limit = transition.marginal[k] / transition.marginalSum;
        ratios[k] = step * (alphaBarS * ratios[k] + (1 - alphaBarS) * limit * ratioSum);
        sum += ratios[k];
    }
    for (int k = 0; k < classes; k++) {
        weights[k] = (float) (sum == 0 ? 1.0 / classes : ratios[k] / sum);
    }
    return true;
}

// The first class whose cumulative weight exceeds u * total, in FP32; never one of weight 0.
static int drawClass(float u, const float* weights, int classes) {
    float total = 0;
    for (int k = 0; k < classes; k++) {
        total += weights[k];
    }
    const float limit = u * total;
    float cumulative = 0;
    int last = 0;
    for (int k = 0; k < classes; k++) {
        if (weights[k] > 0) {
            cumulative += weights[k];
            last = k;
            if (cumulative > limit) {
                return k;
            }
        }
    }
    // u * total may round up to the total itself; the last class of positive weight is then the one meant.
    return last;
}

// A flow of one kind of element, see Flow.java.
struct FlowStep {
    const Step* step;
    int classes;
    float limit[128];       // p0
    float p[128];           // of the element under way
};

static FlowStep flowOf(const Step& step, const float* marginal, int classes) {
    FlowStep flow = {&step, classes, {}, {}};
    float sum = 0;
    for (int k = 0; k < classes; k++) {
        sum += marginal[k];
    }
    for (int k = 0; k < classes; k++) {
        // What has been normalised before keeps its bits.
        flow.limit[k] = __builtin_fabsf(sum - 1) <= 1e-6f ? marginal[k] : marginal[k] / sum;
    }
    return flow;
}

// The first of the largest of some values.
static int best(const float* values, int classes) {
    int best = 0;
    for (int k = 1; k < classes; k++) {
        best = values[k] > values[best] ? k : best;
    }
    return best;
}

// Slots of the draws of x1 and of one more class lie this far from those of the classes.
constexpr uint32_t PREDICTED = 1u << 31;
constexpr uint32_t NOISED = 1u << 30;

// The class that the design singles out; -1: none.
static int columnOf(const FlowStep& flow, const float* prediction, int current, int drawn, uint64_t seed, uint64_t id,
                    uint32_t slot) {
    switch (flow.step->stochasticity) {
        case COLUMN_MAX_MARGINAL: return best(flow.limit, flow.classes);
        case COLUMN_X_T: return current;
        case COLUMN_ABS_STATE:
        case ENTRY_ABS_STATE: return flow.classes - 1;
        case COLUMN_P_X1_G_XT: return best(prediction, flow.classes);
        case COLUMN_X_1: return drawn;
        case COLUMN_P_XT_G_X1: return best(flow.p, flow.classes);
        case COLUMN_XHAT_T:
            return drawClass(philoxUniform(seed, id, (uint32_t) flow.step->to, slot | NOISED), flow.p, flow.classes);
        case ENTRY_FIRST: return 0;
        default: return -1;
    }
}

static bool inMask(const FlowStep& flow, int j, int current, int drawn, int column) {
    switch (flow.step->stochasticity) {
        case GENERAL: return true;
        case MARGINAL: return flow.limit[j] > flow.limit[current];
        case ENTRY_FIRST:
        case ENTRY_ABS_STATE: return current == column ? j == drawn : current == drawn && j == column;
        default: return current == column || j == column;
    }
}

// The class after a step of a flow, from the prediction; `weights` is scratch.
static int jump(FlowStep& flow, const float* prediction, int current, float* weights, uint64_t seed, uint64_t id,
                uint32_t slot) {
    const Step& step = *flow.step;
    const int classes = flow.classes;
    const int drawn = drawClass(philoxUniform(seed, id, (uint32_t) step.to, slot | PREDICTED), prediction, classes);
    int reached = 0;
    for (int j = 0; j < classes; j++) {
        const float p = step.alphaBarFrom * (j == drawn ? 1.0f : 0.0f) + (1 - step.alphaBarFrom) * flow.limit[j];
        flow.p[j] = p < 0 ? 0 : p > 1 ? 1 : p;
        reached += flow.p[j] != 0;
    }
    const int column = columnOf(flow, prediction, current, drawn, seed, id, slot);
    const float denominator = reached * flow.p[current];
    const float own = (current == drawn ? 1.0f : 0.0f) - flow.limit[current];
    float left = 0;
    for (int j = 0; j < classes; j++) {
        if (j == current) {
            continue;
        }
        const float slope = (j == drawn ? 1.0f : 0.0f) - flow.limit[j] - own;
        const float rate = (slope > 0 ? slope : 0.0f) / denominator
            + flow.p[j] * (inMask(flow, j, current, drawn, column) ? 1.0f : 0.0f) * step.eta
            + (j == drawn ? step.omega : 0.0f) / denominator;
        const bool kept = rate <= 1e5f && flow.p[current] != 0 && flow.p[j] != 0;
        weights[j] = (kept ? rate : 0.0f) * (step.alphaBarTo - step.alphaBarFrom);
        left += weights[j];
    }
    weights[current] = left < 1 ? 1 - left : 0;
    return drawClass(philoxUniform(seed, id, (uint32_t) step.to, slot), weights, classes);
}

// q(j | x0) where x0 is j or not, of a leap.
static double noised(const Transition& transition, int j, bool own) {
    const double limit = transition.marginal[j] / transition.marginalSum;
    const double share = (own ? transition.alphaBarT : 0) + (1 - transition.alphaBarT) * limit;
    return share < 1e-8 ? 0 : share;
}

// The class after a leap, from the prediction, padded and overwritten; see Leap.java.
static int leap(const Transition& transition, float* prediction, int current, uint64_t seed, uint64_t id, uint32_t to,
                uint32_t slot) {
    const int classes = transition.classes;
    double ratios[128];
    double ratioSum = 0;
    for (int k = 0; k < classes; k++) {
        ratios[k] = prediction[k] / (noised(transition, current, k == current) + 1e-9);
        ratioSum += ratios[k];
    }
    const double limit = transition.marginal[current] / transition.marginalSum;
    double means[128];
    for (int j = 0; j < classes; j++) {
        means[j] = limit * (noised(transition, j, false) * (ratioSum - ratios[j]) + noised(transition, j, true) * ratios[j])
            * transition.beta;
        prediction[j] = (float) -means[j];
    }
    const int width = padded(classes);
    for (int c = 0; c < width; c += LANES) {
        store(prediction + c, exponential(load(prediction + c)));
    }
    int moved = current;
    for (int j = 0; j < classes; j++) {
        if (j == current) {
            continue;
        }
        const float u = philoxUniform(seed, id, to, slot | (uint32_t) j << 24);
        double probability = prediction[j];
        double cumulative = probability;
        int jumps = 0;
        while (u >= cumulative && jumps < 127) {
            jumps++;
            probability *= means[j] / jumps;
            cumulative += probability;
        }
        moved += jumps * (j - current);
    }
    return moved < 0 ? 0 : moved >= classes ? classes - 1 : moved;
}

// The rule of a step for one kind of element.
struct Draws {
    Transition transition;
    FlowStep flow;

    Draws(const Step& step, const float* marginal, int classes)
        : transition(transitionOf(step, marginal, classes)), flow(flowOf(step, marginal, classes)) {}

    // The class after the step, from logits, padded and overwritten; -1 where one is not finite.
    int next(float* logits, int current, float* weights, uint64_t seed, uint64_t id, uint32_t slot) {
        const Step& step = *flow.step;
        const int classes = flow.classes;
        if (step.rule != POSTERIOR) {
            const double total = exponentials(logits, classes);
            if (!(total < __builtin_inf())) {
                return -1;
            }
            for (int k = 0; k < classes; k++) {
                logits[k] = (float) (logits[k] / total);
            }
            if (step.rule == FLOW) {
                return jump(flow, logits, current, weights, seed, id, slot);
            }
            if (step.rule == LEAP) {
                return leap(transition, logits, current, seed, id, (uint32_t) step.to, slot);
            }
            if (step.rule == MOST_PROBABLE) {
                return best(logits, classes);
            }
            return drawClass(philoxUniform(seed, id, (uint32_t) step.to, slot), logits, classes);
        }
        if (!posterior(transition, logits, current, weights)) {
            return -1;
        }
        return drawClass(philoxUniform(seed, id, (uint32_t) step.to, slot), weights, classes);
    }
};

static bool draw(const Model& model, Workspace& ws, const Group& group, uint64_t seed, const Step& step) {
    const Shape& shape = model.shape;
    const int n = group.nodes;
    Draws nodes(step, model.limits.nodeMarginal, shape.nodeTypes);
    Draws edges(step, model.limits.edgeMarginal, shape.edgeTypes);
    const size_t nodeWidth = padded(shape.nodeTypes);
    const size_t edgeWidth = padded(shape.edgeTypes);
    for (int graph = 0; graph < group.graphs; graph++) {
        const uint64_t id = (uint64_t) group.ids[graph];
        for (int i = 0; i < n; i++) {
            const int row = graph * n + i;
            const int drawn = nodes.next(ws.nodeLogits + row * nodeWidth, group.nodeClasses[row], ws.classes, seed, id,
                (uint32_t) i);
            if (drawn < 0) {
                return false;
            }
            group.nodeClasses[row] = (uint8_t) drawn;
        }
        const size_t base = (size_t) graph * n * n;
        uint32_t slot = (uint32_t) n;
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++, slot++) {
                const size_t row = base + i * n + j;
                const int drawn = edges.next(ws.edgeLogits + row * edgeWidth, group.edgeClasses[row], ws.classes, seed, id,
                    slot);
                if (drawn < 0) {
                    return false;
                }
                group.edgeClasses[row] = (uint8_t) drawn;
                group.edgeClasses[base + j * n + i] = (uint8_t) drawn;
            }
        }
    }
    return true;
}
