package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.model.ModelBundle;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever vectors, processors and BLAS a driver has, it makes the same bytes of a model. */
class SameOnEveryDriverTest {
    @TempDir
    private Path folder;

    /** A block of real widths, in which loops become vector instructions; a method for some layers each. */
    private static QuantizeConf recipe() {
        // The first match wins; what none of them matches is as below: linX*, lin_y*, v.
        Map<String, Map<String, String>> overrides = new LinkedHashMap<>();
        overrides.put("tf_layers.0.self_attn.q", Map.of("method", "gptq"));
        overrides.put("tf_layers.0.self_attn.e_*", Map.of("method", "svdquant"));
        overrides.put("tf_layers.0.linE*", Map.of("factors", "weight", "residual", "4"));
        overrides.put("tf_layers.0.self_attn.y_*", Map.of("method", "duquant"));
        for (String others : List.of("tf_layers.0.self_attn.k", "tf_layers.0.self_attn.x_*", "tf_layers.1.*", "tf_layers.2.*",
            "tf_layers.3.*", "tf_layers.4.*")) {
            overrides.put(others, Map.of("method", "fp32"));
        }
        return TestRecipes.recipe("factors=aware,residual=0,activation-bits=8,rank=24,calibration-graphs=3,calibration-steps=5",
            overrides);
    }

    /** Prints the hash of what one driver makes. */
    public static void main(String[] args) {
        PackedModel full = ModelBundle.load(Path.of("../conf/models/qm9")).packed();
        int threads = Integer.parseInt(args[0]);
        QuantizedModel<PackedModel> quantized = Quantization.quantize(new Calibrations(full, 0, model ->
            new CpuDenoiser(model, new BackendOptions(threads, args[1], null))), recipe(), threads);
        System.out.println(Sha256.of(PackedModelFormat.toBytes(quantized.model())));
    }

    @Test
    void vectorsProcessorsAndBlasDoNotChangeTheBytes() throws Exception {
        Map<String, List<String>> drivers = new TreeMap<>();
        drivers.put("AVX, one processor", List.of("1", "scalar", "-XX:UseAVX=1", "-XX:ActiveProcessorCount=1"));
        drivers.put("AVX2, two processors", List.of("2", "auto", "-XX:UseAVX=2", "-XX:ActiveProcessorCount=2"));
        drivers.put("all that there is, BLAS in vectors", List.of("2", "auto", "-XX:UseAVX=3",
            "--add-modules=jdk.incubator.vector"));
        drivers.put("compiled quickly", List.of("3", "auto", "-XX:TieredStopAtLevel=1"));
        Map<String, Process> running = new TreeMap<>();
        try {
            for (Map.Entry<String, List<String>> driver : drivers.entrySet()) {
                List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx1g", "-XX:+IgnoreUnrecognizedVMOptions"));
                command.addAll(driver.getValue().subList(2, driver.getValue().size()));
                command.addAll(List.of("-cp", System.getProperty("java.class.path"), SameOnEveryDriverTest.class.getName()));
                command.addAll(driver.getValue().subList(0, 2));
                running.put(driver.getKey(), new ProcessBuilder(command)
                    .redirectError(folder.resolve(driver.getKey()).toFile()).start());
            }
            Map<String, String> hashes = new TreeMap<>();
            for (Map.Entry<String, Process> driver : running.entrySet()) {
                String printed = new String(driver.getValue().getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
                assertThat(driver.getValue().waitFor())
                    .as("%s: %s", driver.getKey(), Files.readString(folder.resolve(driver.getKey()))).isZero();
                hashes.put(driver.getKey(), printed.lines().reduce((first, last) -> last).orElse(""));
            }
            assertThat(hashes.values()).allMatch(hash -> hash.matches("[0-9a-f]{64}"));
            assertThat(hashes.values().stream().distinct()).as("%s", hashes).hasSize(1);
        } finally {
            running.values().forEach(Process::destroyForcibly);
        }
    }
}
