package org.bitdgdm.model;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the pickles that {@code torch.save} writes, protocol 2 to 5, as data. Never calls, imports or looks up anything
 * that a pickle names.
 *
 * <p>None, truth values, numbers, texts, bytes, lists (tuples and sets too) and dictionaries become what they are in
 * Java ({@link Long}, {@link Double}, {@link List}, {@link Pickled.Dict}, …); what torch makes of tensors becomes a
 * {@link Pickled.View}; any other call becomes a {@link Pickled.Instance}. Opcodes that {@code torch.save} never writes
 * are refused. The reader has no recursion, and each byte makes at most one value, of which there is a limit.
 */
final class PickleReader {
    /** Values pushed, and values remembered; a checkpoint of a 12-layer model with its optimizer makes some 50,000. */
    static final int MAX_VALUES = 2_000_000;
    private static final Object MARK = new Object();

    private final ByteBuffer in;
    private final List<Object> stack = new ArrayList<>();
    private final Map<Long, Object> memo = new HashMap<>();
    private int made;

    private PickleReader(byte[] pickle) {
        in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads one pickle.
     *
     * @return None as null, and otherwise the types named above
     * @throws IllegalArgumentException saying what is wrong, and at which byte
     */
    static Object read(byte[] pickle) {
        PickleReader reader = new PickleReader(pickle);
        while (true) {
            int at = reader.in.position();
            try {
                int opcode = reader.in.hasRemaining() ? reader.in.get() & 0xFF : -1;
                if (opcode == '.') {
                    return reader.result();
                }
                reader.step(opcode);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(e.getMessage() + " at byte " + at, e);
            }
        }
    }

    private Object result() {
        require(stack.size() == 1 && stack.get(0) != MARK, "the pickle ends with " + stack.size() + " values");
        return stack.get(0);
    }

    private void step(int opcode) {
        switch (opcode) {
            case -1 -> throw new IllegalArgumentException("the pickle ends without its end mark");
            case 0x80 -> protocol(in.get(position(1)));
            case 0x95 -> requireLeft(length(8));
            case '(' -> push(MARK);
            case 'N' -> push(null);
            case 0x88 -> push(Boolean.TRUE);
            case 0x89 -> push(Boolean.FALSE);
            case 'J' -> push((long) in.getInt(position(4)));
            case 'K' -> push(length(1));
            case 'M' -> push(length(2));
            case 0x8a -> push(longInteger(bytes(length(1))));
            case 'G' -> push(ByteBuffer.wrap(bytes(8)).getDouble());
            case 'X' -> push(text(length(4)));
            case 0x8c -> push(text(length(1)));
            case 0x8d -> push(text(length(8)));
            case 'B' -> push(bytes(length(4)));
            case 'C' -> push(bytes(length(1)));
            case 0x8e, 0x96 -> push(bytes(length(8)));
            case '}' -> push(new Pickled.Dict());
            case ']', 0x8f -> push(new ArrayList<>());
            case ')' -> push(List.of());
            case 't', 0x91 -> push(popToMark());
            case 0x85 -> push(popLast(1));
            case 0x86 -> push(popLast(2));
            case 0x87 -> push(popLast(3));
            case 'a' -> append(popLast(1));
            case 'e', 0x90 -> append(popToMark());
            case 's' -> set(popLast(2));
            case 'u' -> set(popToMark());
            case 'q' -> remember(length(1));
            case 'r' -> remember(length(4));
            case 0x94 -> remember(memo.size());
            case 'h' -> push(remembered(length(1)));
            case 'j' -> push(remembered(length(4)));
            case '0' -> pop();
            case '1' -> popToMark();
            case 'c' -> push(Pickled.global(line(), line()));
            case 0x93 -> global(popLast(2));
            case 'Q' -> push(storage(pop()));
            case 'R', 0x81 -> call(popLast(2));
            case 0x92 -> callWithNames(popLast(3));
            case 'b' -> build(pop(), top());
            default -> throw new IllegalArgumentException(
                String.format("opcode 0x%02x is none that torch.save writes", opcode));
        }
    }

    private void protocol(byte version) {
        require(version >= 2 && version <= 5, "protocol " + version + " is not in 2..5");
    }

    private void global(List<Object> names) {
        require(names.get(0) instanceof String && names.get(1) instanceof String, "a global has no name");
        push(Pickled.global((String) names.get(0), (String) names.get(1)));
    }

    private void call(List<Object> functionAndArguments) {
        List<Object> arguments = list(functionAndArguments.get(1));
        countCopied(arguments);
        arguments.forEach(argument -> {
            if (argument instanceof List<?> values) {
                countCopied(values);
            }
        });
        push(Pickled.of(functionAndArguments.get(0), arguments));
    }

    /** A call may copy the values of a list, which many calls may be given. */
    private void countCopied(List<?> values) {
        made += Math.min(values.size(), MAX_VALUES);
        require(made <= MAX_VALUES, "the pickle makes more than " + MAX_VALUES + " values");
    }

    /** NEWOBJ_EX: an object whose constructor takes named arguments, which is none that we know. */
    private void callWithNames(List<Object> functionArgumentsNames) {
        List<Object> arguments = new ArrayList<>(list(functionArgumentsNames.get(1)));
        countCopied(arguments);
        arguments.add(functionArgumentsNames.get(2));
        push(Pickled.inert(functionArgumentsNames.get(0), arguments));
    }

    private void build(Object state, Object target) {
        if (target instanceof Pickled.Instance object) {
            object.state = state;
        } else {
            // An OrderedDict's own attributes, such as the _metadata of a state_dict, which says nothing of its entries.
            require(target instanceof Pickled.Dict || target instanceof Pickled.View,
                "a state is given to what has none: " + kind(target));
        }
    }

    private Object storage(Object id) {
        List<Object> parts = list(id);
        require(parts.size() >= 5 && "storage".equals(parts.get(0)) && parts.get(1) instanceof Pickled.Global
            && parts.get(2) instanceof String && parts.get(4) instanceof Long,
            "a persistent id is not that of a storage");
        return Pickled.storage((Pickled.Global) parts.get(1), (String) parts.get(2), (Long) parts.get(4));
    }

    private void append(List<Object> values) {
        Object target = top();
        if (target instanceof ArrayList<?>) {
            list(target).addAll(values);
        } else {
            require(target instanceof Pickled.Instance, "values are appended to what is no list: " + kind(target));
        }
    }

    private void set(List<Object> keysAndValues) {
        require(keysAndValues.size() % 2 == 0, "a key has no value");
        Object target = top();
        require(target instanceof Pickled.Dict || target instanceof Pickled.Instance,
            "entries are put into what is no dictionary: " + kind(target));
        Pickled.Dict dict = target instanceof Pickled.Instance object ? object.items : (Pickled.Dict) target;
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            dict.put(keysAndValues.get(i), keysAndValues.get(i + 1));
        }
    }

