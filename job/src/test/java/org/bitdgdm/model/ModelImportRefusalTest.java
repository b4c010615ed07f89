package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Variant;
import org.bitdgdm.model.PickleWriter.Call;
import org.bitdgdm.model.PickleWriter.Name;
import org.bitdgdm.model.PickleWriter.PersistentId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Imports that must be refused: each with one sentence that names file and finding, and with nothing written. */
class ModelImportRefusalTest {
    private static final String BIAS = "model.mlp_in_X.0.bias";
    @TempDir
    private Path folder;

    private final TinyCheckpoint tiny = new TinyCheckpoint();

    private void assertRefused(String... words) throws IOException {
        assertRefused(tiny.write(folder.resolve("tiny.ckpt")), null, words);
    }

    private void assertRefused(Path file, Path facts, String... words) throws IOException {
        List<Path> before = list();
        InputException refusal = catchThrowableOfType(InputException.class,
            () -> ModelImport.read(file, Variant.MAIN, facts).save(folder.resolve("bundle")));
        assertThat(refusal).as("refusal of " + file).isNotNull();
        assertThat(refusal.getMessage()).contains(words).doesNotContain("\n").hasSizeLessThan(600)
            .contains((facts == null ? file : folder).toString());
        assertThat(list()).isEqualTo(before);
    }

    private List<Path> list() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    @Test
    void missingFile() throws IOException {
        assertRefused(folder.resolve("none.ckpt"), null, "no checkpoint");
    }

    @Test
    void aDataSetThatIsNoKnownFamily() throws IOException {
        tiny.dataset.remove("atom_decoder");
        tiny.dataset.remove("atom_weights");
        assertRefused("does not say 'family'", "facts file");
    }

    @Test
    void unknownVariant() {
        assertThatThrownBy(() -> Variant.of("fixed-bug")).hasMessageContaining("'fixed-bug'; known are main, fixed_bug");
    }

    @Test
    void otherFiles() throws IOException {
        Path file = folder.resolve("other.ckpt");
        assertRefused(Files.write(file, new byte[0]), null, "neither a PyTorch checkpoint nor a safetensors file");
        assertRefused(Files.writeString(file, "some text that is long"), null, "neither a PyTorch checkpoint");
        assertRefused(Files.write(file, new byte[] {(byte) 0x80, 2, (byte) 0x8a, 10}), null, "before 1.6", "save it again");
        assertRefused(Files.createDirectory(folder.resolve("folder")), null, "no checkpoint");
        assertRefused(TinyCheckpoint.zip(file, ZipEntry.STORED, Map.of("a.txt", new byte[3])), null, "no entry */data.pkl");
        Map<String, byte[]> two = Map.of("a/data.pkl", new byte[3], "b/data.pkl", new byte[3]);
        assertRefused(TinyCheckpoint.zip(file, ZipEntry.STORED, two), null, "more than one entry");
        assertRefused(TinyCheckpoint.zip(file, ZipEntry.STORED, Map.of("a/data.pkl", new byte[0], "a/byteorder",
            "big".getBytes(StandardCharsets.US_ASCII))), null, "byte order 'big'");
    }

    @Test
    void truncatedAnywhere() throws IOException {
        byte[] whole = Files.readAllBytes(tiny.write(folder.resolve("tiny.ckpt")));
        Path cut = folder.resolve("cut.ckpt");
        for (int length = 0; length < whole.length; length += 1 + whole.length / 30) {
            Files.write(cut, Arrays.copyOf(whole, length));
            assertRefused(cut, null, "copy it again");
        }
        assertRefused(Files.write(cut, Arrays.copyOf(whole, whole.length - 1)), null, "truncated, copy it again");
    }

    @Test
    void truncatedPickle() throws IOException {
        byte[] pickle = PickleWriter.write(2, tiny.root());
        for (int length = 0; length < pickle.length; length += 1 + pickle.length / 30) {
            assertRefused(tiny.write(folder.resolve("tiny.ckpt"), Arrays.copyOf(pickle, length)), null,
                "data.pkl: ", " at byte ", "get the file again from a source you trust");
        }
    }

