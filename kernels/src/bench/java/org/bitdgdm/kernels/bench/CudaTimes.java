package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
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
    /** Of lines of results: from the ids to the finished graphs. */
    static final String SAMPLER = "sampler";
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

    /** Whole steps at every batch size. */
    void steps(ResultLines results, CudaBench.Size size) throws InterruptedException {
        each(results, ResultLines.STEP, size, (setting, products, line) -> {
            try (CudaDenoiser cuda = device.open(size.model().packed(setting), products)) {
                // Ascending: the most memory in use is then that of the latest size.
                for (int batch : size.batches()) {
                    Spread seconds = secondsPerStep(cuda, size.model().bench, batch);
                    ObjectNode step = line.deepCopy().put("batch", batch).put("peak_bytes", cuda.peakBytes());
                    seconds.write(step.putObject("seconds"));
                    results.add(step);
                }
            }
        });
    }

    /** What is measured of a setting and precision, into lines like the one that it is given. */
    @FunctionalInterface
    private interface Measurement {
        void take(Setting setting, CudaDevice.Products products, ObjectNode line) throws InterruptedException;
    }

    /** Measures every setting and precision; one that fails has a line that says so. */
    private void each(ResultLines results, String kind, CudaBench.Size size, Measurement measurement)
        throws InterruptedException {
        for (Setting setting : Setting.ALL) {
            for (CudaDevice.Products products : CudaBench.products(setting)) {
                ObjectNode line = ResultLines.line(kind).put("model", size.model().bench.name())
                    .put("setting", CudaBench.label(setting, products));
                try {
                    measurement.take(setting, products, line);
                } catch (KernelException e) {
                    passed = false;
                    results.add(line.put("failed", e.getMessage()));
                }
            }
        }
    }

    /** Kernels launched one by one, so that the gaps between launches, which a captured step has not, are left out. */
    void terms(ResultLines results, CudaBench.Size size) throws InterruptedException {
        CudaBudget.Gpu gpu = CudaBudget.Gpu.ofDevice(describe(size));
        each(results, CudaTerms.KIND, size, (setting, products, line) -> {
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
            CudaBudget budget = CudaBounds.budget(size.model(), setting, products, gpu);
            line.put("gpu", gpu.name()).put("batch", size.termsBatch()).put("captured_seconds", captured)
                .put("memory_bound_seconds", budget.seconds().get("memory"));
            ObjectNode found = line.putObject("seconds");
            ObjectNode bounds = line.putObject("bound_seconds");
            CudaTerms.BOUNDS.forEach((term, parts) -> {
                found.put(term, terms.get(term));
                bounds.put(term, parts.stream().mapToDouble(budget.seconds()::get).sum());
            });
            results.add(line);
        });
    }

    private String describe(CudaBench.Size size) {
        try (CudaDenoiser cuda = device.open(size.model().bench.full(), CudaDevice.Products.FP32)) {
            return cuda.describe();
        }
    }

    /** From the ids to the finished graphs, once for each setting at its best batch size or the plan's. */
    void sampler(ResultLines results, CudaBench.Size size) throws InterruptedException {
        BenchModel model = size.model().bench;
        CudaRates rates = CudaRates.of(results.all(), model.name());
        int steps = model.full().diffusion().steps();
        each(results, SAMPLER, size, (setting, products, line) -> {
            String label = CudaBench.label(setting, products);
            int graphs = Math.min(plan.sampled(), rates.best(true, label).map(CudaRates.Row::batch).orElse(plan.sampled()));
            long[] ids = LongStream.range(0, graphs).toArray();
            try (CudaDenoiser cuda = device.open(size.model().packed(setting), products)) {
                cuda.sample(model.nodes(), ids, SEED, new int[] {steps, steps - 1});
                long before = System.nanoTime();
                cuda.sample(model.nodes(), ids, SEED, model.full().diffusion().schedule().times(steps));
                results.add(line.put("graphs", graphs).put("steps", steps)
                    .put("all_seconds", (System.nanoTime() - before) / NANOS));
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
        return Spread.of(seconds);
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
