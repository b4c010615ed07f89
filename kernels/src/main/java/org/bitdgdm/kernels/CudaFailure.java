package org.bitdgdm.kernels;

import java.util.Set;

/** A call of the CUDA driver that did not succeed: {@code CUresult} and where. */
final class CudaFailure extends RuntimeException {
    private static final long serialVersionUID = 1;
    /** CUDA_ERROR_OUT_OF_MEMORY. */
    static final int OUT_OF_MEMORY = 2;
    /**
     * Results after which the context is dead, by {@code cuda.h}: ECC and NVLink errors, contained device error, illegal
     * address, timeout, destroyed context, assertion, hardware stack, illegal instruction, misaligned address, invalid address
     * space or program counter, launch failure, tensor memory leak, client ended by the MPS server, failure of an external
     * device, and the unknown error.
     */
    private static final Set<Integer> STICKY =
        Set.of(214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911, 999);

    private final int code;

    CudaFailure(int code, String message) {
        super(message);
        this.code = code;
    }

    /** Whether device memory ran out: freeing some of it and trying again may help. */
    boolean outOfMemory() {
        return code == OUT_OF_MEMORY;
    }

    /** Whether the context is dead. */
    boolean sticky() {
        return STICKY.contains(code);
    }
}
