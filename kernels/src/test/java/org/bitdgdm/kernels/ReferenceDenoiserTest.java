package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Identities of the network and of sampling; the golden files check its numbers. */
class ReferenceDenoiserTest {
    private static final TestLayers.Form LOW_BIT = new TestLayers.Form(3, 4, 4, TestLayers.Input.SIGNED, 4, 8, 2, true);

    private static GraphBatch noise(PackedModel model, int n, long... ids) {
        return InitialNoise.draw(model.diffusion(), n, ids, 11);
    }

    private static float[][] logits(Denoiser denoiser, PackedModel model, GraphBatch batch, int t) {
        int n = batch.nodeCount();
        float[] nodes = new float[batch.size() * n * model.architecture().nodeTypes()];
        float[] edges = new float[batch.size() * n * n * model.architecture().edgeTypes()];
        denoiser.logits(batch, t, nodes, edges);
        return new float[][] {nodes, edges};
    }

    @ParameterizedTest
    @EnumSource
    void permutingNodesPermutesLogits(Variant variant) {
        PackedModel model = TestModels.tiny(variant, 3);
        ReferenceDenoiser denoiser = new ReferenceDenoiser(model);
        // Connected, distinct eigenvalues, and no two entries of equal magnitude that compete for the sign.
        int[][] edges = {{0, 1, 1}, {1, 2, 2}, {2, 3, 1}, {3, 4, 1}, {4, 1, 3}, {4, 5, 1}, {2, 6, 2}};
        int[] moved = {4, 2, 6, 0, 1, 5, 3};
        GraphBatch batch = new GraphBatch(7, new long[2]);
        for (int i = 0; i < 7; i++) {
            batch.nodes()[i] = (byte) (i % 3);
            batch.nodes()[7 + moved[i]] = (byte) (i % 3);
        }
        for (int[] edge : edges) {
            batch.setEdge(0, edge[0], edge[1], edge[2]);
            batch.setEdge(1, moved[edge[0]], moved[edge[1]], edge[2]);
        }
        float[][] logits = logits(denoiser, model, batch, 20);
        float[][] before = {new float[21], new float[196]};
        float[][] after = {new float[21], new float[196]};
        for (int i = 0; i < 7; i++) {
            System.arraycopy(logits[0], i * 3, before[0], i * 3, 3);
            System.arraycopy(logits[0], (7 + moved[i]) * 3, after[0], i * 3, 3);
            for (int j = 0; j < 7; j++) {
                System.arraycopy(logits[1], (i * 7 + j) * 4, before[1], (i * 7 + j) * 4, 4);
                System.arraycopy(logits[1], (49 + moved[i] * 7 + moved[j]) * 4, after[1], (i * 7 + j) * 4, 4);
            }
        }
        new Tolerance(1e-5, 1e-5).check("nodes", before[0], after[0]);
        new Tolerance(1e-5, 1e-5).check("edges", before[1], after[1]);
        assertThat(spread(before[0])).as("not all alike").isGreaterThan(0.1f);
    }

    private static float spread(float[] values) {
        float smallest = values[0];
        float largest = values[0];
        for (float value : values) {
            smallest = Math.min(smallest, value);
            largest = Math.max(largest, value);
        }
        return largest - smallest;
    }

    @Test
    void edgeLogitsAreSymmetricWithAnEmptyDiagonal() {
        PackedModel model = TestLayers.quantized(TestModels.tiny(Variant.MAIN, 2), LOW_BIT, 1);
        float[] edges = logits(new ReferenceDenoiser(model), model, noise(model, 5, 1, 2), 30)[1];
        for (int g = 0; g < 2; g++) {
            for (int i = 0; i < 5; i++) {
                for (int j = 0; j < 5; j++) {
                    for (int k = 0; k < 4; k++) {
                        float logit = edges[((g * 5 + i) * 5 + j) * 4 + k];
                        assertThat(logit).isEqualTo(edges[((g * 5 + j) * 5 + i) * 4 + k]);
                        assertThat(logit == 0).isEqualTo(i == j);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aGraphDoesNotDependOnItsBatch(Variant variant) {
        PackedModel model = TestLayers.quantized(TestModels.tiny(variant, 2), LOW_BIT, 1);
        ReferenceDenoiser denoiser = new ReferenceDenoiser(model);
        for (int n : new int[] {1, 2, 6}) {
            float[][] together = logits(denoiser, model, noise(model, n, 8, 3, 5), 50);
            float[][] alone = logits(denoiser, model, noise(model, n, 3), 50);
            for (int kind = 0; kind < 2; kind++) {
                int size = alone[kind].length;
                assertThat(Arrays.copyOfRange(together[kind], size, 2 * size)).isEqualTo(alone[kind]);
                for (float logit : alone[kind]) {
                    assertThat(logit).as("finite, also for n = 1").isFinite();
                }
            }
        }
    }

    @Test
    void cuttingTheTimesIntoCallsChangesNothing() {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 6);
        ReferenceDenoiser denoiser = new ReferenceDenoiser(model);
        int[] times = model.diffusion().schedule().times(12);
        GraphBatch once = noise(model, 6, 1, 2, 3);
        denoiser.advance(once, 77, times);
        GraphBatch pieces = noise(model, 6, 1, 2, 3);
        denoiser.advance(pieces, 77, Arrays.copyOfRange(times, 0, 1));
        denoiser.advance(pieces, 77, Arrays.copyOfRange(times, 0, 5));
        denoiser.advance(pieces, 77, Arrays.copyOfRange(times, 4, 6));
        denoiser.advance(pieces, 77, Arrays.copyOfRange(times, 5, 13));
        assertThat(pieces.nodes()).isEqualTo(once.nodes());
        assertThat(pieces.edges()).isEqualTo(once.edges());
        once.requireFits(model.architecture());
        GraphBatch other = noise(model, 6, 1, 2, 3);
        denoiser.advance(other, 78, times);
        assertThat(other.edges()).as("another seed").isNotEqualTo(once.edges());
    }

    /** More steps than one call takes. */
    @Test
    void samplingIsDrawingAndAdvancing() throws InterruptedException {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 6);
        ReferenceDenoiser denoiser = new ReferenceDenoiser(model);
        int[] times = model.diffusion().schedule().times(Denoiser.STEPS_PER_CALL + 5);
        GraphBatch expected = noise(model, 4, 1, 2, 3);
        denoiser.advance(expected, 11, times);
        GraphBatch found = denoiser.sample(4, new long[] {1, 2, 3}, 11, times);
        assertThat(found.nodes()).isEqualTo(expected.nodes());
        assertThat(found.edges()).isEqualTo(expected.edges());
        assertThat(denoiser.sample(4, new long[] {1, 2, 3}, 11, Arrays.copyOf(times, 1)).nodes())
            .isEqualTo(noise(model, 4, 1, 2, 3).nodes());
        for (int[] wrong : new int[][] {{}, {49, 0}, {50, 50}}) {
            assertThatIllegalArgumentException().isThrownBy(() -> denoiser.sample(4, new long[1], 11, wrong));
        }
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> denoiser.sample(4, new long[1], 11, times)).isInstanceOf(InterruptedException.class);
    }

    @Test
    void quantizedModelsStayNearTheirOriginal() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 5);
        GraphBatch batch = noise(model, 7, 1, 2, 3, 4);
        float[] full = logits(new ReferenceDenoiser(model), model, batch, 25)[0];
        double previous = Double.POSITIVE_INFINITY;
        for (int bits : new int[] {2, 4, 8}) {
            TestLayers.Form form = new TestLayers.Form(0, 8, bits, TestLayers.Input.ROW, Math.max(bits, 4), 8, 0, true);
            PackedModel quantized = TestLayers.quantized(model, form, 1);
            float[] found = logits(new ReferenceDenoiser(quantized), quantized, batch, 25)[0];
            double squares = 0;
            for (int k = 0; k < full.length; k++) {
                squares += (found[k] - full[k]) * (found[k] - full[k]);
            }
            double error = Math.sqrt(squares / full.length);
            assertThat(error).as("%d bits", bits).isPositive().isLessThan(previous);
            previous = error;
        }
        assertThat(previous).as("8 bits").isLessThan(0.05);
    }

