package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.Settings;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.CpuDenoiser;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.InitialNoise;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.kernels.Schedule;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Rows of the shipped model that an earlier release has made, which every later one must make again, bit by bit, from
 * calibration to the last draw: one recipe after the other, the same graphs on every instruction set.
 */
class FrozenRowsTest {
    private static final PackedModel FULL = ModelBundle.load(Path.of("../conf/models/qm9")).packed();
    private static final Calibrations CALIBRATIONS = new Calibrations(FULL, 0,
        model -> new CpuDenoiser(model, new BackendOptions(2, "auto", null)));
    private static final long SEED = 3;
    /** Recipes of which the slow backend samples a graph as well. */
    private static final List<String> REFERENCE = List.of("fp32", "default", "literal");
    /** Blocks that are left alone, since some methods take long. */
    private static final List<String> OVERRIDES = List.of("tf_layers.1.*:method=fp32", "tf_layers.2.*:method=fp32",
        "tf_layers.3.*:method=fp32");

    /** The defaults of that release, where they were others. */
    private static final Map<Option, String> DEFAULTS = Map.of(Option.ACTIVATION_BITS, "4", Option.RANK, "16",
        Option.FACTORS, "weight", Option.THRESHOLD_PERCENTILE, "99", Option.RESIDUAL, "4");

    private static Map<String, String> frozen() throws IOException {
        try (InputStream in = FrozenRowsTest.class.getResourceAsStream("frozen-rows.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().map(line -> line.split(": "))
                .collect(Collectors.toMap(line -> line[0], line -> line[1]));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "fp32, --method=fp32",
        "rtn-w8a8, --method=rtn --weight-bits=8 --activation-bits=8",
        "default, ''",
        "literal, --residual=0 --alpha=0.05",
        "gptq-w4a8, --method=gptq --weight-bits=4 --activation-bits=8",
        "svdquant, --method=svdquant",
        "duquant, --method=duquant",
        "squeezellm, --method=squeezellm --activation-bits=16",
        "buckets, --method=rtn --threshold-buckets=4"})
    void rowsAreThoseOfTheReleaseBefore(String name, String flags) throws IOException, InterruptedException {
        PackedModel model = Quantization.quantize(CALIBRATIONS, recipe(flags)).model();
        Map<String, String> found = new TreeMap<>();
        for (String isa : List.of("scalar", "avx2", "avx512")) {
            try (Denoiser denoiser = new CpuDenoiser(model, new BackendOptions(2, isa, null))) {
                int graphs = isa.equals("scalar") ? 3 : 32;
                for (Schedule schedule : Schedule.values()) {
                    found.put(name + " " + graphs + " graphs " + schedule.label(),
                        rows(denoiser, graphs, FULL.diffusion().schedule().times(10, schedule)));
                }
            } catch (KernelException e) {
                System.out.println("not tested on this processor: " + e.getMessage());
            }
        }
        if (REFERENCE.contains(name)) {
            try (Denoiser denoiser = new ReferenceDenoiser(model)) {
                found.put(name + " reference", rows(denoiser, 1, FULL.diffusion().schedule().times(3)));
            }
        }
        Map<String, String> frozen = frozen();
        assertThat(found).allSatisfy((key, hash) -> assertThat(hash).as(key).isEqualTo(frozen.get(key)));
    }

    private static QuantizeConf recipe(String flags) {
        Map<Option, List<String>> given = new HashMap<>();
        given.put(Option.OUT, List.of("x"));
        given.put(Option.CALIBRATION_GRAPHS, List.of("3"));
        given.put(Option.CALIBRATION_STEPS, List.of("4"));
        given.put(Option.OVERRIDE, OVERRIDES);
        DEFAULTS.forEach((option, value) -> given.put(option, List.of(value)));
        for (String flag : flags.isEmpty() ? List.<String>of() : List.of(flags.split(" "))) {
            String[] parts = flag.substring(2).split("=");
            given.put(Option.valueOf(parts[0].replace('-', '_').toUpperCase()), List.of(parts[1]));
        }
        return JobConf.of(Settings.load(Optional.empty(), given)).quantize();
    }

    /** Hash of nodes and edges of graphs 0, 1, …, in batches of one size. */
    private static String rows(Denoiser denoiser, int graphs, int[] times) throws InterruptedException {
        Map<Integer, List<Long>> idsOfSize = LongStream.range(0, graphs).boxed().collect(Collectors.groupingBy(
            id -> denoiser.diffusion().sizes().draw(SEED, id), TreeMap::new, Collectors.toList()));
        List<GraphBatch> batches = new ArrayList<>();
        for (Map.Entry<Integer, List<Long>> entry : idsOfSize.entrySet()) {
            long[] ids = entry.getValue().stream().mapToLong(Long::longValue).toArray();
            batches.add(denoiser.sample(entry.getKey(), ids, SEED, times));
        }
        ByteBuffer all = ByteBuffer.allocate(
            batches.stream().mapToInt(batch -> batch.nodes().length + batch.edges().length).sum());
        batches.forEach(batch -> all.put(batch.nodes()).put(batch.edges()));
        return Sha256.of(all.array());
    }
}
