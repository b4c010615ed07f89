package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.bitdgdm.kernels.ProteinArchitecture.StructureAt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logits of sequences that an earlier release has computed, which every later one must compute again, bit by bit. */
class FrozenProteinLogitsTest {
    private static final int RESIDUES = 30;
    private static final int SAMPLES = 2;
    private static final int TIME = 21;

    /** In every packed form of layers, with nodes that fill vectors or do not. */
    @ParameterizedTest
    @CsvSource({
        "20, 2c8b8570ce1350946bc5f99ac31330ea10703e0fdbb9ed12c9b585c480ac1747",
        "32, 2efb55f0099c3d23967f872a9fdf5ec1742d37931e884f97764a951efd374788"})
    void logitsOfEveryFormAreThoseOfAnEarlierRelease(int width, String frozen) {
        PackedProteinModel full = TestProteins.model(new ProteinArchitecture(2, true, true, StructureAt.OUTPUT, 50), width, 9,
            5, 4);
        ProteinGraph protein = TestProteins.random(RESIDUES, 8);
        byte[] sequences = TestProteins.sequence(SAMPLES * RESIDUES, 2);
        List<TestLayers.Form> forms = TestLayers.forms();
        float[] logits = new float[sequences.length * ResidueDiffusion.CLASSES];
        ByteBuffer all = ByteBuffer.allocate(Float.BYTES * logits.length * forms.size());
        for (int at = 0; at < forms.size(); at++) {
            TestLayers.Form form = forms.get(at);
            Random random = new Random(at);
            PackedProteinModel model = full.withRanges(List.of(full.linears().stream()
                .map(linear -> full.spec().layer(linear.name).quantized() ? TestLayers.quantized(linear, form, random) : linear)
                .toList()));
            // Whichever it is: instruction sets agree, as CpuProteinDenoiserTest shows.
            BackendOptions options = new BackendOptions(1, "auto", null);
            try (ProteinDenoiser denoiser = new CpuProteinDenoiser(model, options);
                 ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
                network.logits(sequences, TIME, logits);
            }
            for (float logit : logits) {
                all.putFloat(logit);
            }
        }
        assertThat(Sha256.of(all.array())).isEqualTo(frozen);
    }
}
