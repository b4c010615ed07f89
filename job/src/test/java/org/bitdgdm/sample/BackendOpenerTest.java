package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.SparkConf;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.PackedModel;
import org.junit.jupiter.api.Test;

class BackendOpenerTest {

    private static BackendOpener of(String backend) {
        return BackendOpener.of(new SampleConf(1, 1, "uniform", 0, 1, 1, backend, "auto", "fp32", ""), new SparkConf());
    }

    @Test
    void autoIsResolvedOnTheDriver() {
        assertThat(of("auto").backend()).isEqualTo(Denoisers.resolve(Backend.AUTO)).isNotEqualTo(Backend.AUTO);
        assertThat(of("reference").key()).isEqualTo("reference");
        assertThat(of("cpu").key()).isEqualTo("cpu (auto)");
        assertThatThrownBy(() -> new BackendOpener(Backend.AUTO, "auto", "")).hasMessageContaining("resolved");
    }

    /** The same seed may give other graphs on another kind of GPU, or in another precision. */
    @Test
    void theKindOfGpuIsPartOfWhatARunIs() {
        BackendOpener opener = new BackendOpener(Backend.CUDA, "auto", "", 0, "fp32", "9.0");
        assertThat(opener.identity()).isEqualTo("cuda (compute capability 9.0, fp32)").isEqualTo(opener.key());
        assertThat(opener.options(1).cudaCapability()).isEqualTo("9.0");
        assertThat(new BackendOpener(Backend.CUDA, "auto", "", 0, "bf16", "8.0").identity())
            .isEqualTo("cuda (compute capability 8.0, bf16)");
        assertThat(of("cpu").onDevices(null)).isEqualTo(of("cpu"));
        assertThat(of("cpu").identity()).isEqualTo("cpu");
    }

    @Test
    void opensWhatItNames() {
        PackedModel model = TinyModel.packed(1);
        for (String backend : new String[] {"reference", "cpu"}) {
            try (Denoiser denoiser = of(backend).open(model, 2)) {
                assertThat(denoiser.describe()).startsWith(backend);
                GraphBatch batch = InitialNoise.draw(model.diffusion(), 5, new long[] {3, 4}, 7);
                denoiser.advance(batch, 7, model.diffusion().schedule().times(5));
                for (byte node : batch.nodes()) {
                    assertThat(node).isBetween((byte) 0, (byte) 3);
                }
            }
        }
    }
}
