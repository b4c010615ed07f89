package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Graphs that an earlier release has sampled, which every later one must sample again, bit by bit: packed models of a small
 * random network, as that release wrote them, one for each method, and the hashes of what each backend made of them.
 */
class FrozenRowsTest {
    private static final long SEED = 7;
    private static final int GRAPHS = 16;
    private static final int STEPS = 10;

    private static byte[] resource(String name) {
        try (InputStream in = FrozenRowsTest.class.getResourceAsStream("frozen/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp32", "rtn-w8a8", "default", "literal", "gptq-w4a8", "svdquant", "duquant", "squeezellm",
        "buckets"})
    void rowsAreThoseOfTheReleaseThatWroteTheModel(String name) {
        PackedModel model = PackedModelFormat.fromBytes(resource(name + ".bdgm"));
        Map<String, String> found = new TreeMap<>();
        put(found, name + " reference", new ReferenceDenoiser(model), model);
        for (String isa : CpuIsas.supported()) {
            CpuDenoiser denoiser = new CpuDenoiser(model, new BackendOptions(2, isa, null));
            found.put(name + " cpu logits " + isa, logits(denoiser, model));
            put(found, name + " cpu " + isa, denoiser, model);
        }
        put(found, name + " cuda", EmulatedDenoisers.open(model, false, false), model);
        put(found, name + " cuda bf16", EmulatedDenoisers.open(model, true, true), model);
        Map<String, String> frozen = new String(resource("rows.txt"), StandardCharsets.UTF_8).lines()
            .map(line -> line.split(": ")).collect(Collectors.toMap(line -> line[0], line -> line[1]));
        assertThat(found).allSatisfy((key, hash) -> assertThat(hash).as(key).isEqualTo(frozen.get(key)));
    }

    private static void put(Map<String, String> found, String name, Denoiser opened, PackedModel model) {
        try (Denoiser denoiser = opened) {
            for (Schedule schedule : Schedule.values()) {
                found.put(name + " " + schedule.label(), rows(denoiser, model.diffusion().schedule().times(STEPS, schedule)));
            }
        }
    }

    private static String rows(Denoiser denoiser, int[] times) {
        Function<Long, Integer> size = id -> denoiser.diffusion().sizes().draw(SEED, id);
        Map<Integer, List<Long>> idsOfSize = IntStream.range(0, GRAPHS).mapToObj(Long::valueOf)
            .collect(Collectors.groupingBy(size, TreeMap::new, Collectors.toList()));
        Map<Integer, GraphBatch> sampled = new LinkedHashMap<>();
        idsOfSize.forEach((n, ids) -> {
            try {
                sampled.put(n, denoiser.sample(n, ids.stream().mapToLong(Long::longValue).toArray(), SEED, times));
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        int bytes = sampled.values().stream().mapToInt(batch -> batch.nodes().length + batch.edges().length).sum();
        ByteBuffer all = ByteBuffer.allocate(bytes);
        sampled.values().forEach(batch -> all.put(batch.nodes()).put(batch.edges()));
        return Sha256.of(all.array());
    }

    /** All bits of the logits, which the instruction sets share. */
    private static String logits(Denoiser denoiser, PackedModel model) {
        GraphBatch batch = TestModels.noise(model, 6, 0, 5);
        float[][] logits = TestModels.logits(denoiser, model, batch, 23);
        ByteBuffer all = ByteBuffer.allocate(Float.BYTES * (logits[0].length + logits[1].length));
        all.asFloatBuffer().put(logits[0]).put(logits[1]);
        return Sha256.of(all.array());
    }
}
