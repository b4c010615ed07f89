// The few things that a kernel asks of the device, under names of our own, so that the same sources compile with a C++
// compiler against a test-only header that runs a block's threads one after the other (src/test/cuda).
//
// Arithmetic: the build forbids contraction (-fmad=false), so that every operation is the IEEE one that is written, and
// fused multiply-adds are written as such. That is what makes the results in full precision those of the cpu backend.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(BITDGDM_EMULATED)
#include "emulated_device.h"
#else

#define BITDGDM_DEVICE static __device__ __forceinline__
#define BITDGDM_MEMBER __device__ __forceinline__
// One kernel: at most 256 threads a block, registers for so many blocks on a multiprocessor, one structure of arguments.
#define BITDGDM_KERNEL(name, Arguments, blocks) \
    extern "C" __global__ void __launch_bounds__(256, blocks) name(const __grid_constant__ Arguments args)

namespace bitdgdm {

BITDGDM_DEVICE int threadIndex() { return (int) threadIdx.x; }
BITDGDM_DEVICE int threadCount() { return (int) blockDim.x; }
BITDGDM_DEVICE int blockX() { return (int) blockIdx.x; }
BITDGDM_DEVICE int blockY() { return (int) blockIdx.y; }
BITDGDM_DEVICE int blockZ() { return (int) blockIdx.z; }

// The block's dynamic shared memory, aligned to 16 bytes.
BITDGDM_DEVICE char* sharedMemory() {
    extern __shared__ __align__(16) char memory[];
    return memory;
}

// All threads of the block.
BITDGDM_DEVICE void sync() { __syncthreads(); }
BITDGDM_DEVICE bool syncOr(bool any) { return __syncthreads_or(any) != 0; }

// All 32 threads of a warp.
BITDGDM_DEVICE uint32_t ballot(bool bit) { return __ballot_sync(0xFFFFFFFFu, bit); }
BITDGDM_DEVICE float shuffleXor(float value, int lanes) { return __shfl_xor_sync(0xFFFFFFFFu, value, lanes); }

BITDGDM_DEVICE float fusedMultiplyAdd(float a, float b, float c) { return __fmaf_rn(a, b, c); }
BITDGDM_DEVICE float roundEven(float a) { return rintf(a); }
BITDGDM_DEVICE float squareRoot(float a) { return __fsqrt_rn(a); }
BITDGDM_DEVICE float magnitude(float a) { return fabsf(a); }
BITDGDM_DEVICE float infinity() { return __int_as_float(0x7F800000); }
BITDGDM_DEVICE float withBits(uint32_t bits) { return __uint_as_float(bits); }
BITDGDM_DEVICE uint32_t bitsOf(float a) { return __float_as_uint(a); }
BITDGDM_DEVICE uint32_t highProduct(uint32_t a, uint32_t b) { return __umulhi(a, b); }
// Index of the lowest set bit of a word that is not 0.
BITDGDM_DEVICE int lowestBit(uint32_t word) { return __ffs((int) word) - 1; }

BITDGDM_DEVICE double add(double a, double b) { return __dadd_rn(a, b); }
BITDGDM_DEVICE double subtract(double a, double b) { return __dadd_rn(a, -b); }
BITDGDM_DEVICE double multiply(double a, double b) { return __dmul_rn(a, b); }
BITDGDM_DEVICE double divide(double a, double b) { return __ddiv_rn(a, b); }
BITDGDM_DEVICE double squareRoot(double a) { return __dsqrt_rn(a); }
BITDGDM_DEVICE double magnitude(double a) { return fabs(a); }

// A thread's share of the left operand of a tensor core's product: 16 rows of 32 bytes in shared memory, `stride` bytes
// apart, which with the address is a multiple of 16. One instruction of the whole warp; the layout is that of ldmatrix and
// the same for operands of 4, 8 and 16 bits.
BITDGDM_DEVICE void loadTile(uint32_t (&a)[4], const int8_t* rows, int stride) {
    const int lane = (int) threadIdx.x % 32;
    const uint32_t address = (uint32_t) __cvta_generic_to_shared(rows + (lane % 16) * stride + lane / 16 * 16);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3},[%4];"
        : "=r"(a[0]), "=r"(a[1]), "=r"(a[2]), "=r"(a[3]) : "r"(address));
}

#define BITDGDM_MULTIPLY(instruction) \
    asm volatile(instruction " {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};" \
        : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1))

// c += a b for a 16 x 32 (row major) tile of bytes and a 32 x 8 (column major) one, spread over the 32 threads of a warp
// as the PTX manual has it for mma.m16n8k32; isUnsigned: a's bytes are 0...255. The same for all threads of a warp.
BITDGDM_DEVICE void multiplyBytes(bool isUnsigned, int32_t (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    if (isUnsigned) {
        BITDGDM_MULTIPLY("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32");
    } else {
        BITDGDM_MULTIPLY("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32");
    }
}

// The same for tiles of 16 x 64 and 64 x 8 codes of 4 bits, the first in the low ones: mma.m16n8k64.
BITDGDM_DEVICE void multiplyNibbles(bool isUnsigned, int32_t (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    if (isUnsigned) {
        BITDGDM_MULTIPLY("mma.sync.aligned.m16n8k64.row.col.s32.u4.s4.s32");
    } else {
        BITDGDM_MULTIPLY("mma.sync.aligned.m16n8k64.row.col.s32.s4.s4.s32");
    }
}

// The same for a 16 x 16 tile of BF16 values and a 16 x 8 one, summed in FP32: mma.m16n8k16.
BITDGDM_DEVICE void multiplyHalves(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

}  // namespace bitdgdm
#endif
