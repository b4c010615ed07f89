// exp, LayerNorm and other row operations over the 16-lane vectors. Included inside the namespace of an instruction set.

// e^x for x <= 88, with a relative error below 2^-22 (about 2 ulp) down to x = -87; 0 below that; NaN stays NaN.
// Above 88 it is e^88. x = n ln 2 + r with |r| <= ln 2 / 2, and e^r = 1 + r + r^2 P(r) with P a minimax polynomial of
// degree 4 (error of e^r: 3e-9).
BITDGDM_INLINE V exponential(V x) {
    const V lowest = set1(-87.0f);
    V clamped = min(set1(88.0f), max(lowest, x));
    V n = round(mul(clamped, set1(0x1.715476p+0f)));
    // ln 2 in two parts; n times the first is exact.
    V r = fma(n, set1(-0x1.63p-1f), clamped);
    r = fma(n, set1(0x1.bd0106p-13f), r);
    V p = set1(0x1.6a2434p-10f);
    p = fma(p, r, set1(0x1.1239e2p-7f));
    p = fma(p, r, set1(0x1.5558f2p-5f));
    p = fma(p, r, set1(0x1.555492p-3f));
    p = fma(p, r, set1(0x1.fffffcp-2f));
    V e = add(fma(mul(r, r), p, r), set1(1));
    return zeroBelow(scaleByPowerOfTwo(e, toInt(n)), x, lowest);
}

// NaN stays NaN.
BITDGDM_INLINE V relu(V x) {
    return max(zero(), x);
}

// Bits of the lanes of the 16 columns from `column` on that are within `width`.
BITDGDM_INLINE uint32_t lanesWithin(int width, int column) {
    int left = width - column;
    return left >= LANES ? 0xFFFFu : (1u << left) - 1;
}

// Rows of a LayerNorm that are taken side by side.
constexpr int NORM_ROWS = 4;

// to = LayerNorm(a + b) of ROWS rows side by side: one alone waits for its sums and its root.
template <int ROWS>
BITDGDM_INLINE void addAndNormaliseRows(const Norm& norm, const float* a, const float* b, float* to) {
    const float width = (float) norm.width;
    const size_t stride = padded(norm.width);
    V sum[ROWS], squares[ROWS], mean[ROWS], inverse[ROWS];
    BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
        sum[row] = zero();
        squares[row] = zero();
    }
    for (size_t c = 0; c < stride; c += LANES) {
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            const V value = add(load(a + row * stride + c), load(b + row * stride + c));
            store(to + row * stride + c, value);
            sum[row] = add(sum[row], value);
        }
    }
    BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
        mean[row] = set1(sumLanes(sum[row]) / width);
    }
    for (size_t c = 0; c < stride; c += LANES) {
        const uint32_t within = lanesWithin(norm.width, (int) c);
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            const V centred = keep(sub(load(to + row * stride + c), mean[row]), within);
            squares[row] = fma(centred, centred, squares[row]);
        }
    }
    BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
        const float variance = sumLanes(squares[row]) / width;
        inverse[row] = set1(1.0f / __builtin_sqrtf(variance + 1e-5f));
    }
    for (size_t c = 0; c < stride; c += LANES) {
        const V weight = load(norm.weight + c);
        const V bias = load(norm.bias + c);
        BITDGDM_UNROLL for (int row = 0; row < ROWS; row++) {
            const V centred = sub(load(to + row * stride + c), mean[row]);
            store(to + row * stride + c, fma(mul(centred, inverse[row]), weight, bias));
        }
    }
}

// to = LayerNorm(a + b) for `rows` rows; sums are 16 partial sums combined in a fixed tree. to may be a or b.
// With x = a + b as rounded, u = 2^-24, m = width / 16 + 5 roundings of a sum, z the exact result before weight w and bias,
// and d the standard deviation, the error is at most |w| (m u mean|x| / d (1 + |z|) + (m + 8) u |z|) + u |bias| to first
// order in u.
static void addAndNormalise(const Norm& norm, const float* a, const float* b, float* to, int rows) {
    const size_t stride = padded(norm.width);
    int row = 0;
    for (; row + NORM_ROWS <= rows; row += NORM_ROWS) {
        addAndNormaliseRows<NORM_ROWS>(norm, a + row * stride, b + row * stride, to + row * stride);
    }
    for (; row < rows; row++) {
        addAndNormaliseRows<1>(norm, a + row * stride, b + row * stride, to + row * stride);
    }
}

// mean | min | max | spread of each of `width` channels over `rows` rows, in one row of 4 * width values and some
// padding. Spread is the biased variance (variant fixed_bug) or the unbiased standard deviation (main), 0 for one row.
static void pool(const float* x, int rows, int width, bool biasedVariance, float* to) {
    const int stride = padded(width);
    const float count = (float) rows;
    float* mean = to;
    float* lowest = mean + width;
    float* highest = lowest + width;
    float* spread = highest + width;
    // The last columns first, and each statistic in turn: padding that one writes past its end is overwritten by the next.
    for (int c = stride - LANES; c >= 0; c -= LANES) {
        const float* column = x + c;
        V sum = add(zero(), load(column));
        V low = load(column);
        V high = low;
        for (int row = 1; row < rows; row++) {
            const V value = load(column + (size_t) row * stride);
            sum = add(sum, value);
            low = min(low, value);
            high = max(high, value);
        }
        const V centre = div(sum, set1(count));
        V squares = zero();
        for (int row = 0; row < rows; row++) {
            const V centred = sub(load(column + (size_t) row * stride), centre);
            squares = fma(centred, centred, squares);
        }
        store(mean + c, centre);
        store(lowest + c, low);
        store(highest + c, high);
        store(spread + c, biasedVariance ? div(squares, set1(count))
            : rows == 1 ? zero() : squareRoot(div(squares, set1(count - 1))));
    }
}
