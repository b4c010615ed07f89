// Counter-based random numbers, Philox4x32-10 (Salmon et al., SC 2011): the same bits as CounterRandom.java.
#pragma once

#include "device.cuh"

namespace bitdgdm {

// u in [0, 1) of the counter (graph id, time, slot) under the key `seed`.
BITDGDM_DEVICE float philoxUniform(uint64_t seed, uint64_t graphId, uint32_t time, uint32_t slot) {
    uint32_t c0 = (uint32_t) graphId;
    uint32_t c1 = (uint32_t) (graphId >> 32);
    uint32_t c2 = time;
    uint32_t c3 = slot;
    uint32_t k0 = (uint32_t) seed;
    uint32_t k1 = (uint32_t) (seed >> 32);
    for (int round = 0; round < 10; round++) {
        uint32_t high0 = highProduct(0xD2511F53u, c0);
        uint32_t low0 = 0xD2511F53u * c0;
        uint32_t high1 = highProduct(0xCD9E8D57u, c2);
        uint32_t low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (float) (c0 >> 8) * 5.9604644775390625e-8f;
}

}  // namespace bitdgdm
