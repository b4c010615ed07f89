package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.model.TinyBundles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Molecules around a given fragment, as a user asks for them. */
class ScaffoldTest extends CommandsOnSpark {
    /** A ring of four carbons with an oxygen at the first. */
    private static final String CYCLOBUTANOL = "C1(O)CCC1";

    private int generate(Path to, String... more) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", MODEL, "--method", "fp32", "--count", "12",
            "--steps", "8", "--seed", "5", "--shard-size", "4", "--out", to.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    private static Dataset<Row> rows(Path run) {
        return spark.read().parquet(run.resolve("molecules").toString()).orderBy("graph_id");
    }

    private static List<String> text(Path run) {
        return rows(run).collectAsList().stream().map(Row::toString).toList();
    }

    private static void requireFragment(Row row) {
        List<Byte> atoms = row.getList(row.fieldIndex("atom_types"));
        List<Byte> bonds = row.getList(row.fieldIndex("bonds"));
        int n = atoms.size();
        assertThat(n).isGreaterThanOrEqualTo(5);
        assertThat(atoms.subList(0, 5)).containsExactly((byte) 0, (byte) 2, (byte) 0, (byte) 0, (byte) 0);
        assertThat(bonds.subList(0, 4)).containsExactly((byte) 1, (byte) 1, (byte) 0, (byte) 1);
        assertThat(bonds.subList(n - 1, n + 2)).containsExactly((byte) 0, (byte) 0, (byte) 0);
        assertThat(row.<Integer>getList(row.fieldIndex("fixed_atoms"))).containsExactly(0, 1, 2, 3, 4);
    }

    @ParameterizedTest
    @CsvSource({"cpu,posterior,", "cpu,flow,7-9", "reference,posterior,5-6", "reference,flow,3-6"})
    void everyMoleculeHoldsTheFragmentAndARunGoesOn(String backend, String sampler, String atoms) throws IOException {
        Path to = folder.resolve(backend + "-" + sampler);
        List<String> flags = new ArrayList<>(List.of("--scaffold", CYCLOBUTANOL, "--backend", backend, "--sampler", sampler));
        if (atoms != null) {
            flags.addAll(List.of("--num-atoms", atoms));
        }
        String[] asked = flags.toArray(String[]::new);
        assertThat(generate(to, asked)).as(err).isZero();
        List<Row> made = rows(to).collectAsList();
        assertThat(made).hasSize(12).allSatisfy(ScaffoldTest::requireFragment);
        assertThat(made.stream().map(row -> row.getList(row.fieldIndex("bonds"))).distinct().count()).isGreaterThan(6);
        assertThat(JSON.readTree(to.resolve("run.json").toFile()).toString())
            .contains("\"sample.scaffold\":\"" + CYCLOBUTANOL + "\"");
        assertThat(Files.readString(to.resolve("report.html"))).contains("around " + CYCLOBUTANOL);
        List<String> before = text(to);
        // A lost shard is made again as it was, in batches of another size.
        try (Stream<Path> files = Files.list(to.resolve("molecules"))) {
            Files.delete(files.filter(file -> file.getFileName().toString().startsWith("shard-")).sorted().findFirst()
                .orElseThrow());
        }
        String[] again = Arrays.copyOf(asked, asked.length + 2);
        again[asked.length] = "--batch-size";
        again[asked.length + 1] = "3";
        assertThat(generate(to, again)).as(err).isZero();
        assertThat(text(to)).isEqualTo(before);
        assertThat(generate(to, asked)).as(err).isZero();
        assertThat(out).contains("finished before, nothing to do");
        asked[1] = "C1CCC1O";
        assertThat(generate(to, asked)).isEqualTo(2);
        assertThat(err).contains("sample.scaffold");
        assertThat(run("evaluate", "--model", MODEL, "--input", to.toString(), "--out", to + "-evaluated")).as(err).isZero();
    }

    @Test
    void whatCannotBeHeldIsRefusedBeforeAnythingIsWritten() throws IOException {
        Path to = folder.resolve("refused");
        for (String[] each : new String[][] {{"CS", "an element of 'CS'"}, {"C1CC", "ring 1 is not closed"},
            {"CCCCCCCCCC", "at most 9, the most of the model's training set; found 10"}, {"C[O-]", "neither charges"}}) {
            assertThat(generate(to, "--scaffold", each[0])).isEqualTo(2);
            assertThat(err).startsWith("error: --scaffold must ").contains(each[1]).hasLineCount(1);
        }
        for (String atoms : List.of("4", "2-4")) {
            assertThat(generate(to, "--scaffold", CYCLOBUTANOL, "--num-atoms", atoms)).isEqualTo(2);
            assertThat(err).contains("at most 4 by --num-atoms " + atoms + "; found 5").hasLineCount(1);
        }
        Path graphs = folder.resolve("graphs");
        assertThat(run("import", "--checkpoint", TinyBundles.graphs(folder.resolve("graphs.ckpt")).toString(), "--out",
            graphs.toString(), "--variant", "main")).as(err).isZero();
        assertThat(run("generate", "--model", graphs.toString(), "--scaffold", "CC", "--steps", "4", "--out",
            to.toString())).isEqualTo(2);
        assertThat(err).contains("--scaffold is a fragment of molecules").hasLineCount(1);
        assertThat(to).doesNotExist();
    }

    @Test
    void runsWithoutAFragmentHaveNoSuchColumn() {
        Path to = folder.resolve("without");
        assertThat(generate(to)).as(err).isZero();
        assertThat(rows(to).columns()).doesNotContain("fixed_atoms");
    }

    @Test
    void fragmentsAreAnAxisOfSweeps() throws IOException {
        Path conf = Files.writeString(folder.resolve("scaffolds.conf"), "sweep { method = [fp32], steps = [4], count = 6, "
            + "scaffold = [C1CC1, \"C1=CC1\", \"\"] }\n");
        Path to = folder.resolve("sweep");
        assertThat(run("sweep", "--config", conf.toString(), "--model", MODEL, "--out", to.toString())).as(err).isZero();
        Dataset<Row> cells = spark.read().parquet(to.resolve("cells").toString());
        assertThat(cells.select("cell", "scaffold").collectAsList().stream().map(Row::toString)).hasSize(3)
            .contains("[fp32-t4-around-C1CC1-s0,C1CC1]", "[fp32-t4-s0,]");
        assertThat(spark.read().parquet(to.resolve("molecules").toString()).count()).isEqualTo(18);
    }
}