    /** Whatever byte is wrong, the file is either refused in a sentence or read; nothing else comes out. */
    @Test
    void anyWrongByteOfThePickle() throws IOException {
        byte[] pickle = PickleWriter.write(2, tiny.root());
        Path file = folder.resolve("tiny.ckpt");
        int refused = 0;
        for (int at = 0; at < pickle.length; at += 211) {
            byte[] wrong = pickle.clone();
            wrong[at] ^= (byte) (1 << at % 8);
            tiny.write(file, wrong);
            try {
                ModelImport.read(file, Variant.MAIN, null);
            } catch (InputException e) {
                assertThat(e.getMessage()).doesNotContain("\n").contains(file.toString());
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(pickle.length / 211 / 4);
    }

    /** The same for the structure of the archive: headers and directory, and the numbers of a small part of the storages. */
    @Test
    void anyWrongByteOfTheArchive() throws IOException {
        byte[] whole = Files.readAllBytes(tiny.write(folder.resolve("tiny.ckpt")));
        Path file = folder.resolve("wrong.ckpt");
        int directory = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt(whole.length - 6);
        for (int at = 0; at < whole.length; at += at < 60 || at > whole.length - 60 ? 1 : at < directory ? 211 : 13) {
            byte[] wrong = whole.clone();
            wrong[at] ^= (byte) (at % 3 == 0 ? 0xFF : 1 << at % 8);
            Files.write(file, wrong);
            try {
                ModelImport.read(file, Variant.MAIN, null);
            } catch (InputException e) {
                assertThat(e.getMessage()).doesNotContain("\n").contains(file.toString());
            }
        }
    }

    @Test
    void wrongBytesInTheArchive() throws IOException {
        byte[] whole = Files.readAllBytes(tiny.write(folder.resolve("tiny.ckpt")));
        Path file = folder.resolve("wrong.ckpt");
        // The last number of the first storage, which ends where the local header of the next entry starts.
        int at = indexOf(whole, "tiny/data/1", 0) - 31;
        whole[at] ^= 1;
        assertRefused(Files.write(file, whole), null, "entry tiny/data/0 has another length or checksum");
    }

    @Test
    void zipBomb() throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        entries.put("tiny/data.pkl", new byte[64 << 20]);
        Path file = TinyCheckpoint.zip(folder.resolve("bomb.ckpt"), ZipEntry.DEFLATED, entries);
        assertThat(Files.size(file)).isLessThan(1 << 20);
        assertRefused(file, null, "entry tiny/data.pkl is compressed", "67108864", "save the checkpoint again");
    }

    @Test
    void storedEntryThatClaimsMoreThanTheFileHas() throws IOException {
        byte[] whole = Files.readAllBytes(tiny.write(folder.resolve("tiny.ckpt")));
        ByteBuffer bytes = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
        int directory = bytes.getInt(whole.length - 6);
        // Sizes of the first entry of the central directory, that of the pickle.
        bytes.putInt(directory + 20, 30_000_000).putInt(directory + 24, 30_000_000);
        assertRefused(Files.write(folder.resolve("wrong.ckpt"), whole), null, "wrong.ckpt");
    }

    @Test
    void pickleLargerThanAnyModels() throws IOException {
        assertRefused(TinyCheckpoint.zip(folder.resolve("large.ckpt"), ZipEntry.STORED,
            Map.of("a/data.pkl", new byte[(32 << 20) + 1])), null, "claims 33554433 bytes, at most 33554432 are possible");
    }

    @ParameterizedTest
    @ValueSource(strings = {"root", "callbacks", "configuration", "state_dict"})
    void pickleThatAsksForTheShell(String where) throws IOException {
        Path mark = folder.resolve("executed");
        Object attack = Call.of("posix", "system", "touch " + mark);
        switch (where) {
            case "callbacks" -> tiny.other.put("callbacks", attack);
            case "configuration" -> tiny.model.put("n_layers", attack);
            case "state_dict" -> tiny.state.put("model.mlp_in_X.0.weight", attack);
            default -> { }
        }
        Object root = where.equals("root") ? attack : tiny.root();
        assertRefused(tiny.write(folder.resolve("tiny.ckpt"), PickleWriter.write(2, root)), null,
            "the pickle asks to run posix.system, which was not run", "from a source you trust");
        assertThat(mark).doesNotExist();
    }

    @Test
    void otherTops() throws IOException {
        Path file = folder.resolve("tiny.ckpt");
        assertRefused(tiny.write(file, PickleWriter.write(2, List.of(1))), null, "holds no dictionary of a checkpoint");
        assertRefused(tiny.write(file, PickleWriter.write(2, Call.of("a", "b"))), null, "holds no dictionary");
        assertRefused(tiny.write(file, PickleWriter.write(2, Map.of("state_dict", Map.of()))), null, "no state_dict with");
        assertRefused(tiny.write(file, PickleWriter.write(2, Map.of("state_dict", List.of()))), null, "no state_dict");
        assertRefused(tiny.write(file, PickleWriter.write(2, Map.of("state_dict", Map.of("a\nb", 1)))), null,
            "entry 'a?b' of its state_dict is no tensor");
    }

    @Test
    void missingAndExtraTensors() throws IOException {
        Object tensor = tiny.state.remove(BIAS);
        assertRefused("tensor " + BIAS + " is missing", "take the whole state_dict");
        tiny.state.put(BIAS, tensor);
        tiny.state.put("model.tf_layers.1.linX1.weight", tensor);
        assertRefused("tensor model.tf_layers.1.linX1.weight of shape [7] has no place", "layers = 1", "remove it");
        tiny.state.remove("model.tf_layers.1.linX1.weight");
        tiny.model.put("n_layers", 2);
        assertRefused("tensor model.tf_layers.1.self_attn.q.weight is missing");
        tiny.model.put("n_layers", 2_000_000_000);
        assertRefused("layers must be in 1..1024, found 2000000000");
    }

    @Test
    void sizeAgainstShape() throws IOException {
        tiny.state.put(BIAS, tiny.tensor(new int[] {6}, TinyCheckpoint.values(BIAS, 6)));
        assertRefused("tensor " + BIAS + " must have shape [7], found [6]");
        tiny.state.put(BIAS, tiny.tensor(new int[] {7, 1}, TinyCheckpoint.values(BIAS, 7)));
        assertRefused("tensor " + BIAS + " must have shape [7], found [7, 1]");
        tiny.state.put(BIAS, TinyCheckpoint.view(tiny.storage("FloatStorage", 7, new byte[24]), 0, new int[] {7}, 1));
        assertRefused("the numbers of tensor " + BIAS + " have 24 bytes where 7 of type F32, 4 bytes each, belong");
        tiny.state.put(BIAS, TinyCheckpoint.view(tiny.storage("FloatStorage", Integer.MAX_VALUE, new byte[28]), 0,
            new int[] {7}, 1));
        assertRefused("have 28 bytes where 2147483647 of type F32");
        tiny.state.put(BIAS, TinyCheckpoint.view(tiny.storage("FloatStorage", 6, new byte[24]), 0, new int[] {7}, 1));
        assertRefused("last element at 6 of a storage of 6");
        tiny.state.put(BIAS, TinyCheckpoint.view(tiny.storage("FloatStorage", 7, new byte[28]), 0, new int[] {7}, 1));
        tiny.storages.remove(String.valueOf(tiny.storages.size() - 1));
        assertRefused("it has no entry tiny/data/");
        tiny.state.put(BIAS, tiny.tensor(new int[] {7, 0}));
        assertRefused("tensor " + BIAS + " must have shape [7], found [7, 0]");
        tiny.state.put(BIAS, tiny.tensor(new int[] {7}, TinyCheckpoint.values(BIAS, 7)));
        tiny.state.put("model.tf_layers.0.linE1.weight", tiny.tensor(new int[] {0, 4}));
        assertRefused("tensor model.tf_layers.0.linE1.weight has no elements");
        tiny.state.put("model.mlp_in_X.2.weight", tiny.tensor(new int[] {7}, new float[7]));
        assertRefused("tensor model.mlp_in_X.2.weight must be a matrix, found shape [7]");
    }

    @Test
    void viewsThatRepeatNumbersWithoutEnd() throws IOException {
        // A feed-forward width that only exists by a stride of 0: 4 GB of numbers from one.
        PersistentId one = tiny.storage("FloatStorage", 1, new byte[4]);
        int width = 1 << 27;
        tiny.state.put("model.tf_layers.0.linX1.weight", TinyCheckpoint.view(one, 0, new int[] {width, 8}, 0, 0));
        tiny.state.put("model.tf_layers.0.linX1.bias", TinyCheckpoint.view(one, 0, new int[] {width}, 0));
        tiny.state.put("model.tf_layers.0.linX2.weight", TinyCheckpoint.view(one, 0, new int[] {8, width}, 0, 0));
        assertRefused("tensor model.tf_layers.0.linX1.weight of 1073741824 elements repeats numbers");
    }

    @Test
    void numbersThatAreNone() throws IOException {
        for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] values = TinyCheckpoint.values(BIAS, 7);
            values[3] = wrong;
            tiny.state.put(BIAS, tiny.tensor(new int[] {7}, values));
            assertRefused("tensor " + BIAS + " holds " + wrong + " at index 3", "take another checkpoint");
        }
        byte[] huge = ByteBuffer.allocate(56).order(ByteOrder.LITTLE_ENDIAN).putDouble(1e300).array();
        tiny.state.put(BIAS, TinyCheckpoint.view(tiny.storage("DoubleStorage", 7, huge), 0, new int[] {7}, 1));
        assertRefused("tensor " + BIAS + " holds Infinity at index 0");
    }

    @Test
    void otherNumberTypes() throws IOException {
        tiny.state.put(BIAS, TinyCheckpoint.view(tiny.storage("LongStorage", 7, new byte[56]), 0, new int[] {7}, 1));
        assertRefused("tensor " + BIAS + " must hold floating-point numbers, found I64");
        tiny.state.put(BIAS, TinyCheckpoint.view(tiny.storage("QInt8Storage", 7, new byte[7]), 0, new int[] {7}, 1));
        assertRefused("tensor " + BIAS + " is kept in the unknown storage torch.QInt8Storage");
        tiny.state.put(BIAS, Call.of("numpy.core.multiarray", "_reconstruct", new Name("numpy", "ndarray"), 0, "b"));
        assertRefused("entry '" + BIAS + "' of its state_dict is no tensor");
    }

    @Test
    void anotherSchedule() throws IOException {
        float[] betas = TinyCheckpoint.values(ModelTensors.BETAS, 11);
        betas[4] *= 1.01f;
        tiny.state.put(ModelTensors.BETAS, tiny.tensor(new int[] {11}, betas));
        assertRefused("tensor noise_schedule.betas holds", "at index 4 where the cosine schedule of 10 steps has");
    }

    @ParameterizedTest
    @CsvSource({
        "type, continuous, of type 'continuous'; only DiGress's discrete diffusion",
        "transition, absorbing, 'transition' must be one of marginal",
        "diffusion_noise_schedule, polynomial_2, 'noise_schedule' must be one of cosine, custom",
        "extra_features, rrwp, 'extra_features' must be one of none, cycles, eigenvalues, all",
        "extra_features, cycles, tensor model.mlp_in_X.0.weight must have shape",
        "extra_features, , tensor model.mlp_in_X.0.weight must have shape",
        "n_layers, five, 'layers' must be a whole number",
        "n_layers, , does not say 'layers'",
        "diffusion_steps, 500.5, 'diffusion_steps' must be a whole number",
    })
    void unknownHyperParameters(String key, String value, String words) throws IOException {
        tiny.model.put(key, TinyCheckpoint.node(value));
        assertRefused(words);
    }

    @Test
    void hyperParametersOutOfRange() throws IOException {
        tiny.model.put("n_layers", 0);
        assertRefused("layers must be in 1..1024, found 0");
        tiny.model.put("n_layers", 1);
        tiny.model.put("hidden_dims", Map.of("n_head", 3));
        assertRefused("the width 8 of the nodes is no multiple of 3 heads");
        tiny.model.put("hidden_dims", Map.of("n_head", 2));
        tiny.model.put("diffusion_steps", 11);
        assertRefused("tensor noise_schedule.betas must have shape [12], found [11]");
        tiny.model.put("diffusion_steps", 2_000_000_000);
        assertRefused("'diffusion_steps' must be at most 100000, found 2000000000");
    }

    @Test
    void wrongDatasetFacts() throws IOException {
        tiny.dataset.put("node_types", tiny.tensor(new int[] {3}, 0.5f, 0.25f, 0.25f));
        assertRefused("'node_marginal' must be one probability for each of 2 classes");
        tiny.dataset.put("node_types", tiny.tensor(new int[] {2}, Float.NaN, 1));
        assertRefused("'node_marginal' must be a list of finite numbers");
        tiny.dataset.put("node_types", tiny.tensor(new int[] {2}, -0.5f, 1.5f));
        assertRefused("node marginal must be finite and not negative");
        tiny.dataset.put("node_types", tiny.tensor(new int[] {2}, 0, 0));
        assertRefused("'node_marginal' must be probabilities with the sum 1");
        tiny.dataset.put("node_types", List.of(0.5, 0.5));
        tiny.dataset.put("n_nodes", List.of(0, 1, 1, 1, 1));
        assertRefused("'size_histogram' must be one frequency for each size 0..3");
        tiny.dataset.put("n_nodes", List.of(1, 1, 1, 1));
        assertRefused("a graph of 0 nodes must have frequency 0");
        tiny.dataset.put("n_nodes", List.of(0, 1, 1, 1));
        tiny.dataset.put("atom_decoder", List.of("C", 2));
        assertRefused("'atoms' must be a list of texts");
        tiny.dataset.put("atom_decoder", List.of("C", "O"));
        tiny.dataset.put("atom_weights", Map.of(0, 12));
        assertRefused("one weight per node type");
        Map<Object, Object> none = new LinkedHashMap<>(Map.of(0, 12));
        none.put(1, null);
        tiny.dataset.put("atom_weights", none);
        assertRefused("'atom_weights' must be a list of finite numbers");
        tiny.dataset.put("atom_weights", List.of(12, 16));
        tiny.dataset.put("max_weight", 0);
        assertRefused("'max_weight' must be a positive number");
        tiny.dataset.put("max_weight", 1);
        tiny.dataset.put("max_n_nodes", 2_000_000_000);
        assertRefused("'size_histogram' must be one frequency for each size 0..2000000000");
    }

    @Test
    void factsFiles() throws IOException {
        Path file = tiny.write(folder.resolve("tiny.ckpt"));
        Path facts = folder.resolve("facts.json");
        assertRefused(file, folder.resolve("none.json"), "none.json");
        assertRefused(file, Files.writeString(facts, "{\"layers\": 1"), "facts.json is no JSON");
        assertRefused(file, Files.writeString(facts, "[1]"), "facts.json must hold a JSON object");
        assertRefused(file, Files.writeString(facts, "{\"layers\": 1, \"layers\": 1}"), "is no JSON", "Duplicate");
        assertRefused(file, Files.writeString(facts, "{\"layer\": 1}"), "unknown key 'layer'", "layers, heads");
        assertRefused(file, Files.writeString(facts, "{\"layers\": 5}"), "says 'layers' is 5 where", "remove the key");
        assertRefused(file, Files.writeString(facts, "{\"provenance\": 5}"), "'provenance' must be an object");
        assertRefused(file, Files.writeString(facts, "{\"variant\": \"old\"}"), "where the command line says \"main\"");
        Path tensors = Files.write(folder.resolve("tiny.safetensors"), SafetensorsFile.bytes(TinyCheckpoint.tensors()));
        assertRefused(tensors, null, "tiny.safetensors does not say 'noise_schedule'; add it to a facts file");
        assertRefused(tensors, Files.writeString(facts, "[".repeat(100_000)), "facts.json is no JSON");
    }

    private static int indexOf(byte[] in, String text, int from) {
        return new String(in, StandardCharsets.ISO_8859_1).indexOf(text, from);
    }
}
