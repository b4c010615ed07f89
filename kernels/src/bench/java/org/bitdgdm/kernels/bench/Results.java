package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The lines of a run on the processor, by model and setting: what its page is made of. */
final class Results {

    /** Graph-steps per second of one setting. */
    record Step(String setting, int threads, int batch, Spread rate) {
    }

    /** One model: its pieces, and its settings with their ceilings and steps. */
    static final class OfModel {
        final String name;
        /** Whether it is the shipped one. */
        final boolean trained;
        final List<KernelBench.Measurement> pieces = new ArrayList<>();
        final Map<String, Ceiling> ceilings = new LinkedHashMap<>();
        final List<Step> steps = new ArrayList<>();
        /** Of {@link Setting#OTHERS}, beside FP32 and the default of generate in the same rounds. */
        final List<Step> others = new ArrayList<>();
        /** Of the rules of steps. */
        final List<StepBench.RuleStep> rules = new ArrayList<>();

        private OfModel(String name, boolean trained) {
            this.name = name;
            this.trained = trained;
        }

        /** The batch size with the highest median; empty where steps were not measured. */
        Optional<Step> best(String setting, int threads) {
            return steps.stream().filter(s -> s.setting().equals(setting) && s.threads() == threads)
                .max((a, b) -> Double.compare(a.rate().median(), b.rate().median()));
        }

        /** The share of the ceiling reached by the best batch size. */
        Optional<Double> share(String setting, int threads, Peaks peaks) {
            return best(setting, threads).map(step ->
                step.rate().median() / (ceilings.get(setting).rate() * peaks.scaling(threads)));
        }

        /** A rule ÷ the posterior with the same setting. */
        double besidePosterior(StepBench.RuleStep step) {
            return rules.stream().filter(one -> one.setting().equals(step.setting()) && one.rule().equals(StepBench.POSTERIOR))
                .mapToDouble(one -> step.rate().median() / one.rate().median()).findFirst().orElse(Double.NaN);
        }

        List<Integer> batches() {
            return steps.stream().map(Step::batch).distinct().sorted().toList();
        }

        List<Integer> threadCounts() {
            return steps.stream().map(Step::threads).distinct().sorted().toList();
        }
    }

    /** Machine, commit and flags. */
    final JsonNode begin;
    /** Seconds and quietness; missing in a run that was cut off. */
    final JsonNode end;
    final Peaks peaks;
    final List<OfModel> models = new ArrayList<>();
    /** The setting of {@code generate} without flags; empty where the job was not asked. */
    final Optional<String> byDefault;
    final List<Peer> peers;
    final Optional<JobBench.Job> job;
    final Optional<StartBench.Starts> starts;
    final Optional<OldBench.Builds> builds;
    final Optional<WorkersBench.Scaling> workers;
    final Optional<OpeningBench.Opening> opening;

    private final List<JsonNode> lines;

    Results(List<JsonNode> lines) {
        this.lines = lines;
        begin = first(lines, ResultLines.BEGIN)
            .orElseThrow(() -> new IllegalArgumentException("results begin with a line of kind " + ResultLines.BEGIN));
        end = first(lines, ResultLines.END).orElse(ResultLines.line(ResultLines.END));
        peaks = new Peaks(ResultLines.of(lines, KernelBench.PEAK).stream().map(KernelBench.Measurement::of).toList());
        for (JsonNode model : ResultLines.of(lines, ResultLines.MODEL)) {
            OfModel of = new OfModel(model.path("name").asText(), model.path("trained").asBoolean());
            List<JsonNode> own = lines.stream().filter(line -> line.path("model").asText().equals(of.name)).toList();
            ResultLines.of(own, KernelBench.PIECE).forEach(line -> of.pieces.add(KernelBench.Measurement.of(line)));
            ResultLines.of(own, Ceiling.KIND).forEach(line -> of.ceilings.put(line.path("setting").asText(), Ceiling.of(line)));
            ResultLines.of(own, ResultLines.STEP).forEach(line ->
                (line.path("beside_others").asBoolean() ? of.others : of.steps).add(step(line)));
            ResultLines.of(own, StepBench.RULE).forEach(line -> of.rules.add(StepBench.RuleStep.of(line)));
            models.add(of);
        }
        byDefault = first(lines, ResultLines.DEFAULT).map(line -> line.path("setting").asText());
        peers = ResultLines.of(lines, ResultLines.PEER).stream().map(Peer::of).toList();
        job = first(lines, JobBench.KIND).map(JobBench.Job::of);
        starts = first(lines, StartBench.KIND).map(StartBench.Starts::of);
        builds = first(lines, OldBench.KIND).map(OldBench.Builds::of);
        workers = first(lines, WorkersBench.KIND).map(WorkersBench.Scaling::of);
        opening = first(lines, OpeningBench.KIND).map(OpeningBench.Opening::of);
    }

    private static Optional<JsonNode> first(List<JsonNode> lines, String kind) {
        return ResultLines.of(lines, kind).stream().findFirst();
    }

    private static Step step(JsonNode line) {
        return new Step(line.path("setting").asText(), line.path("threads").asInt(), line.path("batch").asInt(),
            Spread.of(line.path("graph_steps_per_second")));
    }

    /** The fastest of the peers in FP32 that were measured on a model. */
    Optional<Peer> bestPeer(OfModel model) {
        return peers.stream().filter(peer -> peer.full() && !peer.rows().isEmpty()
            && (peer.model().equals(model.name) || peer.model().isEmpty() && model.trained))
            .max(Comparator.comparingDouble(peer -> peer.best().median()));
    }

    /** The commit and the processor of a line of the job, where one of them is another one than that of the run. */
    Optional<String> elsewhere(String kind) {
        String cpu = begin.path("cpu").asText() + ", " + begin.path("cores").asInt() + " processors";
        return first(lines, kind).map(line -> {
            String commit = line.path(ResultLines.COMMIT).asText();
            String with = line.path(ResultLines.CPU).asText();
            boolean other = !with.isEmpty() && !with.equals(cpu);
            return commit.isEmpty() || !other && commit.equals(begin.path("commit").asText()) ? ""
                : "commit " + commit + (other ? ", " + with + " (**another machine** than above)" : "");
        }).filter(where -> !where.isEmpty());
    }

    int threads() {
        return begin.path("threads").asInt();
    }
}
