package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.Zip64Mode;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Variant;
import org.bitdgdm.model.PickleWriter.Call;
import org.bitdgdm.model.PickleWriter.Name;
import org.bitdgdm.model.PickleWriter.PersistentId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One network as PyTorch 2 and Lightning 2 may write it: under other names, in other archives, of other values. */
class CheckpointFormsTest {
    private static final String BIAS = "model.mlp_in_X.0.bias";
    private static final String CASES_SHA256 = "30999ff4d86322782a935bca86f51d6de174daa10ec08b16e2eee59b9dd25872";
    @TempDir
    private Path folder;

    private final TinyCheckpoint tiny = new TinyCheckpoint();

    private ModelBundle read() throws IOException {
        return read(tiny.write(folder.resolve("tiny.ckpt")));
    }

    private static ModelBundle read(Path file) {
        return ModelImport.read(file, Variant.MAIN, null);
    }

    private String refusal() throws IOException {
        return refusal(tiny.write(folder.resolve("tiny.ckpt")));
    }

    private static String refusal(Path file) {
        InputException refusal = catchThrowableOfType(InputException.class, () -> read(file));
        assertThat(refusal).as("refusal of " + file).isNotNull();
        assertThat(refusal.getMessage()).contains(file.toString()).doesNotContain("\n").hasSizeLessThan(600);
        return refusal.getMessage();
    }

    private void rename(UnaryOperator<String> name) {
        Map<String, Object> named = new LinkedHashMap<>();
        tiny.state.forEach((key, value) -> named.put(name.apply(key), value));
        tiny.state.clear();
        tiny.state.putAll(named);
    }

    /** First what stands before names of the network, then what stands before all names. */
    @ParameterizedTest
    @CsvSource({
        "model._orig_mod., ''", "model.module., ''", "model._orig_mod.module., ''", "model.module._orig_mod., ''",
        "model., module.", "model., _orig_mod.", "model._orig_mod., module.", "model., _forward_module.module.",
        "model.module.module., _forward_module.", "model._fsdp_wrapped_module., ''", "model._fpw_module., _orig_mod.",
        "model._fsdp_wrapped_module._checkpoint_wrapped_module._orig_mod., ''", "net., ''", "network._orig_mod., ''",
        "model., lit.", "denoiser.model., module.",
    })
    void namesOfWrappersAreTakenOff(String network, String all) throws IOException {
        String sha256 = read().sha256();
        rename(name -> all + (name.startsWith("model.") ? network + name.substring("model.".length()) : name));
        ModelBundle bundle = read();
        assertThat(bundle.sha256()).isEqualTo(sha256);
        assertThat(bundle.tensors().values()).containsExactlyInAnyOrderElementsOf(TinyCheckpoint.tensors());
    }

    @Test
    void namesOfWrappersInsideTheNetworkAreTakenOff() throws IOException {
        rename(name -> name.replace("tf_layers.0.", "tf_layers.0._checkpoint_wrapped_module._fsdp_wrapped_module."));
        assertThat(read().tensors().values()).containsExactlyInAnyOrderElementsOf(TinyCheckpoint.tensors());
    }

    /** {@code torch.optim.swa_utils.AveragedModel}, the usual average of weights, counts beside them. */
    @Test
    void theCountOfAnAverageIsLeftOut() throws IOException {
        rename(name -> "module." + name);
        tiny.state.put("n_averaged", TinyCheckpoint.view(tiny.storage("LongStorage", 1, new byte[8]), 0, new int[0]));
        assertThat(read().tensors().values()).containsExactlyInAnyOrderElementsOf(TinyCheckpoint.tensors());
    }

    @Test
    void twoNetworksInOneFileAreRefused() throws IOException {
        Map.copyOf(tiny.state).forEach((name, value) -> tiny.state.put("ema." + name, value));
        assertThat(refusal()).contains("more than one network, under 'ema.model.' and 'model.'", "save the one that is meant");
    }

    @Test
    void oneTensorUnderTwoNamesIsOneTensor() throws IOException {
        tiny.state.put("model._orig_mod.mlp_in_X.0.bias", tiny.state.get(BIAS));
        assertThat(read().tensors().values()).containsExactlyInAnyOrderElementsOf(TinyCheckpoint.tensors());
        tiny.state.put("model._orig_mod.mlp_in_X.0.bias", tiny.tensor(new int[] {7}, 1, 2, 3, 4, 5, 6, 7));
        assertThat(refusal()).contains(BIAS + " twice with different numbers, once as model._orig_mod.mlp_in_X.0.bias");
    }

