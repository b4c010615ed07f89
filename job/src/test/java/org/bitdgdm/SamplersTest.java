package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a run promises, it promises with every sampler: quantization, comparisons, gates, resuming, the same rows again. */
class SamplersTest extends CommandsOnSpark {

    private int generate(Path to, String sampler, String... more) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", MODEL, "--sampler", sampler, "--count", "12",
            "--steps", "20", "--seed", "5", "--calibration-graphs", "2", "--calibration-steps", "3", "--shard-size", "4",
            "--out", to.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    private static List<String> rows(Path run) {
        return spark.read().parquet(run.resolve("molecules").toString()).orderBy("graph_id").collectAsList().stream()
            .map(Row::toString).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"posterior", "flow", "tau-leaping"})
    void aQuantizedRunIsComparedGatedResumedAndTheSameAgain(String sampler) throws IOException {
        String[] quantized = {"--method", "gptq", "--activation-scale", "static", "--threshold-buckets", "2", "--fidelity", "2",
            "--fidelity-steps", "3"};
        Path to = folder.resolve(sampler);
        assertThat(generate(to, sampler, quantized)).as(err).isZero();
        assertThat(metric(to, "kl_graph").path("value").asDouble()).isPositive();
        assertThat(JSON.readTree(to.resolve("run.json").toFile()).toString())
            .contains("\"sample.sampler\":\"" + sampler + "\"");
        List<String> made = rows(to);
        assertThat(made).hasSize(12).doesNotHaveDuplicates();
        // A lost shard is made again, and a gate that is missed says so and keeps the rows.
        try (Stream<Path> files = Files.list(to.resolve("molecules"))) {
            Files.delete(files.filter(file -> file.getFileName().toString().startsWith("shard-")).sorted().skip(1).findFirst()
                .orElseThrow());
        }
        assertThat(generate(to, sampler, with(quantized, "--require", "kl_graph<=0", "--batch-size", "3"))).isEqualTo(3);
        assertThat(err).contains("kl_graph must be <= 0").hasLineCount(1);
        assertThat(rows(to)).isEqualTo(made);
        assertThat(generate(to, sampler, quantized)).as(err).isZero();
        assertThat(out).contains("finished before, nothing to do");
        assertThat(generate(to, sampler.equals("flow") ? "posterior" : "flow", quantized)).isEqualTo(2);
        assertThat(err).contains("sample.sampler (" + sampler + " there");
        Path full = folder.resolve(sampler + "-full");
        assertThat(generate(full, sampler, "--method", "fp32")).as(err).isZero();
        assertThat(rows(full)).isNotEqualTo(made);
        Path again = folder.resolve(sampler + "-again");
        assertThat(generate(again, sampler, with(quantized, "--batch-size", "5", "--cpu-isa", "scalar"))).as(err).isZero();
        assertThat(rows(again)).isEqualTo(made);
    }

    private static String[] with(String[] some, String... more) {
        return Stream.concat(Stream.of(some), Stream.of(more)).toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvSource({"posterior,0", "flow,2", "tau-leaping,2"})
    void likelihoodIsThePosteriorsAlone(String sampler, int code) throws IOException {
        Path molecules = Files.writeString(folder.resolve("molecules.smi"), "CO\nCCN\n");
        Path to = folder.resolve("likelihood-" + sampler);
        assertThat(generate(to, sampler, "--method", "fp32", "--likelihood", molecules.toString(), "--likelihood-times", "2"))
            .as(err).isEqualTo(code);
        if (code == 2) {
            assertThat(err).contains("this run has the sampler " + sampler + ", which defines none").hasLineCount(1);
            assertThat(to).doesNotExist();
        } else {
            assertThat(metric(to, "nll").path("value").asDouble()).isPositive();
        }
    }
}
