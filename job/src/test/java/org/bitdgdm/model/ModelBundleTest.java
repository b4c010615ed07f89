package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Variant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelBundleTest {
    /** Tests run in the folder of their module. */
    static final Path SHIPPED = Path.of("../conf/models/qm9");

    @TempDir
    private Path temporary;

    private ModelBundle tiny(Variant variant) throws IOException {
        Path file = new TinyCheckpoint().write(temporary.resolve("tiny.ckpt"));
        ModelBundle bundle = ModelImport.read(file, variant, null);
        Files.delete(file);
        return bundle;
    }

    private List<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void loadsTheShippedBundle() {
        ModelBundle bundle = ModelBundle.load(SHIPPED);
        assertThat(bundle.architecture().layers()).isEqualTo(5);
        assertThat(bundle.vocabulary().nodes()).containsExactly("C", "N", "O", "F");
        assertThat(bundle.diffusion().limits().nodes()).containsExactly(0.723f, 0.1151f, 0.1593f, 0.0026f);
        assertThat(bundle.tensors()).hasSize(305);
        PackedModel packed = bundle.packed();
        assertThat(packed.linears()).hasSize(5 * 22 + 10);
        PackedLinear linear = packed.linear("tf_layers.3.self_attn.x_y.lin");
        Tensor stored = bundle.tensors().get("model.tf_layers.3.self_attn.x_y.lin.weight");
        assertThat(linear.in).isEqualTo(4 * 256);
        assertThat(linear.out).isEqualTo(64);
        assertThat(linear.weight[5 * 64 + 7]).isEqualTo(stored.values()[7 * 1024 + 5]).isNotZero();
        assertThat(linear.bias).isEqualTo(bundle.tensors().get("model.tf_layers.3.self_attn.x_y.lin.bias").values());
        assertThat(packed.norm("tf_layers.4.norm_y2").weight())
            .isEqualTo(bundle.tensors().get("model.tf_layers.4.norm_y2.weight").values());
    }

    @Test
    void savesAndLoadsToTheSameBytes() throws IOException {
        ModelBundle bundle = tiny(Variant.MAIN);
        bundle.save(temporary.resolve("deep/in/first"));
        ModelBundle loaded = ModelBundle.load(temporary.resolve("deep/in/first"));
        assertThat(loaded.name()).isEqualTo(bundle.name());
        assertThat(loaded.architecture().variant()).isEqualTo(Variant.MAIN);
        assertThat(loaded.architecture().nodeWeights()).isEqualTo(bundle.architecture().nodeWeights());
        assertThat(loaded.diffusion().limits().edges()).isEqualTo(bundle.diffusion().limits().edges());
        assertThat(loaded.vocabulary()).isEqualTo(bundle.vocabulary());
        assertThat(loaded.tensors()).isEqualTo(bundle.tensors());
        assertThat(loaded.provenance()).isEqualTo(bundle.provenance());
        assertThat(loaded.sha256()).isEqualTo(bundle.sha256());
        loaded.save(temporary.resolve("second"));
        assertThat(files(temporary)).containsExactly("deep", "second");
        assertThat(files(temporary.resolve("second"))).containsExactly("model.json", "model.safetensors");
        for (String file : files(temporary.resolve("second"))) {
            assertThat(temporary.resolve("second").resolve(file)).hasSameBinaryContentAs(
                temporary.resolve("deep/in/first").resolve(file));
        }
    }

    @Test
    void replacesABundleAndLeavesOtherFilesAlone() throws IOException {
        Path folder = temporary.resolve("bundle");
        tiny(Variant.MAIN).save(folder, staging -> Files.writeString(staging.resolve("extra"), "one"));
        assertThat(files(folder)).containsExactly("extra", "model.json", "model.safetensors");
        Files.writeString(folder.resolve("README.md"), "mine");
        tiny(Variant.FIXED_BUG).save(folder, staging -> Files.writeString(staging.resolve("extra"), "two"));
        assertThat(files(folder)).containsExactly("README.md", "extra", "model.json", "model.safetensors");
        assertThat(folder.resolve("README.md")).hasContent("mine");
        assertThat(folder.resolve("extra")).hasContent("two");
        assertThat(ModelBundle.load(folder).architecture().variant()).isEqualTo(Variant.FIXED_BUG);
        assertThat(files(temporary)).containsExactly("bundle");
    }

    @Test
    void leavesNothingWhenSavingFails() throws IOException {
        ModelBundle bundle = tiny(Variant.MAIN);
        Path folder = temporary.resolve("bundle");
        assertThatThrownBy(() -> bundle.save(folder, staging -> {
            Files.writeString(staging.resolve("half"), "half");
            throw new IOException("disk full");
        })).isInstanceOf(InputException.class).hasMessageContaining("cannot write").hasMessageContaining("disk full");
        assertThatThrownBy(() -> bundle.save(folder, staging -> {
            throw new InputException("bad reference set");
        })).hasMessage("bad reference set");
        assertThat(files(temporary)).isEmpty();
    }

    @Test
    void refusesFoldersOfOthers() throws IOException {
        ModelBundle bundle = tiny(Variant.MAIN);
        Path folder = Files.createDirectory(temporary.resolve("mine"));
        Files.writeString(folder.resolve("letter.txt"), "dear");
        assertThatThrownBy(() -> bundle.save(folder)).isInstanceOf(InputException.class)
            .hasMessageContaining("neither empty nor a model bundle");
        assertThatThrownBy(() -> bundle.save(folder.resolve("letter.txt"))).isInstanceOf(InputException.class)
            .hasMessageContaining("is no folder");
        assertThatThrownBy(() -> bundle.save(folder.resolve("letter.txt/bundle"))).isInstanceOf(InputException.class)
            .hasMessageContaining("cannot write");
        assertThat(files(folder)).containsExactly("letter.txt");
        Files.delete(folder.resolve("letter.txt"));
        bundle.save(folder);
        assertThat(ModelBundle.load(folder).sha256()).isEqualTo(bundle.sha256());
    }

    @Test
    void refusesDamagedBundles() throws IOException {
        Path folder = temporary.resolve("bundle");
        assertThatThrownBy(() -> ModelBundle.load(folder)).isInstanceOf(InputException.class)
            .hasMessageContaining("no model bundle in " + folder);
        tiny(Variant.MAIN).save(folder);
        Path facts = folder.resolve("model.json");
        String json = Files.readString(facts);
        assertLoadRefused(facts, json.replace("\"format\" : 1", "\"format\" : 2"), "has format version 2");
        assertLoadRefused(facts, json.replace("\"format\"", "\"formal\""), "has format version");
        assertLoadRefused(facts, json.substring(0, json.length() / 2), "is no JSON");
        assertLoadRefused(facts, json.replace("\"main\"", "\"old\""), "unknown DiGress variant 'old'");
        assertLoadRefused(facts, json.replace("\"layers\" : 1", "\"layers\" : 2"), "is missing");
        assertLoadRefused(facts, json.replace("\"heads\" : 2", "\"heads\" : 0"), "heads must be at least 1");
        assertLoadRefused(facts, json.replace("\"aromatic\"", "\"ionic\""), "'bonds' must be none, single");
        Files.writeString(facts, json);
        Path tensors = folder.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(tensors);
        bytes[bytes.length - 1] ^= 1;
        Files.write(tensors, bytes);
        assertThatThrownBy(() -> ModelBundle.load(folder)).isInstanceOf(InputException.class)
            .hasMessageContaining("has SHA-256").hasMessageContaining("the bundle is damaged");
    }

    private void assertLoadRefused(Path facts, String json, String... words) throws IOException {
        Files.writeString(facts, json);
        assertThatThrownBy(() -> ModelBundle.load(facts.getParent())).isInstanceOf(InputException.class)
            .hasMessageContainingAll(words);
    }
}
