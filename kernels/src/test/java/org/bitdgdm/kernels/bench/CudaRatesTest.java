package org.bitdgdm.kernels.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CudaRatesTest {

    private static CudaRates measured() {
        CudaRates rates = new CudaRates();
        rates.add(new CudaRates.Row("fp32", true, 1024, 100_000, 5));
        rates.add(new CudaRates.Row("fp32", true, 4096, 90_000, 50));
        rates.add(new CudaRates.Row("bf16", true, 1024, 1_000_000, 5));
        rates.add(new CudaRates.Row("rtn w8a8", true, 1024, 260_000, 5));
        rates.add(new CudaRates.Row("bit-dgdm w4a4 literal", true, 256, 900_000, 5));
        rates.add(new CudaRates.Row("bit-dgdm w4a4 + 4-bit residual", true, 1024, 200_000, 10));
        rates.add(new CudaRates.Row("bit-dgdm w4a4 + 4-bit residual", true, 4096, 250_000, 100));
        rates.add(new CudaRates.Row("fp32", false, 4096, 20_000, 290));
        rates.add(new CudaRates.Row("bf16 compiled", false, 1024, 80_000, 30));
        return rates;
    }

    @Test
    void targetsAreOfTheFastestSettingsOfEqualQuality() {
        assertThat(measured().targets()).containsExactly(
            "| whole steps, each at its best batch size | measured | at least | of |",
            "|---|---|---|---|",
            "| best of ours at equal quality ÷ PyTorch FP32 eager | 13.00× | 10.0× |"
                + " 260,000 (rtn w8a8, batch 1024) ÷ 20,000 (PyTorch fp32, batch 4096) |",
            "| best of ours at equal quality ÷ best PyTorch | **3.25×, missed** | 4.0× |"
                + " 260,000 (rtn w8a8, batch 1024) ÷ 80,000 (PyTorch bf16 compiled, batch 1024) |",
            "| quantized default ÷ our own true FP32 | 2.50× | 2.5× |"
                + " 250,000 (bit-dgdm w4a4 + 4-bit residual, batch 4096) ÷ 100,000 (fp32, batch 1024) |",
            "| quantized default ÷ our own BF16 | 0.25× | none; the terms explain it |"
                + " 250,000 (bit-dgdm w4a4 + 4-bit residual, batch 4096) ÷ 1,000,000 (bf16, batch 1024) |",
            "| peak of allocated device bytes at batch 4096, PyTorch FP32 ÷ quantized default | 2.90× | 2.8× | 290 ÷ 100 |");
    }

    @Test
    void whatWasNotMeasuredIsNamed() {
        List<String> targets = new CudaRates().targets();
        assertThat(targets.subList(2, targets.size())).hasSize(5).allMatch(line -> line.contains("| not measured |"));
        CudaRates ours = new CudaRates();
        ours.add(new CudaRates.Row("fp32", true, 64, 1000, 5));
        assertThat(ours.bests()).last().isEqualTo("| fp32 | 64 | 1,000 | not measured | not measured |");
    }

    @Test
    void theBestBatchOfEachIsShown() {
        assertThat(measured().bests()).contains("| fp32 | 1024 | 100,000 | 5.00× | 1.25× |",
            "| PyTorch bf16 compiled | 1024 | 80,000 | 4.00× | 1.00× |").hasSize(2 + 5 + 2);
    }
}
