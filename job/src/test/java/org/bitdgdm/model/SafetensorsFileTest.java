package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
    private static final Path FILE = Path.of("some.safetensors");

    private static byte[] file(String header, int dataBytes) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(text.length).put(text);
        for (int i = 0; i < dataBytes; i++) {
            bytes.put((byte) i);
        }
        return bytes.array();
    }

    @Test
    void readsWhatItWrites() {
        List<Tensor> tensors = List.of(new Tensor("b", new int[] {2, 3}, new float[] {1, -2, 0.5f, 1e-40f, -0f, 7}),
            new Tensor("empty", new int[] {0, 4}, new float[0]), new Tensor("a", new int[0], new float[] {3}));
        byte[] bytes = SafetensorsFile.bytes(tensors);
        Map<String, StoredTensor> read = SafetensorsFile.read(FILE, bytes);
        assertThat(read.values().stream().map(StoredTensor::read)).containsExactlyElementsOf(tensors);
        int headerBytes = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
        assertThat(headerBytes % 8).isZero();
        assertThat(bytes).hasSize(8 + headerBytes + 4 * 7);
    }

    @Test
    void readsOtherOrdersTypesAndMetadata() {
        Map<String, StoredTensor> read = SafetensorsFile.read(FILE, file("{\"__metadata__\":{\"format\":\"pt\"},"
            + "\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,6]},"
            + "\"y\":{\"dtype\":\"I16\",\"shape\":[1,2],\"data_offsets\":[0,4]}}  ", 6));
        assertThat(read.get("x").read().values()).containsExactly(4, 5);
        assertThat(read.get("y").read().values()).containsExactly(0x0100, 0x0302);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "[] | no JSON object",
        "{\"x\": | its header is no JSON",
        "{\"x\":{},\"x\":{}} | Duplicate field",
        "{\"x\":{}} | unknown dtype ''",
        "{\"x\":1} | unknown dtype ''",
        "{\"x\":{\"dtype\":\"F8_E4M3\",\"shape\":[4],\"data_offsets\":[0,4]}} | unknown dtype 'F8_E4M3'",
        "{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}} | no shape",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}} | the size -1",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}} | the size 1.5",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[4294967297],\"data_offsets\":[0,4]}} | the size 4294967297",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,4]}} | overflows",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}} | no data_offsets",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}} | lies at bytes [4,0] of 4",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | lies at bytes [0,8] of 4",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}} | lies at bytes",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,18446744073709551620]}} | lies at bytes",
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}} | has 4 bytes where shape [2] and dtype F32",
        "{\"x\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}} | 4 bytes of numbers where its header describes 2",
        "{\"x\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[1,4]}} | begins at byte 1 where",
        "{\"x\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"y\":{\"dtype\":\"U8\",\"shape\":[2],"
            + "\"data_offsets\":[2,4]}} | begins at byte 2 where the one before it ends at 3",
        "{} | 4 bytes of numbers where its header describes 0",
    })
    void refusesHeadersThatContradictThemselves(String header, String words) {
        assertThatThrownBy(() -> SafetensorsFile.read(FILE, file(header, 4))).isInstanceOf(InputException.class)
            .hasMessageContaining("some.safetensors").hasMessageContaining(words);
    }

    @Test
    void refusesTruncatedFilesAndHugeHeaders() {
        byte[] whole = SafetensorsFile.bytes(List.of(new Tensor("b", new int[] {2}, new float[] {1, 2})));
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> SafetensorsFile.read(FILE, cut)).isInstanceOf(InputException.class)
                .hasMessageContaining("copy or convert it again");
        }
        for (long length : new long[] {-1, Long.MAX_VALUE, 0, 1, 1L << 32, whole.length - 7}) {
            ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
            assertThatThrownBy(() -> SafetensorsFile.read(FILE, whole)).isInstanceOf(InputException.class)
                .hasMessageContaining("declares a header of " + Long.toUnsignedString(length) + " bytes");
        }
    }
}
