// device.cuh for a C++ compiler: the threads of a block are fibers that run one at a time until they wait for each
// other. Tests only. emulator.cpp has the fibers.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#define BITDGDM_DEVICE static inline
#define BITDGDM_MEMBER
#define BITDGDM_KERNEL(name, Arguments, blocks) static void name(const Arguments& args)

namespace bitdgdm {
namespace emulated {

// What the lanes of a warp hand to each other in one operation.
struct Exchange {
    uint32_t in[6];
    int32_t out[4];
};

enum Operation {
    BALLOT, SHUFFLE_XOR, MULTIPLY_SIGNED, MULTIPLY_UNSIGNED, MULTIPLY_SIGNED_NIBBLES, MULTIPLY_UNSIGNED_NIBBLES,
    MULTIPLY_HALVES
};

int threadIndex();
int threadCount();
int block(int axis);
char* sharedMemory();
// Waits for all threads of the block; true if any of them passed true.
bool barrier(bool any);
// Waits for all 32 lanes of the warp; they must be at the same operation.
void exchange(Operation operation, Exchange& mine);
// A tile in shared memory that the device could not load.
[[noreturn]] void misaligned();

}  // namespace emulated

static inline int threadIndex() { return emulated::threadIndex(); }
static inline int threadCount() { return emulated::threadCount(); }
static inline int blockX() { return emulated::block(0); }
static inline int blockY() { return emulated::block(1); }
static inline int blockZ() { return emulated::block(2); }
static inline char* sharedMemory() { return emulated::sharedMemory(); }
static inline void sync() { emulated::barrier(false); }
static inline bool syncOr(bool any) { return emulated::barrier(any); }

static inline float withBits(uint32_t bits) { float a; std::memcpy(&a, &bits, 4); return a; }
static inline uint32_t bitsOf(float a) { uint32_t bits; std::memcpy(&bits, &a, 4); return bits; }

static inline uint32_t ballot(bool bit) {
    emulated::Exchange mine = {{bit ? 1u : 0u}, {}};
    emulated::exchange(emulated::BALLOT, mine);
    return (uint32_t) mine.out[0];
}
static inline float shuffleXor(float value, int lanes) {
    emulated::Exchange mine = {{bitsOf(value), (uint32_t) lanes}, {}};
    emulated::exchange(emulated::SHUFFLE_XOR, mine);
    return withBits((uint32_t) mine.out[0]);
}

static inline float fusedMultiplyAdd(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
static inline float roundEven(float a) { return __builtin_rintf(a); }
static inline float squareRoot(float a) { return __builtin_sqrtf(a); }
static inline float magnitude(float a) { return __builtin_fabsf(a); }
static inline float infinity() { return __builtin_inff(); }
static inline uint32_t highProduct(uint32_t a, uint32_t b) { return (uint32_t) ((uint64_t) a * b >> 32); }
static inline int lowestBit(uint32_t word) { return __builtin_ctz(word); }

static inline double add(double a, double b) { return a + b; }
static inline double subtract(double a, double b) { return a + -b; }
static inline double multiply(double a, double b) { return a * b; }
static inline double divide(double a, double b) { return a / b; }
static inline double squareRoot(double a) { return __builtin_sqrt(a); }
static inline double magnitude(double a) { return __builtin_fabs(a); }

static inline void loadTile(uint32_t (&a)[4], const int8_t* rows, int stride) {
    const int lane = threadIndex() % 32;
    if (stride % 16 != 0 || reinterpret_cast<uintptr_t>(rows) % 16 != 0) {
        emulated::misaligned();
    }
    for (int i = 0; i < 4; i++) {
        std::memcpy(&a[i], rows + (lane / 4 + i % 2 * 8) * stride + i / 2 * 16 + lane % 4 * 4, 4);
    }
}

static inline void multiplyCodes(emulated::Operation operation, int32_t (&c)[4], const uint32_t (&a)[4], uint32_t b0,
                                 uint32_t b1) {
    emulated::Exchange mine = {{a[0], a[1], a[2], a[3], b0, b1}, {}};
    emulated::exchange(operation, mine);
    for (int i = 0; i < 4; i++) {
        c[i] += mine.out[i];
    }
}

static inline void multiplyBytes(bool isUnsigned, int32_t (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    multiplyCodes(isUnsigned ? emulated::MULTIPLY_UNSIGNED : emulated::MULTIPLY_SIGNED, c, a, b0, b1);
}

static inline void multiplyNibbles(bool isUnsigned, int32_t (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    multiplyCodes(isUnsigned ? emulated::MULTIPLY_UNSIGNED_NIBBLES : emulated::MULTIPLY_SIGNED_NIBBLES, c, a, b0, b1);
}

static inline void multiplyHalves(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    emulated::Exchange mine = {{a[0], a[1], a[2], a[3], b0, b1}, {}};
    emulated::exchange(emulated::MULTIPLY_HALVES, mine);
    for (int i = 0; i < 4; i++) {
        c[i] += withBits((uint32_t) mine.out[i]);
    }
}

}  // namespace bitdgdm
