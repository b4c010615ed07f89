package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;

/**
 * The safetensors format: 8 bytes length of a JSON header, the header {@code {name: {dtype, shape, data_offsets}}}, then
 * the numbers, little-endian, without holes or overlaps.
 */
final class SafetensorsFile {
    /** Headers of the models read here have some 40 kB; more is no model of ours, or an attack. */
    private static final int MAX_HEADER_BYTES = 16 << 20;
    private static final int ALIGNMENT = 8;
    private static final String METADATA = "__metadata__";

    private final Path file;
    private final ByteBuffer data;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

    private record Span(String name, long begin, long end) {
    }

    private SafetensorsFile(Path file, byte[] bytes) {
        this.file = file;
        require(bytes.length >= Long.BYTES, "has " + bytes.length + " bytes, too few for a header");
        ByteBuffer whole = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long headerBytes = whole.getLong(0);
        require(headerBytes >= 2 && headerBytes <= MAX_HEADER_BYTES && headerBytes <= bytes.length - Long.BYTES,
            "declares a header of " + Long.toUnsignedString(headerBytes) + " bytes in a file of " + bytes.length);
        int dataStart = Long.BYTES + (int) headerBytes;
        data = whole.slice(dataStart, bytes.length - dataStart).order(ByteOrder.LITTLE_ENDIAN);
        readHeader(new String(bytes, Long.BYTES, (int) headerBytes, StandardCharsets.UTF_8));
    }

    /**
     * Reads a file that was taken into memory.
     *
     * @param file for messages
     * @return its tensors in the order of its header
     * @throws InputException if the bytes are not such a file
     */
    static Map<String, StoredTensor> read(Path file, byte[] bytes) {
        return new SafetensorsFile(file, bytes).tensors;
    }

    private void readHeader(String text) {
        JsonNode header;
        try {
            header = Json.MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new InputException(file + " is not a safetensors file: its header is no JSON (" + e.getOriginalMessage()
                + "); copy or convert it again", e);
        }
        require(header.isObject(), "has a header that is no JSON object");
        List<Span> spans = new ArrayList<>();
        for (Iterator<Map.Entry<String, JsonNode>> fields = header.fields(); fields.hasNext();) {
            Map.Entry<String, JsonNode> field = fields.next();
            if (!field.getKey().equals(METADATA)) {
                spans.add(readEntry(field.getKey(), field.getValue()));
            }
        }
        spans.sort(Comparator.comparingLong(Span::begin).thenComparingLong(Span::end));
        long end = 0;
        for (Span span : spans) {
            require(span.begin == end, "tensor " + span.name + " begins at byte " + span.begin
                + " where the one before it ends at " + end);
            end = span.end;
        }
        require(end == data.limit(), "has " + data.limit() + " bytes of numbers where its header describes " + end);
    }

    private Span readEntry(String name, JsonNode entry) {
        String typeName = entry.path("dtype").asText();
        StoredTensor.ElementType type = null;
        for (StoredTensor.ElementType candidate : StoredTensor.ElementType.values()) {
            type = candidate.name().equals(typeName) ? candidate : type;
        }
        require(type != null, "tensor " + excerpt(name) + " has the unknown dtype '" + typeName + "'");
        JsonNode sizes = entry.path("shape");
        require(sizes.isArray(), "tensor " + excerpt(name) + " has no shape");
        int[] shape = new int[sizes.size()];
        long bytes = type.bytes();
        for (int i = 0; i < shape.length; i++) {
            require(sizes.get(i).canConvertToInt() && sizes.get(i).isIntegralNumber() && sizes.get(i).intValue() >= 0,
                "tensor " + excerpt(name) + " has the size " + sizes.get(i) + " in its shape");
            shape[i] = sizes.get(i).intValue();
            require(shape[i] == 0 || bytes <= Long.MAX_VALUE / shape[i],
                "tensor " + excerpt(name) + " has a shape that overflows");
            bytes *= shape[i];
        }
        JsonNode offsets = entry.path("data_offsets");
        require(offsets.isArray() && offsets.size() == 2 && offsets.get(0).isIntegralNumber()
            && offsets.get(1).isIntegralNumber(), "tensor " + excerpt(name) + " has no data_offsets");
        long begin = offsets.get(0).longValue();
        long end = offsets.get(1).longValue();
        require(offsets.get(0).canConvertToLong() && offsets.get(1).canConvertToLong()
            && 0 <= begin && begin <= end && end <= data.limit(),
            "tensor " + excerpt(name) + " lies at bytes " + offsets + " of " + data.limit());
        require(end - begin == bytes, "tensor " + excerpt(name) + " has " + (end - begin) + " bytes where shape "
            + sizes + " and dtype " + type + " need " + bytes);
        StoredTensor.ElementType found = type;
        tensors.put(name, new StoredTensor(name, type, shape, () -> values(found, (int) begin, (int) end)));
        return new Span(name, begin, end);
    }

    private float[] values(StoredTensor.ElementType type, int begin, int end) {
        float[] values = new float[(end - begin) / type.bytes()];
        if (type == StoredTensor.ElementType.F32) {
            data.slice(begin, end - begin).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
            return values;
        }
        for (int i = 0; i < values.length; i++) {
            values[i] = type.get(data, begin + i * type.bytes());
        }
        return values;
    }

    private void require(boolean holds, String found) {
        if (!holds) {
            throw new InputException(file + " is not a whole safetensors file: it " + found + "; copy or convert it again");
        }
    }

    /**
     * The bytes of a file that holds these tensors as F32: the same tensors in the same order give the same bytes.
     *
     * @throws ArithmeticException if they need 2 GiB or more
     */
    static byte[] bytes(Collection<Tensor> tensors) {
        ObjectNode header = Json.MAPPER.createObjectNode();
        int end = 0;
        for (Tensor tensor : tensors) {
            ObjectNode entry = header.putObject(tensor.name());
            entry.put("dtype", StoredTensor.ElementType.F32.name());
            ArrayNode shape = entry.putArray("shape");
            for (int length : tensor.shape()) {
                shape.add(length);
            }
            int begin = end;
            end = Math.addExact(end, Math.multiplyExact(tensor.values().length, Float.BYTES));
            entry.putArray("data_offsets").add(begin).add(end);
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        int padding = Math.floorMod(-text.length, ALIGNMENT);
        int headerBytes = text.length + padding;
        ByteBuffer out = ByteBuffer.allocate(Math.addExact(Long.BYTES + headerBytes, end)).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(headerBytes).put(text);
        for (int i = 0; i < padding; i++) {
            out.put((byte) ' ');
        }
        for (Tensor tensor : tensors) {
            out.asFloatBuffer().put(tensor.values());
            out.position(out.position() + tensor.values().length * Float.BYTES);
        }
        return out.array();
    }

    /** Takes a file into memory, where it is small enough. */
    static byte[] load(Path file) throws IOException {
        long size = Files.size(file);
        if (size > Integer.MAX_VALUE - ALIGNMENT) {
            throw new InputException(file + " has " + size + " bytes, files of 2 GiB and more are not read; "
                + "convert it to F16 or BF16 first");
        }
        return Files.readAllBytes(file);
    }
}
