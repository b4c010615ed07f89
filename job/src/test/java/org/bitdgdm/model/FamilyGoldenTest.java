package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.FeatureSet;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.GraphFeatures;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.NetworkAlone;
import org.bitdgdm.kernels.NoiseSchedule;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Posterior;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.kernels.Variant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every family of DiGress's models and every option of its configurations: schedule, features, logits and posterior against
 * what the published code computes with random weights, each stage from the published inputs of that stage; and the cpu
 * backend on every instruction set against the reference.
 *
 * <p>The checkpoints and all of their golden graphs lie beside the repository; without them those are skipped. One graph of
 * each is in the repository, for what needs no weights.
 */
class FamilyGoldenTest {
    private static final String FOLDER = "models/families/";
    private static final Path FIXTURES = Path.of("src/test/resources/org/bitdgdm/model/families");
    private static final List<String> NAMES = List.of("qm9h", "moses", "guacamol", "planar", "sbm", "comm20", "opt-uniform",
        "opt-custom", "opt-cycles", "opt-eigenvalues", "opt-none", "opt-graph-none", "opt-graph-uniform");
    /** Below this gap between eigenvalues, LAPACK's FP32 eigenvectors are off by more than the tolerance. */
    private static final double DISTINCT = 0.05;
    private static final int INDICATOR = 3;
    private static final int EIGENVECTORS = 4;
    private static final double LEAST = 1e-5;
    private static final double RELATIVE = 1e-4;

    /** Of each variant all golden graphs, and the one that the repository has. */
    private static Stream<Arguments> files() {
        return Stream.of(true, false)
            .flatMap(whole -> models().map(model -> Arguments.of(model.get()[0], model.get()[1], whole)));
    }

    private static Stream<Arguments> models() {
        return NAMES.stream().flatMap(name -> Stream.of(Variant.values()).map(variant -> Arguments.of(name, variant)));
    }

    /** One golden file with the model that it belongs to. */
    private static final class Golden {
        private final Architecture architecture;
        private final Diffusion diffusion;
        /** Null where the file is that of the repository. */
        private final PackedModel model;
        private final Map<String, float[]> values = new HashMap<>();
        private final Map<String, int[]> shapes = new HashMap<>();

        Golden(String name, Variant variant, boolean whole) throws IOException {
            Path checkpoint = ModelImportTest.shared(FOLDER + name + ".ckpt");
            assumeTrue(!whole || checkpoint != null, "the shared folder with the models of all families is not on this"
                + " machine");
            Path file = !whole ? FIXTURES.resolve(name + "-" + variant.label() + ".safetensors")
                : ModelImportTest.shared(FOLDER + name + "-" + variant.label() + "-golden.safetensors");
            read(file);
            if (!whole) {
                Path other = FIXTURES.resolve(name + "-" + Variant.FIXED_BUG.label() + ".safetensors");
                Map<String, StoredTensor> schedule = SafetensorsFile.read(other, Files.readAllBytes(other));
                List.of("betas", "alphas_bar").forEach(key -> values.put(key, schedule.get(key).read().values()));
            }
            if (whole) {
                ModelBundle bundle = ModelImport.read(checkpoint, variant, null);
                architecture = bundle.architecture();
                diffusion = bundle.diffusion();
                model = bundle.packed();
            } else {
                ObjectNode json = ModelBundle.readObject(FIXTURES.resolve(name + ".json")).put("variant", variant.label());
                ModelFacts facts = ModelFacts.of(json, name, "", "", steps -> values.get("betas"));
                architecture = facts.architecture();
                diffusion = facts.diffusion();
                model = null;
            }
        }

        private void read(Path file) throws IOException {
            SafetensorsFile.read(file, Files.readAllBytes(file)).forEach((key, stored) -> {
                values.put(key, stored.read().values());
                shapes.put(key, stored.shape());
            });
        }

        /** Whether the file of this variant holds a stage; that of the repository has what no variant changes once. */
        boolean has(String group, String stage) {
            return values.containsKey(group + "." + stage);
        }

