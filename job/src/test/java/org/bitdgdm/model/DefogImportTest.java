package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.FeatureSet;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.LimitDistribution.Kind;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.Schedule;
import org.bitdgdm.kernels.Variant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checkpoints of DeFoG become bundles, which say all that their samplers need; what is not supported is refused. */
class DefogImportTest {
    @TempDir
    Path folder;

    private ModelBundle read(TinyCheckpoint tiny) throws IOException {
        return ModelImport.read(tiny.write(folder.resolve("tiny.ckpt")), Optional.empty(), () -> {
            throw new AssertionError("DeFoG's network has one variant");
        }, null);
    }

    @ParameterizedTest
    @EnumSource
    void everyLimitComesBackFromTheBundle(Kind kind) throws IOException {
        ModelBundle bundle = read(TinyCheckpoint.ofFlow(kind.label()));
        assertThat(bundle.architecture().features()).isEqualTo(FeatureSet.RRWP);
        assertThat(bundle.architecture().walks()).isEqualTo(3);
        assertThat(bundle.architecture().variant()).isEqualTo(Variant.MAIN);
        assertThat(bundle.diffusion().schedule().linear()).isTrue();
        assertThat(bundle.diffusion().limits().kind()).isEqualTo(kind);
        assertThat(bundle.vocabulary().nodes()).containsExactly("C", "O");
        assertThat(bundle.vocabulary().edges()).hasSize(5);
        assertThat(bundle.diffusion().limits().nodes()).isEqualTo(switch (kind) {
            case MARGINAL, NODE_MARGINAL -> new float[] {0.75f, 0.25f};
            case UNIFORM, EDGE_MARGINAL -> new float[] {0.5f, 0.5f};
            case ABSORBFIRST, ARGMAX -> new float[] {1, 0};
            case ABSORBING -> new float[] {0, 0, 1};
        });
        bundle.save(folder.resolve("bundle"));
        ModelBundle loaded = ModelBundle.load(folder.resolve("bundle"));
        assertThat(loaded.diffusion().limits().kind()).isEqualTo(kind);
        assertThat(loaded.vocabulary()).isEqualTo(bundle.vocabulary());
        assertThat(PackedModelFormat.toBytes(loaded.packed())).isEqualTo(PackedModelFormat.toBytes(bundle.packed()));
    }

    @Test
    void aClassThatOnlyNoiseHasIsNeverSampled() throws IOException, InterruptedException {
        PackedModel model = read(TinyCheckpoint.ofFlow("absorbing")).packed();
        Diffusion diffusion = model.diffusion();
        GraphBatch noise = InitialNoise.draw(diffusion, 3, new long[] {1, 2}, 4);
        assertThat(noise.nodes()).containsOnly(2);
        assertThat(noise.edges()).contains(5);
        for (Sampler sampler : List.of(Sampler.of(diffusion), Sampler.posterior(Schedule.UNIFORM))) {
            GraphBatch sampled = new ReferenceDenoiser(model).sample(3, LongStream.range(0, 20).toArray(), 4,
                sampler.steps(diffusion, 4));
            for (byte node : sampled.nodes()) {
                assertThat(node).isBetween((byte) 0, (byte) 1);
            }
            for (byte edge : sampled.edges()) {
                assertThat(edge).isBetween((byte) 0, (byte) 4);
            }
        }
    }

    /** ZINC250k as DeFoG has it: no class for aromatic bonds. */
    @Test
    void aVocabularyWithoutAromaticBondsIsRead() throws IOException {
        ModelBundle bundle = read(TinyCheckpoint.ofFlow("marginal").withoutAromaticBonds());
        assertThat(bundle.vocabulary().edges()).containsExactly("none", "single", "double", "triple");
        assertThat(bundle.vocabulary().aromatic()).isFalse();
        assertThat(bundle.architecture().edgeTypes()).isEqualTo(4);
    }

    @Test
    void whatIsNotSupportedIsRefused() throws IOException {
        TinyCheckpoint cycles = TinyCheckpoint.ofFlow("marginal");
        cycles.model.put("extra_features", TinyCheckpoint.node("cycles"));
        assertThatThrownBy(() -> read(cycles)).isInstanceOf(InputException.class)
            .hasMessageContaining("'extra_features' must be one of rrwp (others are not supported), found \"cycles\"");
        TinyCheckpoint other = TinyCheckpoint.ofFlow("marginal");
        other.model.put("transition", TinyCheckpoint.node("planar"));
        assertThatThrownBy(() -> read(other)).isInstanceOf(InputException.class)
            .hasMessageContaining("'transition' must be one of marginal, uniform, absorbfirst, argmax");
        TinyCheckpoint longer = TinyCheckpoint.ofFlow("marginal");
        longer.model.put("rrwp_steps", TinyCheckpoint.node(4));
        assertThatThrownBy(() -> read(longer)).isInstanceOf(InputException.class).hasMessageContaining("must have shape");
        Path file = TinyCheckpoint.ofFlow("marginal").write(folder.resolve("fixed.ckpt"));
        assertThatThrownBy(() -> ModelImport.read(file, Variant.FIXED_BUG, null)).isInstanceOf(InputException.class)
            .hasMessageContaining("--variant must be main or left out").hasMessageContaining("found fixed_bug");
        assertThat(Files.exists(file)).isTrue();
        assertThat(List.of(Kind.values())).hasSize(Kind.labels().size());
    }
}
