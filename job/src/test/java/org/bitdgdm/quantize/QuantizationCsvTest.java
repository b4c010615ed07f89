package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QuantizationCsvTest {

    @Test
    void writesAHeaderAndARowForEachLayer() {
        LayerReport full = new LayerReport("mlp_in_X.0", "fp32", 12, 128, 0, 32, 32, 0, 0, 0, Double.NaN, 3, Double.NaN, 0,
            0, Double.NaN, Double.NaN, 6656, 6656, 1536, 0.0004, "");
        LayerReport quantized = new LayerReport("tf_layers.0.linX1", "bit-dgdm", 256, 256, 16, 4, 4, 4, 480, 21, 12.3456789,
            3.5, 2.25, 0.0712345678, 1e-7, 2.5, 0.01, 263168, 50000, 74208, 1.25, "a, \"b\"");
        assertThat(QuantizationCsv.toCsv(List.of(full, quantized)).split("\r\n")).containsExactly(
            String.join(",", QuantizationCsv.COLUMNS),
            "mlp_in_X.0,fp32,12,128,0,32,32,0,0,0,,3.00000,,0.00000,0.00000,,,6656,6656,1536,0.000,",
            "tf_layers.0.linX1,bit-dgdm,256,256,16,4,4,4,480,21,12.3457,3.50000,2.25000,0.0712346,1.00000e-07,2.50000,"
                + "0.0100000,263168,50000,74208,1.250,\"a, \"\"b\"\"\"");
    }

    @Test
    void layersMeasuredAloneHaveFurtherColumns() {
        LayerReport layer = new LayerReport("mlp_in_X.0", "fp32", 12, 128, 0, 32, 32, 0, 0, 0, Double.NaN, 3, Double.NaN, 0,
            0, Double.NaN, Double.NaN, 6656, 6656, 1536, 0.0004, "");
        LayerReport other = new LayerReport("b", "rtn", 12, 128, 0, 4, 4, 0, 0, 0, Double.NaN, 3, Double.NaN, 0,
            0, Double.NaN, Double.NaN, 6656, 6656, 1536, 0.0004, "");
        String[] lines = QuantizationCsv.toCsv(List.of(layer, other),
            Map.of("b", new QuantizationCsv.Alone(0.5, Double.NaN, 1e-9, 2)))
            .split("\r\n");
        assertThat(lines[0]).endsWith("note,kl_node_alone,kl_edge_alone,kl_graph_alone,kl_graph_alone_se");
        assertThat(lines[1]).endsWith("0.000,,,,,");
        assertThat(lines[2]).endsWith("0.000,,0.500000,,1.00000e-09,2.00000");
    }

    @Test
    void everyComponentOfAReportHasAColumn() {
        assertThat(QuantizationCsv.COLUMNS).hasSize(LayerReport.class.getRecordComponents().length).doesNotHaveDuplicates();
    }
}
