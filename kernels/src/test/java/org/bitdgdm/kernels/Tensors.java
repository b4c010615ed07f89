package org.bitdgdm.kernels;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** The tensors of a trusted safetensors file, F32 or I32; for tests only. */
public final class Tensors {
    private final Map<String, int[]> shapes = new LinkedHashMap<>();
    private final Map<String, ByteBuffer> bytes = new LinkedHashMap<>();

    private Tensors(byte[] file) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int headerLength = Math.toIntExact(buffer.getLong());
        JsonNode header = new ObjectMapper().readTree(new String(file, Long.BYTES, headerLength, StandardCharsets.UTF_8));
        for (Iterator<Map.Entry<String, JsonNode>> fields = header.fields(); fields.hasNext();) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (!field.getKey().equals("__metadata__")) {
                JsonNode tensor = field.getValue();
                int[] shape = new int[tensor.get("shape").size()];
                for (int k = 0; k < shape.length; k++) {
                    shape[k] = tensor.get("shape").get(k).asInt();
                }
                int from = Long.BYTES + headerLength + tensor.get("data_offsets").get(0).asInt();
                int to = Long.BYTES + headerLength + tensor.get("data_offsets").get(1).asInt();
                shapes.put(field.getKey(), shape);
                bytes.put(field.getKey(), buffer.slice(from, to - from).order(ByteOrder.LITTLE_ENDIAN));
            }
        }
    }

    /** Reads a file. */
    public static Tensors of(Path file) {
        try {
            return new Tensors(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a test resource of this package. */
    public static Tensors ofResource(String name) {
        try (InputStream in = Tensors.class.getResourceAsStream(name)) {
            return new Tensors(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Dimensions of a tensor. */
    public int[] shape(String name) {
        return shapes.get(name);
    }

    /** Row-major values of an F32 tensor. */
    public float[] floats(String name) {
        float[] values = new float[bytes.get(name).capacity() / Float.BYTES];
        bytes.get(name).asFloatBuffer().get(0, values);
        return values;
    }

    /** Row-major values of an I32 tensor. */
    public int[] ints(String name) {
        int[] values = new int[bytes.get(name).capacity() / Integer.BYTES];
        bytes.get(name).asIntBuffer().get(0, values);
        return values;
    }
}
