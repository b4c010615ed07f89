package org.bitdgdm.kernels.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.PackedModel;

/** A model of the benchmark in every setting; each is packed, and its operations counted, when first asked for. */
final class CudaModel {
    private static final int SAMPLE_GRAPHS = 4;

    final BenchModel bench;
    private final Map<Setting, PackedModel> packed = new LinkedHashMap<>();
    private final Map<Setting, Workload> work = new LinkedHashMap<>();

    CudaModel(BenchModel bench) {
        this.bench = bench;
    }

    PackedModel packed(Setting setting) {
        return packed.computeIfAbsent(setting, absent -> {
            try (CpuDenoiser cpu = new CpuDenoiser(bench.full(), cpuOptions())) {
                return PackedForms.of(bench.full(), setting, cpu, bench.graphs(SAMPLE_GRAPHS, cpu), bench.startTime());
            }
        });
    }

    Workload work(Setting setting) {
        return work.computeIfAbsent(setting, absent -> {
            GraphBatch graphs;
            try (CpuDenoiser cpu = new CpuDenoiser(bench.full(), cpuOptions())) {
                graphs = bench.graphs(1, cpu);
            }
            try (CpuDenoiser cpu = new CpuDenoiser(packed(setting), cpuOptions())) {
                return Workload.of(packed(setting), bench.nodes(),
                    Workload.outlierShares(packed(setting), cpu, graphs, bench.startTime()));
            }
        });
    }

    static BackendOptions cpuOptions() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors(), "auto", null);
    }
}
