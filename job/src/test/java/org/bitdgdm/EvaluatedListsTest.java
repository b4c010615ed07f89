package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.bitdgdm.output.StrictFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Lists of SMILES as generators write them, with lines that are no molecule, and in several notations. */
class EvaluatedListsTest extends CommandsOnSpark {

    private int evaluate(Path input, Path out, String... more) {
        List<String> args = new ArrayList<>(List.of("evaluate", "--model", MODEL, "--input", input.toString(),
            "--out", out.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    private static Path list(String name, String lines) throws IOException {
        return Files.writeString(Files.createTempDirectory(folder, "list").resolve(name), lines.replace(' ', '\n') + "\n");
    }

    private static JsonNode counts(Path out) throws IOException {
        return JSON.readTree(out.resolve("metrics.json").toFile()).path("counts");
    }

    @Test
    void filesToCompareWithLieOnAnyFileSystemOfHadoop() throws IOException {
        spark.sparkContext().hadoopConfiguration().set("fs.strict.impl", StrictFileSystem.class.getName());
        Path generated = list("generated.smi", "CCO CC CCN C1CC1 CCCO");
        Path test = list("test.smi", "CCO CCC");
        Path training = list("training.smi", "CCN CC CO");
        JsonNode[] metrics = new JsonNode[2];
        for (int k = 0; k < 2; k++) {
            String scheme = k == 0 ? "" : "strict:";
            Path out = Files.createTempDirectory(folder, "compared").resolve("out");
            assertThat(evaluate(generated, out, "--protocol", "moses", "--test-set", scheme + test, "--scaffold-test-set",
                scheme + training, "--reference", scheme + training)).as(err).isZero();
            metrics[k] = JSON.readTree(out.resolve("metrics.json").toFile()).path("metrics");
        }
        assertThat(metrics[1]).isEqualTo(metrics[0]).hasSizeGreaterThan(20);
        assertThat(evaluate(generated, folder.resolve("none"), "--protocol", "moses", "--test-set", "strict:" + test + "0"))
            .isEqualTo(2);
        assertThat(err).contains("--test-set must name a file of graphs, found none at strict:" + test + "0");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "another list   | test.smi | CCO,hello,world,you | : 3 of 4 lines are written in letters that no SMILES has",
        "empty          | test.smi | ''                  | must hold molecules to compare with, found none",
        "no molecule    | test.smi | CC=,C(,None         | must hold molecules to compare with, found none",
        "not text       | test.smi | CC\u00e9,CCO         | is not UTF-8 text",
        "another column | test.csv | id;structure,1;CCO  | is not a file of graphs",
    })
    void filesThatNothingIsComparedWithAreToldBeforeAnythingIsDone(String name, String file, String lines, String problem)
        throws IOException {
        Path bad = Files.createTempDirectory(folder, "bad").resolve(file);
        Files.write(bad, lines.replace(',', '\n').getBytes(StandardCharsets.ISO_8859_1));
        Path good = list("good.smi", "CCO CCN");
        Path sweep = Files.writeString(bad.resolveSibling("sweep.conf"), "sweep { count = 4, steps = 2, cells = [ { method ="
            + " fp32 } ] }");
        Path out = bad.resolveSibling("out");
        for (String option : new String[] {"--test-set", "--scaffold-test-set"}) {
            assertThat(evaluate(good, out, "--protocol", "moses", option, bad.toString())).isEqualTo(2);
            assertThat(err).startsWith("error: " + option + " " + bad).contains(problem).hasLineCount(1);
            assertThat(out).doesNotExist();
            for (String command : new String[] {"generate", "sweep"}) {
                assertThat(run(command, "--config", sweep.toString(), "--model", MODEL, "--out", out.toString(), "--protocol",
                    "moses", option, bad.toString())).isEqualTo(2);
                assertThat(err).startsWith("error: " + option + " " + bad).contains(problem).hasLineCount(1);
                assertThat(this.out).doesNotContain("sampling:");
                assertThat(out).doesNotExist();
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "None among molecules         | C1CC1 None CC=O None O=CC       | 5 | 3 | 2 | 1,3",
        "broken                       | CO C1CO CN(C)(C)(C)C NCC c1ccnc1 | 5 | 2 | 2 | 1,2,4",
        "cut short                    | CN NC= #CN N()C NC(=)C CC        | 6 | 2 | 2 | 1,2,3,4",
        "nothing that is a molecule   | None nan ()                      | 3 | 0 | 0 | 0,1,2",
        "hydrogens on a double bond   | C [H]/C(C)=C([H])/O CC=CO        | 3 | 3 | 2 | -",
        "charges, ions, radicals      | CC([O-])=O C[NH3+] [CH2]C Cl.CN  | 4 | 4 | 4 | -",
    })
    void lineThatIsNoMoleculeKeepsItsPlaceAndSaysWhy(String name, String lines, int graphs, int valid, int distinct,
                                                     String without) throws IOException {
        Path out = Files.createTempDirectory(folder, "judged").resolve("out");
        assertThat(evaluate(list("generated.smi", lines), out)).as(err).isZero();
        JsonNode counts = counts(out);

        assertThat(counts.path("graphs").asInt()).isEqualTo(graphs);
        assertThat(counts.path("valid").asInt()).isEqualTo(valid);
        assertThat(counts.path("relaxed_valid").asInt()).isEqualTo(valid);
        assertThat(counts.path("distinct").asInt()).isEqualTo(distinct);
        List<Row> rows = spark.read().parquet(out.resolve("molecules").toString()).orderBy("graph_id")
            .select("graph_id", "smiles", "valid", "reason").collectAsList();
        assertThat(rows).extracting(row -> (int) row.getLong(0)).containsExactlyElementsOf(
            IntStream.range(0, graphs).boxed().toList());
        for (Row row : rows) {
            boolean bad = List.of(without.split(",")).contains(String.valueOf(row.getLong(0)));
            assertThat(row.getBoolean(2)).as(row.toString()).isEqualTo(!bad);
            assertThat(row.isNullAt(1)).as(row.toString()).isEqualTo(bad);
            assertThat(row.isNullAt(3)).as(row.toString()).isEqualTo(!bad);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "nitro, N-oxide and azide groups | O=[N+]([O-])CC [O-][n+]1ccccc1 [N-]=[N+]=NC1CC1 | O=N(=O)CC O=n1ccccc1 N#N=NC1CC1",
        "isotopes                        | OCC c1c[nH]cc1 CC=C                            | "
            + "[2H]O[13CH2]C [2H]c1c[nH]cc1 [H]/C(C)=C(/[3H])[2H]",
        "Kekulé forms and stereo         | C[C@H](F)O F/C=C/F Oc1ncccc1C                  | CC(F)O FC=CF CC1=CC=CN=C1O",
    })
    void notationsOfOneMoleculeAreOne(String name, String lines, String others) throws IOException {
        Path out = Files.createTempDirectory(folder, "notations");
        assertThat(evaluate(list("in.smi", lines), out.resolve("one"), "--reference", list("ref.smi", others).toString()))
            .as(err).isZero();
        assertThat(evaluate(list("in.smi", others), out.resolve("other"), "--reference", list("ref.smi", lines).toString()))
            .as(err).isZero();

        for (String run : new String[] {"one", "other"}) {
            assertThat(counts(out.resolve(run)).path("valid").asInt()).isEqualTo(3);
            assertThat(counts(out.resolve(run)).path("distinct").asInt()).isEqualTo(3);
            assertThat(counts(out.resolve(run)).path("novel").asInt()).isZero();
            for (JsonNode metric : JSON.readTree(out.resolve(run).resolve("metrics.json").toFile())
                .path("metrics")) {
                if (metric.path("name").asText().startsWith("w1_") || metric.path("name").asText().startsWith("js_")) {
                    assertThat(metric.path("value").asDouble(-1)).as(metric.toString()).isZero();
                }
            }
        }
    }

    @Test
    void aListWithoutALineIsRefusedAndLeavesNothing() throws IOException {
        Path out = folder.resolve("nothing");
        for (String text : List.of("", "\n \n")) {
            Path list = Files.writeString(folder.resolve("nothing.smi"), text);
            assertThat(evaluate(list, out)).isEqualTo(2);
            assertThat(err).isEqualToIgnoringNewLines("error: --input " + list + " holds no graphs; there is nothing to evaluate");
            assertThat(out).doesNotExist();
        }
    }

    @Test
    void allBadLinesOfAReferenceAreNamedAtOnce() throws IOException {
        Path out = folder.resolve("never");
        Path reference = list("train.smi", "CCO CC= CN None CC");
        assertThat(evaluate(list("in.smi", "CCO"), out, "--reference", reference.toString())).isEqualTo(2);

        assertThat(err).hasLineCount(1).startsWith("error: ").contains("train.smi has 2 lines that are no molecule among 5")
            .contains("line 2 ('CC=': no molecule: a bond without an atom after it at character 4), 4 ('None': no molecule: the"
                + " word 'None')");
        assertThat(out).doesNotExist();
    }

    @Test
    void aFolderThatSparkHasWrittenAsTextIsToldInOneSentence() throws IOException {
        Path parts = Files.createTempDirectory(folder, "parts").resolve("list");
        spark.sql("select 'CCO' as smiles from range(4)").repartition(2).write().option("header", "true").csv(parts.toString());
        Path out = parts.resolveSibling("out");
        assertThat(evaluate(parts, out)).isEqualTo(2);
        assertThat(err).hasLineCount(1).startsWith("error: --input " + parts + " must be a folder of our Parquet or one text file,"
            + " found a folder of 2 files that are no Parquet (part-00000-");
        assertThat(evaluate(list("in.smi", "CCO"), out, "--against", parts.toString())).isEqualTo(2);
        assertThat(err).hasLineCount(1).startsWith("error: --against " + parts + " must be the folder of a finished run, found a"
            + " folder of 2 files that are no Parquet (part-00000-");
        assertThat(out).doesNotExist();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', value = {
        "empty         | ''           | holds no SMILES; a reference set needs at least one",
        "a header only | smiles       | holds no SMILES; a reference set needs at least one",
        "Latin-1       | CCO,C \u00e9 | is not UTF-8 text in line 2; convert it, where it is Latin-1 with iconv -f LATIN1 -t UTF-8",
    })
    void whatIsWrongWithAReferenceIsToldWithItsOption(String name, String lines, String problem) throws IOException {
        Path reference = Files.createTempDirectory(folder, "reference").resolve("train.smi");
        Files.write(reference, lines.replace(',', '\n').getBytes(StandardCharsets.ISO_8859_1));
        Path out = reference.resolveSibling("out");
        assertThat(evaluate(list("in.smi", "CCO"), out, "--reference", reference.toString())).isEqualTo(2);
        assertThat(err).isEqualToIgnoringNewLines("error: --reference " + reference + " " + problem);
        assertThat(out).doesNotExist();
    }

    /** A footer that is none, and a page within a whole file. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void damagedParquetIsToldByItsFile(boolean footer) throws IOException {
        Path parts = Files.createTempDirectory(folder, "damaged").resolve("rows");
        spark.sql("select id as graph_id, array(0, 0, 2) as atom_types, array(1, 0, 1) as bonds from range(5)").coalesce(1)
            .write().parquet(parts.toString());
        Path file;
        try (Stream<Path> files = Files.list(parts)) {
            file = files.filter(path -> path.toString().endsWith(".parquet")).findFirst().orElseThrow();
        }
        Files.delete(parts.resolve("." + file.getFileName() + ".crc"));
        byte[] bytes = Files.readAllBytes(file);
        Arrays.fill(bytes, footer ? bytes.length - 40 : 4, footer ? bytes.length - 8 : 60, (byte) 0x5a);
        Files.write(file, bytes);
        Path out = parts.resolveSibling("out");
        assertThat(evaluate(parts, out)).isEqualTo(2);
        assertThat(err).hasLineCount(1).startsWith("error: --input " + parts + " has a file that cannot be read as Parquet, file:")
            .contains(file.getFileName().toString()).endsWith("; make or copy it again, or take it out" + System.lineSeparator());
        assertThat(out).doesNotExist();
    }
}
