package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Distortion;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.LimitDistribution;
import org.bitdgdm.kernels.NetworkAlone;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.Stochasticity;
import org.bitdgdm.kernels.Variant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * DeFoG's models against what the published code computes with random weights, each stage from the published inputs of that
 * stage: limits, times, features, logits, rates and the probabilities of a step.
 *
 * <p>The checkpoints and all of their golden graphs lie beside the repository; without them those are skipped. What needs no
 * weights is checked on a few graphs in the repository as well.
 */
class DefogGoldenTest {
    private static final String FOLDER = "models/defog/";
    private static final Path FIXTURE = Path.of("src/test/resources/org/bitdgdm/model/defog/qm9.safetensors");
    private static final double LEAST = 1e-5;
    private static final double RELATIVE = 1e-4;
    /** Designs of the files' rates 3 to 10. */
    private static final List<Stochasticity> DESIGNS = List.of(Stochasticity.MARGINAL, Stochasticity.COLUMN_MAX_MARGINAL,
        Stochasticity.COLUMN_X_T, Stochasticity.COLUMN_ABS_STATE, Stochasticity.COLUMN_P_X1_G_XT, Stochasticity.COLUMN_X_1,
        Stochasticity.COLUMN_P_XT_G_X1, Stochasticity.COLUMN_XHAT_T);

    private final Map<String, float[]> values = new HashMap<>();
    private final Map<String, int[]> shapes = new HashMap<>();

    private static Stream<Arguments> files() {
        return Stream.concat(Stream.of(Arguments.of("qm9", false)),
            Stream.of("qm9", "moses", "planar", "sbm", "absorbing").map(name -> Arguments.of(name, true)));
    }

    /** Reads a golden file; of the whole ones, which lie beside the repository, with the model. */
    private PackedModel read(String name, boolean whole) throws IOException {
        Path checkpoint = ModelImportTest.shared(FOLDER + name + ".ckpt");
        assumeTrue(!whole || checkpoint != null, "the shared folder with the models of DeFoG is not on this machine");
        Path file = whole ? ModelImportTest.shared(FOLDER + name + "-golden.safetensors") : FIXTURE;
        SafetensorsFile.read(file, Files.readAllBytes(file)).forEach((key, stored) -> {
            values.put(key, stored.values().get());
            shapes.put(key, stored.shape());
        });
        return whole ? ModelImport.read(checkpoint, Variant.MAIN, null).packed() : null;
    }

    private List<String> groups() {
        return values.keySet().stream().filter(key -> key.endsWith(".X_t")).map(key -> key.substring(0, key.length() - 4))
            .sorted().toList();
    }

    private GraphBatch graph(String group, int at) {
        int n = shapes.get(group + ".X_t")[1];
        return new GraphBatch(n, new long[1], bytes(group + ".X_t", at * n, n), bytes(group + ".E_t", at * n * n, n * n));
    }

    private byte[] bytes(String key, int from, int count) {
        byte[] bytes = new byte[count];
        for (int k = 0; k < count; k++) {
            bytes[k] = (byte) values.get(key)[from + k];
        }
        return bytes;
    }

    private float[] part(String key, int graph) {
        float[] all = values.get(key);
        int each = all.length / shapes.get(key)[0];
        return Arrays.copyOfRange(all, graph * each, (graph + 1) * each);
    }

    private static void check(String what, float expected, float found, double share) {
        double tolerance = share * (LEAST + RELATIVE * Math.abs(expected));
        assertThat(Math.abs((double) found - expected)).as("%s: expected %s, found %s", what, expected, found)
            .isLessThanOrEqualTo(tolerance);
    }