    @Test
    void weightsInOneFlatRowAreRefused() throws IOException {
        tiny.state.put("model._fsdp_wrapped_module._flat_param", tiny.tensor(new int[] {3}, 1, 2, 3));
        assertThat(refusal()).contains("flat tensor model._fsdp_wrapped_module._flat_param", "save its full state_dict");
    }

    @Test
    void anArchiveWithoutAnyChecksumIsRead() throws IOException {
        Path file = tiny.write(folder.resolve("tiny.ckpt"));
        String sha256 = read(file).sha256();
        byte[] bytes = Files.readAllBytes(file);
        List<Integer> checksums = checksums(bytes);
        assertThat(checksums).hasSizeGreaterThan(tiny.storages.size());
        byte[] none = bytes.clone();
        checksums.forEach(at -> little(none).putInt(at, 0));
        Files.write(file, none);
        assertThat(read(file).sha256()).isEqualTo(sha256);
        // One that is there is checked.
        little(none).putInt(checksums.get(0), little(bytes).getInt(checksums.get(0)) ^ 1);
        Files.write(file, none);
        assertThat(refusal(file)).contains("has another length or checksum");
        // One that is not there among others is damage.
        little(bytes).putInt(checksums.get(0), 0);
        Files.write(file, bytes);
        assertThat(refusal(file)).contains("data.pkl has another length or checksum");
    }

