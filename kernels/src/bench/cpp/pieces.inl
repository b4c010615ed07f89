// The table of pieces.h for one instruction set. Included inside its namespace after the product's own parts; the unit
// that includes it defines the two loops that need the set's own instructions.

static void copy(const float* from, float* to, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        store(to + i, load(from + i));
    }
}

static void exponentials(const float* x, float* y, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        store(y + i, exponential(load(x + i)));
    }
}

static const Pieces PIECES = {multiplyAdds, integerDots, INTEGER_INSTRUCTION, copy, exponentials, attend, addAndNormalise,
    pool, quantizeRows};
