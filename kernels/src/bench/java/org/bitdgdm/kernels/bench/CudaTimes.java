package org.bitdgdm.kernels.bench;

import java.util.Map;
import java.util.stream.LongStream;
import org.bitdgdm.kernels.CudaDenoiser;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.PackedModel;

/**
 * Times of ours on a device, in every setting and precision: whole steps by the wall clock around calls that end with a
 * synchronization, terms of a step by events around each kernel, the whole sampler.
 */
final class CudaTimes {
    private static final long SEED = 1;
    private static final double NANOS = 1e9;

    private final CudaDevice device;
    private final CudaBench.Plan plan;
    private boolean passed = true;

    CudaTimes(CudaDevice device, CudaBench.Plan plan) {
        this.device = device;
        this.plan = plan;
    }

    /** Whether nothing failed so far. */
    boolean passed() {
        return passed;
    }

    /** Whole steps at every batch size; each goes to {@code rates} too. */
    void steps(CudaReport.Section section, CudaBench.Size size, CudaRates rates) throws InterruptedException {
        int steps = size.model().bench.full().diffusion().steps();
        section.line("Median and range of %d calls of at least %.1f s each, or %d steps; bytes: the most that were allocated"
            + " on the device, model included, context not.", plan.repeats(), plan.seconds(), size.model().bench.startTime());
        section.line("");
        section.line("| setting | batch | ms a step | range | graph-steps/s | graphs/s at %d steps | peak of device bytes |",
            steps);
        section.line("|---|---|---|---|---|---|---|");
        each(section, 5, (setting, products) -> {
            try (CudaDenoiser cuda = device.open(size.model().packed(setting), products)) {
                // Ascending: the most memory in use is then that of the latest size.
                for (int batch : size.batches()) {
                    Spread seconds = secondsPerStep(cuda, size.model().bench, batch);
                    CudaRates.Row row = new CudaRates.Row(CudaBench.label(setting, products), true, batch,
                        batch / seconds.median(), cuda.peakBytes());
                    rates.add(row);
                    section.line("| %s | %d | %.3f | %.3f–%.3f | %,.0f | %,.1f | %,d |", row.name(), batch,
                        1e3 * seconds.median(), 1e3 * seconds.low(), 1e3 * seconds.high(), row.rate(), row.rate() / steps,
                        row.peakBytes());
                }
            }
        });
    }

    /** What is measured of a setting and precision. */
    @FunctionalInterface
    private interface Measurement {
        void take(Setting setting, CudaDevice.Products products) throws InterruptedException;
    }

    /** Measures every setting and precision; one that fails has a row that says so, with so many empty cells. */
    private void each(CudaReport.Section section, int emptyCells, Measurement measurement) throws InterruptedException {
        for (Setting setting : Setting.ALL) {
            for (CudaDevice.Products products : CudaBench.products(setting)) {
                try {
                    measurement.take(setting, products);
                } catch (KernelException e) {
                    passed = false;
                    section.line("| %s | **failed**: %s |%s", CudaBench.label(setting, products),
                        e.getMessage().replace('|', '/'), " |".repeat(emptyCells));
                }
            }
        }
    }

    /** Kernels launched one by one, so that the gaps between launches, which a captured step has not, are left out. */
    void terms(CudaReport.Section section, CudaBench.Size size) throws InterruptedException {
        CudaBudget.Gpu gpu = CudaBudget.Gpu.ofDevice(describe(size));
        section.line("µs of one graph and step on this device, and after the slash the bound for %s; dense has"
            + " full-precision layers and codes of inputs in it. Each kernel between two events, median of %d; sparse: the difference from"
            + " the same model without S and outliers; dense: what is left of the kernels with layers beside the same edges"
            + " without their products. Memory bounds the sum of all.", gpu.name(), plan.repeats());
        section.line("");
        CudaBounds.termsHead().lines().forEach(section::line);
        each(section, CudaTerms.BOUNDS.size() + 2, (setting, products) -> {
            PackedModel packed = size.model().packed(setting);
            Map<String, Double> kernels;
            double captured;
            try (CudaDenoiser cuda = device.open(packed, products)) {
                captured = secondsPerStep(cuda, size.model().bench, size.termsBatch()).median();
                kernels = kernelSeconds(cuda, size);
            }
            Map<String, Double> terms;
            try (CudaDenoiser cuda = device.open(CudaTerms.withoutSparse(packed), products)) {
                terms = CudaTerms.of(kernels, kernelSeconds(cuda, size));
            }
            section.line(CudaBounds.termsRow(CudaBench.label(setting, products), terms, captured, size.termsBatch(),
                CudaBounds.budget(size.model(), setting, products, gpu)));
        });
    }