    private static void check(String what, float[] expected, float[] found, double share) {
        assertThat(found).as(what).hasSameSizeAs(expected);
        for (int k = 0; k < expected.length; k++) {
            check(what + ", element " + k, expected[k], found[k], share);
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void limitsAgree(String name, boolean whole) throws IOException {
        PackedModel model = read(name, whole);
        if (whole) {
            check("nodes", values.get("limit.X"), model.diffusion().limits().nodes(), 0.01);
            check("edges", values.get("limit.E"), model.diffusion().limits().edges(), 0.01);
        }
        if (values.containsKey("limit.marginal.X")) {
            for (LimitDistribution.Kind kind : LimitDistribution.Kind.values()) {
                LimitDistribution limits = kind.of(values.get("limit.marginal.X"), values.get("limit.marginal.E"));
                assertThat(limits.nodes()).as(kind.label()).isEqualTo(values.get("limit." + kind.label() + ".X"));
                assertThat(limits.edges()).as(kind.label()).isEqualTo(values.get("limit." + kind.label() + ".E"));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qm9", "sbm", "absorbing"})
    void timesAgree(String name) throws IOException {
        PackedModel model = read(name, true);
        for (Distortion distortion : Distortion.values()) {
            for (int count : new int[] {5, 10, 50}) {
                List<Sampler.Step> steps = Sampler.flow(distortion, 0, 0, Stochasticity.GENERAL)
                    .steps(model.diffusion(), count);
                float[] t = values.get("times." + distortion.label() + "." + count + ".t");
                float[] s = values.get("times." + distortion.label() + "." + count + ".s");
                boolean cosines = distortion == Distortion.COS || distortion == Distortion.REVCOS;
                for (int i = 0; i < count; i++) {
                    Sampler.Step step = steps.get(i);
                    String what = distortion + " step " + i + " of " + count;
                    assertThat(Math.abs(step.alphaBarFrom() - t[i])).as(what).isLessThanOrEqualTo(cosines ? 6e-8f : 0);
                    assertThat(Math.abs(step.alphaBarTo() - s[i])).as(what).isLessThanOrEqualTo(cosines ? 6e-8f : 0);
                    assertThat(step.time()).isEqualTo(step.alphaBarFrom());
                    assertThat(step.rule()).isEqualTo(i < count - 1 ? Sampler.Rule.FLOW : Sampler.Rule.PREDICTION);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qm9", "moses", "planar", "sbm", "absorbing"})
    void featuresAgreeOnEveryInstructionSet(String name) throws IOException {
        PackedModel model = read(name, true);
        for (String group : groups()) {
            for (int g = 0; g < shapes.get(group + ".X_t")[0]; g++) {
                GraphBatch graph = graph(group, g);
                String what = group + " graph " + g;
                float[][] found = NetworkAlone.features(model, graph, values.get(group + ".t")[g]);
                check(what + " X", part(group + ".features.X", g), found[0], 1);
                check(what + " E", withDiagonal(part(group + ".features.E", g), graph.nodeCount()), found[1], 1);
                check(what + " y", part(group + ".y_in", g), found[2], 1);
                onEveryIsa(model, denoiser -> {
                    float[][] nativeFound = NetworkAlone.features(denoiser, model, graph, found[2][found[2].length - 65]);
                    assertThat(nativeFound[0]).as(what).isEqualTo(found[0]);
                    assertThat(nativeFound[1]).as(what).isEqualTo(found[1]);
                    check(what + " y", found[2], nativeFound[2], 0.01);
                });
            }
        }
    }

    /** The published code leaves the diagonal of a first state without a class, which here is always class 0. */
    private static float[] withDiagonal(float[] edges, int n) {
        int width = edges.length / (n * n);
        for (int i = 0; i < n; i++) {
            edges[(i * n + i) * width] = 1;
        }
        return edges;
    }

    @ParameterizedTest
    @ValueSource(strings = {"qm9", "moses", "planar", "sbm", "absorbing"})
    void logitsAgreeFromTheGoldenFeatures(String name) throws IOException {
        PackedModel model = read(name, true);
        for (String group : groups()) {
            int[] shape = shapes.get(group + ".X_t");
            float[][] found = NetworkAlone.logits(model, shape[0], shape[1], values.get(group + ".features.X"),
                values.get(group + ".features.E"), values.get(group + ".y_in"));
            checkLogits(group, found, 1);
        }
    }

    /** Of the classes that the network predicts; one that only noise has has no golden logits, and here a low one. */
    private void checkLogits(String group, float[][] found, double share) {
        for (int kind = 0; kind < 2; kind++) {
            float[] expected = values.get(group + ".logits." + (kind == 0 ? "X" : "E"));
            int[] shape = shapes.get(group + ".logits." + (kind == 0 ? "X" : "E"));
            int classes = shape[shape.length - 1];
            int width = found[kind].length / (expected.length / classes);
            for (int at = 0; at < expected.length; at++) {
                check(group + " " + kind + " " + at, expected[at], found[kind][at / classes * width + at % classes], share);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qm9", "moses", "planar", "sbm", "absorbing"})
    void logitsOfTheBackendsAgree(String name) throws IOException {
        PackedModel model = read(name, true);
        for (String group : groups()) {
            int[] shape = shapes.get(group + ".X_t");
            if (group.startsWith("start")) {
                continue;
            }
            float[][] all = {new float[0], new float[0]};
            for (int g = 0; g < shape[0]; g++) {
                GraphBatch graph = graph(group, g);
                Sampler.Step step = NetworkAlone.at(values.get(group + ".t")[g]);
                float[][] reference = logits(new ReferenceDenoiser(model), model, graph, step);
                onEveryIsa(model, denoiser -> {
                    float[][] found = logits(denoiser, model, graph, step);
                    check(group + " X", reference[0], found[0], 10);
                    check(group + " E", reference[1], found[1], 10);
                });
                all[0] = joined(all[0], reference[0]);
                all[1] = joined(all[1], reference[1]);
            }
            checkLogits(group, all, 2);
        }
    }

    private static float[] joined(float[] first, float[] second) {
        float[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static float[][] logits(Denoiser denoiser, PackedModel model, GraphBatch graph,
                                    Sampler.Step step) {
        Architecture architecture = model.architecture();
        float[][] logits = {new float[graph.nodes().length * architecture.nodeTypes()],
            new float[graph.edges().length * architecture.edgeTypes()]};
        denoiser.logits(graph, step, logits[0], logits[1]);
        return logits;
    }

    /** Work on a denoiser. */
    private interface Use {
        void of(CpuDenoiser denoiser);
    }

    private static void onEveryIsa(PackedModel model, Use use) {
        for (String isa : List.of("scalar", "avx2", "avx512")) {
            try (CpuDenoiser denoiser = new CpuDenoiser(model, new BackendOptions(1, isa, null))) {
                use.of(denoiser);
            } catch (KernelException unsupported) {
                assertThat(unsupported).hasMessageContaining("widest instruction set");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void ratesAndProbabilitiesAgree(String name, boolean whole) throws IOException {
        read(name, whole);
        int compared = 0;
        for (String group : groups()) {
            for (String kind : List.of("X", "E")) {
                for (int rate = 0; values.containsKey(group + ".rate" + rate + ".R." + kind)
                    || values.containsKey(group + ".rate" + rate + ".Rdb." + kind); rate++) {
                    compared += compareRates(group, kind, rate);
                }
            }
        }
        assertThat(compared).isGreaterThan(whole ? 1000 : 100);
    }

    private int compareRates(String group, String kind, int rate) {
        float eta = rate == 2 ? 50 : rate > 2 ? 10 : 0;
        float omega = rate == 1 ? 0.05f : rate == 2 ? 0.5f : 0;
        Stochasticity design = rate < 3 ? Stochasticity.GENERAL : DESIGNS.get(rate - 3);
        float[] limit = values.get("limit." + kind);
        int classes = limit.length;
        int graphs = shapes.get(group + ".X_t")[0];
        int n = shapes.get(group + ".X_t")[1];
        float[] current = values.get(group + "." + kind + "_t");
        float[] drawn = values.get(group + ".X1." + kind);
        float[] predicted = values.get(group + ".pred." + kind);
        float[] xhat = values.get(group + ".xhat." + kind);
        int items = current.length;
        for (int at = 0; at < items; at++) {
            int graph = at / (items / graphs);
            if (kind.equals("E") && at % (n * n) % (n + 1) == 0) {
                continue;
            }
            float[] prediction = Arrays.copyOf(Arrays.copyOfRange(predicted, at * (predicted.length / items),
                (at + 1) * (predicted.length / items)), classes);
            float[][] found = NetworkAlone.jump(limit, values.get(group + ".t")[graph], values.get(group + ".s")[graph], eta,
                omega, design, prediction, (int) current[at], (int) drawn[at], xhat == null ? 0 : (int) xhat[at]);
            for (int j = 0; j < classes; j++) {
                int from = at * classes + j;
                String what = group + " " + kind + " rate " + rate + " item " + at + " class " + j;
                assertThat(found[0][j]).as(what).isEqualTo(values.get(group + ".pt." + kind)[from]);
                float expected = rate(group, kind, rate, at, (int) current[at], j, classes);
                if (j != (int) current[at]) {
                    assertThat(Math.abs(found[1][j] - expected)).as("%s: expected %s, found %s", what, expected, found[1][j])
                        .isLessThanOrEqualTo(2 * Math.ulp(expected));
                }
                float[] probabilities = values.get(group + ".rate" + rate + ".prob." + kind);
                if (probabilities != null) {
                    check(what, probabilities[from], found[2][j], 0.1);
                }
            }
        }
        return items;
    }

    /** The golden rate after all repairs; where the file has only its terms, made of them. */
    private float rate(String group, String kind, int rate, int at, int current, int j, int classes) {
        float[] whole = values.get(group + ".rate" + rate + ".R." + kind);
        if (whole != null) {
            return whole[at * classes + j];
        }
        float[] p = values.get(group + ".pt." + kind);
        float sum = values.get(group + ".Rstar." + kind)[at * classes + j]
            + values.get(group + ".rate" + rate + ".Rdb." + kind)[at * classes + j];
        return sum <= 1e5f && p[at * classes + current] != 0 && p[at * classes + j] != 0 ? sum : 0;
    }

    @ParameterizedTest
    @ValueSource(strings = {"qm9", "moses", "planar", "sbm", "absorbing"})
    void stepsOfThePublishedSamplerAgree(String name) throws IOException {
        read(name, true);
        Map<String, float[]> settings = Map.of("qm9", new float[] {0, 0}, "moses", new float[] {200, 0.5f}, "planar",
            new float[] {50, 0.05f}, "sbm", new float[] {0, 0}, "absorbing", new float[] {0, 0});
        for (int i = 0; i < 4; i++) {
            String step = "chain." + i + ".";
            for (String kind : List.of("X", "E")) {
                float[] limit = values.get("limit." + kind);
                float[] current = values.get(step + "z_t." + kind);
                float[] drawn = values.get(step + "X1." + kind);
                float[] expected = values.get(step + "prob." + kind);
                int graphs = values.get(step + "t").length;
                int n = shapes.get(step + "z_t.X")[1];
                for (int at = 0; at < current.length; at++) {
                    int graph = at / (current.length / graphs);
                    if (kind.equals("E") && at % (n * n) % (n + 1) == 0) {
                        continue;
                    }
                    float[][] found = NetworkAlone.jump(limit, values.get(step + "t")[graph], values.get(step + "s")[graph],
                        settings.get(name)[0], settings.get(name)[1], Stochasticity.GENERAL, limit, (int) current[at],
                        (int) drawn[at], 0);
                    for (int j = 0; j < limit.length; j++) {
                        check(name + " " + step + kind + " " + at, expected[at * limit.length + j], found[2][j], 0.1);
                    }
                }
            }
        }
    }

    @Test
    void conditionalModelsAreRefused() {
        Path checkpoint = ModelImportTest.shared(FOLDER + "tls.ckpt");
        assumeTrue(checkpoint != null, "the shared folder with the models of DeFoG is not on this machine");
        assertThatThrownBy(() -> ModelImport.read(checkpoint, Variant.MAIN, null))
            .isInstanceOf(InputException.class).hasMessageContaining("conditional");
    }
}
