// One reverse step of the diffusion and its draws, as Posterior.java and CounterRandom.java define them; sums in double,
// exp in FP32. Included inside the namespace of an instruction set.

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

// p(z_s | z_t) of one element into `weights`; false if a logit is not finite. `logits` is padded and overwritten.
static bool posterior(const Transition& transition, float* logits, int current, float* weights) {
    const int classes = transition.classes;
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
    // NaN where a logit was NaN or infinite.
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

static bool draw(const Model& model, Workspace& ws, const Group& group, uint64_t seed, const Step& step) {
    const Shape& shape = model.shape;
    const int n = group.nodes;
    const Transition nodes = transitionOf(step, model.limits.nodeMarginal, shape.nodeTypes);
    const Transition edges = transitionOf(step, model.limits.edgeMarginal, shape.edgeTypes);
    const size_t nodeWidth = padded(shape.nodeTypes);
    const size_t edgeWidth = padded(shape.edgeTypes);
    for (int graph = 0; graph < group.graphs; graph++) {
        const uint64_t id = (uint64_t) group.ids[graph];
        for (int i = 0; i < n; i++) {
            const int row = graph * n + i;
            if (!posterior(nodes, ws.nodeLogits + row * nodeWidth, group.nodeClasses[row], ws.classes)) {
                return false;
            }
            float u = philoxUniform(seed, id, (uint32_t) step.to, (uint32_t) i);
            group.nodeClasses[row] = (uint8_t) drawClass(u, ws.classes, shape.nodeTypes);
        }
        const size_t base = (size_t) graph * n * n;
        uint32_t slot = (uint32_t) n;
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++, slot++) {
                const size_t row = base + i * n + j;
                if (!posterior(edges, ws.edgeLogits + row * edgeWidth, group.edgeClasses[row], ws.classes)) {
                    return false;
                }
                float u = philoxUniform(seed, id, (uint32_t) step.to, slot);
                uint8_t drawn = (uint8_t) drawClass(u, ws.classes, shape.edgeTypes);
                group.edgeClasses[row] = drawn;
                group.edgeClasses[base + j * n + i] = drawn;
            }
        }
    }
    return true;
}
