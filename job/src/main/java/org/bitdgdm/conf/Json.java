package org.bitdgdm.conf;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;

/**
 * JSON as all files of this job are read and written: UTF-8, each key once, nothing after the end. Jackson itself bounds
 * the depth and the length of numbers and texts, and makes no class that a text names.
 */
public final class Json {
    /** For trees, and for records whose keys are the names of their components; enums are written as their words. */
    public static final JsonMapper MAPPER = JsonMapper.builder()
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
        .enable(DeserializationFeature.READ_ENUMS_USING_TO_STRING)
        .enable(SerializationFeature.WRITE_ENUMS_USING_TO_STRING)
        .build();

    private Json() {
    }

    /**
     * A text as a tree. From bytes Jackson would guess an encoding, and report a wrong guess as a failure of the disk.
     *
     * @throws JsonProcessingException if it is no JSON
     */
    public static JsonNode tree(byte[] utf8) throws JsonProcessingException {
        return MAPPER.readTree(new String(utf8, StandardCharsets.UTF_8));
    }

    /**
     * A text as a record.
     *
     * @throws JsonProcessingException if it is no JSON, or nothing, or not such a record
     */
    public static <T> T value(byte[] utf8, Class<T> type) throws JsonProcessingException {
        T value = MAPPER.readValue(new String(utf8, StandardCharsets.UTF_8), type);
        if (value == null) {
            throw MismatchedInputException.from(null, type, "null where an object is needed");
        }
        return value;
    }
}