        List<String> groups() {
            List<String> groups = new ArrayList<>();
            shapes.keySet().stream().filter(key -> key.endsWith(".X_t")).sorted()
                .forEach(key -> groups.add(key.substring(0, key.length() - 4)));
            return groups;
        }

        GraphBatch batch(String group) {
            int[] shape = shapes.get(group + ".X_t");
            return new GraphBatch(shape[1], new long[shape[0]], bytes(values.get(group + ".X_t")),
                bytes(values.get(group + ".E_t")));
        }

        GraphBatch graph(String group, int at) {
            GraphBatch all = batch(group);
            int n = all.nodeCount();
            return new GraphBatch(n, new long[1], Arrays.copyOfRange(all.nodes(), at * n, (at + 1) * n),
                Arrays.copyOfRange(all.edges(), at * n * n, (at + 1) * n * n));
        }

        int time(String group, int graph) {
            return (int) values.get(group + ".t")[graph];
        }

        private static byte[] bytes(float[] values) {
            byte[] bytes = new byte[values.length];
            for (int k = 0; k < values.length; k++) {
                bytes[k] = (byte) values[k];
            }
            return bytes;
        }
    }

    private static void check(String what, float[] expected, float[] found, double share) {
        assertThat(found).as(what).hasSameSizeAs(expected);
        for (int k = 0; k < expected.length; k++) {
            double tolerance = share * (LEAST + RELATIVE * Math.abs(expected[k]));
            assertThat(Math.abs((double) found[k] - expected[k])).as("%s, element %d: expected %s, found %s", what, k,
                expected[k], found[k]).isLessThanOrEqualTo(tolerance);
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void schedulesAgree(String name, Variant variant, boolean whole) throws IOException {
        Golden golden = new Golden(name, variant, whole);
        Diffusion diffusion = golden.diffusion;
        assertThat(diffusion.schedule().betas()).isEqualTo(golden.values.get("betas"));
        float[] expected = golden.values.get("alphas_bar");
        for (int t = 0; t <= diffusion.steps(); t++) {
            float found = diffusion.schedule().alphasBar()[t];
            // The published code's logarithm and exponential are those of a vector library: within one unit, not exact.
            assertThat(Math.abs(found - expected[t])).as("time %d", t)
                .isLessThanOrEqualTo(expected[t] > 0.98 ? 0 : Math.ulp(expected[t]));
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void featuresAgreeOnEveryInstructionSet(String name, Variant variant, boolean whole) throws IOException {
        Golden golden = new Golden(name, variant, whole);
        Architecture architecture = golden.architecture;
        GraphFeatures features = new GraphFeatures(architecture);
        NoiseSchedule schedule = NoiseSchedule.cosine(architecture.diffusionSteps());
        int width = architecture.nodeInputs();
        for (String group : golden.groups()) {
            float[] wantedY = golden.values.get(group + ".features.y");
            float[] wantedX = golden.values.get(group + ".features.X");
            int graphs = golden.shapes.get(group + ".X_t")[0];
            for (int g = 0; g < graphs; g++) {
                GraphBatch graph = golden.graph(group, g);
                int n = graph.nodeCount();
                float[] x = new float[n * width];
                float[] y = new float[architecture.globalInputs()];
                features.compute(graph, 0, schedule, golden.time(group, g), x, 0, y, 0);
                String what = group + " graph " + g;
                check(what + " y", Arrays.copyOfRange(wantedY, g * y.length, (g + 1) * y.length), y, 1);
                boolean comparable = connectedWithDistinctEigenvalues(graph);
                for (int column = 0; column < width; column++) {
                    int own = column - architecture.nodeTypes();
                    boolean arbitrary = architecture.features() == FeatureSet.ALL && own >= INDICATOR
                        && own < EIGENVECTORS + 2;
                    if (!arbitrary || comparable) {
                        float[] found = column(x, 0, n, width, column);
                        float[] wanted = column(wantedX, g * n, n, width, column);
                        if (arbitrary && own >= EIGENVECTORS) {
                            alignSign(found, wanted);
                        }
                        check(what + " column " + column, wanted, found, 1);
                    }
                }
                int t = golden.time(group, g);
                if (golden.model != null) {
                    onEveryIsa(golden.model, denoiser -> assertThat(
                    NetworkAlone.features(denoiser, golden.model, graph, t)).as(what)
                    .isDeepEqualTo(new float[][] {x, y}));
                }
            }
        }
    }

    private static boolean connectedWithDistinctEigenvalues(GraphBatch graph) {
        int n = graph.nodeCount();
        double[] laplacian = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                if (graph.edges()[i * n + j] != 0) {
                    laplacian[i * n + j] = -1;
                    laplacian[i * n + i]++;
                }
            }
        }
        double[] values = NetworkAlone.eigenvalues(laplacian, n);
        for (int k = 1; k < Math.min(4, n); k++) {
            if (values[k] - values[k - 1] < DISTINCT) {
                return false;
            }
        }
        return n > 2;
    }

    private static float[] column(float[] values, int firstRow, int n, int width, int column) {
        float[] out = new float[n];
        for (int i = 0; i < n; i++) {
            out[i] = values[(firstRow + i) * width + column];
        }
        return out;
    }

    private static void alignSign(float[] found, float[] wanted) {
        double dot = 0;
        for (int i = 0; i < found.length; i++) {
            dot += found[i] * wanted[i];
        }
        for (int i = 0; i < found.length && dot < 0; i++) {
            found[i] = -found[i];
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsAgreeFromTheGoldenFeatures(String name, Variant variant) throws IOException {
        Golden golden = new Golden(name, variant, true);
        for (String group : golden.groups()) {
            int[] shape = golden.shapes.get(group + ".X_t");
            float[][] logits = NetworkAlone.logits(golden.model, shape[0], shape[1], golden.values.get(group + ".features.X"),
                golden.values.get(group + ".features.E"), golden.values.get(group + ".features.y"));
            check(group + " X", golden.values.get(group + ".logits.X"), logits[0], 1);
            check(group + " E", golden.values.get(group + ".logits.E"), logits[1], 1);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void logitsOfTheCpuAgreeWithTheReference(String name, Variant variant) throws IOException {
        Golden golden = new Golden(name, variant, true);
        Architecture architecture = golden.architecture;
        for (String group : golden.groups()) {
            GraphBatch graph = golden.graph(group, 0);
            int t = golden.time(group, 0);
            float[] x = new float[graph.nodes().length * architecture.nodeTypes()];
            float[] e = new float[graph.edges().length * architecture.edgeTypes()];
            try (ReferenceDenoiser reference = new ReferenceDenoiser(golden.model)) {
                reference.logits(graph, t, x, e);
            }
            List<float[][]> first = new ArrayList<>();
            onEveryIsa(golden.model, denoiser -> {
                float[][] found = {new float[x.length], new float[e.length]};
                denoiser.logits(graph, t, found[0], found[1]);
                check(group + " X", x, found[0], 10);
                check(group + " E", e, found[1], 10);
                first.add(found);
                assertThat(found).isDeepEqualTo(first.get(0));
            });
        }
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
    void posteriorsAgreeFromTheGoldenLogits(String name, Variant variant, boolean whole) throws IOException {
        Golden golden = new Golden(name, variant, whole);
        Diffusion diffusion = golden.diffusion;
        for (String group : golden.groups()) {
            int graphs = golden.shapes.get(group + ".X_t")[0];
            for (String kind : golden.has(group, "posterior.X") ? List.of("X", "E") : List.<String>of()) {
                float[] logits = golden.values.get(group + ".logits." + kind);
                float[] expected = golden.values.get(group + ".posterior." + kind);
                byte[] classes = Golden.bytes(golden.values.get(group + "." + kind + "_t"));
                int width = expected.length / classes.length;
                float[] found = new float[expected.length];
                float[] weights = new float[width];
                for (int at = 0; at < classes.length; at++) {
                    int t = golden.time(group, at / (classes.length / graphs));
                    Posterior posterior = kind.equals("X") ? Posterior.ofNodes(diffusion, t, t - 1)
                        : Posterior.ofEdges(diffusion, t, t - 1);
                    posterior.compute(logits, at * width, classes[at], weights);
                    System.arraycopy(weights, 0, found, at * width, width);
                }
                check(group + " " + kind, expected, found, 1);
            }
        }
    }
}
