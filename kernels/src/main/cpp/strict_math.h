// Logarithms and exponentials with the bits of Java's StrictMath, which are those of fdlibm 5.3 (e_log.c, e_exp.c, s_log1p.c):
// its approximations written anew for the arguments that samples have.
//
// Of fdlibm: Copyright (C) 1993-2004 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy, modify, and
// distribute this software is freely granted, provided that this notice is preserved.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

namespace bitdgdm {
namespace strict {

static constexpr double LN2_HIGH = 6.93147180369123816490e-01;
static constexpr double LN2_LOW = 1.90821492927058770002e-10;

static inline int32_t highWord(double x) {
    uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    return static_cast<int32_t>(bits >> 32);
}

static inline double withHighWord(double x, int32_t high) {
    uint64_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    bits = (bits & 0xFFFFFFFFu) | static_cast<uint64_t>(static_cast<uint32_t>(high)) << 32;
    std::memcpy(&x, &bits, sizeof bits);
    return x;
}

// For normal x > 0.
static inline double log(double x) {
    int32_t hx = highWord(x);
    int32_t k = (hx >> 20) - 1023;
    hx &= 0x000FFFFF;
    const int32_t i = (hx + 0x95F64) & 0x100000;
    x = withHighWord(x, hx | (i ^ 0x3FF00000));
    k += i >> 20;
    const double f = x - 1.0;
    const double dk = k;
    if ((0x000FFFFF & (2 + hx)) < 3) {
        if (f == 0) {
            return k == 0 ? 0 : dk * LN2_HIGH + dk * LN2_LOW;
        }
        const double r = f * f * (0.5 - 0.33333333333333333 * f);
        return k == 0 ? f - r : dk * LN2_HIGH - ((r - dk * LN2_LOW) - f);
    }
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double w = z * z;
    const double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    const double odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01
        + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    const double r = odd + even;
    if (((hx - 0x6147A) | (0x6B851 - hx)) > 0) {
        const double half = 0.5 * f * f;
        return k == 0 ? f - (half - s * (half + r)) : dk * LN2_HIGH - ((half - (s * (half + r) + dk * LN2_LOW)) - f);
    }
    return k == 0 ? f - s * (f - r) : dk * LN2_HIGH - ((s * (f - r) - dk * LN2_LOW) - f);
}

// For -700 < x <= 0.
static inline double exp(double x) {
    const int32_t hx = highWord(x) & 0x7FFFFFFF;
    double high = 0;
    double low = 0;
    int32_t k = 0;
    if (hx > 0x3FD62E42) {
        if (hx < 0x3FF0A2B2) {
            high = x + LN2_HIGH;
            low = -LN2_LOW;
            k = -1;
        } else {
            k = static_cast<int32_t>(1.44269504088896338700e+00 * x - 0.5);
            high = x - k * LN2_HIGH;
            low = k * LN2_LOW;
        }
        x = high - low;
    } else if (hx < 0x3E300000) {
        return 1.0 + x;
    }
    const double t = x * x;
    const double c = x - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03
        + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
    if (k == 0) {
        return 1.0 - ((x * c) / (c - 2.0) - x);
    }
    const double y = 1.0 - ((low - (x * c) / (2.0 - c)) - high);
    return withHighWord(y, highWord(y) + k * (1 << 20));
}

// For -1 <= x <= 0.
static inline double log1p(double x) {
    const int32_t hx = highWord(x);
    const int32_t ax = hx & 0x7FFFFFFF;
    if (ax >= 0x3FF00000) {
        return -std::numeric_limits<double>::infinity();
    }
    if (ax < 0x3E200000) {
        return ax < 0x3C900000 ? x : x - x * x * 0.5;
    }
    int32_t k = 0;
    double f = x;
    int32_t hu = 1;
    double c = 0;
    if (ax > 0x3FD2BEC3) {
        double u = 1.0 + x;
        hu = highWord(u);
        k = (hu >> 20) - 1023;
        c = (k > 0 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
        hu &= 0x000FFFFF;
        if (hu < 0x6A09E) {
            u = withHighWord(u, hu | 0x3FF00000);
        } else {
            k++;
            u = withHighWord(u, hu | 0x3FE00000);
            hu = (0x00100000 - hu) >> 2;
        }
        f = u - 1.0;
    }
    const double half = 0.5 * f * f;
    if (hu == 0) {
        if (f == 0) {
            return k == 0 ? 0 : k * LN2_HIGH + (c + k * LN2_LOW);
        }
        const double r = half * (1.0 - 0.66666666666666666 * f);
        return k == 0 ? f - r : k * LN2_HIGH - ((r - (k * LN2_LOW + c)) - f);
    }
    const double s = f / (2.0 + f);
    const double z = s * s;
    const double r = z * (6.666666666666735130e-01 + z * (3.999999999940941908e-01 + z * (2.857142874366239149e-01
        + z * (2.222219843214978396e-01 + z * (1.818357216161805012e-01 + z * (1.531383769920937332e-01
        + z * 1.479819860511658591e-01))))));
    return k == 0 ? f - (half - s * (half + r)) : k * LN2_HIGH - ((half - (s * (half + r) + (k * LN2_LOW + c))) - f);
}

}  // namespace strict
}  // namespace bitdgdm
