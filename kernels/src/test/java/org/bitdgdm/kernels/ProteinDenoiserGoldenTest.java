package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The message passing in the published configuration, and the transitions, against what the published code computes with
 * weights of a formula.
 */
class ProteinDenoiserGoldenTest {
    private static final String GOLDEN = "models/gradeif/gradeif-golden.safetensors";

    @Test
    void transitionsAreThoseOfThePublishedTables() {
        Tensors tables = Tensors.of(TestProteins.shared("models/gradeif/gradeif-tables.safetensors"));
        ResidueDiffusion diffusion = TestProteins.tables();
        assertThat(diffusion.betas()).isEqualTo(tables.floats("betas"));
        new Tolerance(1e-7, 3e-7).check("alphas bar", tables.floats("alphas_bar"), diffusion.alphasBar());
        new Tolerance(0, 3e-7).check("temperatures", tables.floats("blosum.Qtb_temperature.502"), diffusion.temperatures());
        for (ResidueDiffusion.Transition transition : ResidueDiffusion.Transition.values()) {
            for (int t : new int[] {0, 1, 50, 100, 250, 400, 500}) {
                new Tolerance(1e-7, 1e-5).check(transition + " " + t,
                    tables.floats("Qbar." + transition.label() + ".t" + t), floats(diffusion.cumulative(transition, t)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void logitsPosteriorAndRunsAreThoseOfThePublishedCode(ResidueDiffusion.Transition transition)
        throws InterruptedException {
        String name = "published-" + transition.label();
        Tensors golden = Tensors.of(TestProteins.shared(GOLDEN));
        try (ReferenceProteinDenoiser denoiser = new ReferenceProteinDenoiser(TestProteins.published());
             ProteinDenoiser.Conditioned network = denoiser.condition(TestProteins.golden(golden))) {
            GoldenSequences.checkLogits(golden, name, 250, network, 5e-5);
            GoldenSequences.checkPosteriors(golden, name, denoiser.diffusion(), transition, List.of(new int[] {300, 50}));
            GoldenSequences.checkRun(golden, name, 100, 0, network, denoiser.diffusion(), transition, 1e-4);
        }
    }

    @Test
    void theFirstLayerIsThatOfThePublishedCode() {
        Tensors golden = Tensors.of(TestProteins.shared(GOLDEN));
        try (ReferenceProteinDenoiser denoiser = new ReferenceProteinDenoiser(TestProteins.published())) {
            GoldenSequences.checkLayers(golden, "published-uniform", denoiser, TestProteins.golden(golden), 5e-5);
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int at = 0; at < values.length; at++) {
            floats[at] = (float) values[at];
        }
        return floats;
    }
}