    /** Positions of the checksums in an archive's directory. */
    private static List<Integer> checksums(byte[] zip) {
        ByteBuffer in = little(zip);
        int end = zip.length - 22;
        List<Integer> positions = new ArrayList<>();
        for (int at = in.getInt(end + 16); at < end;) {
            assertThat(in.getInt(at)).isEqualTo(0x02014b50);
            positions.add(at + 16);
            at += 46 + in.getShort(at + 28) + in.getShort(at + 30) + in.getShort(at + 32);
        }
        return positions;
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** As {@code torch.save} writes archives of 4 GiB and more. */
    @Test
    void anArchiveWithRecordsOf64BitsIsRead() throws IOException {
        Path plain = tiny.write(folder.resolve("plain.ckpt"));
        Path wide = folder.resolve("wide.ckpt");
        try (ZipFile in = ZipFile.builder().setPath(plain).get();
             ZipArchiveOutputStream out = new ZipArchiveOutputStream(wide)) {
            out.setUseZip64(Zip64Mode.Always);
            for (ZipArchiveEntry entry : Collections.list(in.getEntries())) {
                byte[] bytes = in.getInputStream(entry).readAllBytes();
                ZipArchiveEntry copy = new ZipArchiveEntry(entry.getName());
                copy.setMethod(ZipArchiveEntry.STORED);
                copy.setSize(bytes.length);
                CRC32 checksum = new CRC32();
                checksum.update(bytes);
                copy.setCrc(checksum.getValue());
                out.putArchiveEntry(copy);
                out.write(bytes);
                out.closeArchiveEntry();
            }
        }
        assertThat(read(wide).sha256()).isEqualTo(read(plain).sha256());
    }

    private Object biasOf(String function, Object... more) {
        PersistentId storage = tiny.storage("FloatStorage", 7, new byte[28]);
        List<Object> arguments = new ArrayList<>(List.of(storage, 0, new Object[] {7}, new Object[] {1}, false,
            Call.of("collections", "OrderedDict")));
        arguments.addAll(List.of(more));
        return Call.of("torch._utils", function, arguments.toArray());
    }

    @Test
    void tensorsWithAttributesAreTensors() throws IOException {
        Call plain = (Call) biasOf("_rebuild_tensor_v2");
        tiny.state.put(BIAS, Call.of("torch._tensor", "_rebuild_from_type_v2", plain.function(),
            new Name("torch.nn.parameter", "Parameter"), plain.arguments(), Map.of("tag", 1)));
        assertThat(read().tensors().get(BIAS).values()).containsOnly(0).hasSize(7);
        tiny.state.put(BIAS, Call.of("torch._utils", "_rebuild_parameter", biasOf("_rebuild_tensor_v2"), true,
            Call.of("collections", "OrderedDict")));
        assertThat(read().tensors().get(BIAS).values()).containsOnly(0).hasSize(7);
    }

    static Stream<Object[]> otherTensors() {
        return Stream.of(
            new Object[] {"_rebuild_tensor_v3", new Name("torch", "float8_e4m3fn"), "unknown storage torch.float8_e4m3fn"},
            new Object[] {"_rebuild_tensor_v2", Map.of("neg", true), "lies densely in a storage, found object of torch._utils"},
            new Object[] {"_rebuild_sparse_tensor", 1, "found object of torch._utils._rebuild_sparse_tensor"},
            new Object[] {"_rebuild_meta_tensor_no_storage", 1, "_rebuild_meta_tensor_no_storage"});
    }

    @ParameterizedTest
    @MethodSource("otherTensors")
    void tensorsOfOtherKindsAreRefusedByName(String function, Object more, String words) throws IOException {
        tiny.state.put(BIAS, biasOf(function, more));
        assertThat(refusal()).contains(BIAS, words);
    }

    private static Object array(String module, String type, byte[] bytes, Object... shape) {
        return new Call(new Name(module, "_reconstruct"),
            new Object[] {new Name("numpy", "ndarray"), new Object[] {0}, new byte[] {'b'}}, Map.of(),
            new Object[] {1, shape, dtype(type), false, bytes}, false);
    }

    private static Object dtype(String type) {
        return new Call(new Name("numpy", "dtype"), new Object[] {type, false, true}, Map.of(),
            new Object[] {3, "<", null, null, null, -1, -1, 0}, false);
    }

    /** Facts that a data set has counted with NumPy, of either major version. */
    @ParameterizedTest
    @CsvSource({"2, numpy.core.multiarray", "4, numpy._core.multiarray"})
    void factsInNumpyArraysAndScalarsAreRead(int protocol, String module) throws IOException {
        tiny.protocol = protocol;
        byte[] three = {3, 0, 0, 0, 0, 0, 0, 0};
        tiny.dataset.put("max_n_nodes", Call.of(module, "scalar", dtype("i8"), three));
        ByteBuffer sizes = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
        sizes.putDouble(0).putDouble(0.25).putDouble(0.25).putDouble(0.5);
        tiny.dataset.put("n_nodes", array(module, "f8", sizes.array(), 4));
        ByteBuffer atoms = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putFloat(0.75f).putFloat(0.25f);
        tiny.dataset.put("node_types", array(module, "f4", atoms.array(), 2));
        ModelBundle bundle = read();
        assertThat(bundle.architecture().maxNodes()).isEqualTo(3);
        assertThat(bundle.diffusion().sizes().weights()).containsExactly(0, 0.25f, 0.25f, 0.5f);
        assertThat(bundle.diffusion().limits().nodes()).containsExactly(0.75f, 0.25f);
        // Not as many numbers as the shape says.
        tiny.dataset.put("node_types", array(module, "f4", atoms.array(), 3));
        assertThat(refusal()).contains("does not say 'node_marginal'");
    }

    /** Each call copies a list that is in the file once. */
    @ParameterizedTest
    @ValueSource(strings = {"collections OrderedDict", "torch Size", "a.b c"})
    void callsThatMultiplyAListAreRefused(String name) throws IOException {
        byte[] head = {(byte) 0x80, 2, ']', 'q', 0, '('};
        byte[] pair = {'K', 1, 'K', 2, (byte) 0x86};
        byte[] call = ("c" + name.replace(' ', '\n') + "\nh\0\u0085R0").getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer pickle = ByteBuffer.allocate(20 + 100_000 * pair.length + 1_000 * call.length);
        pickle.put(head);
        for (int i = 0; i < 100_000; i++) {
            pickle.put(pair);
        }
        pickle.put((byte) 'e');
        for (int i = 0; i < 1_000; i++) {
            pickle.put(call);
        }
        pickle.put((byte) '.');
        assertThat(refusal(tiny.write(folder.resolve("tiny.ckpt"), pickle.array()))).contains("makes more than 2000000 values");
    }

    /** Checkpoints that the libraries themselves have written, where they lie beside the repository. */
    @ParameterizedTest
    @ValueSource(strings = {"tiny.ckpt", "tiny-compiled.ckpt", "tiny-without-crc.ckpt"})
    void checkpointsOfTheFieldGiveTheSameNetwork(String name) {
        Path file = ModelImportTest.shared("data/cases/" + name);
        assumeTrue(file != null, "the shared folder with the cases is not on this machine");
        assertThat(ModelImport.read(file, Variant.FIXED_BUG, null).sha256()).isEqualTo(CASES_SHA256);
    }
}