    @Test
    void recordShowsEveryBlockLayerOnceInOrder() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 5);
        List<String> names = new ArrayList<>();
        new ReferenceDenoiser(model).record(noise(model, 3, 1, 2), 10, (layer, input, rows) -> {
            PackedLinear linear = model.linear(layer);
            names.add(linear.name);
            assertThat(rows).isIn(2, 2 * 3, 2 * 9);
            assertThat(input).hasSize(rows * linear.in);
            if (NetworkSpec.hasNonNegativeInput(linear.name)) {
                for (float value : input) {
                    assertThat(value).isGreaterThanOrEqualTo(0);
                }
            }
        });
        assertThat(names).isEqualTo(model.spec().layers().stream().filter(NetworkSpec.Layer::quantized)
            .map(NetworkSpec.Layer::name).toList());
    }

    @Test
    void layersSaidToReadTheSameInputDo() {
        PackedModel model = TestModels.tiny(Variant.FIXED_BUG, 5);
        Map<String, float[]> inputs = new HashMap<>();
        new ReferenceDenoiser(model).record(noise(model, 3, 1, 2), 10,
            (layer, input, rows) -> inputs.put(layer, input.clone()));
        assertThat(inputs.keySet()).filteredOn(name -> !model.spec().layer(name).readsFirst()).hasSize(2 * 7);
        inputs.forEach((name, input) ->
            assertThat(input).as(name).isEqualTo(inputs.get(model.spec().layer(name).firstWithInput())));
    }

    @Test
    void whatLoopsRelyOnIsCheckedAtTheDoor() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 5);
        ReferenceDenoiser denoiser = new ReferenceDenoiser(model);
        GraphBatch unknown = new GraphBatch(2, new long[] {4}, new byte[] {0, 3}, new byte[4]);
        assertThatIllegalArgumentException().isThrownBy(() -> denoiser.advance(unknown, 1, new int[] {2, 1}))
            .withMessageContaining("graph 4: node classes must be in 0..2, found 3");
        GraphBatch lopsided = new GraphBatch(2, new long[] {4}, new byte[2], new byte[] {0, 1, 0, 0});
        assertThatIllegalArgumentException().isThrownBy(() -> denoiser.advance(lopsided, 1, new int[] {2, 1}))
            .withMessageContaining("edges must be symmetric");
        GraphBatch batch = noise(model, 2, 1);
        assertThatIllegalArgumentException().isThrownBy(() -> denoiser.advance(batch, 1, new int[] {2, 2}));
        assertThatIllegalArgumentException().isThrownBy(() -> denoiser.logits(batch, 51, new float[6], new float[16]))
            .withMessageContaining("time must be in 0..50, found 51");
        assertThatIllegalArgumentException().isThrownBy(() -> denoiser.logits(batch, 5, new float[6], new float[15]))
            .withMessageContaining("found arrays of 6 and 15");
    }

    @Test
    void closingTwiceIsAnError() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 5);
        ReferenceDenoiser denoiser = new ReferenceDenoiser(model);
        denoiser.close();
        assertThatIllegalStateException().isThrownBy(denoiser::close);
        assertThatIllegalStateException().isThrownBy(() -> denoiser.advance(noise(model, 2, 1), 1, new int[] {2, 1}));
    }
}
