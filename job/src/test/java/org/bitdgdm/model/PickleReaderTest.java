package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bitdgdm.model.PickleWriter.Call;
import org.bitdgdm.model.PickleWriter.Name;
import org.bitdgdm.model.PickleWriter.PersistentId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PickleReaderTest {

    /** From CPython itself, so that not only our own writer is read. */
    static Stream<Arguments> pythonPickles() throws IOException {
        try (InputStream in = PickleReaderTest.class.getResourceAsStream("python-pickles.txt")) {
            String text = new String(in.readAllBytes(), StandardCharsets.US_ASCII);
            return text.lines().filter(line -> !line.startsWith("#")).map(line -> line.split(" "))
                .map(parts -> Arguments.of(Integer.valueOf(parts[0]), HexFormat.of().parseHex(parts[1])));
        }
    }

    @ParameterizedTest(name = "protocol {0}")
    @MethodSource("pythonPickles")
    void readsWhatPythonWrites(int protocol, byte[] pickle) {
        Pickled.Dict read = (Pickled.Dict) PickleReader.read(pickle);
        assertThat(read.entries().keySet()).containsExactly(
            "od", "s", "dd", "big", "neg", "f", "set", "b", "u", "e", "t", "n", "c", "rec");
        // The entries of an OrderedDict with a state are what net.razorvine's reader loses.
        assertThat(((Pickled.Dict) read.get("od")).entries().keySet()).containsExactly("a", "b");
        assertThat(((Pickled.Dict) read.get("od")).get("b")).isEqualTo(List.of(2L, 3L));
        List<?> twice = (List<?>) read.get("s");
        assertThat(twice.get(0)).isSameAs(twice.get(1)).isEqualTo(List.of("x"));
        assertThat(((Pickled.Dict) read.get("dd")).get("k")).isEqualTo(List.of(1L));
        assertThat(read.get("big")).isEqualTo(BigInteger.ONE.shiftLeft(80));
        assertThat(read.get("neg")).isEqualTo(-(1L << 40));
        assertThat(read.get("f")).isEqualTo(1e300);
        assertThat(read.get("set")).isEqualTo(List.of(5L));
        assertThat(read.get("u")).isEqualTo("é😀");
        assertThat(read.get("e")).isEqualTo(List.of());
        assertThat(read.get("t")).isEqualTo(List.of(1L, List.of(2L)));
        assertThat(read.has("n")).isTrue();
        assertThat(read.get("n")).isNull();
        assertThat(read.get("c")).isInstanceOfSatisfying(Pickled.Instance.class, complex -> {
            assertThat(complex.type.name()).isEqualTo("complex");
            assertThat(complex.arguments).isEqualTo(List.of(1.0, 2.0));
        });
        List<?> holdsItself = (List<?>) read.get("rec");
        assertThat(holdsItself.get(0) == holdsItself).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void readsTensorsAsViewsOfStorages(int protocol) {
        Object storage = new PersistentId(new Object[] {"storage", new Name("torch", "HalfStorage"), "3", "cuda:0", 12});
        Object size = Call.of("torch", "Size", (Object) new Object[] {2, 3});
        Object hooks = Call.of("collections", "OrderedDict");
        Object tensor = Call.of("torch._utils", "_rebuild_tensor_v2", storage, 1, size, new Object[] {1, 4}, true, hooks);
        Object parameter = Call.of("torch._utils", "_rebuild_parameter", tensor, true, hooks);
        Pickled.View read = (Pickled.View) PickleReader.read(PickleWriter.write(protocol, parameter));
        assertThat(read.storage()).isEqualTo(new Pickled.Storage(StoredTensor.ElementType.F16, "torch.HalfStorage", "3", 12));
        assertThat(read.offset()).isEqualTo(1);
        assertThat(read.shape()).containsExactly(2, 3);
        assertThat(read.stride()).containsExactly(1, 4);
    }

    @Test
    void keepsUnknownObjectsAsData() {
        Object object = Call.object("some.where", "Thing", Map.of("answer", 42));
        Pickled.Instance read = (Pickled.Instance) PickleReader.read(PickleWriter.write(4, object));
        assertThat(read.type).isEqualTo(new Pickled.Global("some.where", "Thing"));
        assertThat(read.get("answer")).isEqualTo(42L);
        assertThat(read.get("question")).isNull();
    }

    @ParameterizedTest
    @CsvSource({"posix,system", "os,system", "nt,system", "subprocess,Popen", "builtins,eval", "__builtin__,exec",
        "importlib,import_module", "os.path,join"})
    void refusesNamesThatOnlyServeToRunCode(String module, String function) {
        for (int protocol : new int[] {2, 4}) {
            byte[] pickle = PickleWriter.write(protocol, List.of(Call.of(module, function, "touch /tmp/never")));
            assertThatThrownBy(() -> PickleReader.read(pickle)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("asks to run " + module + "." + function + ", which was not run, at byte");
        }
    }

    /** Each line: a pickle without its protocol, and the decisive words. */
    @ParameterizedTest
    @CsvSource({
        "'', without its end mark",
        "., ends with 0 values",
        "4e4e2e, ends with 2 values",
        "282e, ends with 1 values",
        "58ffffffff61, declares 4294967295 bytes where 1 are left",
        "8dffffffffffffffff, declares 18446744073709551615 bytes",
        "8dffffffffffffff7f, declares 9223372036854775807 bytes",
        "8effffffffffffff7f, declares 9223372036854775807 bytes",
        "95ffffffffffffff7f, declares 9223372036854775807 bytes",
        "8affff, declares 255 bytes where 1 are left",
        "5801, in the middle of a value",
        "4a0101, in the middle of a value",
        "5801000000ff2e, no UTF-8",
        "636162, name has no end",
        "6800, used before it is made",
        "6affffffff2e, used before it is made",
        "652e, mark is missing",
        "74, mark is missing",
        "52, value is missing",
        "2852, value is missing",
        "7100, value is missing",
        "4e4e61, what is no list",
        "4e284e4e75, what is no dictionary",
        "7d284e75, a key has no value",
        "4e4e62, what has none",
        "4e51, list is needed",
        "5d51, not that of a storage",
        "4e4e93, a global has no name",
        "49310a2e, opcode 0x49",
        "6963610a620a, opcode 0x69",
        "82, opcode 0x82",
        "8006, protocol 6",
        "295d4e616129, what is no list",
    })
    void refusesBrokenPickles(String hex, String words) {
        byte[] body = hex.equals(".") ? new byte[] {'.'} : HexFormat.of().parseHex(hex);
        assertThatThrownBy(() -> PickleReader.read(body)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(words).hasMessageContaining(" at byte ");
    }

    @Test
    void refusesMoreValuesThanAnyModelHas() {
        byte[] values = new byte[PickleReader.MAX_VALUES + 1];
        Arrays.fill(values, (byte) 'N');
        assertThatThrownBy(() -> PickleReader.read(values)).hasMessageContaining("makes more than");
        byte[] memo = new byte[PickleReader.MAX_VALUES + 2];
        Arrays.fill(memo, (byte) 0x94);
        memo[0] = 'N';
        assertThatThrownBy(() -> PickleReader.read(memo)).hasMessageContaining("remembers more than");
    }

    @Test
    void readsDeepNestingWithoutRecursion() {
        int depth = 300_000;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < depth; i++) {
            out.write(']');
        }
        for (int i = 0; i < depth - 1; i++) {
            out.write('a');
        }
        // A deep list as the key of a dictionary must not be hashed.
        out.writeBytes(new byte[] {'q', 0, '}', 'h', 0, 'N', 's', '.'});
        byte[] pickle = out.toByteArray();
        assertThatThrownBy(() -> PickleReader.read(pickle)).hasMessageContaining("ends with 2 values");
    }

    @Test
    void refusesTensorsOutsideTheirStorage() {
        Object storage = new PersistentId(new Object[] {"storage", new Name("torch", "FloatStorage"), "0", "cpu", 6});
        assertRefused("last element at 6 of a storage of 6", storage, 1, new Object[] {2, 3}, new Object[] {3, 1});
        assertRefused("last element at 6 of a storage of 6", storage, 6, new Object[] {}, new Object[] {});
        assertRefused("offset -1", storage, -1, new Object[] {1}, new Object[] {1});
        assertRefused("stride -1", storage, 5, new Object[] {2}, new Object[] {-1});
        assertRefused("the size -2", storage, 0, new Object[] {-2}, new Object[] {1});
        assertRefused("the size 4294967296", storage, 0, new Object[] {1L << 32}, new Object[] {0});
        assertRefused("2 sizes, 1 strides", storage, 0, new Object[] {1, 1}, new Object[] {1});
        assertRefused("overflows", storage, 0, new Object[] {Integer.MAX_VALUE, Integer.MAX_VALUE, 4},
            new Object[] {Long.MAX_VALUE, 1, 1});
        assertRefused("overflows", storage, 0, new Object[] {Integer.MAX_VALUE, Integer.MAX_VALUE, 4},
            new Object[] {0, 0, 0});
        assertRefused("no storage", "storage", 0, new Object[] {1}, new Object[] {1});
        assertRefused("no whole numbers", storage, 0, new Object[] {1.5}, new Object[] {1});
    }

    private static void assertRefused(String words, Object storage, Object offset, Object[] shape, Object[] stride) {
        byte[] pickle = PickleWriter.write(2, Call.of("torch._utils", "_rebuild_tensor_v2", storage, offset, shape, stride));
        assertThatThrownBy(() -> PickleReader.read(pickle)).isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(words);
    }

    @Test
    void readsAZeroElementTensorWhateverItsOffset() {
        Object storage = new PersistentId(new Object[] {"storage", new Name("torch", "FloatStorage"), "0", "cpu", 0});
        Pickled.View read = (Pickled.View) PickleReader.read(PickleWriter.write(2, Call.of(
            "torch._utils", "_rebuild_tensor_v2", storage, 0, new Object[] {0, 128}, new Object[] {128, 1})));
        assertThat(read.size()).isZero();
        Pickled.View wide = new Pickled.View(read.storage(), 0, new int[] {Integer.MAX_VALUE, Integer.MAX_VALUE,
            Integer.MAX_VALUE, 0}, new long[] {1, 1, 1, 1});
        assertThat(wide.size()).isZero();
    }
}
