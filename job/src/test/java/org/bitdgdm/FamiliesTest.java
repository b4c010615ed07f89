package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.model.TinyBundles;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The commands on families besides QM9 without hydrogens, with tiny models. */
class FamiliesTest extends CommandsOnSpark {

    private static Path graphs;

    @BeforeAll
    static void importGraphs() throws IOException {
        graphs = folder.resolve("graphs");
        new FamiliesTest().run("import", "--checkpoint", TinyBundles.graphs(folder.resolve("tiny.ckpt")).toString(), "--variant",
            "main", "--reference", write("training.json", "[[3, [[0, 1], [1, 2]]], [2, [[0, 1]]], [3, [[0, 2], [2, 1]]]]"),
            "--out", graphs.toString());
    }

    private static String write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    private int generate(Path to, String... more) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", graphs.toString(), "--count", "12", "--steps", "4",
            "--calibration-graphs", "2", "--calibration-steps", "2", "--shard-size", "5", "--out", to.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    private int evaluate(Path to, String input, Path model, String... more) {
        List<String> args = new ArrayList<>(List.of("evaluate", "--model", model.toString(), "--input", input, "--out",
            to.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    @Test
    void generatesPlainGraphs() throws IOException {
        Path run = folder.resolve("run");
        assertThat(generate(run)).as(err).isZero();
        assertThat(out).contains("connected", "planar", "uniqueness", "novelty").doesNotContain("validity");
        Dataset<Row> rows = spark.read().parquet(run.resolve("graphs").toString());
        assertThat(rows.schema().simpleString()).isEqualTo("struct<graph_id:bigint,num_nodes:int,node_types:array<tinyint>,"
            + "edges:array<tinyint>,connected:boolean,num_components:int,reason:string,num_edges:int,planar:boolean,"
            + "mean_clustering:double,isomorphism_class:string>");
        assertThat(rows.count()).isEqualTo(12);
        assertThat(rows.filter("connected <> (num_components = 1) or size(edges) <> num_nodes * (num_nodes - 1) / 2 or not planar"
            + " or reason is not null").count()).isZero();
        assertThat(metric(run, "novelty").path("value").isNumber()).isTrue();
        assertThat(run.resolve("molecules")).doesNotExist();
        assertThat(Files.readString(run.resolve("report.html"))).contains("<h2 id=\"molecules\">Graphs</h2>", "<circle",
            "Clustering coefficient").doesNotContain("Molecule", "SMILES");

        assertThat(generate(run)).isZero();
        assertThat(out).contains("finished before, nothing to do");
        assertThat(evaluate(folder.resolve("again"), run.toString(), graphs, "--against", run.toString())).as(err).isZero();
        assertThat(metric(folder.resolve("again"), "connected_difference").path("value").asDouble()).isZero();
        assertThat(spark.read().parquet(folder.resolve("again/graphs").toString()).except(rows).count()).isZero();
    }

    @Test
    void sweepsPlainGraphs() throws IOException {
        Path conf = Files.writeString(folder.resolve("sweep.conf"),
            "sweep { method = [fp32, rtn], steps = [4], seed = [1], count = 5 }");
        assertThat(run("sweep", "--model", graphs.toString(), "--config", conf.toString(), "--calibration-graphs", "2",
            "--calibration-steps", "2", "--out", folder.resolve("sweep").toString())).as(err + out).isZero();
        Dataset<Row> cells = spark.read().parquet(folder.resolve("sweep/cells").toString());
        assertThat(cells.filter("status = 'done' and connected is not null and mean_degree is not null").count()).isEqualTo(2);
        assertThat(cells.columns()).contains("connected_difference").doesNotContain("validity", "w1_logp");
        assertThat(folder.resolve("sweep/sweep.md")).content().contains("| cell | connected | Δ connected |");
        assertThat(folder.resolve("sweep/sweep.html")).content().contains(">Connected</th>").doesNotContain("alidity");
    }

    /** Five graphs in each form: a path, the same path, two nodes joined, three nodes apart, a triangle. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "list.json | [[3, [[0,1],[1,2]]], [3, [[0,2],[1,2]]], [2, [[0,1]]], [3, []], [3, [[0,1],[1,2],[2,0]]]]",
        "lines.json | [3, [[0,1],[1,2]]] [3, [[0,2,1],[1,2,1]]] [2, [[0,1]]] [3, []] [3, [[0,1],[1,2],[2,0]]]",
        "objects.json | {\"n\":3,\"edges\":[[0,1],[1,2]]} {\"n\":3,\"nodes\":[0,0,0],\"edges\":[[0,2],[1,2]]} {\"n\":2,\"edges\":[[0,1]]}"
            + " {\"n\":3,\"edges\":[]} {\"n\":3,\"edges\":[[0,1],[1,2],[2,0]]}",
        "matrices.json | [[[0,1,0],[1,0,1],[0,1,0]], [[0,0,1],[0,0,1],[1,1,0]], [[0,1],[1,0]], [[0,0,0],[0,0,0],[0,0,0]],"
            + " [[0,1.0,1],[1,0,1],[1,1,0]]]",
        "text.txt | N=3;X:;0 0 0;E:;0 1 0;1 0 1;0 1 0;;N=3;E:;0 0 1;0 0 1;1 1 0;;N=2;X:;0 0;E:;0 1;1 0;;N=3;X:;0 0 0;E:;"
            + "0 0 0;0 0 0;0 0 0;;N=3;E:;0 1 1;1 0 1;1 1 0;",
    })
    void evaluatesEveryFormOfPlainGraphs(String name, String text) throws IOException {
        Path to = folder.resolve("eval-" + name);
        assertThat(evaluate(to, write(name, text.replace(';', '\n')), graphs)).as(err).isZero();
        assertThat(metric(to, "connected").path("numerator").asInt()).isEqualTo(4);
        assertThat(metric(to, "uniqueness").path("numerator").asInt()).isEqualTo(4);
        assertThat(metric(to, "novelty").path("numerator").asInt()).as("the path and the pair are known").isEqualTo(2);
        assertThat(metric(to, "mean_components").path("numerator").asInt()).isEqualTo(7);
        assertThat(metric(to, "mean_clustering").path("value").asDouble()).isEqualTo(0.2);
    }

    /** The same five graphs as NumPy keeps them: bytes, floating-point numbers, one graph an array or several. */
    @Test
    void evaluatesMatricesOfNumpy() throws IOException {
        Path file = folder.resolve("graphs.npz");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            array(zip, "arr_0.npy", "'<f4'", "(2, 3, 3)", 4, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1, 0);
            array(zip, "arr_1.npy", "'|u1'", "(2, 2)", 1, 0, 1, 1, 0);
            array(zip, "arr_2.npy", "'<i8'", "(2, 3, 3)", 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0);
        }
        Path to = folder.resolve("eval-npz");
        assertThat(evaluate(to, file.toString(), graphs)).as(err).isZero();
        assertThat(metric(to, "connected").path("numerator").asInt()).isEqualTo(4);
        assertThat(metric(to, "uniqueness").path("numerator").asInt()).isEqualTo(4);
        assertThat(metric(to, "novelty").path("numerator").asInt()).isEqualTo(2);

        Path objects = folder.resolve("objects.npz");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(objects))) {
            array(zip, "arr_0.npy", "'|O'", "(2,)", 1, 0, 0);
        }
        assertThat(evaluate(folder.resolve("eval-objects"), objects.toString(), graphs)).isEqualTo(2);
        assertThat(err.strip()).contains("array arr_0.npy must hold little-endian numbers", "'descr': '|O'").doesNotContain("\n");
    }

