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

// to = LayerNorm(a + b) for `rows` rows; sums are 16 partial sums combined in a fixed tree. to may be a or b.
// With x = a + b as rounded, u = 2^-24, m = width / 16 + 5 roundings of a sum, z the exact result before weight w and bias,
// and d the standard deviation, the error is at most |w| (m u mean|x| / d (1 + |z|) + (m + 8) u |z|) + u |bias| to first
// order in u.
static void addAndNormalise(const Norm& norm, const float* a, const float* b, float* to, int rows) {
    const float width = (float) norm.width;
    const int stride = padded(norm.width);
    for (int row = 0; row < rows; row++) {
        const float* x = a + (size_t) row * stride;
        const float* residual = b + (size_t) row * stride;
        float* out = to + (size_t) row * stride;
        V sum = zero();
        for (int c = 0; c < stride; c += LANES) {
            V value = add(load(x + c), load(residual + c));
            store(out + c, value);
            sum = add(sum, value);
        }
        V mean = set1(sumLanes(sum) / width);
        V squares = zero();
        for (int c = 0; c < stride; c += LANES) {
            V centred = keep(sub(load(out + c), mean), lanesWithin(norm.width, c));
            squares = fma(centred, centred, squares);
        }
        float variance = sumLanes(squares) / width;
        V inverse = set1(1.0f / __builtin_sqrtf(variance + 1e-5f));
        for (int c = 0; c < stride; c += LANES) {
            V centred = sub(load(out + c), mean);
            store(out + c, fma(mul(centred, inverse), load(norm.weight + c), load(norm.bias + c)));
        }
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
    // Each statistic in turn, so that the padding that one writes past its end is overwritten by the next.
    for (int c = 0; c < stride; c += LANES) {
        V sum = zero();
        for (int row = 0; row < rows; row++) {
            sum = add(sum, load(x + (size_t) row * stride + c));
        }
        store(mean + c, div(sum, set1(count)));
    }
    for (int c = 0; c < stride; c += LANES) {
        V low = load(x + c);
        for (int row = 1; row < rows; row++) {
            low = min(low, load(x + (size_t) row * stride + c));
        }
        store(lowest + c, low);
    }
    for (int c = 0; c < stride; c += LANES) {
        V high = load(x + c);
        for (int row = 1; row < rows; row++) {
            high = max(high, load(x + (size_t) row * stride + c));
        }
        store(highest + c, high);
    }
    for (int c = 0; c < stride; c += LANES) {
        V centre = load(mean + c);
        V squares = zero();
        for (int row = 0; row < rows; row++) {
            V centred = sub(load(x + (size_t) row * stride + c), centre);
            squares = fma(centred, centred, squares);
        }
        store(spread + c, biasedVariance ? div(squares, set1(count))
            : rows == 1 ? zero() : squareRoot(div(squares, set1(count - 1))));
    }
}
