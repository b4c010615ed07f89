package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Variant;
import org.bitdgdm.model.PickleWriter.PersistentId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Imports that succeed; those that are refused are in {@link ModelImportRefusalTest}. */
class ModelImportTest {
    @TempDir
    private Path folder;

    private final TinyCheckpoint tiny = new TinyCheckpoint();

    private ModelBundle read() throws IOException {
        return ModelImport.read(tiny.write(folder.resolve("tiny.ckpt")), Variant.MAIN, null);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 4, 5})
    void readsEverythingThatACheckpointSays(int protocol) throws IOException {
        tiny.protocol = protocol;
        ModelBundle bundle = read();
        assertThat(bundle.name()).isEqualTo("tiny");
        assertThat(bundle.architecture().variant()).isEqualTo(Variant.MAIN);
        assertThat(bundle.architecture().layers()).isEqualTo(1);
        assertThat(bundle.architecture().heads()).isEqualTo(2);
        assertThat(bundle.architecture().diffusionSteps()).isEqualTo(10);
        assertThat(bundle.architecture().maxNodes()).isEqualTo(3);
        assertThat(bundle.architecture().molecular()).isTrue();
        assertThat(bundle.architecture().maxWeight()).isEqualTo(60);
        assertThat(bundle.architecture().nodeWeights()).containsExactlyInAnyOrder(12, 16);
        assertThat(bundle.vocabulary()).isEqualTo(new Vocabulary(List.of("C", "O"), Vocabulary.MOLECULE_BONDS));
        assertThat(bundle.diffusion().limits().nodes()).containsExactly(0.75f, 0.25f);
        assertThat(bundle.diffusion().limits().edges()).containsExactly(0.5f, 0.25f, 0.125f, 0.125f, 0);
        assertThat(bundle.diffusion().sizes().weights()).containsExactly(0, 0.25f, 0.25f, 0.5f);
        assertThat(bundle.tensors().values()).containsExactlyInAnyOrderElementsOf(TinyCheckpoint.tensors());
        assertThat(bundle.provenance()).containsEntry("source", "tiny.ckpt").containsEntry("pytorch_lightning", "2.0.4")
            .containsKey("source_sha256");
        assertThat(bundle.packed().linear("tf_layers.0.self_attn.e_out").weight).hasSize(8 * 4);
    }

    @Test
    void readsStridesAndOffsets() throws IOException {
        // mlp_in_E.0.weight, (6, 5), kept as its transpose, three numbers into a storage; its bias as every second one.
        float[] straight = TinyCheckpoint.values("model.mlp_in_E.0.weight", 6, 5);
        float[] bias = TinyCheckpoint.values("model.mlp_in_E.0.bias", 6);
        ByteBuffer bytes = ByteBuffer.allocate(4 * 45).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < 6; row++) {
            for (int col = 0; col < 5; col++) {
                bytes.putFloat(4 * (3 + col * 6 + row), straight[row * 5 + col]);
            }
            bytes.putFloat(4 * (33 + 2 * row), bias[row]);
        }
        PersistentId storage = tiny.storage("FloatStorage", 45, bytes.array());
        tiny.state.put("model.mlp_in_E.0.weight", TinyCheckpoint.view(storage, 3, new int[] {6, 5}, 1, 6));
        tiny.state.put("model.mlp_in_E.0.bias", TinyCheckpoint.view(storage, 33, new int[] {6}, 2));
        assertThat(read().tensors().values()).containsExactlyInAnyOrderElementsOf(TinyCheckpoint.tensors());
    }

    @Test
    void readsAViewThatRepeatsAFewNumbers() throws IOException {
        PersistentId storage = tiny.storage("FloatStorage", 1, new byte[] {0, 0, 0x40, 0x40});
        tiny.state.put("model.mlp_in_X.0.bias", TinyCheckpoint.view(storage, 0, new int[] {7}, 0));
        assertThat(read().tensors().get("model.mlp_in_X.0.bias").values()).containsOnly(3f).hasSize(7);
    }

    @Test
    void keepsTensorsOfNoElements() throws IOException {
        Tensor empty = read().tensors().get("model.mlp_out_y.2.weight");
        assertThat(empty.shape()).containsExactly(0, 6);
        assertThat(empty.values()).isEmpty();
    }

    /** 1, −2.5, the smallest subnormal of F16 (or a small number), 0.1 rounded to the type. */
    @ParameterizedTest
    @CsvSource({
        "HalfStorage, 003c 00c1 0100 662e 0080 ff7b 0000, 1 -2.5 5.9604645E-8 0.099975586 -0.0 65504 0",
        "BFloat16Storage, 803f 20c0 8033 cd3d 0080 803f 0000, 1 -2.5 5.9604645E-8 0.100097656 -0.0 1 0",
        "DoubleStorage, 000000000000f03f 00000000000004c0 000000000000703e 9a9999999999b93f 0000000000000080 "
            + "000000000000f03f 0000000000000000, 1 -2.5 5.9604645E-8 0.1 -0.0 1 0",
    })
    void convertsOtherFloatingTypes(String storageType, String hex, String expected) throws IOException {
        byte[] bytes = HexFormat.of().parseHex(hex.replace(" ", ""));
        PersistentId storage = tiny.storage(storageType, 7, bytes);
        tiny.state.put("model.mlp_in_X.0.bias", TinyCheckpoint.view(storage, 0, new int[] {7}, 1));
        String[] numbers = expected.split(" ");
        float[] found = read().tensors().get("model.mlp_in_X.0.bias").values();
        for (int i = 0; i < numbers.length; i++) {
            assertThat(found[i]).as("number %d", i).isEqualTo(Float.parseFloat(numbers[i]));
        }
    }

    @Test
    void readsABareStateDictWithAFactsFile() throws IOException {
        ModelBundle whole = read();
        Path facts = facts(whole);
        byte[] pickle = PickleWriter.write(2, tiny.state);
        Path bare = tiny.write(folder.resolve("bare.pt"), pickle);
        ModelBundle bundle = ModelImport.read(bare, Variant.MAIN, facts);
        assertThat(bundle.sha256()).isEqualTo(whole.sha256());
        assertThat(bundle.vocabulary()).isEqualTo(whole.vocabulary());
    }

    @Test
    void readsSafetensorsWithAFactsFile() throws IOException {
        ModelBundle whole = read();
        Path file = Files.write(folder.resolve("tiny.safetensors"), SafetensorsFile.bytes(TinyCheckpoint.tensors()));
        ModelBundle bundle = ModelImport.read(file, Variant.MAIN, facts(whole));
        assertThat(bundle.sha256()).isEqualTo(whole.sha256());
        assertThat(bundle.tensors()).isEqualTo(whole.tensors());
        assertThat(bundle.provenance()).containsEntry("source", "tiny.safetensors");
    }

    /** The description of a bundle is itself a facts file for the same model. */
    private Path facts(ModelBundle bundle) {
        bundle.save(folder.resolve("facts"));
        return folder.resolve("facts").resolve(ModelBundle.FACTS_FILE);
    }

    @Test
    void aFactsFileAddsWhatIsMissingAndMayRename() throws IOException {
        tiny.dataset.remove("max_weight");
        Path facts = Files.writeString(folder.resolve("facts.json"),
            "{\"max_weight\": 99.5, \"name\": \"mine\", \"layers\": 1, \"provenance\": {\"license\": \"CC0\"}}");
        ModelBundle bundle = ModelImport.read(tiny.write(folder.resolve("tiny.ckpt")), Variant.MAIN, facts);
        assertThat(bundle.name()).isEqualTo("mine");
        assertThat(bundle.architecture().maxWeight()).isEqualTo(99.5f);
        assertThat(bundle.provenance()).containsEntry("license", "CC0").containsEntry("source", "tiny.ckpt");
    }

    @Test
    void aUniformTransitionNeedsNoMarginals() throws IOException {
        tiny.model.put("transition", "uniform");
        tiny.dataset.remove("node_types");
        ModelBundle bundle = read();
        assertThat(bundle.diffusion().limits().nodes()).containsExactly(0.5f, 0.5f);
        assertThat(bundle.diffusion().limits().edges()).containsExactly(0.2f, 0.2f, 0.2f, 0.2f, 0.2f);
        bundle.save(folder.resolve("bundle"));
        assertThat(folder.resolve("bundle/model.json")).content().contains("\"uniform\"");
        assertThat(ModelBundle.load(folder.resolve("bundle")).diffusion().limits().edges()).containsOnly(0.2f);
    }

    @Test
    void countsAreMadeMarginals() throws IOException {
        tiny.dataset.put("node_types", List.of(30, 10));
        tiny.dataset.put("n_nodes", tiny.tensor(new int[] {6}, 0, 5, 5, 10, 0, 0));
        ModelBundle bundle = read();
        assertThat(bundle.diffusion().limits().nodes()).containsExactly(0.75f, 0.25f);
        assertThat(bundle.diffusion().sizes().weights()).containsExactly(0, 5, 5, 10);
    }

    @Test
    void readsWhatIsPickledBesideTheModelAsData() throws IOException {
        // Deep, cyclic by repetition, and of unknown classes; nobody walks into it.
        Object deep = List.of(1);
        for (int i = 0; i < 500; i++) {
            deep = List.of(deep, PickleWriter.Call.of("numpy.core.multiarray", "scalar", "x"));
        }
        tiny.other.put("callbacks", Map.of("ModelCheckpoint", List.of(deep)));
        assertThat(read().tensors()).hasSize(TinyCheckpoint.shapes().size());
    }

    @Test
    void leavesOutWhatTheTrainingsMetricsKeep() throws IOException {
        tiny.state.put("sampling_metrics.n_target_dist", tiny.tensor(new int[] {4}, 0, 0.25f, 0.25f, 0.5f));
        tiny.state.put("val_nll.total_nll", tiny.tensor(new int[] {}, Float.NaN));
        assertThat(read().tensors().keySet()).isEqualTo(TinyCheckpoint.shapes().keySet());
    }

    /** As GuacaMol's, whose symbols belong to a class, and with statistics in NumPy arrays. */
    @Test
    void aFactsFileSaysWhatIsNotPickledAsPlainValues() throws IOException {
        tiny.dataset.remove("atom_decoder");
        tiny.dataset.put("n_nodes", PickleWriter.Call.of("numpy.core.multiarray", "_reconstruct", "x"));
        Path facts = Files.writeString(folder.resolve("facts.json"),
            "{\"atoms\": [\"C\", \"O\"], \"size_histogram\": [0, 1, 2, 3]}");
        ModelBundle bundle = ModelImport.read(tiny.write(folder.resolve("tiny.ckpt")), Variant.MAIN, facts);
        assertThat(bundle.architecture().molecular()).isTrue();
        assertThat(bundle.vocabulary().nodes()).containsExactly("C", "O");
        assertThat(bundle.diffusion().sizes().weights()).containsExactly(0, 1, 2, 3);
    }

    @Test
    void aDataSetWithoutAtomsMakesPlainGraphs() throws IOException {
        ModelBundle bundle = ModelImport.read(TinyCheckpoint.ofGraphs().write(folder.resolve("tiny.ckpt")), Variant.MAIN, null);
        assertThat(bundle.vocabulary()).isEqualTo(Vocabulary.ofGraphs(1, 2));
        assertThat(bundle.vocabulary().nodes()).containsExactly("node");
        assertThat(bundle.vocabulary().edges()).containsExactly("none", "edge");
        assertThat(bundle.architecture().molecular()).isFalse();
        assertThat(bundle.diffusion().limits().nodes()).containsExactly(1);
        bundle.save(folder.resolve("bundle"));
        assertThat(folder.resolve("bundle/model.json")).content().contains("\"family\" : \"graphs\"")
            .doesNotContain("atoms", "molecular");
        assertThat(ModelBundle.load(folder.resolve("bundle")).vocabulary()).isEqualTo(bundle.vocabulary());
    }

    @Test
    void theClassOfTheDataSetNamesAtomsThatItDoesNotHold() throws IOException {
        tiny.dataset.remove("atom_decoder");
        tiny.datasetClass = "Guacamolinfos";
        // Twelve atoms where the tiny network has two: the names were found.
        Path file = tiny.write(folder.resolve("tiny.ckpt"));
        assertThatThrownBy(() -> ModelImport.read(file, Variant.MAIN, null)).isInstanceOf(InputException.class)
            .hasMessageContaining("one weight per node type");
    }

    @Test
    void marginalsSayInWhichFormMoleculesWere() throws IOException {
        tiny.dataset.put("atom_decoder", List.of("C", "H"));
        tiny.dataset.put("node_types", tiny.tensor(new int[] {2}, 1, 0));
        tiny.dataset.put("edge_types", tiny.tensor(new int[] {5}, 0.5f, 0.2f, 0.1f, 0.1f, 0.1f));
        assertThat(read().vocabulary()).matches(Vocabulary::aromatic).matches(found -> !found.hydrogens());
        tiny.dataset.put("node_types", tiny.tensor(new int[] {2}, 0.5f, 0.5f));
        tiny.dataset.put("edge_types", tiny.tensor(new int[] {5}, 0.5f, 0.25f, 0.125f, 0.125f, 0));
        // A uniform transition says nothing of the data, whose marginals the checkpoint still has.
        for (String transition : List.of("marginal", "uniform")) {
            tiny.model.put("transition", transition);
            ModelBundle bundle = read();
            assertThat(bundle.vocabulary()).as(transition).matches(found -> !found.aromatic());
            bundle.save(folder.resolve(transition));
            assertThat(ModelBundle.load(folder.resolve(transition)).vocabulary()).isEqualTo(bundle.vocabulary());
        }
    }

    @Test
    void readsBundlesThatSayMolecularInPlaceOfAFamily() throws IOException {
        ModelBundle bundle = read();
        bundle.save(folder.resolve("old"));
        Path facts = folder.resolve("old").resolve(ModelBundle.FACTS_FILE);
        String json = Files.readString(facts);
        Files.writeString(facts, json.replace("\"family\" : \"molecules\"", "\"molecular\" : true")
            .replaceAll("  \"(explicit_hydrogens|aromatic_bonds)\".*\n", ""));
        assertThat(ModelBundle.load(folder.resolve("old")).vocabulary()).isEqualTo(bundle.vocabulary());
        Files.writeString(facts, json.replace("\"family\" : \"molecules\"", "\"family\" : \"proteins\""));
        assertThatThrownBy(() -> ModelBundle.load(folder.resolve("old"))).isInstanceOf(InputException.class)
            .hasMessageContaining("'family' must be one of molecules, graphs");
    }

    /** The checkpoints of every family, with random weights, as the published code saves them. */
    @ParameterizedTest
    @CsvSource({
        "qm9h, MOLECULES, H C N O F, 29, true, false",
        "moses, MOLECULES, C N S O F Cl Br H, 27, false, true",
        "guacamol, MOLECULES, C N O F B Br Cl I P S Se Si, 88, false, true",
        "planar, GRAPHS, node, 64, false, false",
        "sbm, GRAPHS, node, 187, false, false",
        "comm20, GRAPHS, node, 20, false, false",
        "opt-uniform, MOLECULES, C N O F, 9, false, false",
        "opt-graph-uniform, GRAPHS, node, 20, false, false",
    })
    void readsTheCheckpointsOfEveryFamily(String name, Family family, String nodes, int largest, boolean hydrogens,
                                          boolean aromatic) {
        Path checkpoint = shared("models/families/" + name + ".ckpt");
        assumeTrue(checkpoint != null, "the shared folder with the checkpoints of all families is not on this machine");
        ModelBundle bundle = ModelImport.read(checkpoint, Variant.FIXED_BUG, null);
        assertThat(bundle.vocabulary()).isEqualTo(new Vocabulary(family, List.of(nodes.split(" ")),
            family == Family.GRAPHS ? List.of("none", "edge") : Vocabulary.MOLECULE_BONDS, hydrogens, aromatic));
        assertThat(bundle.architecture().maxNodes()).isEqualTo(largest);
        bundle.save(folder.resolve("bundle"));
        assertThat(ModelBundle.load(folder.resolve("bundle")).vocabulary()).isEqualTo(bundle.vocabulary());
    }

    /** A model was trained with the constants of its data set's class, the wrong ones too. */
    @Test
    void keepsWrongConstantsOfTheTrainingAndNormalisesAsItDid() {
        Path moses = shared("models/families/moses.ckpt");
        assumeTrue(moses != null, "the shared folder with the checkpoints of all families is not on this machine");
        ModelBundle bundle = ModelImport.read(moses, Variant.FIXED_BUG, null);
        assertThat(bundle.diffusion().limits().nodes()).usingComparatorWithPrecision(1e-5f)
            .containsExactly(.56643f, .10713f, .12833f, .08120f, .11149f, .00424f, .00118f, 0f);
        ModelBundle guacamol = ModelImport.read(shared("models/families/guacamol.ckpt"), Variant.FIXED_BUG, null);
        assertThat(guacamol.architecture().nodeWeights()[9]).isEqualTo(30.07f);
    }

    @Test
    void theSharedCheckpointGivesTheShippedBundle() throws IOException {
        Path checkpoint = shared("models/qm9-digress.ckpt");
        assumeTrue(checkpoint != null, "the shared folder with the original checkpoint is not on this machine");
        ModelBundle bundle = ModelImport.read(checkpoint, Variant.FIXED_BUG, null);
        assertThat(bundle.tensors()).hasSize(305);
        // 4,611,977 parameters and the schedule's 501 numbers.
        long numbers = bundle.tensors().values().stream().mapToLong(tensor -> tensor.values().length).sum();
        assertThat(numbers).isEqualTo(4_612_478);
        bundle.save(folder.resolve("qm9"));
        for (String file : List.of(ModelBundle.TENSORS_FILE, ModelBundle.FACTS_FILE)) {
            assertThat(folder.resolve("qm9").resolve(file)).hasSameBinaryContentAs(ModelBundleTest.SHIPPED.resolve(file));
        }
    }

    /** A file of the folder {@code shared} beside some parent of the working directory; null if there is none. */
    static Path shared(String name) {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isRegularFile(at.resolve("shared").resolve(name))) {
                return at.resolve("shared").resolve(name);
            }
        }
        return null;
    }
}
