package org.bitdgdm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ReferenceProteinDenoiser;
import org.bitdgdm.kernels.ResidueDiffusion;
import org.bitdgdm.kernels.ResiduePosterior;
import org.bitdgdm.kernels.SequenceSampler;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Imported checkpoints of GraDe-IF against what the published code computes with them: logits, posteriors and whole runs.
 * The checkpoints and golden files lie beside the repository; without them the tests are skipped.
 */
class ProteinGoldenTest {
    private static final String FOLDER = "models/gradeif/";
    private static final int CLASSES = 20;

    private static Map<String, float[]> tensors(String file) throws IOException {
        Path path = ModelImportTest.shared(FOLDER + file);
        assumeTrue(path != null, file + " is not beside the repository");
        Map<String, float[]> values = new HashMap<>();
        SafetensorsFile.read(path, Files.readAllBytes(path)).forEach((name, tensor) -> values.put(name, tensor.values().get()));
        return values;
    }

    private static byte[] classes(float[] values) {
        byte[] classes = new byte[values.length];
        for (int at = 0; at < values.length; at++) {
            classes[at] = (byte) values[at];
        }
        return classes;
    }

    private static int[] whole(float[] values, int from, int to) {
        int[] whole = new int[to - from];
        for (int at = from; at < to; at++) {
            whole[at - from] = (int) values[at];
        }
        return whole;
    }

    private static ProteinGraph protein(Map<String, float[]> golden) {
        float[] x = golden.get("protein.x");
        byte[] sequence = new byte[x.length / CLASSES];
        for (int at = 0; at < x.length; at++) {
            if (x[at] == 1) {
                sequence[at / CLASSES] = (byte) (at % CLASSES);
            }
        }
        float[] ends = golden.get("protein.edge_index");
        return new ProteinGraph(sequence, golden.get("protein.extra_x"), golden.get("protein.ss"), golden.get("protein.pos"),
            whole(ends, 0, ends.length / 2), whole(ends, ends.length / 2, ends.length), golden.get("protein.edge_attr"));
    }

    @ParameterizedTest
    @CsvSource({"tiny-uniform, tiny-uniform, gradeif-golden, 1e-5", "tiny-blosum, tiny-blosum, gradeif-golden, 1e-5",
        "gradeif-small, trained, gradeif-small-golden, 3e-5"})
    void importedModelsComputeWhatThePublishedCodeComputes(String checkpoint, String model, String file, double tolerance)
        throws IOException, InterruptedException {
        Map<String, float[]> golden = tensors(file + ".safetensors");
        ProteinGraph protein = protein(tensors("gradeif-golden.safetensors"));
        ProteinBundle bundle = ProteinImport.read(ModelImportTest.shared(FOLDER + checkpoint + ".ckpt"));
        ResidueDiffusion.Transition transition = bundle.trained();
        try (ReferenceProteinDenoiser denoiser = new ReferenceProteinDenoiser(bundle.packed());
             ProteinDenoiser.Conditioned network = denoiser.condition(protein)) {
            float[] logits = new float[protein.residues() * CLASSES];
            for (int t : new int[] {500, 499, 400, 251, 250, 100, 50, 10, 1}) {
                float[] z = golden.get(model + ".t" + t + ".z");
                if (z != null) {
                    network.logits(classes(z), t, logits);
                    assertThat(logits).as("time " + t).containsExactly(golden.get(model + ".t" + t + ".logits"),
                        within((float) tolerance));
                }
            }
            golden.keySet().stream().filter(key -> key.matches(model + "\\.posterior\\..*\\.p")).forEach(key ->
                checkPosterior(golden, key, bundle.diffusion(), transition));
            for (int stride : new int[] {50, 100, 250, 500}) {
                checkRuns(golden, model + ".ddim.step" + stride, network, bundle.diffusion(), transition, stride, tolerance);
            }
        }
    }

    private static void checkPosterior(Map<String, float[]> golden, String key, ResidueDiffusion diffusion,
                                       ResidueDiffusion.Transition transition) {
        String[] parts = key.split("\\.");
        int t = Integer.parseInt(parts[2].substring(1));
        String stem = key.substring(0, key.length() - 2);
        ResiduePosterior posterior = new ResiduePosterior(diffusion, transition, t,
            t - Integer.parseInt(parts[3].substring(4)));
        float[] given = golden.get(stem + ".p0");
        byte[] z = classes(golden.get(stem + ".z"));
        double[] p = new double[CLASSES];
        float[] weights = new float[CLASSES];
        float[] found = new float[given.length];
        for (int i = 0; i < z.length; i++) {
            for (int k = 0; k < CLASSES; k++) {
                p[k] = given[i * CLASSES + k];
            }
            posterior.compute(p, z[i], weights);
            System.arraycopy(weights, 0, found, i * CLASSES, CLASSES);
        }
        assertThat(found).as(key).containsExactly(golden.get(key), within(3e-6f));
    }

    private static void checkRuns(Map<String, float[]> golden, String key, ProteinDenoiser.Conditioned network,
                                  ResidueDiffusion diffusion, ResidueDiffusion.Transition transition, int stride,
                                  double tolerance) throws InterruptedException {
        for (int run = 0; golden.containsKey(key + ".run" + run + ".start"); run++) {
            String name = key + ".run" + run;
            byte[] start = classes(golden.get(name + ".start"));
            SequenceSampler sampler = new SequenceSampler(diffusion, transition, diffusion.steps() / stride, false, 0);
            float[] logits = sampler.sample(network, 0, 0, start.clone(), new boolean[start.length], (sequences, t) -> {
                int after = (diffusion.steps() - t) / stride - 1;
                if (after >= 0) {
                    assertThat(sequences).as(name + " at time " + t).isEqualTo(Arrays.copyOfRange(
                        classes(golden.get(name + ".z")), after * start.length, (after + 1) * start.length));
                }
            });
            assertThat(logits).as(name).containsExactly(golden.get(name + ".logits"), within((float) tolerance));
            byte[] natural = network.protein().sequence();
            byte[] sequence = SequenceSampler.sequence(network.protein(), logits, 0, new boolean[start.length]);
            double same = 0;
            for (int i = 0; i < natural.length; i++) {
                same += sequence[i] == natural[i] ? 1 : 0;
            }
            assertThat(same / natural.length).as(name + " recovery").isCloseTo(golden.get(name + ".metrics")[1], within(1e-6));
        }
    }
}
