// Counter-based random numbers, Philox4x32-10 (Salmon et al., SC 2011): the same bits as CounterRandom.java.
#pragma once

#include <cstdint>

namespace bitdgdm {

// The first of the four words of the counter (graph id, time, slot) under the key `seed`.
static inline uint32_t philoxWord(uint64_t seed, uint64_t graphId, uint32_t time, uint32_t slot) {
    uint32_t c0 = (uint32_t) graphId;
    uint32_t c1 = (uint32_t) (graphId >> 32);
    uint32_t c2 = time;
    uint32_t c3 = slot;
    uint32_t k0 = (uint32_t) seed;
    uint32_t k1 = (uint32_t) (seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t) 0xD2511F53u * c0;
        uint64_t p1 = (uint64_t) 0xCD9E8D57u * c2;
        c0 = (uint32_t) (p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t) p1;
        c2 = (uint32_t) (p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t) p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c0;
}

// u in [0, 1).
static inline float philoxUniform(uint64_t seed, uint64_t graphId, uint32_t time, uint32_t slot) {
    return (float) (philoxWord(seed, graphId, time, slot) >> 8) * 0x1p-24f;
}

}  // namespace bitdgdm
