package org.bitdgdm.model;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bitdgdm.Mutations;
import org.bitdgdm.kernels.Variant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of models, changed: checkpoints, tensors, facts and bundles. */
class MutatedModelTest {
    /** Calls that a pickle of Python would run, and opcodes that make much of little. */
    private static final List<String> PICKLE = List.of(
        "cos\nsystem\nX\u0004\u0000\u0000\u0000true\u0085R", "cposix\nsystem\n", "c__builtin__\neval\n",
        "ccollections\nOrderedDict\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ctorch\nSize\n", "c_codecs\nencode\n",
        "cnumpy.core.multiarray\nscalar\n", "(", "}", "]", "u", "e", "s", "b", "R", "Q", "t", "0", "h\u0000", "q\u0000",
        "(((((((", "]]]]]]]", "}}}}}", "N.", "K\u0001");
    private static final List<String> JSON = List.of(
        "null", "{}", "[]", "[[[[[[[[", "\"", "\\u0000", "\"a\":", ",", ":", "true", "\"atoms\":[\"C\",\"O\"]",
        "\"layers\": 2147483647", "\"family\":\"graphs\"", "NaN", "<script>", "\u202e", "\n", "1e400",
        "\"__metadata__\":{}", "\"data_offsets\":[0,4]", "\"shape\":[4611686018427387904]", "\"dtype\":\"F64\"");

    @TempDir
    private Path folder;

    private final TinyCheckpoint tiny = new TinyCheckpoint();
    private Path facts;
    private byte[] tensors;

    @BeforeEach
    void bundle() throws IOException {
        ModelBundle bundle = ModelImport.read(tiny.write(folder.resolve("tiny.ckpt")), Variant.MAIN, null);
        bundle.save(folder.resolve("mutated-bundle"));
        facts = Files.copy(folder.resolve("mutated-bundle").resolve(ModelBundle.FACTS_FILE), folder.resolve("facts.json"));
        tensors = Files.readAllBytes(folder.resolve("mutated-bundle").resolve(ModelBundle.TENSORS_FILE));
    }

    @Test
    void checkpoints() throws Exception {
        Path file = folder.resolve("mutated.ckpt");
        tiny.protocol = 4;
        Mutations.check("checkpoint", List.of(Files.readAllBytes(folder.resolve("tiny.ckpt")), archive(tiny.root())), PICKLE,
            input -> ModelImport.read(Files.write(file, input), Variant.MAIN, null));
    }

    /** The part of a checkpoint that says what to do, in an archive that is whole. */
    @Test
    void pickles() throws Exception {
        Path file = folder.resolve("mutated.ckpt");
        List<byte[]> valid = List.of(PickleWriter.write(2, tiny.root()), PickleWriter.write(4, tiny.root()));
        Mutations.check("pickle", valid, PICKLE,
            input -> ModelImport.read(tiny.write(file, input), Variant.MAIN, null));
    }

    private byte[] archive(Object root) throws IOException {
        return Files.readAllBytes(tiny.write(folder.resolve("other.ckpt"), PickleWriter.write(tiny.protocol, root)));
    }

    @Test
    void safetensors() throws Exception {
        Path file = folder.resolve("mutated.safetensors");
        Mutations.check("safetensors", List.of(tensors), JSON,
            input -> ModelImport.read(Files.write(file, input), Variant.MAIN, facts));
    }

    /** The header of a safetensors file, with its length made right again. */
    @Test
    void headersOfSafetensors() throws Exception {
        Path file = folder.resolve("mutated.safetensors");
        int length = (int) ByteBuffer.wrap(tensors).order(ByteOrder.LITTLE_ENDIAN).getLong();
        byte[] header = Arrays.copyOfRange(tensors, Long.BYTES, Long.BYTES + length);
        Mutations.check("safetensors header", List.of(header), JSON, input -> {
            ByteBuffer whole = ByteBuffer.allocate(Long.BYTES + input.length + tensors.length - Long.BYTES - length)
                .order(ByteOrder.LITTLE_ENDIAN);
            whole.putLong(input.length).put(input).put(tensors, Long.BYTES + length, tensors.length - Long.BYTES - length);
            ModelImport.read(Files.write(file, whole.array()), Variant.MAIN, facts);
        });
    }

    @Test
    void facts() throws Exception {
        Path tensorsFile = Files.write(folder.resolve("tiny.safetensors"), tensors);
        Path file = folder.resolve("mutated.json");
        List<byte[]> valid = List.of(Files.readAllBytes(facts));
        Mutations.check("facts", valid, JSON,
            input -> ModelImport.read(tensorsFile, Variant.MAIN, Files.write(file, input)));
    }

    @Test
    void descriptionsOfBundles() throws Exception {
        Path bundle = folder.resolve("mutated-bundle");
        Mutations.check("model.json", List.of(Files.readAllBytes(facts)), JSON, input -> {
            Files.write(bundle.resolve(ModelBundle.FACTS_FILE), input);
            ModelBundle.load(bundle).packed();
        });
    }
}
