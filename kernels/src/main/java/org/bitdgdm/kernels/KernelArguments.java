package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The one parameter of a kernel, field by field in the order of {@code layout.cuh}; every field is naturally aligned. */
final class KernelArguments {
    private final ByteBuffer bytes;

    /** @param size of the structure */
    KernelArguments(int size) {
        bytes = ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    KernelArguments pointers(long... addresses) {
        for (long address : addresses) {
            bytes.putLong(address);
        }
        return this;
    }

    KernelArguments value(long value) {
        bytes.putLong(value);
        return this;
    }

    KernelArguments ints(int... values) {
        for (int value : values) {
            bytes.putInt(value);
        }
        return this;
    }

    KernelArguments value(float value) {
        bytes.putFloat(value);
        return this;
    }

    /** Leaves bytes at 0 up to an offset. */
    KernelArguments skipTo(int offset) {
        bytes.position(offset);
        return this;
    }

    /** The structure; every byte of it must have been written. */
    ByteBuffer done() {
        if (bytes.hasRemaining()) {
            throw new IllegalStateException("arguments of a kernel: " + bytes.remaining() + " of " + bytes.capacity()
                + " bytes were not written");
        }
        return bytes.flip();
    }
}
