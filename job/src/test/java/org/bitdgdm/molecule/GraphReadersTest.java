package org.bitdgdm.molecule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GraphReadersTest {
    private static final String TWO_GRAPHS = """
        N=3
        X:\s
        0 0 2\s
        E:\s
        0 1 0\s
        1 0 1\s
        0 1 0\s

        N=1
        X:\s
        1\s
        E:\s
        0\s

        """;

    @TempDir
    private Path folder;

    @Test
    void readsDigressText() throws IOException {
        List<GraphEntry> graphs = read(written("samples.txt", TWO_GRAPHS.getBytes(StandardCharsets.UTF_8)));

        assertThat(graphs).hasSize(2);
        assertThat(graphs.get(0).id()).isZero();
        assertThat(graphs.get(0).graph().nodes()).containsExactly(0, 0, 2);
        assertThat(graphs.get(0).graph().edges()).containsExactly(1, 0, 1);
        assertThat(graphs.get(1).id()).isEqualTo(1);
        assertThat(graphs.get(1).graph().nodes()).containsExactly(1);
        assertThat(graphs.get(1).graph().edges()).isEmpty();
    }

    @Test
    void readsGzipWhateverTheName() throws IOException {
        assertThat(read(written("samples", zipped(TWO_GRAPHS)))).hasSize(2);
        assertThat(read(written("list.smi", zipped("CCO\n")))).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "N=3            | M=3            | line 1: a graph must start with N=<number of nodes>, found 'M=3'",
        "N=3            | N=0            | line 1: a graph must have 1 to 4096 nodes, found 0",
        "N=3            | N=999999       | line 1: a graph must have 1 to 4096 nodes, found 999999",
        "X:             | Y:             | line 2: expected X:, found 'Y: '",
        "0 0 2          | 0 0            | line 3: expected 3 atom classes, found 2",
        "0 0 2          | 0 0 7          | line 3: expected atom classes 0..3, found '7'",
        "0 0 2          | 0 0 C          | line 3: expected atom classes 0..3, found 'C'",
        "0 1 0          | 0 5 0          | line 5: expected bond classes 0..4, found '5'",
        "0 1 0          | 1 1 0          | line 5: the bond of node 0 with itself must be 0, found 1",
        "1 0 1          | 2 0 1          | line 6: the bond of nodes 1 and 0 is 2 here and 1 in row 0",
        "N=1            | N=2            | line 11: expected 2 atom classes, found 1",
    })
    void namesTheLineOfMalformedText(String right, String wrong, String message) throws IOException {
        assertThat(TWO_GRAPHS).contains(right);
        Path file = written("samples.txt", TWO_GRAPHS.replaceFirst(right, wrong).getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> read(new DigressTextReader(file, Graphs.QM9))).isInstanceOf(InputException.class)
            .hasMessage(file + " " + message);
    }

    @Test
    void tellsTextThatIsCutShort() throws IOException {
        String start = TWO_GRAPHS.substring(0, TWO_GRAPHS.indexOf("1 0 1"));
        Path text = written("cut.txt", start.getBytes(StandardCharsets.UTF_8));
        byte[] zip = zipped(TWO_GRAPHS.repeat(50));
        Path gzip = written("cut.txt.gz", Arrays.copyOf(zip, zip.length - 20));

        assertThatThrownBy(() -> read(text)).isInstanceOf(InputException.class)
            .hasMessageContaining("line 5: expected 3 bond classes, found the end of the file");
        assertThatThrownBy(() -> read(gzip)).isInstanceOf(InputException.class)
            .hasMessageMatching(".*cut.txt.gz is cut short in line [1-9]\\d*; copy or make it again");
    }

    /** Wherever the bytes are that end it, at the start of a line or in it, in the first buffer or behind. */
    @ParameterizedTest
    @CsvSource({"0, ''", "1, C", "2, ''", "40000, CC", "100000, ''"})
    void namesTheLineOfTextThatCannotBeReadOn(int before, String start) throws IOException {
        byte[] text = ("CCO\n".repeat(before) + start).getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream latin = new ByteArrayOutputStream();
        latin.write(text);
        latin.write(0xe9);
        latin.write("\nCCO\n".getBytes(StandardCharsets.UTF_8));
        Path broken = written("latin.smi", latin.toByteArray());
        assertThatThrownBy(() -> lines(broken)).isInstanceOf(InputException.class).hasMessage(broken + " is not UTF-8 text in line "
            + (before + 1) + "; convert it, where it is Latin-1 with iconv -f LATIN1 -t UTF-8");
        // All text is there, and nothing that says that it ends.
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        GZIPOutputStream zip = new GZIPOutputStream(packed, 512, true);
        zip.write(text);
        zip.flush();
        Path cut = written("cut.smi.gz", packed.toByteArray());
        assertThatThrownBy(() -> lines(cut)).isInstanceOf(InputException.class).hasMessage(cut + " is cut short in line "
            + (before + 1) + "; copy or make it again");
    }

    @Test
    void tellsUtf16ByItsMark() throws IOException {
        for (String name : new String[] {"wide.smi", "wide.csv", "wide.json"}) {
            for (String mark : new String[] {"UTF-16BE", "UTF-16LE"}) {
                Path file = written(name, "\ufeffsmiles\nCCO\n".getBytes(mark));
                assertThatThrownBy(() -> GraphReader.open(file, Graphs.QM9).forEachRemaining(entry -> { }))
                    .isInstanceOf(InputException.class).hasMessage(file + " is UTF-16 text and must be UTF-8; convert it with iconv"
                        + " -f UTF-16 -t UTF-8");
            }
        }
    }

    @Test
    void namesTheLineOfJsonThatIsNotUtf8() throws IOException {
        Path file = written("graphs.json", "[[2, [[0, 1]]],\n[3, []],\n\u00e9".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> GraphReader.open(file, Vocabulary.ofGraphs(1, 2)).forEachRemaining(entry -> { }))
            .isInstanceOf(InputException.class).hasMessageStartingWith(file + " is not UTF-8 text in line 3;");
    }

    @Test
    void readsTextOfEveryLengthOfCharacters() throws IOException {
        String names = "CCO é\nCCO €\nCCO 𝔾\n".repeat(20_000);
        assertThat(lines(written("names.smi", names.getBytes(StandardCharsets.UTF_8)))).isEqualTo(names.lines().toList());
    }

    private static List<String> lines(Path file) {
        List<String> read = new ArrayList<>();
        try (TextLines lines = new TextLines(file)) {
            for (String line = lines.next(); line != null; line = lines.next()) {
                read.add(line);
            }
            assertThat(lines.number()).isEqualTo(read.size());
        }
        return read;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "[[2, [[0, 1]]]] [[3, []]]", "[[2, [[0, 1]]]] x", "[] [[2, [[0, 1]]]]", "[[[0, 1], [1, 0]]]] "
    })
    void refusesWhatComesAfterAListOfGraphs(String text) throws IOException {
        Path file = written("graphs.json", text.getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> {
            try (GraphReader reader = GraphReader.open(file, Vocabulary.ofGraphs(1, 2))) {
                reader.forEachRemaining(entry -> assertThat(entry.graph().nodes()).hasSize(2));
            }
        }).isInstanceOf(InputException.class).hasMessageContaining("line 1").hasMessageMatching(
            ".*(more after the end of the list|no JSON).*");
    }

    @Test
    void refusesFilesOfNothingKnown() throws IOException {
        Path other = written("table.csv", "a,b\n1,2\n".getBytes(StandardCharsets.UTF_8));
        Path binary = written("binary", new byte[] {(byte) 0xff, (byte) 0xfd, 0, 1});
        Path missing = folder.resolve("missing.smi");

        assertThatThrownBy(() -> GraphReader.open(other, Graphs.QM9)).isInstanceOf(InputException.class)
            .hasMessageContaining("is not a file of graphs").hasMessageContaining("a column that the first line calls smiles");
        assertThatThrownBy(() -> GraphReader.open(binary, Graphs.QM9)).isInstanceOf(InputException.class)
            .hasMessageContaining("is not UTF-8 text");
        assertThatThrownBy(() -> GraphReader.open(missing, Graphs.QM9)).isInstanceOf(InputException.class)
            .hasMessage("no file " + missing);
    }

    @Test
    void readsSmilesAsKekulisedGraphs() throws IOException {
        Path file = written("list.smi", "c1ccncc1 pyridine\n\nC[C@H](N)O\nC.O\n".getBytes(StandardCharsets.UTF_8));
        List<GraphEntry> graphs = read(file);
        MoleculeScorer scorer = new MoleculeScorer(Graphs.QM9);

        assertThat(graphs).extracting(GraphEntry::id).containsExactly(0L, 1L, 2L);
        assertThat(graphs.get(0).graph().nodes()).containsExactly(0, 0, 0, 1, 0, 0);
        assertThat(graphs.get(0).graph().edges()).containsOnly(0, 1, 2);
        assertThat(graphs).extracting(graph -> scorer.score(graph.graph().nodes(), graph.graph().edges()).smiles())
            .containsExactly("n1ccccc1", "OC(N)C", "C");
    }

    @ParameterizedTest
    @CsvSource({"C[N+](=O)[O-]", "CN=[N+]=[N-]", "[O-][n+]1ccccc1", "C[N+](C)(C)C", "C[N+](C)(C)[O-]", "C=[N+](C)[O-]"})
    void keepsChargesThatTheRulesGiveBack(String smiles) throws IOException {
        GraphEntry graph = read(written("list.smi", smiles.getBytes(StandardCharsets.UTF_8))).get(0);

        assertThat(new MoleculeScorer(Graphs.QM9).score(graph.graph().nodes(), graph.graph().edges()).relaxedValid()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "C1CC     | line 2: 'C1CC' is no molecule: ring 1 is not closed",
        "smiles   | line 2: 'smiles' is no molecule: 'm', which is no atom,",
        "c1cccc1  | line 2: 'c1cccc1' is no molecule: kekulisation: no alternating single and double bonds",
        "CS       | line 2: an element of 'CS' is not of the model's C, N, O, F",
        "C$C      | line 2: a bond of 'C$C' is not of the model's none, single, double, triple, aromatic",
        "CC[O-]   | line 2: 'CC[O-]' cannot be kept as a graph",
        "C[NH3+]  | line 2: 'C[NH3+]' cannot be kept as a graph",
        "[CH2]C   | line 2: '[CH2]C' cannot be kept as a graph",
    })
    void namesTheLineOfSmilesThatAreNoGraph(String smiles, String message) throws IOException {
        Path file = written("list.smi", ("CC\n" + smiles + "\n").getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> read(file)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(file + " " + message);
    }

    @Test
    void writesHydrogensThatTheVocabularyHas() throws IOException {
        Vocabulary hydrogens = new Vocabulary(List.of("H", "C"), Vocabulary.MOLECULE_BONDS);
        Path file = written("list.smi", "C\n".getBytes(StandardCharsets.UTF_8));
        try (GraphReader reader = GraphReader.openGraphs(file, hydrogens)) {
            assertThat(reader.next().graph().nodes()).containsExactly(1, 0, 0, 0, 0);
        }
    }

    @Test
    void readsAromaticBondsAsTheModelHasThem() throws IOException {
        Vocabulary aromatic = new Vocabulary(Family.MOLECULES, List.of("C", "N", "O"), Vocabulary.MOLECULE_BONDS, false, true);
        Path file = written("list.smi", "C1=CC=CC=C1C\nC[n+]1ccccc1\n".getBytes(StandardCharsets.UTF_8));
        try (GraphReader reader = GraphReader.openGraphs(file, aromatic)) {
            assertThat(reader.next().graph().edges()).containsOnly(0, 1, 4).contains(4, 4, 4, 4, 4, 4);
        }
    }

    @Test
    void keepsTheLinesOfAListAsTheyAre() throws IOException {
        Path file = written("list.smi", "CCO\nNone\n\nCC= cut\nOCC\n".getBytes(StandardCharsets.UTF_8));
        List<GraphEntry> lines = read(GraphReader.open(file, Graphs.QM9));
        MoleculeScorer scorer = new MoleculeScorer(Graphs.QM9);

        assertThat(lines).extracting(GraphEntry::id).containsExactly(0L, 1L, 2L, 3L);
        assertThat(lines).extracting(GraphEntry::smiles).containsExactly("CCO", "None", "CC=", "OCC");
        assertThat(lines).extracting(line -> scorer.score(line).molecule().smiles()).containsExactly("OCC", null, null, "OCC");
    }

    @Test
    void boundsTheLengthOfALine() throws IOException {
        Path file = written("list.smi", "C".repeat(3 << 20).getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> read(file)).isInstanceOf(InputException.class)
            .hasMessage(file + " line 1: a line must have at most 2097152 characters");
    }

    private static List<GraphEntry> read(Path file) {
        return read(GraphReader.openGraphs(file, Graphs.QM9));
    }

    private static List<GraphEntry> read(GraphReader opened) {
        try (GraphReader reader = opened) {
            List<GraphEntry> graphs = new ArrayList<>();
            reader.forEachRemaining(graphs::add);
            return graphs;
        }
    }

    private Path written(String name, byte[] bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes);
    }

    private static byte[] zipped(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"list.smi; ''; CCO ethanol|CN", "list.csv; ''; SMILES,SPLIT|CCO,test|CN,test",
        "list.csv; ''; id,smiles,logP|1,CCO,0.1|2,\"CN\",0.2", "list.csv; ''; CCO,0.1|CN,0.2",
        "list.csv; mol; id,mol|a,CCO|b,CN", "list.txt; ''; SMILES|CCO|CN", "list.tsv; ''; Name\tSMILES|a b\tCCO|b\tCN",
        "list.smiles; ''; smiles name|CCO 1|CN 2"})
    void findsTheColumnOfTheSmiles(String name, String column, String lines) throws IOException {
        Path file = written(name, lines.replace('|', '\n').replace("\\t", "\t").getBytes(StandardCharsets.UTF_8));
        try (GraphReader reader = GraphReader.open(file, Graphs.QM9, column)) {
            List<String> found = new ArrayList<>();
            reader.forEachRemaining(graph -> found.add(graph.smiles()));
            assertThat(found).containsExactly("CCO", "CN");
        }
    }

    @Test
    void refusesAFileOfWhichMostIsNoSmiles() throws IOException {
        Path mostly = written("mostly.smi", "hello world\nCCO\nplease read me\n".getBytes(StandardCharsets.UTF_8));
        Path half = written("half.smi", "hello\nCCO\nCC=\nNone\nNone\n".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> read(GraphReader.open(mostly, Graphs.QM9))).isInstanceOf(InputException.class)
            .hasMessageContaining("2 of 3 lines").hasMessageContaining("line 1 ('hello')");
        assertThat(read(GraphReader.open(half, Graphs.QM9))).as("broken SMILES are judged").hasSize(5);
    }

    @Test
    void refusesAColumnThatTheFirstLineLacks() throws IOException {
        Path file = written("list.csv", "id,smiles\n1,CCO\n".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> read(GraphReader.open(file, Graphs.QM9, "mol"))).isInstanceOf(InputException.class)
            .hasMessageContaining("--smiles-column").hasMessageContaining("id, smiles");
    }
}