    private void remember(long index) {
        memo.put(index, top());
        require(memo.size() <= MAX_VALUES, "the pickle remembers more than " + MAX_VALUES + " values");
    }

    private Object remembered(long index) {
        require(memo.containsKey(index), "value " + index + " is used before it is made");
        return memo.get(index);
    }

    private void push(Object value) {
        require(++made <= MAX_VALUES, "the pickle makes more than " + MAX_VALUES + " values");
        stack.add(value);
    }

    private Object top() {
        require(!stack.isEmpty() && stack.get(stack.size() - 1) != MARK, "a value is missing");
        return stack.get(stack.size() - 1);
    }

    private Object pop() {
        Object value = top();
        stack.remove(stack.size() - 1);
        return value;
    }

    private List<Object> popLast(int count) {
        Object[] values = new Object[count];
        for (int i = count - 1; i >= 0; i--) {
            values[i] = pop();
        }
        return new ArrayList<>(Arrays.asList(values));
    }

    private List<Object> popToMark() {
        int mark = stack.lastIndexOf(MARK);
        require(mark >= 0, "a mark is missing");
        List<Object> tail = stack.subList(mark + 1, stack.size());
        List<Object> values = new ArrayList<>(tail);
        stack.subList(mark, stack.size()).clear();
        return values;
    }

    /** An unsigned number of so many bytes; a length where it stands before bytes. */
    private long length(int size) {
        int at = position(size);
        return switch (size) {
            case 1 -> in.get(at) & 0xFFL;
            case 2 -> in.getShort(at) & 0xFFFFL;
            case 4 -> in.getInt(at) & 0xFFFFFFFFL;
            default -> in.getLong(at);
        };
    }

    /** The position of the next so many bytes, after which reading goes on. */
    private int position(int size) {
        require(size <= in.remaining(), "the pickle ends in the middle of a value");
        int at = in.position();
        in.position(at + size);
        return at;
    }

    private byte[] bytes(long length) {
        requireLeft(length);
        byte[] bytes = new byte[(int) length];
        in.get(bytes);
        return bytes;
    }

    private void requireLeft(long length) {
        require(length >= 0 && length <= in.remaining(),
            "a value declares " + Long.toUnsignedString(length) + " bytes where " + in.remaining() + " are left");
    }

    private String text(long length) {
        return decoded(bytes(length));
    }

    /** Text up to the end of the line, which is dropped. */
    private String line() {
        int start = in.position();
        while (in.hasRemaining()) {
            if (in.get() == '\n') {
                return decoded(Arrays.copyOfRange(in.array(), start, in.position() - 1));
            }
        }
        throw new IllegalArgumentException("a name has no end");
    }

    private static String decoded(byte[] utf8) {
        try {
            return StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                .decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("a text is no UTF-8", e);
        }
    }

    private static Object longInteger(byte[] littleEndian) {
        byte[] bigEndian = new byte[littleEndian.length];
        for (int i = 0; i < bigEndian.length; i++) {
            bigEndian[i] = littleEndian[bigEndian.length - 1 - i];
        }
        BigInteger value = bigEndian.length == 0 ? BigInteger.ZERO : new BigInteger(bigEndian);
        return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(Object value) {
        require(value instanceof List<?>, "a list is needed, found " + kind(value));
        return (List<Object>) value;
    }

    /** What a value is, without walking into it. */
    private static String kind(Object value) {
        return value == null ? "None" : value instanceof List<?> ? "list" : value.getClass().getSimpleName();
    }

    private static void require(boolean holds, String wrong) {
        if (!holds) {
            throw new IllegalArgumentException(wrong);
        }
    }
}
