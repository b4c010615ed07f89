package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinArchitecture.StructureAt;
import org.bitdgdm.kernels.ResidueDiffusion.Transition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints of GraDe-IF: what is taken of them, what is kept of it, and what is refused. */
class ProteinImportTest {
    private static final Path SHIPPED = Path.of("..", "conf", "models", "gradeif");

    @TempDir
    Path folder;

    private Path file() {
        return folder.resolve("tiny.ckpt");
    }

    @Test
    void theAveragedWeightsAreTaken() throws IOException {
        Path file = new TinyProteinCheckpoint().write(file());
        assertThat(ProteinImport.recognises(file)).isTrue();
        ProteinBundle bundle = ProteinImport.read(file);
        assertThat(bundle.name()).isEqualTo("tiny");
        assertThat(bundle.trained()).isEqualTo(Transition.BLOSUM);
        assertThat(bundle.architecture().structureAt()).isEqualTo(StructureAt.OUTPUT);
        assertThat(bundle.provenance()).containsEntry("training_steps", "12");
        TinyProteinCheckpoint.shapes().forEach((name, shape) -> assertThat(bundle.tensors().get(name).values()).as(name)
            .isEqualTo(TinyProteinCheckpoint.values(name, shape, 2)));
    }

    @Test
    void slicesOfAnEmbeddingBecomeOneLayer() throws IOException {
        PackedProteinModel packed = ProteinImport.read(new TinyProteinCheckpoint().write(file())).packed();
        PackedLinear nodes = packed.linear("node_embedding");
        assertThat(nodes.in).isEqualTo(31);
        float[] second = TinyProteinCheckpoint.values("model.node_embedding.atom_embedding_list.1.weight", new int[] {4, 1}, 2);
        for (int c = 0; c < 4; c++) {
            assertThat(nodes.weight[20 * 4 + c]).isEqualTo(second[c]);
            float bias = 0;
            for (int k = 0; k < 5; k++) {
                bias += TinyProteinCheckpoint.values("model.node_embedding.atom_embedding_list." + k + ".bias", new int[] {4},
                    2)[c];
            }
            assertThat(nodes.bias[c]).isEqualTo(bias);
        }
    }

    @Test
    void aBundleIsReadAsItWasSavedAndDamageIsSeen() throws IOException {
        ProteinBundle bundle = ProteinImport.read(new TinyProteinCheckpoint().write(file()));
        Path saved = folder.resolve("bundle");
        bundle.save(saved);
        assertThat(ProteinBundle.isIn(saved)).isTrue();
        ProteinBundle loaded = ProteinBundle.load(saved);
        assertThat(loaded).isEqualTo(bundle);
        assertThat(loaded.tables()).containsKeys("mean_attr.x_mean", "mean_attr.pos_std", "blosum.score");
        Path facts = saved.resolve(ModelBundle.FACTS_FILE);
        String text = Files.readString(facts);
        Files.writeString(facts, text.replace("\"layers\" : 1", "\"layers\" : 2"));
        assertThatThrownBy(() -> ProteinBundle.load(saved)).isInstanceOf(InputException.class)
            .hasMessageContaining("mpnn_layes.1").hasMessageContaining("is missing");
        Files.writeString(facts, text.replace("\"output\"", "\"inside\""));
        assertThatThrownBy(() -> ProteinBundle.load(saved)).isInstanceOf(InputException.class)
            .hasMessageContaining("'structure_at' must be one of output, last_layer, nowhere, found \"inside\"");
        Files.writeString(facts, text);
        byte[] tensors = Files.readAllBytes(saved.resolve(ModelBundle.TENSORS_FILE));
        tensors[tensors.length - 5]++;
        Files.write(saved.resolve(ModelBundle.TENSORS_FILE), tensors);
        assertThatThrownBy(() -> ProteinBundle.load(saved)).isInstanceOf(InputException.class)
            .hasMessageContaining("the bundle is damaged");
    }

    @Test
    void configurationsOfOtherNetworksAreRefused() throws IOException {
        refused("embedding", false, "'embedding' of its config must be true");
        refused("objective", "smooth_x0", "'objective' of its config must be pred_x0");
        refused("noise_type", "absorbing", "transition must be one of uniform, blosum, found absorbing");
        refused("embedding_dim", 5, "'embedding_dim' of its config must be 4, the width of its tensors, found 5");
        refused("depth", 2, "mpnn_layes.1.edge_mlp.0.weight is missing");
        refused("depth", 0, "layers must be in 1..1024, found 0");
        refused("depth", "six", "'depth' of its config must be a whole number, found six");
        refused("norm_feat", false, "mpnn_layes.0.node_norm.weight of shape [4] has no place");
        refused("timesteps", 20, "noise_schedule.betas must have shape [21], found [11]");
    }

    private void refused(String key, Object value, String sentence) throws IOException {
        TinyProteinCheckpoint tiny = new TinyProteinCheckpoint();
        tiny.config.put(key, value);
        Path file = tiny.write(file());
        assertThatThrownBy(() -> ProteinImport.read(file)).as(key).isInstanceOf(InputException.class)
            .hasMessageContaining(sentence).hasMessageContaining(file.toString());
    }

    @Test
    void tensorsThatAreNoneOfTheNetworkAreRefused() throws IOException {
        TinyProteinCheckpoint broken = new TinyProteinCheckpoint();
        broken.ema.put("ema_model.model.lin.bias", broken.tensor(new int[] {20}, filled(20, Float.NaN)));
        Path file = broken.write(file());
        assertThatThrownBy(() -> ProteinImport.read(file)).isInstanceOf(InputException.class)
            .hasMessageContaining("model.lin.bias holds NaN at index 0");
        TinyProteinCheckpoint raw = new TinyProteinCheckpoint();
        raw.ema.keySet().removeIf(name -> name.startsWith("ema_model."));
        raw.write(file);
        assertThatThrownBy(() -> ProteinImport.read(file)).isInstanceOf(InputException.class)
            .hasMessageContaining("'ema' holds no tensor that begins with ema_model.");
    }

    private static float[] filled(int count, float value) {
        float[] values = new float[count];
        Arrays.fill(values, value);
        return values;
    }

    @Test
    void otherFilesAreLeftToTheOtherImport() throws IOException {
        assertThat(ProteinImport.recognises(new TinyCheckpoint().write(file()))).isFalse();
        assertThat(ProteinImport.recognises(folder.resolve("none"))).isFalse();
        assertThat(ProteinBundle.isIn(Path.of("..", "conf", "models", "qm9"))).isFalse();
    }

    @Test
    void theShippedModelIsTheTrainedOne() {
        ProteinBundle bundle = ProteinBundle.load(SHIPPED);
        assertThat(bundle.architecture().layers()).isEqualTo(4);
        assertThat(bundle.tensors().values().stream().filter(tensor -> tensor.name().startsWith("model."))
            .mapToLong(tensor -> tensor.values().length).sum()).isEqualTo(650_916);
    }
}
