package org.bitdgdm.protein;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuProteinDenoiser;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ReferenceProteinDenoiser;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.kernels.SequenceSampler;
import org.bitdgdm.model.GoldenTensors;
import org.bitdgdm.model.ProteinBundle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Features of chains against what the published code makes of the same files; all but one lie beside the repository. */
class PublishedFeaturesTest {
    private static final String MODEL = "models/gradeif/";
    private static final String CHAINS = "data/proteins/";
    private static final int EDGE_FEATURES = ProteinGraph.EDGE_FEATURES;
    private static final int SPACE = 65;

    /** A chain with its golden numbers, and the scales. */
    private record Golden(String name, Path file, Map<String, float[]> values) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** What the published code makes of a shipped chain: features, and a run of the shipped model. */
    private static final Path FIXTURE = Path.of("src", "test", "resources", "org", "bitdgdm", "protein", "4dn4.M.safetensors");
    private static final ProteinBundle SHIPPED = ProteinBundle.load(Path.of("..", "conf", "models", "gradeif"));

    private static Stream<Golden> chains() throws IOException {
        Golden shipped = golden(GoldenTensors.read(FIXTURE), "4dn4.M", Path.of("..", "conf", "structures", "4dn4.M.pdb"));
        Path features = GoldenTensors.shared(MODEL + "3fkf-features.safetensors");
        if (features == null) {
            return Stream.of(shipped, new Golden("others: the folder with published features is not on this machine", null,
                Map.of()));
        }
        Map<String, float[]> all = GoldenTensors.read(GoldenTensors.shared(CHAINS + "proteins.safetensors"));
        Stream<Golden> twenty = all.keySet().stream().filter(name -> name.endsWith(".aa"))
            .map(name -> name.substring(0, name.length() - 3)).sorted()
            .map(name -> golden(all, name, GoldenTensors.shared(CHAINS + name + ".pdb")));
        Map<String, float[]> one = GoldenTensors.read(features);
        one.put("sasa", one.get("raw.sasa"));
        return Stream.concat(Stream.of(shipped, new Golden("3fkf.A", GoldenTensors.shared(MODEL + "3fkf.A.pdb"), one)), twenty);
    }

    private static Golden golden(Map<String, float[]> all, String name, Path file) {
        Map<String, float[]> values = new LinkedHashMap<>();
        all.forEach((key, tensor) -> {
            if (key.startsWith(name + ".")) {
                values.put(key.substring(name.length() + 1), tensor);
            }
        });
        return new Golden(name, file, values);
    }

    private static FeatureScales scales() {
        return FeatureScales.of(SHIPPED.tables());
    }

    /** Five evaluations from given classes: features, network and posterior together. */
    @Test
    void theShippedModelRunsOnAShippedChainAsThePublishedCodeDoes() throws Exception {
        Golden golden = chains().findFirst().orElseThrow();
        float[] classes = golden.values.get("ddim100.start");
        byte[] start = new byte[classes.length];
        for (int i = 0; i < start.length; i++) {
            start[i] = (byte) classes[i];
        }
        SequenceSampler sampler = new SequenceSampler(SHIPPED.diffusion(), ResidueDiffusion.Transition.UNIFORM, 5, false, 0);
        for (ProteinDenoiser denoiser : List.of(new CpuProteinDenoiser(SHIPPED.packed(), BackendOptions.defaults()),
            new ReferenceProteinDenoiser(SHIPPED.packed()))) {
            try (denoiser; ProteinDenoiser.Conditioned network =
                denoiser.condition(ProteinFeatures.of(chain(golden), scales()))) {
                float[] logits = sampler.sample(network, 0, 0, start.clone(), new boolean[start.length], (sequences, t) -> { });
                close(logits, golden.values.get("ddim100.logits"), 1e-4, "logits of " + denoiser.describe());
            }
        }
    }

    private static ProteinChain chain(Golden golden) throws IOException {
        assumeTrue(golden.file != null, golden.name);
        List<StructureFile.Found> chains = StructureFile.read(Files.readAllBytes(golden.file)).chains();
        assertThat(chains).hasSize(1);
        assertThat(chains.get(0).reason()).isNull();
        return chains.get(0).chain();
    }

    @ParameterizedTest
    @MethodSource("chains")
    void areasAreThePublishedOnes(Golden golden) throws IOException {
        close(toFloats(AccessibleArea.of(chain(golden))), golden.values.get("sasa"), 1e-3, "area");
    }

    @ParameterizedTest
    @MethodSource("chains")
    void statesAreThePublishedOnes(Golden golden) throws IOException {
        ProteinGraph graph = ProteinFeatures.of(chain(golden), scales());
        assertThat(letters(graph.structure())).isEqualTo(letters(golden.values.get("ss")));
    }

    @ParameterizedTest
    @MethodSource("chains")
    void graphsAreThePublishedOnes(Golden golden) throws IOException {
        ProteinGraph graph = ProteinFeatures.of(chain(golden), scales());
        Map<String, float[]> values = golden.values;
        if (values.containsKey("aa")) {
            assertThat(toFloats(graph.sequence())).isEqualTo(values.get("aa"));
        }
        close(graph.nodeFeatures(), values.get("extra_x"), 2e-5, "extra_x");
        close(graph.positions(), values.get("pos"), 2e-5, "pos");
        int edges = graph.edges();
        float[] index = new float[2 * edges];
        for (int e = 0; e < edges; e++) {
            index[e] = graph.sources()[e];
            index[edges + e] = graph.targets()[e];
        }
        assertThat(index).isEqualTo(values.get("edge_index"));
        if (values.containsKey("edge_attr")) {
            close(graph.edgeFeatures(), values.get("edge_attr"), 5e-5, "edge_attr");
        } else {
            float[] space = new float[edges * (EDGE_FEATURES - SPACE)];
            for (int e = 0; e < edges; e++) {
                System.arraycopy(graph.edgeFeatures(), e * EDGE_FEATURES + SPACE, space, e * (EDGE_FEATURES - SPACE),
                    EDGE_FEATURES - SPACE);
            }
            close(space, values.get("edge_attr_65_93"), 5e-5, "edge_attr");
        }
    }

    private static float[] toFloats(byte[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values[i];
        }
        return floats;
    }

    private static float[] toFloats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    static String letters(float[] oneHot) {
        StringBuilder letters = new StringBuilder();
        int classes = ProteinGraph.STATES.length();
        for (int i = 0; i < oneHot.length / classes; i++) {
            char letter = '?';
            for (int k = 0; k < classes; k++) {
                letter = oneHot[i * classes + k] == 1 ? ProteinGraph.STATES.charAt(k) : letter;
            }
            letters.append(letter);
        }
        return letters.toString();
    }

    private static void close(float[] found, float[] wanted, double tolerance, String what) {
        assertThat(found).as(what).hasSameSizeAs(wanted);
        for (int i = 0; i < wanted.length; i++) {
            assertThat((double) found[i]).as(what + " at " + i)
                .isCloseTo(wanted[i], within(tolerance * Math.max(1, Math.abs(wanted[i]))));
        }
    }
}
