package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sequences for backbones as a user asks for them, on the shipped model and real Spark. */
class DesignTest extends CommandsOnSpark {
    private static final String PROTEINS = Path.of("..", "conf", "models", "gradeif").toString();
    private static final Path STRUCTURES = Path.of("..", "conf", "structures");

    private int generate(Path to, Path structures, String... more) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", PROTEINS, "--structures", structures.toString(),
            "--method", "fp32", "--samples", "2", "--steps", "2", "--seed", "7", "--out", to.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    private static List<Row> rows(Path run) {
        return spark.read().parquet(run.resolve("sequences").toString()).orderBy("graph_id").collectAsList();
    }

    private static String text(List<Row> rows) {
        return String.join("\n", rows.stream().map(Row::toString).toList());
    }

    @Test
    void everyChainGetsItsSequencesAndASecondStartMakesWhatIsMissing() throws IOException {
        Path run = folder.resolve("run");
        assertThat(generate(run, STRUCTURES)).as(err).isZero();
        assertThat(out).contains("structures: 3 chains of 3 files, 201 residues").contains("ensemble recovery");
        List<Row> rows = rows(run);
        assertThat(rows).hasSize(9).extracting(row -> row.<String>getAs("structure") + row.getAs("chain") + row.getAs("sample"))
            .containsExactly("1igv.AA0", "1igv.AA1", "1igv.AAnull", "3d5s.CC0", "3d5s.CC1", "3d5s.CCnull", "4dn4.MM0",
                "4dn4.MM1", "4dn4.MMnull");
        for (Row row : rows) {
            String wanted = row.getAs("native");
            String found = row.getAs("sequence");
            assertThat(found).matches("[ARNDCQEGHILKMFPSTWYV]+").hasSameSizeAs(wanted);
            long same = IntStream.range(0, found.length()).filter(i -> found.charAt(i) == wanted.charAt(i)).count();
            assertThat(row.<Double>getAs("recovery")).isEqualTo(same / (double) wanted.length());
            assertThat(row.<Double>getAs("mean_log_likelihood")).isNegative();
        }
        JsonNode metrics = JSON.readTree(run.resolve("metrics.json").toFile());
        assertThat(metrics.at("/counts/chains").asInt()).isEqualTo(3);
        assertThat(metrics.at("/metrics/0/name").asText()).isEqualTo("recovery");
        assertThat(metrics.at("/metrics/0/denominator").asInt()).isEqualTo(2 * 201);
        assertThat(metric(run, "ensemble_recovery").path("value").asDouble()).as("recovery of ensembles by a trained model")
            .isGreaterThan(0.15);
        List<String> fasta = Files.readAllLines(run.resolve("sequences.fasta"));
        assertThat(fasta).hasSize(18);
        assertThat(fasta.get(0)).startsWith(">1igv.A:A sample=0 recovery=");
        assertThat(fasta.get(1)).isEqualTo(rows.get(0).<String>getAs("sequence"));
        assertThat(Files.readString(run.resolve("report.html"))).contains("Recovery along the chain");

        assertThat(generate(run, STRUCTURES)).isZero();
        assertThat(out).contains("finished before, nothing to do");
        try (Stream<Path> shards = Files.list(run.resolve("sequences"))) {
            Files.delete(shards.filter(file -> file.getFileName().toString().startsWith("shard-")).sorted().findFirst().orElseThrow());
        }
        assertThat(generate(run, STRUCTURES)).as(err).isZero();
        assertThat(text(rows(run))).isEqualTo(text(rows));
    }