    private static void array(ZipOutputStream zip, String name, String type, String shape, int bytes, int... numbers)
        throws IOException {
        String header = "{'descr': " + type + ", 'fortran_order': False, 'shape': " + shape + ", }";
        header += " ".repeat(63 - (10 + header.length()) % 64) + "\n";
        ByteBuffer content = ByteBuffer.allocate(10 + header.length() + bytes * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        content.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII)).put((byte) 1).put((byte) 0)
            .putShort((short) header.length()).put(header.getBytes(StandardCharsets.US_ASCII));
        for (int number : numbers) {
            switch (bytes) {
                case 1 -> content.put((byte) number);
                case 4 -> content.putFloat(number);
                default -> content.putLong(number);
            }
        }
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content.array());
        zip.closeEntry();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "loop.json | [[3, [[1,1]]]] | must join two nodes",
        "outside.json | [[3, [[0,3]]]] | must be a whole number in 0..2, found 3",
        "class.json | [[3, [[0,1,2]]]] | the class of an edge must be a whole number in 0..1, found 2",
        "skew.json | [[[0,1],[0,0]]] | is 0 here and 1 in row 0",
        "huge.json | [[100000000, []]] | the number of nodes must be a whole number in 0..4096",
        "broken.json | [[3, [[0,1] | line 1: no JSON",
        "list.smi | CCO | is a list of molecules, and the model makes plain graphs",
    })
    void refusesWhatIsNoPlainGraph(String name, String text, String message) throws IOException {
        Path to = folder.resolve("refused-" + name);
        assertThat(evaluate(to, write(name, text), graphs)).isEqualTo(2);
        assertThat(err.strip()).contains(message).doesNotContain("\n", "Exception");
        assertThat(to).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"none.json,[]", "blank.json,' '", "nothing.npz,"})
    void inputWithoutAGraphIsRefusedAndLeavesNothing(String name, String text) throws IOException {
        Path to = folder.resolve("never-" + name);
        Path file = folder.resolve(name);
        if (text != null) {
            Files.writeString(file, text);
        } else {
            new ZipOutputStream(Files.newOutputStream(file)).close();
        }
        assertThat(evaluate(to, file.toString(), graphs)).isEqualTo(2);
        assertThat(err).startsWith("error: ").contains(file.toString()).hasLineCount(1);
        assertThat(to).doesNotExist();
    }

    @Test
    void anEmptyGraphIsARowWithAReason() throws IOException {
        Path to = folder.resolve("empty");
        assertThat(evaluate(to, write("empty.json", "[[0, []], [2, [[0, 1]]]]"), graphs)).as(err).isZero();
        assertThat(spark.read().parquet(to.resolve("graphs").toString()).filter("graph_id = 0").first()
            .<String>getAs("reason")).isEqualTo("no nodes");
        assertThat(JSON.readTree(to.resolve("metrics.json").toFile()).at("/counts/refused").asInt()).isEqualTo(1);
        assertThat(metric(to, "connected").path("denominator").asInt()).isEqualTo(2);
    }

    @Test
    void refusesWhatBelongsToMolecules() throws IOException {
        assertThat(generate(folder.resolve("no"), "--protocol", "moses")).isEqualTo(2);
        assertThat(err.strip()).contains("--protocol moses counts molecules, and the model makes plain graphs")
            .doesNotContain("\n");
        assertThat(generate(folder.resolve("no"), "--require", "validity>=0.5")).isEqualTo(2);
        assertThat(err).contains("a run of plain graphs has no metric validity");
        assertThat(generate(folder.resolve("no"), "--reference", Path.of("..", "conf", "models", "qm9").toString()))
            .isEqualTo(2);
        assertThat(folder.resolve("no")).doesNotExist();
    }

    @Test
    void likelihoodOfGraphsLargerThanTheModelsLargestIsRefused() throws IOException {
        assertThat(generate(folder.resolve("larger"), "--likelihood", write("four.json", "[[4, [[0, 1]]]]"))).isEqualTo(2);
        assertThat(err.strip()).contains("4", "3").doesNotContain("\n", "molecule");
        assertThat(generate(folder.resolve("likely"), "--likelihood", write("two.json", "[[2, [[0, 1]]]]"),
            "--likelihood-times", "2")).as(err).isZero();
        assertThat(metric(folder.resolve("likely"), "nll").path("value").isNumber()).isTrue();
    }

    @Test
    void hydrogensAsNodesHaveStability() throws IOException {
        Path model = TinyBundles.molecules(folder.resolve("hydrogens"), true);
        Path to = folder.resolve("stability");
        // Methyl lacks a hydrogen, which chemistry adds: valid, the same molecule as methane, and not stable.
        String methane = "N=5;X:;0 1 1 1 1;E:;0 1 1 1 1;1 0 0 0 0;1 0 0 0 0;1 0 0 0 0;1 0 0 0 0;;";
        String methyl = "N=4;X:;0 1 1 1;E:;0 1 1 1;1 0 0 0;1 0 0 0;1 0 0 0;";
        assertThat(evaluate(to, write("stability.txt", (methane + methyl).replace(';', '\n')), model)).as(err).isZero();
        assertThat(metric(to, "validity").path("numerator").asInt()).isEqualTo(2);
        assertThat(metric(to, "uniqueness").path("numerator").asInt()).isEqualTo(1);
        assertThat(metric(to, "molecule_stability").path("numerator").asInt()).isEqualTo(1);
        assertThat(metric(to, "atom_stability").path("numerator").asInt()).isEqualTo(8);
        assertThat(metric(to, "atom_stability").path("denominator").asInt()).isEqualTo(9);
        assertThat(spark.read().parquet(to.resolve("molecules").toString()).columns()).endsWith("stable", "stable_atoms");
    }

    @Test
    void aromaticBondsAreCountedAsTheModelHasThem() throws IOException {
        Path model = TinyBundles.molecules(folder.resolve("aromatic"), false);
        String list = write("aromatic.txt", "c1ccoc1\nNone\nC1CCOC1\n");
        Path to = folder.resolve("aromatic-list");
        assertThat(evaluate(to, list, model, "--reference", write("aromatic.smi", "c1ccoc1\nC1CCOC1\n"))).as(err).isZero();
        assertThat(metric(to, "validity").path("numerator").asInt()).isEqualTo(2);
        assertThat(metric(to, "js_bonds").path("value").asDouble()).isZero();
        JsonNode bonds = JSON.readTree(to.resolve("metrics.json").toFile()).at("/distributions/bonds/counts");
        assertThat(bonds.path("aromatic").asInt()).isEqualTo(5);
        assertThat(bonds.path("single").asInt()).isEqualTo(5);
    }
}
