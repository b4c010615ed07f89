package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
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
        JsonNode compared = comparison(to);
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
        assertThat(comparison(to)).isEqualTo(compared);
        evaluateFindsTheSame(to, sampler, compared);
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

    private static JsonNode comparison(Path run) throws IOException {
        return JSON.readTree(run.resolve("metrics.json").toFile()).path("fidelity");
    }

    /** Along the run's own sampler, whatever that of the model. */
    private void evaluateFindsTheSame(Path to, String sampler, JsonNode compared) throws IOException {
        Path evaluated = folder.resolve(sampler + "-evaluated");
        String[] evaluate = {"evaluate", "--input", to.toString(), "--out", evaluated.toString(), "--fidelity", "2",
            "--fidelity-steps"};
        assertThat(run(with(evaluate, "3"))).as(err).isZero();
        assertThat(comparison(evaluated)).isEqualTo(compared);
        assertThat(run(with(evaluate, "0"))).as(err).isZero();
        assertThat(comparison(evaluated).path("steps").asInt()).isEqualTo(20);
        Path molecules = Files.writeString(folder.resolve("asked.smi"), "CO\n");
        assertThat(run("evaluate", "--input", to.toString(), "--out", folder.resolve(sampler + "-asked").toString(),
            "--likelihood", molecules.toString(), "--likelihood-times", "2")).isEqualTo(sampler.equals("posterior") ? 0 : 2);
        assertThat(err).contains(sampler.equals("posterior") ? "" : "this run has the sampler " + sampler);
    }

    @Test
    void cellsAreComparedAlongTheirOwnSamplersAndSteps() throws IOException {
        Path conf = Files.writeString(folder.resolve("own.conf"), "sweep { method = [rtn], sampler = [posterior, flow],"
            + " steps = [3, 4], count = 4 }\nquantize { calibration-graphs = 1, calibration-steps = 1 }\n"
            + "measure { fidelity = 2, fidelity-steps = 0 }\n");
        Path to = folder.resolve("own");
        assertThat(run("sweep", "--config", conf.toString(), "--model", MODEL, "--out", to.toString(), "--parallel", "2"))
            .as(err).isZero();
        assertThat(spark.read().parquet(to.resolve("cells").toString()).select("kl_graph").distinct().count()).isEqualTo(4);
        assertThat(Files.readString(to.resolve("sweep.md")))
            .contains("along 2 full-precision graphs of as many steps as the cell has, by its own sampler and schedule");
        Path alone = folder.resolve("own-flow");
        assertThat(run("generate", "--model", MODEL, "--method", "rtn", "--calibration-graphs", "1", "--calibration-steps", "1",
            "--sampler", "flow", "--steps", "4", "--count", "2", "--fidelity", "2", "--fidelity-steps", "0", "--out",
            alone.toString())).as(err).isZero();
        assertThat(comparison(alone)).isEqualTo(comparison(cell(to, "flow", "t4")));
        // A comparison of the steps that a sampler of leaps cannot take is told before anything is made.
        assertThat(run("generate", "--model", MODEL, "--sampler", "tau-leaping", "--fidelity", "1", "--fidelity-steps", "1",
            "--out", folder.resolve("leaping").toString())).isEqualTo(2);
        assertThat(err).contains("--fidelity-steps must be at least 2").hasLineCount(1);
        assertThat(folder.resolve("leaping")).doesNotExist();
        // A damaged record of a run is told too.
        Path record = alone.resolve("run.json");
        Files.delete(record.resolveSibling(".run.json.crc"));
        Files.writeString(record, Files.readString(record).replaceAll("(\"sample.sampler\" ?: ?)\"flow\"", "$1\"no\""));
        assertThat(run("evaluate", "--input", alone.toString(), "--fidelity", "1", "--out",
            folder.resolve("leaping").toString())).isEqualTo(2);
        assertThat(err).contains("has a broken run.json: --sampler must be one of").hasLineCount(1);
        assertThat(folder.resolve("leaping")).doesNotExist();
    }

    /** What {@code generate} leaves of the cell whose name has these words. */
    private static Path cell(Path sweep, String... words) throws IOException {
        try (Stream<Path> cells = Files.list(sweep.resolve("details"))) {
            return cells.filter(cell -> Stream.of(words).allMatch(cell.getFileName().toString()::contains)).findFirst()
                .orElseThrow();
        }
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