    @Test
    void aSequenceDependsOnItsStructureOnly() throws IOException {
        Path alone = Files.createDirectories(folder.resolve("alone"));
        Path packed = alone.resolve("4dn4.M.pdb.gz");
        try (GZIPOutputStream gzip = new GZIPOutputStream(Files.newOutputStream(packed))) {
            gzip.write(Files.readAllBytes(STRUCTURES.resolve("4dn4.M.pdb")));
        }
        assertThat(generate(folder.resolve("all"), STRUCTURES)).as(err).isZero();
        assertThat(generate(folder.resolve("one"), packed, "--batch-size", "1")).as(err).isZero();
        List<Row> all = rows(folder.resolve("all")).stream().filter(row -> row.getAs("structure").equals("4dn4.M")).toList();
        assertThat(rows(folder.resolve("one"))).extracting(row -> row.<String>getAs("sequence") + row.getAs("mean_log_likelihood"))
            .isEqualTo(all.stream().map(row -> row.<String>getAs("sequence") + row.getAs("mean_log_likelihood")).toList());
    }

    @Test
    void whatIsNoStructureIsARowWithAReasonAndStopsNothing() throws IOException {
        Path mixed = Files.createDirectories(folder.resolve("mixed"));
        String good = Files.readString(STRUCTURES.resolve("4dn4.M.pdb"));
        Files.writeString(mixed.resolve("good.pdb"), good);
        Files.writeString(mixed.resolve("models.pdb"), "MODEL        1\n" + good.replace("END\n", "") + "ENDMDL\nMODEL        2\n"
            + good.replace("END\n", "") + "ENDMDL\nEND\n");
        Files.writeString(mixed.resolve("empty.pdb"), "");
        Files.writeString(mixed.resolve("ligand.ent"), "HETATM    1  C1  GOL A   1      10.000  10.000  10.000  1.00 20.00           C\n");
        Files.write(mixed.resolve("cut.cif.gz"), new byte[] {0x1f, (byte) 0x8b, 8, 0});
        Files.writeString(mixed.resolve("notes.txt"), "no structure");
        assertThat(generate(folder.resolve("some"), mixed, "--chains", "M,Z", "--log-probabilities", "true", "--fix", "M:9-20"))
            .as(err).isZero();
        assertThat(out).contains("not used: 1 × an empty file").contains("not used: 2 × no protein chain of this name")
            .contains("1 file has several models");
        List<Row> rows = rows(folder.resolve("some"));
        assertThat(rows.stream().filter(row -> row.getAs("reason") != null)
            .map(row -> row.getAs("structure") + ": " + row.getAs("reason"))).containsExactlyInAnyOrder("cut: a gzip file that ends early",
                "empty: an empty file", "ligand: no protein chain", "good: no protein chain of this name",
                "models: no protein chain of this name");
        List<Row> designs = rows.stream().filter(row -> row.getAs("reason") == null).toList();
        assertThat(designs).hasSize(6).allSatisfy(row -> {
            assertThat(row.<String>getAs("sequence").substring(0, 12)).isEqualTo(row.<String>getAs("native").substring(0, 12));
            assertThat(row.<Integer>getAs("designed")).isEqualTo(row.<Integer>getAs("length") - 12);
        });
        Row ensemble = designs.stream().filter(row -> row.getAs("sample") == null).findFirst().orElseThrow();
        assertThat(ensemble.getList(ensemble.fieldIndex("log_probabilities"))).hasSize(20 * ensemble.<Integer>getAs("length"));
        assertThat(designs.stream().map(row -> row.<String>getAs("note"))).contains("the first of 2 models");
        assertThat(Files.readString(folder.resolve("some/report.html"))).contains(" designed residues are the same, 12 were given");
        JsonNode refused = JSON.readTree(folder.resolve("some/metrics.json").toFile()).at("/counts/unused");
        assertThat(refused.path("an empty file").asInt()).isEqualTo(1);
    }

