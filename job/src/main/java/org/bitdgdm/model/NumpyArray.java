package org.bitdgdm.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * A NumPy array or scalar as a pickle holds it ({@code numpy/_core/src/multiarray/methods.c}, {@code array_reduce} and
 * {@code gentype_reduce}): which configurations and data sets' facts hold where they were computed with NumPy.
 *
 * @param scalar  whether it is a single number that is no array
 * @param numbers row-major; whole numbers as {@link Long}, others as {@link Double}
 */
record NumpyArray(boolean scalar, List<Number> numbers) {
    /** Facts are short lists; a longer array is no fact. */
    private static final int MAX_NUMBERS = 1 << 20;
    private static final List<String> MODULES = List.of("numpy.core.multiarray", "numpy._core.multiarray");
    private static final int SHAPE = 1;
    private static final int TYPE = 2;
    private static final int BY_COLUMN = 3;
    private static final int BYTES = 4;

    /** Reads a value of a pickle; empty if it is none of these, or of numbers that are not ours. */
    static Optional<NumpyArray> of(Object value) {
        if (!(value instanceof Pickled.Instance object) || !MODULES.contains(object.type.module())) {
            return Optional.empty();
        }
        if (object.type.name().equals("scalar") && object.arguments.size() == 2) {
            return numbers(object.arguments.get(0), object.arguments.get(1)).filter(found -> found.size() == 1)
                .map(found -> new NumpyArray(true, found));
        }
        if (object.type.name().equals("_reconstruct") && object.state instanceof List<?> state && state.size() > BYTES
            && state.get(SHAPE) instanceof List<?> shape) {
            // In column-major order only a row or a column is what it is in row-major order.
            boolean ordered = !Boolean.TRUE.equals(state.get(BY_COLUMN)) || shape.size() <= 1;
            return numbers(state.get(TYPE), state.get(BYTES)).filter(found -> ordered && size(shape) == found.size())
                .map(found -> new NumpyArray(false, found));
        }
        return Optional.empty();
    }

    private static long size(List<?> shape) {
        long size = 1;
        for (Object length : shape) {
            if (!(length instanceof Long known) || known < 0 || known > MAX_NUMBERS || size * known > MAX_NUMBERS) {
                return -1;
            }
            size *= known;
        }
        return size;
    }

    private static Optional<List<Number>> numbers(Object type, Object content) {
        if (!(type instanceof Pickled.Instance dtype) || !dtype.type.is("numpy", "dtype") || dtype.arguments.isEmpty()
            || !(dtype.arguments.get(0) instanceof String name) || !name.matches("[fiub][1248]")) {
            return Optional.empty();
        }
        Optional<byte[]> bytes = bytes(content);
        int each = name.charAt(1) - '0';
        if (bytes.isEmpty() || bytes.get().length % each != 0 || bytes.get().length / each > MAX_NUMBERS) {
            return Optional.empty();
        }
        boolean big = dtype.state instanceof List<?> state && state.size() > 1 && ">".equals(state.get(1));
        ByteBuffer in = ByteBuffer.wrap(bytes.get()).order(big ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN);
        Number[] numbers = new Number[bytes.get().length / each];
        for (int i = 0; i < numbers.length; i++) {
            Number number = number(name, in, i * each);
            if (number == null) {
                return Optional.empty();
            }
            numbers[i] = number;
        }
        return Optional.of(List.of(numbers));
    }

    /** The number at a byte; null for a type that is not read. */
    private static Number number(String type, ByteBuffer in, int at) {
        return switch (type) {
            case "f8" -> (Number) in.getDouble(at);
            case "f4" -> (Number) (double) in.getFloat(at);
            case "i8", "u8" -> in.getLong(at);
            case "i4" -> (long) in.getInt(at);
            case "u4" -> in.getInt(at) & 0xFFFFFFFFL;
            case "i2" -> (long) in.getShort(at);
            case "u2" -> in.getShort(at) & 0xFFFFL;
            case "i1" -> (long) in.get(at);
            case "u1", "b1" -> in.get(at) & 0xFFL;
            default -> null;
        };
    }

    /** Bytes: themselves, or in protocol 2, which has none, a text of Latin letters to be encoded. */
    private static Optional<byte[]> bytes(Object value) {
        if (value instanceof byte[] bytes) {
            return Optional.of(bytes);
        }
        if (value instanceof Pickled.Instance call && call.type.is("_codecs", "encode") && call.arguments.size() == 2
            && call.arguments.get(0) instanceof String text && "latin1".equals(call.arguments.get(1))
            && text.length() <= MAX_NUMBERS * Double.BYTES && text.chars().allMatch(letter -> letter <= 0xFF)) {
            return Optional.of(text.getBytes(StandardCharsets.ISO_8859_1));
        }
        return Optional.empty();
    }
}
