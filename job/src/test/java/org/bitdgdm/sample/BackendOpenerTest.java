package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
        return BackendOpener.of(new SampleConf(1, 1, "uniform", 0, 1, 1, backend, "auto", ""));
    }

    @Test
    void autoIsResolvedOnTheDriver() {
        assertThat(of("auto").backend()).isEqualTo(Denoisers.resolve(Backend.AUTO)).isNotEqualTo(Backend.AUTO);
        assertThat(of("reference").key()).isEqualTo("reference");
        assertThat(of("cpu").key()).isEqualTo("cpu (auto)");
        assertThatThrownBy(() -> new BackendOpener(Backend.AUTO, "auto", "")).hasMessageContaining("resolved");
    }

    @Test
    void opensWhatItNames() {
        PackedModel model = TinyModel.packed(1);
        for (String backend : new String[] {"reference", "cpu"}) {
            try (Denoiser denoiser = of(backend).open(model, 2)) {
                assertThat(denoiser.describe()).startsWith(backend);
                GraphBatch batch = InitialNoise.draw(model.diffusion(), 5, new long[] {3, 4}, 7);
                denoiser.advance(batch, 7, model.diffusion().times(5));
                for (byte node : batch.nodes()) {
                    assertThat(node).isBetween((byte) 0, (byte) 3);
                }
            }
        }
    }
}