    @Test
    void sequencesAreScoredAgainstStructures() throws IOException {
        assertThat(generate(folder.resolve("made"), STRUCTURES)).as(err).isZero();
        List<Row> made = rows(folder.resolve("made"));
        Path fasta = folder.resolve("list[1].fasta");
        Files.writeString(fasta, Files.readString(folder.resolve("made/sequences.fasta")) + ">4dn4.M native -> itself\n"
            + made.get(8).<String>getAs("native").substring(0, 30) + "\n" + made.get(8).<String>getAs("native").substring(30)
            + "\n>4dn4.M:M short\nACD\n>unknown\nACD\n");
        assertThat(run("evaluate", "--input", fasta.toString(), "--structures", STRUCTURES.toString(), "--out",
            folder.resolve("scored").toString())).as(err).isZero();
        List<Row> scored = rows(folder.resolve("scored"));
        assertThat(scored).hasSize(12);
        assertThat(scored.subList(0, 9)).extracting(row -> row.<Double>getAs("recovery"))
            .isEqualTo(made.stream().map(row -> row.<Double>getAs("recovery")).toList());
        assertThat(scored.get(9).<Double>getAs("recovery")).isEqualTo(1);
        assertThat(scored.get(10).<String>getAs("reason")).isEqualTo("not as long as its native chain");
        assertThat(scored.get(11).<String>getAs("reason")).isEqualTo("no chain of this name among the structures");
        assertThat(out).contains("perplexity").contains("not available")
            .contains("not scored: 1 of 12 × not as long as its native chain")
            .contains("not scored: 1 of 12 × no chain of this name among the structures");
        Files.writeString(fasta, ">first of all\nACD\n>second\nACD\n");
        assertThat(run("evaluate", "--input", fasta.toString(), "--structures", STRUCTURES.toString(), "--out",
            folder.resolve("none").toString())).isEqualTo(2);
        assertThat(err).contains("--input " + fasta + " must name chains of --structures, as STRUCTURE:CHAIN, found none of theirs"
            + " in 2 sequences, the first of 'first'; the chains are 1igv.A:A, 3d5s.C:C, 4dn4.M:M").hasLineCount(1);
        Path packed = folder.resolve("short.fasta.gz");
        Random random = new Random(4);
        String letters = random.ints(20_000, 'A', 'Z').mapToObj(Character::toString).collect(Collectors.joining());
        try (OutputStream to = new GZIPOutputStream(Files.newOutputStream(packed))) {
            to.write((">4dn4.M\n" + letters + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        Files.write(packed, Arrays.copyOf(Files.readAllBytes(packed), 9_000));
        assertThat(run("evaluate", "--input", packed.toString(), "--structures", STRUCTURES.toString(), "--out",
            folder.resolve("none").toString())).isEqualTo(2);
        assertThat(err).contains("--input " + packed + " cannot be read to its end (").contains("); copy or make it again");
        Files.writeString(fasta, "MKTAYIAKQR\nACDEFGHIKL\n");
        assertThat(run("evaluate", "--input", fasta.toString(), "--structures", STRUCTURES.toString(), "--out",
            folder.resolve("none").toString())).isEqualTo(2);
        assertThat(err).contains("must hold sequences in FASTA, each below a line of > and its name, found none")
            .hasLineCount(1);
        Files.writeString(fasta, "MKTAYIAKQR\n>4dn4.M\nACDEFGHIKL\n");
        assertThat(run("evaluate", "--input", fasta.toString(), "--structures", STRUCTURES.toString(), "--out",
            folder.resolve("none").toString())).isEqualTo(2);
        assertThat(err).contains("found text before the first of them").hasLineCount(1);
        assertThat(run("evaluate", "--model", PROTEINS, "--input", fasta.toString(), "--structures", STRUCTURES.toString(),
            "--out", folder.resolve("none").toString())).isEqualTo(2);
        assertThat(err).contains("--model must be left out for sequences of proteins").hasLineCount(1);
        assertThat(run("evaluate", "--input", fasta.toString(), "--chains", "A", "--out", folder.resolve("none").toString()))
            .isEqualTo(2);
        assertThat(err).contains("--chains must be left out without --structures").hasLineCount(1);
        assertThat(run("evaluate", "--input", fasta.toString(), "--structures", STRUCTURES.toString(), "--chains", "Y,Z", "--out",
            folder.resolve("none").toString())).isEqualTo(2);
        assertThat(err).endsWith("found 6 × no protein chain of this name; --chains asks for Y, Z: give ids as the files have them,"
            + " such as A" + System.lineSeparator()).hasLineCount(1);
        assertThat(run("evaluate", "--input", folder.resolve("made").toString(), "--out", folder.resolve("none").toString()))
            .isEqualTo(2);
        assertThat(err).contains("is a run of a model of proteins").contains("made/sequences.fasta and --structures")
            .hasLineCount(1);
        Path list = Files.writeString(folder.resolve("list.smi"), "CCO\n");
        assertThat(run("evaluate", "--input", list.toString(), "--model", PROTEINS, "--out", folder.resolve("none").toString()))
            .isEqualTo(2);
        assertThat(err).contains("is a model of proteins; to score sequences, give --structures").hasLineCount(1);
        assertThat(folder.resolve("none")).doesNotExist();
    }

    @Test
    void manySequencesAreScoredInShardsOfWhichASecondStartMakesThoseThatAreMissing() throws IOException {
        String wanted = "4dn4.M";
        Path fasta = folder.resolve("many.fasta");
        StringBuilder text = new StringBuilder();
        for (int k = 0; k < 20_000; k++) {
            text.append(">unknown").append(k).append("\nACD\n");
        }
        Files.writeString(fasta, text.append('>').append(wanted).append("\nACD\n>last\n").toString());
        Path to = folder.resolve("many");
        String[] scoring = {"evaluate", "--input", fasta.toString(), "--structures", STRUCTURES.toString(), "--out",
            to.toString()};
        assertThat(run(scoring)).as(err).isZero();
        List<Row> rows = rows(to);
        assertThat(rows).hasSize(20_002);
        assertThat(rows.get(19_999).<String>getAs("structure")).isEqualTo("unknown19999");
        assertThat(rows.get(20_000).<String>getAs("reason")).isEqualTo("not as long as its native chain");
        try (Stream<Path> files = Files.list(to.resolve("sequences"))) {
            List<Path> shards = files.filter(file -> file.getFileName().toString().startsWith("shard-")).sorted().toList();
            assertThat(shards).hasSize(2);
            Files.delete(shards.get(0));
        }
        assertThat(run(scoring)).as(err).isZero();
        assertThat(text(rows(to))).isEqualTo(text(rows));
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource(delimiter = '|', value = {
        "--structures | ../conf/structures/[1igv | must be the name of a file or folder, or a pattern, found a bracket",
        "--structures | ../conf/nothing          | must name existing files of PDB or mmCIF, found nothing at ../conf/nothing;",
        "--chains     | Q                        | a protein chain that can be used, found 3 × no protein chain of this name",
        "--transition | foo                      | --transition must be one of uniform, blosum, found foo",
    })
    void optionsThatFitNothingAreToldInOneSentence(String option, String value, String problem) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", PROTEINS, "--out", folder.resolve("none").toString(),
            option, value));
        if (!args.contains("--structures")) {
            args.addAll(List.of("--structures", STRUCTURES.toString()));
        }
        assertThat(run(args.toArray(String[]::new))).isEqualTo(2);
        assertThat(err).contains(problem).hasLineCount(1);
        assertThat(folder.resolve("none")).doesNotExist();
    }

    private int quantized(String model, Path to, String... more) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", model, "--structures", STRUCTURES.toString(),
            "--samples", "2", "--steps", "2", "--out", to.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    @Test
    void aQuantizedModelIsMadeOnceForAllRuns() throws IOException {
        String[] recipe = {"--method", "rtn", "--weight-bits", "8", "--activation-bits", "8", "--calibration-graphs", "1",
            "--calibration-steps", "1", "--cache", folder.resolve("cache").toString()};
        Path first = folder.resolve("first");
        List<String> args = new ArrayList<>(List.of(recipe));
        args.addAll(List.of("--save-model", folder.resolve("w8a8").toString()));
        assertThat(quantized(PROTEINS, first, args.toArray(String[]::new))).as(err).isZero();
        assertThat(out).contains("quantized in").contains("quantized model saved in").contains("sampling: 6 of 6 sequences");
        JsonNode record = JSON.readTree(first.resolve("run.json").toFile());
        assertThat(record.at("/graphs/count").asInt()).isEqualTo(6);
        assertThat(record.at("/model_bytes/before").asLong()).isGreaterThan(3 * record.at("/model_bytes/after").asLong());
        assertThat(record.at("/timings/quantization_seconds").asDouble()).isPositive();
        assertThat(record.at("/timings/sampling_seconds").asDouble()).isPositive();
        assertThat(record.at("/configuration/fold.samples").asInt()).isEqualTo(2);
        assertThat(first.resolve("quantization.csv")).exists();

        args = new ArrayList<>(List.of(recipe));
        args.addAll(List.of("--seed", "8"));
        assertThat(quantized(PROTEINS, folder.resolve("second"), args.toArray(String[]::new))).as(err).isZero();
        assertThat(out).contains("quantized before: taken from").doesNotContain("quantized in");

        assertThat(quantized(folder.resolve("w8a8").toString(), folder.resolve("third"))).as(err).isZero();
        assertThat(out).contains("quantized before: the model of");
        assertThat(text(rows(folder.resolve("third")))).isEqualTo(text(rows(first)));
        assertThat(quantized(folder.resolve("w8a8").toString(), folder.resolve("fourth"), "--method", "gptq")).isEqualTo(2);
        assertThat(err).contains("is quantized already; leave out --method").hasLineCount(1);
    }

    @Test
    void howCloselyAModelFollowsFullPrecisionIsMeasured() throws IOException {
        String[] recipe = {"--method", "rtn", "--weight-bits", "4", "--activation-bits", "8", "--activation-scale", "row",
            "--calibration-graphs", "1", "--calibration-steps", "1", "--cache", "none", "--fidelity", "4",
            "--fidelity-steps", "2"};
        Path run = folder.resolve("followed");
        List<String> args = new ArrayList<>(List.of(recipe));
        args.addAll(List.of("--sensitivity", "2", "--sensitivity-steps", "1", "--require", "kl_residue<1"));
        assertThat(quantized(PROTEINS, run, args.toArray(String[]::new))).as(err).isZero();
        assertThat(out).contains("comparing with full precision: 4 sequences, 2 evaluations each").contains("kl residue")
            .contains("identical sequences");
        double residue = metric(run, "kl_residue").path("value").asDouble();
        double chain = metric(run, "kl_chain").path("value").asDouble();
        assertThat(residue).isPositive().isLessThan(chain / 60);
        assertThat(metric(run, "kl_residue").path("denominator").asInt()).as("1igv.A twice, each other once")
            .isEqualTo(2 * (201 + 75));
        JsonNode fidelity = JSON.readTree(run.resolve("metrics.json").toFile()).path("fidelity");
        assertThat(fidelity.at("/ranges/0/from").asInt()).isEqualTo(500);
        assertThat(fidelity.at("/divergence/edge/value").isNull()).isTrue();
        assertThat(Files.readString(run.resolve("report.html"))).contains("Per residue").contains("Per chain")
            .doesNotContain("Per node");
        List<String> layers = Files.readAllLines(run.resolve("quantization.csv"));
        assertThat(layers.get(0)).endsWith("kl_node_alone,kl_edge_alone,kl_graph_alone,kl_graph_alone_se");
        assertThat(layers.stream().filter(line -> line.startsWith("mpnn_layes.0.message_mlp.0,")).findFirst().orElseThrow()
            .split(",", -1)).satisfies(cells -> {
                assertThat(Double.parseDouble(cells[cells.length - 2])).as("of the chain").isPositive().isLessThan(chain);
                assertThat(cells[cells.length - 3]).as("of no edges").isEmpty();
            });
        assertThat(quantized(PROTEINS, folder.resolve("odd"), "--fidelity", "4", "--fidelity-steps", "7")).isEqualTo(2);
        assertThat(err).startsWith("error: --fidelity-steps 7").hasLineCount(1);
        assertThat(quantized(PROTEINS, folder.resolve("odd"), "--require", "kl_chain<1")).isEqualTo(2);
        assertThat(err).contains("--fidelity N makes it").hasLineCount(1);
        assertThat(folder.resolve("odd")).doesNotExist();
    }

    @Test
    void aRecipeIsSearchedForAndTakenBack() throws IOException {
        Path run = folder.resolve("searched");
        assertThat(quantized(PROTEINS, run, "--recipe", "auto", "--budget", "2", "--candidate",
            "method=rtn,weight-bits=8,activation-bits=8,activation-scale=row", "--candidate",
            "method=rtn,weight-bits=2,activation-bits=2,activation-scale=row", "--calibration-graphs", "1",
            "--calibration-steps", "1", "--sensitivity", "2", "--sensitivity-steps", "1", "--fidelity", "6",
            "--fidelity-steps", "2")).as(err).isZero();
        assertThat(out).contains("each of 36 layers alone along 2 sequences of 1 evaluations")
            .contains("verified on 6 sequences of 2 evaluations").contains("recipe found in");
        Path recipe = run.resolve("recipe.conf");
        assertThat(Files.readString(recipe)).contains("Divergence per sequence and evaluation, in nats: budget 2.000,");
        double chain = metric(run, "kl_chain").path("value").asDouble();
        assertThat(chain).isBetween(0.0, 2.0);
        Path again = folder.resolve("again");
        assertThat(quantized(PROTEINS, again, "--recipe", recipe.toString(), "--cache", "none", "--fidelity", "6", "--fidelity-steps",
            "2")).as(err).isZero();
        assertThat(text(rows(again))).isEqualTo(text(rows(run)));
        assertThat(metric(again, "kl_chain").path("value").asDouble()).isEqualTo(chain);
    }

    @Test
    void aShardThatWasDamagedIsMadeAgainAndAGateIsJudged() throws IOException {
        Path run = folder.resolve("damaged");
        assertThat(generate(run, STRUCTURES)).as(err).isZero();
        List<Row> rows = rows(run);
        Path shard;
        try (Stream<Path> shards = Files.list(run.resolve("sequences"))) {
            shard = shards.filter(file -> file.getFileName().toString().startsWith("shard-")).sorted().findFirst().orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(shard);
        Files.write(shard, Arrays.copyOf(bytes, bytes.length / 2));
        assertThat(generate(run, STRUCTURES, "--require", "ensemble_recovery>=0.99")).isEqualTo(3);
        assertThat(out).contains("1 shard in " + run).contains("is damaged and is made again");
        assertThat(err).contains("ensemble_recovery must be >= 0.99, found 0.").hasLineCount(1);
        assertThat(text(rows(run))).isEqualTo(text(rows));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--recipe auto --budget 1 --backend reference", "--likelihood list.smi", "--reference list.smi",
        "--test-set list.smi", "--scaffold-test-set list.smi", "--count 7", "--schedule noise", "--num-atoms 9",
        "--scaffold CC", "--shard-size 7", "--sampler flow", "--protocol moses", "--backend cuda"})
    void whatSequencesDoNotHaveIsRefusedByItsName(String flag) {
        assertThat(generate(folder.resolve("refused"), STRUCTURES, flag.split(" "))).isEqualTo(2);
        assertThat(err).startsWith("error: " + flag.split(" ")[0]).hasLineCount(1);
        assertThat(folder.resolve("refused")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--samples 3", "--chains A", "--fix A:1-2", "--transition blosum", "--diverse false",
        "--structures conf", "--log-probabilities true"})
    void whatOnlySequencesHaveIsRefusedForGraphs(String flag) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", Path.of("..", "conf", "models", "qm9").toString(),
            "--out", folder.resolve("refused").toString()));
        args.addAll(List.of(flag.split(" ")));
        assertThat(run(args.toArray(String[]::new))).isEqualTo(2);
        assertThat(err).startsWith("error: " + flag.split(" ")[0] + " must be left out").hasLineCount(1);
    }

    @Test
    void aSweepHasARowForEachWayToQuantize() throws IOException {
        Path conf = Files.writeString(folder.resolve("sweep.conf"), "model = " + PROTEINS + "\nfold { structures = "
            + STRUCTURES + ", samples = 2 }\nmeasure { fidelity = 2, fidelity-steps = 1 }\n"
            + "quantize { calibration-graphs = 1, calibration-steps = 1 }\nsweep { steps = 2, cells = ["
            + "{ method = fp32 }, { method = rtn, weight-bits = 8, activation-bits = 8, activation-scale = row }] }\n");
        Path to = folder.resolve("sweep");
        assertThat(run("sweep", "--config", conf.toString(), "--cache", "none", "--out", to.toString())).as(err).isZero();
        assertThat(out).contains("[2/2] rtn-w8a8-row-t2-s0, recovery ").contains("sequences/s");
        List<Row> cells = spark.read().parquet(to.resolve("cells").toString()).collectAsList();
        assertThat(cells).hasSize(2).allSatisfy(row -> {
            assertThat(row.<Long>getAs("count")).isEqualTo(6);
            assertThat(row.<Double>getAs("perplexity")).isGreaterThan(1);
            assertThat(row.<Double>getAs("kl_chain")).isNotNull();
        });
        assertThat(cells.get(1).<Double>getAs("recovery_difference")).isBetween(-0.1, 0.1);
        assertThat(Files.readString(to.resolve("sweep.md"))).contains("| ensemble perplexity | KL residue | KL chain | changed"
                + " residues | identical sequences | sequences/s | core-s per million | model bytes | best |").contains("along 2 full-precision sequences")
            .contains("2 cells of 6 sequences");
        assertThat(run("sweep", "--config", conf.toString(), "--cache", "none", "--out", to.toString())).as(err).isZero();
        assertThat(out).contains("finished before, nothing to do");
    }

    @Test
    void whatCannotBeDoneIsOneSentence() throws IOException {
        Path empty = Files.createDirectories(folder.resolve("nothing"));
        assertThat(generate(folder.resolve("x"), empty)).isEqualTo(2);
        assertThat(err).startsWith("error: --structures ").contains("found none").hasLineCount(1);
        assertThat(generate(folder.resolve("x"), folder.resolve("absent"))).isEqualTo(2);
        assertThat(err).startsWith("error: --structures must name existing files").hasLineCount(1);
        Files.writeString(empty.resolve("bad.pdb"), "");
        assertThat(generate(folder.resolve("x"), empty)).isEqualTo(2);
        assertThat(err).contains("found 1 × an empty file").hasLineCount(1);
        assertThat(run("generate", "--model", PROTEINS, "--structures", STRUCTURES.toString(), "--steps", "7", "--out",
            folder.resolve("x").toString())).isEqualTo(2);
        assertThat(err).startsWith("error: --steps 7").hasLineCount(1);
        assertThat(generate(folder.resolve("x"), STRUCTURES, "--fix", "10-20")).isEqualTo(2);
        assertThat(err).contains("--fix must look like A:10-20").hasLineCount(1);
        for (String range : List.of("Q:1-5", "A:9000-9001")) {
            assertThat(generate(folder.resolve("x"), STRUCTURES, "--fix", range)).isEqualTo(2);
            assertThat(err).contains("--fix " + range + " must name residues of a chain that can be used")
                .contains("the chains are A, C, M").hasLineCount(1);
        }
        assertThat(generate(folder.resolve("x"), STRUCTURES, "--require", "validity>=0.9")).isEqualTo(2);
        assertThat(err).contains("a run of sequences has no metric validity").hasLineCount(1);
        assertThat(run("generate", "--model", Path.of("..", "conf", "models", "qm9").toString(), "--structures",
            STRUCTURES.toString(), "--out", folder.resolve("x").toString())).isEqualTo(2);
        assertThat(err).contains("no model of proteins").hasLineCount(1);
        assertThat(folder.resolve("x")).doesNotExist();
    }
}
