package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.model.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands as a user gives them, on the shipped model and real Spark. */
class CommandsTest extends CommandsOnSpark {
    private static final String[] SMALL = {"--model", MODEL, "--count", "12", "--steps", "4", "--seed", "7",
        "--calibration-graphs", "2", "--calibration-steps", "2", "--shard-size", "5", "--batch-size", "4"};

    private int generate(Path to, String... more) {
        List<String> args = new ArrayList<>(List.of("generate"));
        args.addAll(List.of(SMALL));
        args.addAll(List.of("--out", to.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    @Test
    void generateLeavesEverythingAndASecondStartDoesNothing() throws IOException {
        Path run = folder.resolve("run");
        assertThat(generate(run)).as(err).isZero();
        assertThat(out).contains("backend cpu (").contains("validity").contains("uniqueness").contains("novelty")
            .contains("graphs/s").contains("model bytes").contains("report.html");
        for (String file : new String[] {"metrics.json", "run.json", "quantization.csv", "report.html", "_SUCCESS"}) {
            assertThat(run.resolve(file)).isNotEmptyFile();
        }
        Dataset<Row> molecules = spark.read().parquet(run.resolve("molecules").toString());
        assertThat(molecules.schema().simpleString()).isEqualTo("struct<graph_id:bigint,num_atoms:int,"
            + "atom_types:array<tinyint>,bonds:array<tinyint>,smiles:string,valid:boolean,relaxed_valid:boolean,"
            + "connected:boolean,num_fragments:int,reason:string,weight:double,logp:double,rings:int>");
        assertThat(molecules.select("graph_id").orderBy("graph_id").collectAsList())
            .extracting(row -> row.getLong(0)).containsExactly(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L);
        assertThat(molecules.filter("smiles is null and relaxed_valid or smiles is not null and not relaxed_valid").count())
            .isZero();
        assertThat(spark.read().parquet(run.resolve("metrics").toString()).filter("name = 'validity'").first()
            .<Long>getAs("denominator")).isEqualTo(12L);
        JsonNode record = JSON.readTree(run.resolve("run.json").toFile());
        assertThat(record.at("/timings/sampling_seconds").asDouble()).isPositive();
        assertThat(record.at("/model_bytes/after").asLong()).isPositive()
            .isLessThan(record.at("/model_bytes/before").asLong() / 4);

        List<Row> before = molecules.orderBy("graph_id").collectAsList();
        assertThat(generate(run)).isZero();
        assertThat(out).contains("finished before, nothing to do");

        // A shard that somebody has deleted: only that one is made again, from the same packed model.
        Files.delete(run.resolve("molecules/shard-000001.parquet"));
        assertThat(generate(run)).as(err).isZero();
        assertThat(out).contains("resuming: 2 of 3 shards").doesNotContain("quantizing");
        JsonNode resumed = JSON.readTree(run.resolve("run.json").toFile());
        assertThat(resumed.at("/graphs/count").asInt()).isEqualTo(12);
        assertThat(resumed.at("/graphs/sampled").asInt()).as("in both starts").isEqualTo(17);
        assertThat(resumed.at("/timings/sampling_seconds").asDouble())
            .isGreaterThan(record.at("/timings/sampling_seconds").asDouble());
        assertThat(resumed.at("/timings/quantization_seconds")).isEqualTo(record.at("/timings/quantization_seconds"));
        Files.delete(run.resolve("metrics.json"));
        assertThat(generate(run)).as(err).isZero();
        assertThat(out).doesNotContain("sampling:").contains("validity");
        assertThat(spark.read().parquet(run.resolve("molecules").toString()).orderBy("graph_id").collectAsList())
            .isEqualTo(before);

        assertThat(generate(run, "--rank", "8")).isEqualTo(2);
        assertThat(err).contains("holds another run").contains("rank").hasLineCount(1);

        // Our own Parquet is scored again without sampling, with equal verdicts; the run's folder stands for it.
        Path again = folder.resolve("again");
        assertThat(run("evaluate", "--model", MODEL, "--input", run.toString(), "--out", again.toString())).as(err).isZero();
        assertThat(spark.read().parquet(again.resolve("molecules").toString()).orderBy("graph_id").collectAsList())
            .isEqualTo(before);
        assertThat(JSON.readTree(again.resolve("metrics.json").toFile()).path("metrics"))
            .isEqualTo(JSON.readTree(run.resolve("metrics.json").toFile()).path("metrics"));
    }

    /** Another folder, another schedule: the same model. */
    @Test
    void aModelThatOneRunHasQuantizedTheNextTakesFromTheCache() throws IOException {
        String cache = folder.resolve("models").toString();
        assertThat(generate(folder.resolve("cached-1"), "--method", "rtn", "--cache", cache)).as(err).isZero();
        assertThat(out).contains("quantizing with rtn").doesNotContain("quantized before");
        assertThat(generate(folder.resolve("cached-2"), "--method", "rtn", "--cache", cache, "--schedule", "noise")).as(err)
            .isZero();
        assertThat(out).contains("quantized before: taken from").doesNotContain("quantizing");
        assertThat(folder.resolve("cached-2/_run/model/packed.bdgm"))
            .hasSameBinaryContentAs(folder.resolve("cached-1/_run/model/packed.bdgm"));
        assertThat(folder.resolve("cached-2/quantization.csv"))
            .hasSameTextualContentAs(folder.resolve("cached-1/quantization.csv"));
        assertThat(JSON.readTree(folder.resolve("cached-1/run.json").toFile()).path("quantized_model").asText())
            .isEqualTo("made by this run");
        JsonNode taken = JSON.readTree(folder.resolve("cached-2/run.json").toFile());
        assertThat(taken.path("quantized_model").asText()).isEqualTo("from the cache");
        assertThat(taken.path("timings").has("quantization_seconds")).isFalse();
        assertThat(taken.path("core_seconds_per_million_graphs").asDouble()).isPositive();
        assertThat(generate(folder.resolve("cached-3"), "--method", "rtn", "--cache", "none")).as(err).isZero();
        assertThat(out).contains("quantizing with rtn");
        assertThat(generate(folder.resolve("cached-4"), "--method", "rtn", "--cache", "nosuch://x/y")).isEqualTo(2);
        assertThat(err).contains("--cache nosuch://x/y cannot be used").hasLineCount(1);
        assertThat(folder.resolve("cached-4")).doesNotExist();
    }

    @Test
    void theQuantizedModelIsComparedWithFullPrecisionOnDemand() throws IOException {
        Path run = folder.resolve("compared");
        String[] compared = {"--method", "rtn", "--fidelity", "3", "--fidelity-steps", "5"};
        assertThat(generate(run, "--method", "rtn")).as(err).isZero();
        assertThat(out).doesNotContain("kl node");
        assertThat(generate(run, compared)).as(err).isZero();
        assertThat(out).contains("comparing with full precision: 3 graphs, 5 steps").contains("kl node")
            .contains("identical graphs").doesNotContain("quantizing with");
        JsonNode metrics = JSON.readTree(run.resolve("metrics.json").toFile());
        assertThat(JSON.readTree(run.resolve("run.json").toFile()).at("/graphs/sampled").asInt())
            .as("what the first start has measured").isEqualTo(12);
        assertThat(metrics.at("/fidelity/divergence/graph/value").asDouble()).isPositive();
        assertThat(metrics.at("/fidelity/divergence/graph/count").asInt()).isEqualTo(15);
        assertThat(metrics.at("/fidelity/ranges")).hasSize(5);
        assertThat(Files.readString(run.resolve("report.html"))).contains("Divergence per edge").contains("mean of ");
        assertThat(generate(run, compared)).isZero();
        assertThat(out).contains("finished before").contains("kl edge");
        assertThat(generate(folder.resolve("none"), "--require", "kl_edge<=1")).isEqualTo(2);
        assertThat(generate(folder.resolve("none"), "--fidelity", "1", "--fidelity-steps", "501")).isEqualTo(2);
        assertThat(err).contains("--fidelity-steps must be at most 500");
    }

    @Test
    void evaluateComparesTheModelOfARunAsTheRunItselfWouldHave() throws IOException {
        Path asked = Files.writeString(folder.resolve("likely.smi"), "CCO\nC1CC1\n");
        String[] measures = {"--fidelity", "3", "--fidelity-steps", "5", "--likelihood", asked.toString(),
            "--likelihood-times", "2"};
        for (String method : new String[] {"rtn", "fp32"}) {
            Path run = folder.resolve("asked-" + method);
            assertThat(generate(run, Stream.concat(Stream.of("--method", method), Stream.of(measures))
                .toArray(String[]::new))).as(err).isZero();
            Path plain = folder.resolve("plain-" + method);
            // The run names its model; nobody has to.
            String[] evaluate = {"evaluate", "--input", run.toString(), "--out", plain.toString()};
            assertThat(run(evaluate)).as(err).isZero();
            assertThat(out).doesNotContain("kl graph");
            String[] asking = Stream.concat(Stream.of(evaluate), Stream.of(measures)).toArray(String[]::new);
            assertThat(run(asking)).as(err).isZero();
            assertThat(out).contains("comparing with full precision: 3 graphs, 5 steps", "kl graph", "nll");
            JsonNode found = JSON.readTree(plain.resolve("metrics.json").toFile());
            assertThat(found).isEqualTo(JSON.readTree(run.resolve("metrics.json").toFile()));
            assertThat(found.at("/fidelity/divergence/graph/value").asDouble() > 0).isEqualTo(method.equals("rtn"));
            assertThat(run(asking)).isZero();
            assertThat(out).contains("finished before");
        }

        Path never = folder.resolve("never-asked");
        String[] onRun = {"evaluate", "--input", folder.resolve("asked-rtn").toString(), "--out", never.toString()};
        assertThat(run("evaluate", "--input", asked.toString(), "--out", never.toString(), "--fidelity", "2")).isEqualTo(2);
        assertThat(err).contains("--fidelity asks the model that has made the graphs").hasLineCount(1);
        assertThat(run("evaluate", "--input", folder.resolve("plain-rtn").toString(), "--out", never.toString(),
            "--likelihood", asked.toString())).isEqualTo(2);
        assertThat(err).contains("--likelihood asks the model that has made the graphs").hasLineCount(1);
        assertThat(run(Stream.concat(Stream.of(onRun), Stream.of("--fidelity", "1", "--fidelity-steps", "501"))
            .toArray(String[]::new))).isEqualTo(2);
        assertThat(err).contains("--fidelity-steps must be at most 500").hasLineCount(1);
        Path other = folder.resolve("another-model");
        ModelBundle bundle = ModelBundle.load(Path.of(MODEL));
        Map<String, Tensor> tensors = new LinkedHashMap<>(bundle.tensors());
        tensors.computeIfPresent("model.tf_layers.4.self_attn.x_out.weight",
            (name, tensor) -> new Tensor(name, tensor.shape(), new float[tensor.values().length]));
        saveWith(bundle, tensors, other);
        assertThat(run(Stream.concat(Stream.of(onRun), Stream.of("--fidelity", "1", "--model", other.toString()))
            .toArray(String[]::new))).isEqualTo(2);
        assertThat(err).contains("--model must be the one that --input").hasLineCount(1);
        Files.delete(folder.resolve("asked-rtn/_run/model/packed.bdgm"));
        assertThat(run(Stream.concat(Stream.of(onRun), Stream.of("--fidelity", "1")).toArray(String[]::new))).isEqualTo(2);
        assertThat(err).contains("found no _run/model").hasLineCount(1);
        assertThat(never).doesNotExist();
    }

    @Test
    void aSavedQuantizedModelGivesTheSameGraphsWithoutQuantizing() throws IOException {
        Path run = folder.resolve("saving");
        Path saved = folder.resolve("quantized-model");
        String[] saving = {"--method", "rtn", "--fidelity", "2", "--fidelity-steps", "3", "--save-model", saved.toString()};
        assertThat(generate(run, saving)).as(err).isZero();
        assertThat(out).contains("quantized model saved in");
        Path again = folder.resolve("from-saved");
        String[] plain = {"generate", "--model", saved.toString(), "--count", "12", "--steps", "4", "--seed", "7",
            "--shard-size", "5", "--fidelity", "2", "--fidelity-steps", "3", "--out", again.toString()};
        assertThat(run(plain)).as(err).isZero();
        assertThat(out).contains("quantized before").doesNotContain("quantizing");
        for (String file : new String[] {"_run/model/packed.bdgm", "quantization.csv", "metrics.json"}) {
            assertThat(again.resolve(file)).as(file).hasSameBinaryContentAs(run.resolve(file));
        }
        assertThat(spark.read().parquet(again.resolve("molecules").toString()).orderBy("graph_id").collectAsList())
            .isEqualTo(spark.read().parquet(run.resolve("molecules").toString()).orderBy("graph_id").collectAsList());
        JsonNode record = JSON.readTree(again.resolve("run.json").toFile());
        assertThat(record.at("/configuration").path("quantize.method").asText()).isEqualTo("rtn");
        assertThat(run(plain)).isZero();
        assertThat(out).contains("finished before");

        // What lies with a finished run can still be saved, and is the same.
        Path later = folder.resolve("saved-later");
        saving[saving.length - 1] = later.toString();
        assertThat(generate(run, saving)).as(err).isZero();
        assertThat(out).contains("finished before").contains("quantized model saved in");
        assertThat(later.resolve("packed.bdgm")).hasSameBinaryContentAs(saved.resolve("packed.bdgm"));
        assertThat(later.resolve("reference.hashes")).hasSameBinaryContentAs(Path.of(MODEL, "reference.hashes"));

        Path never = folder.resolve("never-quantized");
        assertThat(run("generate", "--model", saved.toString(), "--rank", "8", "--recipe", "auto", "--budget", "1", "--out",
            never.toString())).isEqualTo(2);
        assertThat(err).contains("is quantized already; leave out --rank, --recipe, --budget").hasLineCount(1);
        Path conf = Files.writeString(folder.resolve("sweep-saved.conf"), "sweep.method = [fp32, rtn]");
        assertThat(run("sweep", "--config", conf.toString(), "--model", saved.toString(), "--out", never.toString()))
            .isEqualTo(2);
        assertThat(err).contains("--model of a sweep must be in full precision").hasLineCount(1);
        assertThat(generate(never, "--method", "fp32", "--save-model", later.toString())).isEqualTo(2);
        assertThat(err).contains("--save-model must be left out where nothing is quantized").hasLineCount(1);
        Files.writeString(saved.resolve("recipe.json"), Files.readString(saved.resolve("recipe.json"))
            .replaceFirst("\"sourceSha256\" : \"..", "\"sourceSha256\" : \"zz"));
        assertThat(run("generate", "--model", saved.toString(), "--out", never.toString())).isEqualTo(2);
        assertThat(err).contains("holds a quantized model of other tensors").hasLineCount(1);
        assertThat(never).doesNotExist();
    }

    /** A bundle whose description has the hash of its changed tensors. */
    private static void saveWith(ModelBundle whole, Map<String, Tensor> tensors, Path to) throws IOException {
        new ModelBundle(whole.name(), whole.architecture(), whole.diffusion(), whole.vocabulary(), tensors, whole.sha256(),
            whole.provenance()).save(to);
        String actual = Sha256.of(Files.readAllBytes(to.resolve(ModelBundle.TENSORS_FILE)));
        Path facts = to.resolve(ModelBundle.FACTS_FILE);
        Files.writeString(facts, Files.readString(facts).replace(whole.sha256(), actual));
    }

    @Test
    void likelihoodIsThatOfTheFileAsItIs() throws IOException {
        Path run = folder.resolve("likelihood");
        Path molecules = folder.resolve("asked.smi");
        Files.writeString(molecules, "CCO\nCC\n");
        String[] asked = {"--method", "rtn", "--likelihood", molecules.toString(), "--likelihood-times", "2"};
        assertThat(generate(run, asked)).as(err).isZero();
        assertThat(out).contains("nll");
        JsonNode before = JSON.readTree(run.resolve("metrics.json").toFile());
        assertThat(generate(run, asked)).isZero();
        assertThat(out).contains("finished before");
        Files.writeString(molecules, "C1CCCCC1N\n");
        assertThat(generate(run, asked)).as(err).isZero();
        assertThat(out).as("other molecules").doesNotContain("finished before").contains("nll");
        assertThat(JSON.readTree(run.resolve("metrics.json").toFile()).path("metrics")).isNotEqualTo(before.path("metrics"));
        Files.delete(molecules);
        assertThat(generate(run, asked)).isEqualTo(2);
        assertThat(err).isEqualToIgnoringNewLines("error: --likelihood must name a file of molecules, found none at "
            + molecules);
    }

    @Test
    void whatAKernelSaysInATaskIsOneSentence() throws IOException {
        ModelBundle whole = ModelBundle.load(Path.of(MODEL));
        Map<String, Tensor> tensors = new LinkedHashMap<>(whole.tensors());
        tensors.computeIfPresent("model.tf_layers.4.self_attn.x_out.weight", (name, tensor) -> {
            float[] values = tensor.values().clone();
            Arrays.fill(values, Float.MAX_VALUE);
            return new Tensor(name, tensor.shape(), values);
        });
        Path broken = folder.resolve("broken");
        saveWith(whole, tensors, broken);
        int code = run("generate", "--model", broken.toString(), "--method", "fp32", "--count", "4", "--steps", "2",
            "--out", folder.resolve("overflow").toString());
        assertThat(code).as(err).isEqualTo(1);
        assertThat(err).startsWith("error: a task has failed: logits at time 500 are not finite").hasLineCount(1);
    }

    @Test
    void anEvaluationIsComparedWithAnotherRunAtTheSameIds() throws IOException {
        Path run = folder.resolve("compared-with");
        assertThat(generate(run, "--method", "fp32")).as(err).isZero();
        Path same = folder.resolve("same");
        assertThat(run("evaluate", "--model", MODEL, "--input", run.toString(), "--against", run.toString(), "--out",
            same.toString(), "--require", "validity_difference>=0")).as(err).isZero();
        assertThat(out).contains("validity difference").contains("logp difference");
        assertThat(Files.readString(same.resolve("report.html"))).contains("Validity difference");
        for (JsonNode metric : JSON.readTree(same.resolve("metrics.json").toFile()).path("metrics")) {
            if (metric.path("name").asText().endsWith("_difference") && !metric.path("value").isNull()) {
                assertThat(metric.path("value").asDouble()).as(metric.toString()).isZero();
            }
        }
        assertThat(run("evaluate", "--model", MODEL, "--input", run.toString(), "--against", "nowhere", "--out",
            folder.resolve("other").toString())).isEqualTo(2);
        assertThat(err).contains("--against").hasLineCount(1);
    }

    @Test
    void aRecipeIsChosenWithinTheBudgetAndItsFileTakesItBackBitIdentically() throws IOException {
        Path run = folder.resolve("auto");
        Path conf = folder.resolve("auto.conf");
        Files.writeString(conf, "quantize.candidate = [\"method=rtn,activation-bits=4,activation-scale=row\"]\n"
            + "measure { sensitivity = 2, sensitivity-steps = 2, fidelity = 2, fidelity-steps = 3 }");
        assertThat(generate(run, "--config", conf.toString(), "--recipe", "auto", "--budget", "0.01")).as(err).isZero();
        assertThat(out).contains("recipe 1: predicted").contains("verified on 2 graphs of 3 steps: predicted")
            .contains("ms; whole steps measured ").contains("recipe found");
        JsonNode divergence = JSON.readTree(run.resolve("metrics.json").toFile()).at("/fidelity/divergence/graph");
        assertThat(divergence.path("value").asDouble()).isPositive();
        assertThat(divergence.path("value").asDouble() + 1.96 * divergence.path("standard_error").asDouble())
            .isLessThanOrEqualTo(0.01);
        assertThat(Files.readString(run.resolve("quantization.csv"))).contains("kl_graph_alone");
        String recipe = Files.readString(run.resolve("recipe.conf"));
        assertThat(recipe).contains("method=fp32").contains("method=rtn").contains("budget 0.01")
            .contains("along 2 graphs of 3 steps that it was not chosen by").contains("whole steps measured ")
            .contains("plain W8A8");
        assertThat(generate(run, "--config", conf.toString(), "--recipe", "auto", "--budget", "0.01")).isZero();
        assertThat(out).contains("finished before").doesNotContain("recipe 1");

        Path again = folder.resolve("from-recipe");
        assertThat(run("generate", "--model", MODEL, "--count", "3", "--steps", "4", "--out", again.toString(), "--recipe",
            run.resolve("recipe.conf").toString())).as(err).isZero();
        for (Path one : List.of(run, again)) {
            assertThat(one.resolve("_run/model/packed.bdgm")).isNotEmptyFile();
        }
        assertThat(again.resolve("_run/model/packed.bdgm")).hasSameBinaryContentAs(run.resolve("_run/model/packed.bdgm"));
        assertThat(generate(folder.resolve("none"), "--recipe", "auto", "--budget", "0.01", "--backend", "reference"))
            .isEqualTo(2);
        assertThat(err).contains("needs measured rates of the backend reference");
    }

    @Test
    void aSweepRunsItsCellsOnceAndOutlivesAFailedOne() throws IOException {
        Path out = folder.resolve("sweep");
        Path conf = folder.resolve("sweep.conf");
        Files.writeString(conf, "sweep { count = 9, steps = 3, cells = [ { method = fp32 }, { method = rtn,"
            + " weight-bits = [4, 8], activation-scale = row } ] }\n"
            + "quantize { activation-bits = 4, calibration-graphs = 2, calibration-steps = 2 }\n"
            + "measure { fidelity = 2, fidelity-steps = 3 }");
        String[] sweep = {"sweep", "--config", conf.toString(), "--model", MODEL, "--out", out.toString()};
        assertThat(run(sweep)).as(err).isZero();
        assertThat(out).isDirectoryContaining("glob:**/_SUCCESS");
        List<Row> cells = cells(out);
        assertThat(cells).extracting(row -> row.getString(0)).containsExactly("fp32-t3-s0", "rtn-w4a4-row-t3-s0",
            "rtn-w8a4-row-t3-s0");
        assertThat(cells.get(0).<Double>getAs("kl_graph")).isZero();
        assertThat(cells.get(0).<Integer>getAs("weight_bits")).isNull();
        assertThat(cells.get(0).<Double>getAs("validity_difference")).isNull();
        for (Row cell : cells.subList(1, 3)) {
            assertThat(cell.<String>getAs("status")).isEqualTo("done");
            assertThat(cell.<Double>getAs("kl_graph")).isPositive();
            assertThat(cell.<Double>getAs("kl_graph_low")).isLessThan(cell.<Double>getAs("kl_graph"));
            assertThat(cell.<Double>getAs("validity_difference")).isBetween(-1.0, 1.0);
            assertThat(cell.<Double>getAs("graphs_per_second")).isPositive();
            assertThat(cell.<Long>getAs("bytes_after")).isLessThan(cell.<Long>getAs("bytes_before"));
            assertThat(cell.<Long>getAs("count")).isEqualTo(9);
        }
        assertThat(spark.read().parquet(out.resolve("molecules").toString()).groupBy("cell").count().orderBy("cell")
            .collectAsList()).extracting(Row::toString)
            .containsExactly("[fp32-t3-s0,9]", "[rtn-w4a4-row-t3-s0,9]", "[rtn-w8a4-row-t3-s0,9]");
        assertThat(out.resolve("details/rtn-w4a4-row-t3-s0/report.html")).isNotEmptyFile();

        assertThat(run(sweep)).isZero();
        assertThat(this.out).contains("finished before, nothing to do").contains("rtn-w8a4-row-t3-s0, validity");

        // A larger grid keeps the cells that are done; a cell whose folder is taken by something else fails alone.
        Files.writeString(out.resolve("details/rtn-w5a4-row-t3-s0"), "");
        Files.writeString(conf, Files.readString(conf).replace("[4, 8]", "[4, 5, 6]") + "\nparallel = 2");
        assertThat(run(sweep)).isEqualTo(1);
        assertThat(err).startsWith("error: 1 of 4 cells have failed, the first is rtn-w5a4-row-t3-s0: ")
            .contains("is a file; give a folder");
        assertThat(this.out).doesNotContain("rtn-w4a4-row-t3-s0 …").contains("rtn-w6a4-row-t3-s0 …");
        cells = cells(out);
        assertThat(cells).extracting(row -> row.<String>getAs("status")).containsExactly("done", "done", "failed", "done");
        assertThat(cells.get(2).<String>getAs("error")).contains("is a file");
        assertThat(Files.readString(out.resolve("sweep.html"))).contains("is a file").contains("rtn-w6a4-row-t3-s0");
        Files.delete(out.resolve("details/rtn-w5a4-row-t3-s0"));
        assertThat(run(sweep)).as(err).isZero();
        assertThat(this.out).contains("rtn-w5a4-row-t3-s0 …").doesNotContain("rtn-w6a4-row-t3-s0 …");
        assertThat(run("sweep", "--config", conf.toString(), "--model", MODEL, "--out", out.toString(), "--count", "8"))
            .isEqualTo(2);
        assertThat(err).contains("sample.count (9 there, 8 asked for)");
    }

    @Test
    void cellsAtOnceAreTheSameCells() throws Exception {
        Path conf = folder.resolve("parallel.conf");
        Files.writeString(conf, "sweep { count = 6, steps = 2, cells = [ { method = fp32 }, { method = rtn,"
            + " weight-bits = [4, 5], activation-scale = row, seed = [0, 1] } ] }\n"
            + "quantize { calibration-graphs = 1, calibration-steps = 1 }\n"
            + "measure { fidelity = 2, fidelity-steps = 2 }");
        List<List<Row>> rows = new ArrayList<>();
        for (String atOnce : List.of("1", "3")) {
            Path out = folder.resolve("at-once-" + atOnce);
            String[] sweep = {"sweep", "--config", conf.toString(), "--model", MODEL, "--out", out.toString(), "--parallel",
                atOnce};
            assertThat(run(sweep)).as(err).isZero();
            rows.add(spark.read().parquet(out.resolve("molecules").toString()).orderBy("cell", "graph_id").collectAsList());
            List<Row> cells = cells(out);
            List<String> timeless = Stream.of(spark.read().parquet(out.resolve("cells").toString()).columns())
                .filter(column -> !column.endsWith("_second") && !column.endsWith("_seconds")).toList();
            rows.add(spark.read().parquet(out.resolve("cells").toString()).selectExpr(timeless.toArray(String[]::new))
                .collectAsList());
            assertThat(cells).extracting(row -> row.<String>getAs("status")).containsOnly("done").hasSize(5);
            assertThat(Files.readString(out.resolve("sweep.md")).contains("Up to 3 cells ran at once"))
                .isEqualTo(atOnce.equals("3"));
            assertThat(Files.readString(out.resolve("sweep.html"))).contains(
                atOnce.equals("3") ? "up to 3 cells at once" : "one cell at a time");
        }
        assertThat(rows.get(2)).isEqualTo(rows.get(0));
        assertThat(rows.get(3)).isEqualTo(rows.get(1));
    }

    @Test
    void anInterruptedSweepLeavesNothingRunning() throws Exception {
        Path out = folder.resolve("interrupted");
        Path conf = Files.writeString(folder.resolve("interrupted.conf"),
            "sweep { method = fp32, count = 100000, steps = 500, seed = [0, 1, 2], parallel = 2 }");
        Thread sweep = new Thread(() -> BitDgdmJob.run(new String[] {"sweep", "--config", conf.toString(), "--model", MODEL,
            "--out", out.toString()}, new PrintStream(new ByteArrayOutputStream()), new PrintStream(
            new ByteArrayOutputStream())));
        sweep.start();
        while (spark.sparkContext().statusTracker().getActiveJobIds().length < 2) {
            assertThat(sweep.isAlive()).isTrue();
            Thread.sleep(100);
        }
        sweep.interrupt();
        sweep.join();
        while (spark.sparkContext().statusTracker().getActiveJobIds().length > 0) {
            Thread.sleep(100);
        }
        assertThat(out.resolve("_run/lock.json")).doesNotExist();
        assertThat(out.resolve("_SUCCESS")).doesNotExist();
    }

    private static List<Row> cells(Path out) {
        return spark.read().parquet(out.resolve("cells").toString()).collectAsList();
    }

    @Test
    void aGateThatDoesNotHoldEndsWith3AndKeepsTheFiles() {
        Path run = folder.resolve("gate");
        assertThat(generate(run, "--method", "fp32", "--require", "validity>=1.5")).isEqualTo(3);
        assertThat(err).contains("validity must be >= 1.5").hasLineCount(1);
        assertThat(run.resolve("_SUCCESS")).exists();
        // The gate holds for a finished run too.
        assertThat(generate(run, "--method", "fp32", "--require", "validity>=1.5")).isEqualTo(3);
        assertThat(generate(run, "--method", "fp32", "--require", "validity>=0")).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--count 0", "--rank -1", "--alpha 1.5", "--steps 0", "--steps 501", "--weight-bits 1",
        "--model missing", "--backend cuda", "--cpu-isa neon", "--require valdity>=0.5", "--require unique>=x",
        "--reference missing.smi", "--threshold-percentile 0", "--protocol rdkit"})
    void badArgumentsLeaveNothing(String bad) throws IOException {
        Path run = folder.resolve("bad");
        String[] words = bad.split(" ");
        List<String> args = new ArrayList<>(List.of("generate", "--model", MODEL, "--out", run.toString()));
        args.removeAll(words[0].equals("--model") ? List.of("--model", MODEL) : List.of());
        args.addAll(List.of(words));
        assertThat(run(args.toArray(String[]::new))).isEqualTo(2);
        assertThat(err).startsWith("error: ").hasLineCount(1).doesNotContain("Exception");
        assertThat(run).doesNotExist();
    }

    @Test
    void aFolderThatIsNotOursOrNotWritableIsRefused() throws IOException {
        Path foreign = Files.createDirectories(folder.resolve("foreign"));
        Files.writeString(foreign.resolve("notes.txt"), "mine");
        assertThat(generate(foreign)).isEqualTo(2);
        assertThat(err).contains("not empty").contains("notes.txt").hasLineCount(1);
        try (Stream<Path> files = Files.list(foreign)) {
            assertThat(files).hasSize(1);
        }
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertThat(generate(file.resolve("below"))).isEqualTo(2);
        assertThat(err).hasLineCount(1);
    }

    @Test
    void evaluateScoresTextAndSmiles() throws IOException {
        Path text = Files.writeString(folder.resolve("graphs.txt"),
            "N=3\nX: \n0 0 2 \nE: \n0 1 0 \n1 0 1 \n0 1 0 \n\nN=2\nX: \n2 3 \nE: \n0 2 \n2 0 \n\n");
        Path run = folder.resolve("text");
        assertThat(run("evaluate", "--model", MODEL, "--input", text.toString(), "--out", run.toString())).as(err).isZero();
        List<Row> rows = spark.read().parquet(run.resolve("molecules").toString()).orderBy("graph_id")
            .select("smiles", "valid").collectAsList();
        assertThat(rows).extracting(row -> row.getString(0)).containsExactly("OCC", null);
        assertThat(rows).extracting(row -> row.getBoolean(1)).containsExactly(true, false);

        Path smiles = Files.writeString(folder.resolve("list.smi"), "CCO\nOCC\nc1ccccc1\n");
        Path listed = folder.resolve("listed");
        assertThat(run("evaluate", "--model", MODEL, "--input", smiles.toString(), "--out", listed.toString())).as(err)
            .isZero();
        JsonNode metrics = JSON.readTree(listed.resolve("metrics.json").toFile());
        assertThat(metrics.at("/counts/graphs").asLong()).isEqualTo(3);
        assertThat(metrics.at("/counts/distinct").asLong()).isEqualTo(2);

        assertThat(run("evaluate", "--model", MODEL, "--input", folder.resolve("none").toString(), "--out",
            folder.resolve("never").toString())).isEqualTo(2);
        assertThat(err).contains("--input").hasLineCount(1);
        assertThat(folder.resolve("never")).doesNotExist();
    }

    @Test
    void inputThatIsNoGraphsLeavesNothing() throws IOException {
        Path never = folder.resolve("no-graphs");
        Path text = Files.writeString(folder.resolve("broken.txt"),
            "N=2\nX: \n2 3 \nE: \n0 2 \n2 0 \n\nN=1\nX: \n9 \nE: \n0 \n");
        assertThat(evaluate(text, never)).isEqualTo(2);
        assertThat(err).startsWith("error: ").contains("broken.txt line 10").hasLineCount(1);
        assertThat(never).doesNotExist();

        for (String columns : new String[] {"array(0) as atom_types", "'CC' as atom_types, array(0) as bonds",
            "array(0, 700) as atom_types, array(1) as bonds", "cast(null as array<int>) as atom_types, array(0) as bonds"}) {
            Path table = folder.resolve("no-graphs-of-parquet");
            spark.sql("select 7 as graph_id, " + columns).write().mode("overwrite").parquet(table.toString());
            assertThat(evaluate(table, never)).as(columns).isEqualTo(2);
            assertThat(err).startsWith("error: --input").hasLineCount(1);
            assertThat(never).doesNotExist();
        }
        assertThat(run("evaluate", "--model", MODEL, "--input", "nowhere://x", "--out", never.toString())).isEqualTo(2);
        assertThat(err).startsWith("error: --input nowhere://x cannot be read").hasLineCount(1);
        assertThat(generate(never, "--calibration-steps", "501")).isEqualTo(2);
        assertThat(generate(never, "--override", "tf_layer.*:rank=4")).isEqualTo(2);
        assertThat(err).contains("matches no layer").hasLineCount(1);
        assertThat(never).doesNotExist();
    }

    /** Spark reads a file in pieces of bytes; rows are all in the piece that holds the middle of their group. */
    @Test
    void piecesOfParquetWithoutRowsAreNoShards() throws IOException {
        Path table = folder.resolve("pieces");
        spark.sql("select id as graph_id, array(0, 0, 2) as atom_types, array(1, 0, 1) as bonds from range(5)").coalesce(1)
            .write().parquet(table.toString());
        Path none = folder.resolve("no-rows");
        spark.read().parquet(table.toString()).filter("graph_id < 0").write().parquet(none.toString());
        String limit = "spark.sql.files.maxPartitionBytes";
        String before = spark.conf().get(limit);
        spark.conf().set(limit, "300");
        try {
            assertThat(spark.read().parquet(table.toString()).javaRDD().getNumPartitions()).isGreaterThan(1);
            Path run = folder.resolve("of-pieces");
            assertThat(evaluate(table, run)).as(err).isZero();
            assertThat(spark.read().parquet(run.resolve("molecules").toString()).orderBy("graph_id").collectAsList())
                .extracting(row -> row.getLong(0) + row.getString(4))
                .containsExactly("0OCC", "1OCC", "2OCC", "3OCC", "4OCC");
            assertThat(run.resolve("molecules/_SUCCESS")).exists();
        } finally {
            spark.conf().set(limit, before);
        }
        Path run = folder.resolve("of-no-rows");
        assertThat(evaluate(none, run)).as(err).isEqualTo(2);
        assertThat(err).contains("holds no graphs; there is nothing to evaluate");
    }

    private int evaluate(Path input, Path to) {
        return run("evaluate", "--model", MODEL, "--input", input.toString(), "--out", to.toString());
    }
}
