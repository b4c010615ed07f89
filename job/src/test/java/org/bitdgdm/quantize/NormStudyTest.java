package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.linalg.DenseMatrix;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.output.NormTable;
import org.bitdgdm.quantize.NormStudy.Row;
import org.bitdgdm.quantize.NormStudy.Shared;
import org.bitdgdm.quantize.NormStudy.Way;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.Test;

class NormStudyTest {

    private static Row of(List<Row> rows, Way way) {
        return rows.stream().filter(row -> row.way() == way).findFirst().orElseThrow();
    }

    /** Plain gradients go as far as the inverse of the condition number in the weakest direction of H. */
    @Test
    void updatesOfScaledDescentDoNotGrowWithTheConditionOfInputsAndThoseOfPlainDescentDo() {
        List<Row> easy = NormStudy.planted(1, 1);
        List<Row> hard = NormStudy.planted(1e4, 1);
        assertThat(of(easy, Way.SCALED).condition()).isCloseTo(1, withinPercentage(1));
        assertThat(of(hard, Way.SCALED).condition()).isGreaterThan(500);
        assertThat(of(easy, Way.SCALED).arrived()).isTrue();
        assertThat(of(hard, Way.SCALED).arrived()).isTrue();
        assertThat(of(hard, Way.SCALED).iterations()).isLessThan(2 * of(easy, Way.SCALED).iterations());
        assertThat(of(easy, Way.PLAIN).arrived()).isTrue();
        assertThat(of(hard, Way.PLAIN).arrived()).isFalse();
        assertThat(of(hard, Way.PLAIN).error()).isGreaterThan(100 * NormStudy.ARRIVED);
    }

    @Test
    void singularValuesAreThoseOfWhatTheNormFeels() {
        DenseMatrix weight = TestMatrices.gaussian(30, 20, 1);
        InputNorm norm = new InputNorm(DenseAlgebra.product(TestMatrices.gaussian(30, 40, 2), false,
            TestMatrices.gaussian(30, 40, 2), true));
        double[] values = NormStudy.values(DenseAlgebra.product(weight, false, weight, true), norm);
        assertThat(Arrays.stream(values).sum()).isCloseTo(norm.squared(weight), withinPercentage(1e-6));
        double[] errors = NormStudy.errors(Way.TURNS, weight, norm, 5, 0, 0);
        double left = Arrays.stream(values).limit(25).sum();
        assertThat(errors).hasSize(1);
        assertThat(errors[0] * errors[0]).isCloseTo(left / norm.squared(weight), withinPercentage(1e-4));
    }

    @Test
    void layersThatShareAnInputAreCountedOnceAndOneFactorLeavesNoMoreThanItsColumnsMust() {
        PackedModel model = TinyModel.packed(7);
        int[] kept = new int[model.linears().size()];
        Arrays.fill(kept, 64);
        List<RecordedInputs> inputs = new Calibrations(model, 0, ReferenceDenoiser::new).of(4, 5, kept, 1);
        List<Shared> shared = NormStudy.shared(model, 0, inputs);
        assertThat(shared).extracting(group -> group.layers().size()).containsExactlyInAnyOrder(3, 2, 5);
        for (Shared group : shared) {
            assertThat(group.separate()).isBetween(0.0, 1.0);
            assertThat(group.joint()).isBetween(0.0, 1.0);
            assertThat(group.asGood()).isBetween(0, group.in());
        }
        NormStudy.Whole whole = NormStudy.whole(model, shared);
        assertThat(whole.shared()).isBetween(1L, whole.separate());
    }

    @Test
    void tablesHaveAMedianOfWhatArrivedAndOfAllErrors() throws IOException {
        List<Row> rows = new ArrayList<>();
        for (Way way : Way.values()) {
            rows.add(new Row("planted", 1234, 0, way, 10, true, 1e-5));
            rows.add(new Row("planted", 1234, 1, way, 500, false, 3e-5));
            rows.add(new Row("tf_layers.2.linX1", 77, 0, way, 3, true, 0.25));
        }
        List<Shared> shared = List.of(new Shared(List.of("tf_layers.0.self_attn.q", "tf_layers.0.self_attn.k"), 64, 128,
            0.01, 0.02, 30, 40, 1.5));
        String table = NormTable.markdown("m", rows, shared, new NormStudy.Whole(2000, 1900));
        assertThat(table).contains("| 1000" + " | 1 of 2; 10; 2.0e-05".repeat(4) + " |\n")
            .contains("| linX1, 77" + " | 1 of 1; 3; 0.25".repeat(4) + " |\n")
            .contains("| self_attn.q self_attn.k, 64 x 128 | 1.00% | 30 | 2.00% | 40.0 | 1.50 |\n")
            .contains("take 1,900 instead of 2,000 for a graph of most nodes and a step, 5.0% fewer.");
        assertThat(new JsonMapper().readValue(new JsonMapper().writeValueAsString(shared.get(0)), Shared.class))
            .isEqualTo(shared.get(0));
    }
}