    private String describe(CudaBench.Size size) {
        try (CudaDenoiser cuda = device.open(size.model().bench.full(), CudaDevice.Products.FP32)) {
            return cuda.describe();
        }
    }

    /** From the ids to the finished graphs, once for each setting at its best batch size or the plan's. */
    void sampler(CudaReport.Section section, CudaBench.Size size, CudaRates rates) throws InterruptedException {
        BenchModel model = size.model().bench;
        int steps = model.full().diffusion().steps();
        section.line("All %d steps, initial draw and copies of ids and graphs included, one call each.", steps);
        section.line("");
        section.line("| setting | graphs | seconds | graphs/s | graph-steps/s |");
        section.line("|---|---|---|---|---|");
        each(section, 3, (setting, products) -> {
            String label = CudaBench.label(setting, products);
            int graphs = Math.min(plan.sampled(), rates.best(true, label).map(CudaRates.Row::batch).orElse(plan.sampled()));
            long[] ids = LongStream.range(0, graphs).toArray();
            try (CudaDenoiser cuda = device.open(size.model().packed(setting), products)) {
                cuda.sample(model.nodes(), ids, SEED, new int[] {steps, steps - 1});
                long before = System.nanoTime();
                cuda.sample(model.nodes(), ids, SEED, model.full().diffusion().schedule().times(steps));
                double seconds = (System.nanoTime() - before) / NANOS;
                section.line("| %s | %d | %.2f | %,.1f | %,.0f |", label, graphs, seconds, graphs / seconds,
                    graphs * steps / seconds);
            }
        });
    }

    private Map<String, Double> kernelSeconds(CudaDenoiser cuda, CudaBench.Size size) {
        BenchModel model = size.model().bench;
        return cuda.kernelSeconds(batch(model, size.termsBatch()), model.startTime(), plan.repeats());
    }

    private static GraphBatch batch(BenchModel model, int size) {
        return InitialNoise.draw(model.full().diffusion(), model.nodes(), LongStream.range(0, size).toArray(), SEED);
    }

    /** Seconds of one step of a whole batch, from T/2 on: as many steps a call as fill its time. */
    private Spread secondsPerStep(Denoiser cuda, BenchModel model, int size) {
        GraphBatch batch = batch(model, size);
        // The first call captures the step; the second tells how long one is.
        advance(cuda, batch, model, 1);
        double once = advance(cuda, batch, model, 2);
        int steps = (int) Math.max(2, Math.min(model.startTime(), Math.ceil(plan.seconds() / once)));
        double[] seconds = new double[plan.repeats()];
        for (int repeat = 0; repeat < plan.repeats(); repeat++) {
            seconds[repeat] = advance(cuda, batch, model, steps);
        }
        return new Spread(seconds);
    }

    /** Takes so many steps; returns the seconds of one. */
    private static double advance(Denoiser cuda, GraphBatch batch, BenchModel model, int steps) {
        int[] times = new int[steps + 1];
        for (int i = 0; i < times.length; i++) {
            times[i] = model.startTime() - i;
        }
        long before = System.nanoTime();
        cuda.advance(batch, SEED, times);
        return (System.nanoTime() - before) / NANOS / steps;
    }
}
