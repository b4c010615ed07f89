package org.bitdgdm.kernels.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Everything that one run has measured, in the order of the report. */
final class Results {

    /** One model: its pieces, and its settings with their ceilings and steps. */
    static final class OfModel {
        final BenchModel model;
        final List<KernelBench.Measurement> pieces;
        final Map<Setting, Ceiling> ceilings = new LinkedHashMap<>();
        final List<StepBench.Step> steps = new ArrayList<>();
        /** Of {@link Setting#OTHERS}, beside FP32 and the default of generate in the same rounds. */
        final List<StepBench.Step> others = new ArrayList<>();

        OfModel(BenchModel model, List<KernelBench.Measurement> pieces) {
            this.model = model;
            this.pieces = pieces;
        }

        /** The batch size with the highest median; empty where steps were not measured. */
        Optional<StepBench.Step> best(Setting setting, int threads) {
            return steps.stream().filter(s -> s.setting().equals(setting) && s.threads() == threads)
                .max((a, b) -> Double.compare(a.rate().median(), b.rate().median()));
        }

        /** The share of the ceiling reached by the best batch size. */
        Optional<Double> share(Setting setting, int threads, Peaks peaks) {
            return best(setting, threads).map(step ->
                step.rate().median() / (ceilings.get(setting).rate() * peaks.scaling(threads)));
        }
    }

    final Machine machine;
    /** {@link Machine#busyShare} before and after the run. */
    final double busyBefore;
    double busyAfter = Double.NaN;
    final BenchOptions options;
    /** The setting of {@code generate} without flags; empty where the job was not asked. */
    Optional<Setting> byDefault = Optional.empty();
    /** Where the quantized forms of the shipped model come from. */
    final String quantizedBy;
    Peaks peaks;
    final List<OfModel> models = new ArrayList<>();
    Optional<Peer> peer = Optional.empty();
    Optional<JobBench.Job> job = Optional.empty();
    double seconds;

    Results(Machine machine, double busyBefore, BenchOptions options, String quantizedBy) {
        this.machine = machine;
        this.busyBefore = busyBefore;
        this.options = options;
        this.quantizedBy = quantizedBy;
    }
}
