// The table of pieces.h for one instruction set. Included inside its namespace after the product's own parts; the unit
// that includes it defines the two loops that need the set's own instructions.

static void copy(const float* from, float* to, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        store(to + i, load(from + i));
    }
}

static void turn(const float* from, float* to, size_t blocks) {
    for (size_t block = 0; block < blocks; block++) {
        V rows[LANES];
        BITDGDM_UNROLL for (int i = 0; i < LANES; i++) {
            rows[i] = load(from + (block * LANES + i) * LANES);
        }
        transpose(rows);
        BITDGDM_UNROLL for (int i = 0; i < LANES; i++) {
            store(to + (block * LANES + i) * LANES, rows[i]);
        }
    }
}

static double loadedMultiplyAdds(const float* from, size_t count) {
    constexpr int SUMS = 6;
    V sum[SUMS];
    BITDGDM_UNROLL for (int i = 0; i < SUMS; i++) {
        sum[i] = zero();
    }
    const V factor = set1(0.5f);
    size_t done = 0;
    for (; done + SUMS * LANES <= count; done += SUMS * LANES) {
        BITDGDM_UNROLL for (int i = 0; i < SUMS; i++) {
            sum[i] = fma(factor, load(from + done + i * LANES), sum[i]);
        }
    }
    BITDGDM_UNROLL for (int i = 0; i < SUMS; i++) {
        asm volatile("" : : "m"(sum[i]));
    }
    return 2.0 * done;
}

static void exponentials(const float* x, float* y, size_t count) {
    for (size_t i = 0; i < count; i += LANES) {
        store(y + i, exponential(load(x + i)));
    }
}

static const Pieces PIECES = {multiplyAdds, integerDots, INTEGER_INSTRUCTION, loadedMultiplyAdds, copy, exponentials, turn,
    pool, quantizeRows};
