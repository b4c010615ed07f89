package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;

/**
 * Bytes on their way to one block of device memory, with pointers into itself: filled before the block's address is known.
 * Offsets take the place of addresses until {@link #at}. Little endian.
 */
final class DeviceImage {
    private static final int ALIGNMENT = 256;

    private ByteBuffer bytes = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    private int size;
    private final Set<Integer> pointers = new TreeSet<>();

    DeviceImage() {
        // Offset 0 is the null pointer.
        reserve(1);
    }

    /** Reserves zeroed bytes; returns their offset. */
    int reserve(int count) {
        int offset = size;
        size = Math.addExact(size, Math.addExact(count, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        if (size > bytes.capacity()) {
            ByteBuffer larger = ByteBuffer.wrap(Arrays.copyOf(bytes.array(),
                (int) Math.min(Integer.MAX_VALUE - 64L, Math.max(size, 2L * bytes.capacity()))));
            bytes = larger.order(ByteOrder.LITTLE_ENDIAN);
        }
        return offset;
    }

    /** Appends a copy of bytes that are there, pointers as such; returns its offset. */
    int copy(int offset, int count) {
        int at = reserve(count);
        System.arraycopy(bytes.array(), offset, bytes.array(), at, count);
        for (int pointer = offset; pointer < offset + count; pointer++) {
            if (pointers.contains(pointer)) {
                pointers.add(at + pointer - offset);
            }
        }
        return at;
    }

    /** Appends values; returns their offset. */
    int floats(float[] values) {
        int offset = reserve(Math.multiplyExact(4, values.length));
        for (int i = 0; i < values.length; i++) {
            bytes.putFloat(offset + 4 * i, values[i]);
        }
        return offset;
    }

    /** Appends values; returns their offset. */
    int ints(int[] values) {
        int offset = reserve(Math.multiplyExact(4, values.length));
        for (int i = 0; i < values.length; i++) {
            bytes.putInt(offset + 4 * i, values[i]);
        }
        return offset;
    }

    void putInt(int offset, int value) {
        bytes.putInt(offset, value);
    }

    void putFloat(int offset, float value) {
        bytes.putFloat(offset, value);
    }

    /** Writes a pointer to {@code target}; 0 is null. */
    void putPointer(int offset, int target) {
        bytes.putLong(offset, target);
        if (target != 0) {
            pointers.add(offset);
        }
    }

    int size() {
        return size;
    }

    /** The bytes as they are to lie at an address. */
    ByteBuffer at(long address) {
        ByteBuffer placed = ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
        placed.put(bytes.array(), 0, size);
        for (int pointer : pointers) {
            placed.putLong(pointer, address + placed.getLong(pointer));
        }
        return placed.flip();
    }
}
