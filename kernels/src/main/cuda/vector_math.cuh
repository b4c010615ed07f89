// exp, LayerNorm and pooling: the operations of the cpu backend's vector_math.inl, in the same order, so that the bits
// are the same.
#pragma once

#include "device.cuh"
#include "layout.cuh"

namespace bitdgdm {

// Threads that share a row in LayerNorm, and partial sums of a row: the lanes of the cpu backend's vectors.
constexpr int ROW_LANES = 16;

// e^x for x <= 88, relative error below 2^-22; 0 below -87; NaN stays NaN. See the cpu backend for the derivation.
BITDGDM_DEVICE float exponential(float x) {
    const float lowest = -87.0f;
    float raised = lowest > x ? lowest : x;
    float clamped = 88.0f < raised ? 88.0f : raised;
    float n = roundEven(clamped * 0x1.715476p+0f);
    float r = fusedMultiplyAdd(n, -0x1.63p-1f, clamped);
    r = fusedMultiplyAdd(n, 0x1.bd0106p-13f, r);
    float p = 0x1.6a2434p-10f;
    p = fusedMultiplyAdd(p, r, 0x1.1239e2p-7f);
    p = fusedMultiplyAdd(p, r, 0x1.5558f2p-5f);
    p = fusedMultiplyAdd(p, r, 0x1.555492p-3f);
    p = fusedMultiplyAdd(p, r, 0x1.fffffcp-2f);
    float e = fusedMultiplyAdd(r * r, p, r) + 1.0f;
    // NaN has no integer; the sum below is then not used.
    int exponent = n == n ? (int) n : 0;
    float scaled = e == e ? withBits(bitsOf(e) + ((uint32_t) exponent << 23)) : e;
    return x < lowest ? 0.0f : scaled;
}

// NaN stays NaN.
BITDGDM_DEVICE float relu(float x) {
    return 0.0f > x ? 0.0f : x;
}

// Sum over the 16 threads of a row by the tree (i, i+8), (i, i+4), (i, i+2), (i, i+1); every thread gets it.
BITDGDM_DEVICE float sumOfRow(float value) {
    for (int lanes = ROW_LANES / 2; lanes > 0; lanes /= 2) {
        value = value + shuffleXor(value, lanes);
    }
    return value;
}

// x = LayerNorm(x + update) for `rows` rows, 16 threads a row; all threads of the block must call. A thread reads and
// writes only its own columns of a row.
BITDGDM_DEVICE void addAndNormalise(float* x, int stride, const float* update, int updateStride, const float* weight,
                                    const float* bias, int width, int rows) {
    const int lane = threadIndex() % ROW_LANES;
    const int step = threadCount() / ROW_LANES;
    for (int first = 0; first < rows; first += step) {
        const int row = first + threadIndex() / ROW_LANES;
        const bool inside = row < rows;
        float* to = x + (size_t) row * stride;
        const float* from = update + (size_t) row * updateStride;
        float sum = 0;
        for (int c = lane; inside && c < width; c += ROW_LANES) {
            float value = to[c] + from[c];
            to[c] = value;
            sum = sum + value;
        }
        const float mean = sumOfRow(sum) / (float) width;
        float squares = 0;
        for (int c = lane; inside && c < width; c += ROW_LANES) {
            float centred = to[c] - mean;
            squares = fusedMultiplyAdd(centred, centred, squares);
        }
        const float variance = sumOfRow(squares) / (float) width;
        const float inverse = 1.0f / squareRoot(variance + 1e-5f);
        for (int c = lane; inside && c < width; c += ROW_LANES) {
            to[c] = fusedMultiplyAdd((to[c] - mean) * inverse, weight[c], bias[c]);
        }
    }
}

// mean | min | max | spread of one channel over `rows` rows. Spread is the biased variance (variant fixed_bug) or the
// unbiased standard deviation (main), 0 for one row.
BITDGDM_DEVICE void poolChannel(const float* x, int stride, int rows, int width, int channel, bool biasedVariance,
                                float* to) {
    const float* from = x + channel;
    const float count = (float) rows;
    float sum = 0;
    float low = from[0];
    float high = from[0];
    for (int row = 0; row < rows; row++) {
        float value = from[(size_t) row * stride];
        sum = sum + value;
        low = low < value ? low : value;
        high = high > value ? high : value;
    }
    const float mean = sum / count;
    float squares = 0;
    for (int row = 0; row < rows; row++) {
        float centred = from[(size_t) row * stride] - mean;
        squares = fusedMultiplyAdd(centred, centred, squares);
    }
    to[channel] = mean;
    to[width + channel] = low;
    to[2 * width + channel] = high;
    to[3 * width + channel] = biasedVariance ? squares / count : rows == 1 ? 0.0f : squareRoot(squares / (count - 1.0f));
}

}  // namespace bitdgdm
