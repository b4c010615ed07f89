package org.bitdgdm.model;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Writes pickles as Python's pickler does, for tests: protocol 2 as {@code torch.save} asks for, or 4. Lists are Java
 * lists, tuples arrays, dictionaries maps.
 */
final class PickleWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final int protocol;
    private int remembered;

    /** A Python name. */
    record Name(String module, String name) {
    }

    /** A call, with a state where it is not null and entries where there are any. */
    record Call(Name function, Object[] arguments, Map<?, ?> entries, Object state, boolean asNew) {
        static Call of(String module, String name, Object... arguments) {
            return new Call(new Name(module, name), arguments, Map.of(), null, false);
        }

        /** As Python 3 pickles an object of a class: made without its constructor, then given its attributes. */
        static Call object(String module, String name, Object state) {
            return new Call(new Name(module, name), new Object[0], Map.of(), state, true);
        }

        /** An OrderedDict with the attribute {@code _metadata}, as a state_dict has it. */
        static Call orderedDict(Map<?, ?> entries, Object state) {
            return new Call(new Name("collections", "OrderedDict"), new Object[0], entries, state, false);
        }
    }

    /** A reference to a storage. */
    record PersistentId(Object[] id) {
    }

    private PickleWriter(int protocol) {
        this.protocol = protocol;
    }

    static byte[] write(int protocol, Object value) {
        PickleWriter body = new PickleWriter(protocol);
        body.put(value);
        body.out.write('.');
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        whole.write(0x80);
        whole.write(protocol);
        if (protocol >= 4) {
            whole.write(0x95);
            whole.writeBytes(little(8, body.out.size()));
        }
        whole.writeBytes(body.out.toByteArray());
        return whole.toByteArray();
    }

    private void put(Object value) {
        if (value == null) {
            out.write('N');
        } else if (value instanceof Boolean truth) {
            out.write(truth ? 0x88 : 0x89);
        } else if (value instanceof Integer number) {
            integer(number);
        } else if (value instanceof Long number) {
            out.write(0x8a);
            out.write(8);
            out.writeBytes(little(8, number));
        } else if (value instanceof Double number) {
            out.write('G');
            out.writeBytes(ByteBuffer.allocate(8).putDouble(number).array());
        } else if (value instanceof String text) {
            text(text);
        } else if (value instanceof byte[] bytes) {
            bytes(bytes);
        } else if (value instanceof List<?> list) {
            out.write(']');
            remember();
            out.write('(');
            list.forEach(this::put);
            out.write('e');
        } else if (value instanceof Map<?, ?> map) {
            out.write('}');
            remember();
            entries(map);
        } else if (value instanceof Object[] tuple) {
            tuple(tuple);
        } else if (value instanceof Name name) {
            name(name);
        } else if (value instanceof PersistentId id) {
            tuple(id.id);
            out.write('Q');
        } else {
            call((Call) value);
        }
    }

    private void call(Call call) {
        name(call.function);
        tuple(call.arguments);
        out.write(call.asNew ? 0x81 : 'R');
        remember();
        if (!call.entries.isEmpty()) {
            entries(call.entries);
        }
        if (call.state != null) {
            put(call.state);
            out.write('b');
        }
    }

    private void integer(int number) {
        if (number >= 0 && number < 1 << 8) {
            out.write('K');
            out.write(number);
        } else if (number >= 0 && number < 1 << 16) {
            out.write('M');
            out.writeBytes(little(2, number));
        } else {
            out.write('J');
            out.writeBytes(little(4, number));
        }
    }

    private void text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        if (protocol >= 4 && utf8.length < 256) {
            out.write(0x8c);
            out.write(utf8.length);
        } else {
            out.write('X');
            out.writeBytes(little(4, utf8.length));
        }
        out.writeBytes(utf8);
        remember();
    }

    /** Bytes, which protocol 2 has not: there a call makes them of a text. */
    private void bytes(byte[] bytes) {
        if (protocol < 3) {
            call(Call.of("_codecs", "encode", new String(bytes, StandardCharsets.ISO_8859_1), "latin1"));
            return;
        }
        out.write('B');
        out.writeBytes(little(4, bytes.length));
        out.writeBytes(bytes);
        remember();
    }

    private void entries(Map<?, ?> map) {
        out.write('(');
        map.forEach((key, value) -> {
            put(key);
            put(value);
        });
        out.write('u');
    }

    private void tuple(Object[] values) {
        if (values.length == 0) {
            out.write(')');
            return;
        }
        if (values.length > 3) {
            out.write('(');
        }
        for (Object value : values) {
            put(value);
        }
        out.write(values.length > 3 ? 't' : 0x84 + values.length);
        remember();
    }

    private void name(Name name) {
        if (protocol >= 4) {
            text(name.module);
            text(name.name);
            out.write(0x93);
        } else {
            out.write('c');
            out.writeBytes((name.module + "\n" + name.name + "\n").getBytes(StandardCharsets.UTF_8));
        }
        remember();
    }

    private void remember() {
        if (protocol >= 4) {
            out.write(0x94);
        } else if (remembered < 256) {
            out.write('q');
            out.write(remembered++);
        } else {
            out.write('r');
            out.writeBytes(little(4, remembered++));
        }
    }

    static byte[] little(int size, long value) {
        return Arrays.copyOf(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array(), size);
    }
}
