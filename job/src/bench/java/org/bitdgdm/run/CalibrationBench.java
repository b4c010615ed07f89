package org.bitdgdm.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.Settings;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.kernels.ActivationRecorder;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.Distortion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.Stochasticity;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;

/**
 * What it would change to calibrate along the steps of a run's own sampler: {@code ./submit.sh bench calibration MODEL
 * RESULTS}. A JSON line for each comparison goes to RESULTS, and the table made of them to the console; what RESULTS has
 * already is not measured again. Compared is along the graphs of {@code --fidelity 64}, made by the sampler that is told.
 */
public final class CalibrationBench {
    private static final int GRAPHS = 64;
    private static final int[] STEPS = {10, 50};
    private static final Map<String, Sampler> SAMPLERS = samplers();
    private static final JsonMapper JSON = new JsonMapper();

    private final PackedModel full;
    private final Map<String, PackedModel> quantized = new HashMap<>();

    private CalibrationBench(PackedModel full) {
        this.full = full;
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("error: bench calibration takes the folder of a model and the file of its results, found "
                + arguments.length + " arguments");
            System.exit(2);
        }
        ModelBundle bundle = ModelBundle.load(Path.of(arguments[0]));
        Path results = Path.of(arguments[1]);
        CalibrationBench bench = new CalibrationBench(bundle.packed());
        for (Map.Entry<String, QuantizeConf> form : forms().entrySet()) {
            for (String sampler : SAMPLERS.keySet()) {
                for (int steps : STEPS) {
                    if (rows(results).stream().noneMatch(row -> row.path("form").asText().equals(form.getKey())
                        && row.path("sampler").asText().equals(sampler) && row.path("steps").asInt() == steps)) {
                        Files.writeString(results, bench.row(form.getKey(), form.getValue(), sampler, steps) + "\n",
                            StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                    }
                }
            }
        }
        System.out.print(table(bundle.name(), rows(results)));
    }

    private static Map<String, Sampler> samplers() {
        Map<String, Sampler> samplers = new LinkedHashMap<>();
        samplers.put("flow, polydec", Sampler.flow(Distortion.POLYDEC, 0, 0, Stochasticity.GENERAL));
        samplers.put("flow, polydec, η 10", Sampler.flow(Distortion.POLYDEC, 10, 0, Stochasticity.GENERAL));
        samplers.put("tau-leaping", Sampler.leaps());
        return samplers;
    }

    private static Map<String, QuantizeConf> forms() {
        QuantizeConf standard = JobConf.of(Settings.load(Optional.empty(), Map.of(Option.OUT, List.of("out")))).quantize();
        Map<String, QuantizeConf> forms = new LinkedHashMap<>();
        forms.put("the default", standard);
        forms.put("W4A4, rank 16, percentile 99", standard.with(Map.of(Option.ACTIVATION_BITS, 4, Option.RANK, 16,
            Option.THRESHOLD_PERCENTILE, 99.0)));
        return forms;
    }

    private static List<JsonNode> rows(Path results) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        for (String line : Files.exists(results) ? Files.readAllLines(results) : List.<String>of()) {
            rows.add(JSON.readTree(line));
        }
        return rows;
    }

    private ObjectNode row(String form, QuantizeConf recipe, String sampler, int steps) {
        Course course = new Course(full, SAMPLERS.get(sampler), GRAPHS, steps, FidelityProbe.SEED);
        double[] usual = course.divergences(quantized(form, recipe, Sampler.of(full.diffusion()), "the model's own"));
        double[] own = course.divergences(quantized(form, recipe, SAMPLERS.get(sampler), sampler));
        double[] change = new double[usual.length];
        for (int g = 0; g < change.length; g++) {
            change[g] = own[g] - usual[g];
        }
        System.err.printf(Locale.ROOT, "%s, %s, %d steps: %.5f, %.5f%n", form, sampler, steps, Course.mean(usual),
            Course.mean(own));
        return JSON.createObjectNode().put("form", form).put("sampler", sampler).put("steps", steps)
            .put("usual", Course.mean(usual)).put("usual_error", Course.standardError(usual))
            .put("own", Course.mean(own)).put("own_error", Course.standardError(own))
            .put("change", Course.mean(change)).put("change_error", Course.standardError(change));
    }

    private PackedModel quantized(String form, QuantizeConf recipe, Sampler along, String named) {
        return quantized.computeIfAbsent(form + "; " + named, absent -> Quantization.quantize(new Calibrations(full, 0,
            model -> new Along(new CpuDenoiser(model, Course.backend()), along.steps(full.diffusion(),
                recipe.calibrationSteps()))), recipe).model());
    }

    private static String table(String model, List<JsonNode> rows) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "KL of %s from full precision in nats per graph and"
            + " step, along %d graphs that full precision makes by the sampler and in the steps of the row; after ± standard"
            + " errors, of changes those of the differences graph by graph.%n%n| network | sampler | steps | KL, calibrated"
            + " along the model's own sampler | KL, along that of the row | change |%n|---|---|---|---|---|---|%n", model, GRAPHS));
        rows.forEach(row -> text.append(String.format(Locale.ROOT,
            "| %s | %s | %d | %.5f ± %.5f | %.5f ± %.5f | %+.5f ± %.5f |%n", row.path("form").asText(),
            row.path("sampler").asText(), row.path("steps").asInt(), row.path("usual").asDouble(),
            row.path("usual_error").asDouble(), row.path("own").asDouble(), row.path("own_error").asDouble(),
            row.path("change").asDouble(), row.path("change_error").asDouble())));
        return text.toString();
    }

    /**
     * Takes the steps of one sampler where it is asked for as many of the model's own.
     *
     * @param taken from noise to data
     */
    private record Along(CpuDenoiser network, List<Sampler.Step> taken) implements ActivationRecorder {
        @Override
        public int firstCounter(List<Sampler.Step> asked) {
            return network.firstCounter(taken);
        }

        private Sampler.Step instead(Sampler.Step asked) {
            return taken.get(Sampler.of(diffusion()).steps(diffusion(), taken.size()).indexOf(asked));
        }

        @Override
        public void record(GraphBatch batch, Sampler.Step step, Sink sink) {
            network.record(batch, instead(step), sink);
        }

        @Override
        public void recordStep(GraphBatch batch, long seed, Sampler.Step step, Sink sink) {
            network.recordStep(batch, seed, instead(step), sink);
        }

        @Override
        public Diffusion diffusion() {
            return network.diffusion();
        }

        @Override
        public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
            network.advance(batch, seed, steps.stream().map(this::instead).toList());
        }

        @Override
        public void logits(GraphBatch batch, Sampler.Step step, float[] nodeLogits, float[] edgeLogits) {
            network.logits(batch, instead(step), nodeLogits, edgeLogits);
        }

        @Override
        public String describe() {
            return network.describe();
        }

        @Override
        public void close() {
            network.close();
        }
    }
}
