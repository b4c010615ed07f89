package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.GraphEntry;
import org.bitdgdm.molecule.GraphReader;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Lists as people have them, read by executors and as a stream: the same rows either way. */
class SharedListTest {
    private static final Vocabulary MOLECULES = new Vocabulary(Family.MOLECULES, List.of("C", "N", "O", "F"),
        List.of("none", "single", "double", "triple"), false, false);
    private static SparkSession session;
    private static JavaSparkContext spark;

    @TempDir
    private Path folder;

    @BeforeAll
    static void start() {
        session = TestSpark.on("local[2]").getOrCreate();
        spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    }

    @AfterAll
    static void stop() {
        TestSpark.stop();
    }

    private static List<GraphEntry> rows(SharedList list, long first, long count) {
        return spark.parallelize(List.of(1), 1).mapPartitions(one -> list.rows(first, count)).collect();
    }

    private static List<GraphEntry> streamed(Path file, String column) {
        List<GraphEntry> rows = new ArrayList<>();
        try (GraphReader reader = GraphReader.open(file, MOLECULES, column)) {
            reader.forEachRemaining(rows::add);
        }
        return rows;
    }

    static List<Arguments> lists() {
        return List.of(
            Arguments.of("plain.smi", "", "CCO\nCCN", "CCO CCN"),
            Arguments.of("names.smi", "", "CCO ethanol\nCCN\tethyl amine\n", "CCO CCN"),
            Arguments.of("windows.smi", "", "CCO\r\n\r\nCCN\r\n", "CCO CCN"),
            Arguments.of("blank.smi", "", "\n  \nCCO\n\t\nCCN\n\n", "CCO CCN"),
            Arguments.of("mark.csv", "", "\ufeffSMILES,n\nCCO,1\nCCN,2\n", "CCO CCN"),
            Arguments.of("header.csv", "", "id,Canonical SMILES\n1,CCO\n2,CCN\n", "CCO CCN"),
            Arguments.of("alone.csv", "", "Canonical SMILES\nCCO\nCCN\n", "CCO CCN"),
            Arguments.of("case.csv", "", "SmIlEs\nCCO\nCCN\n", "CCO CCN"),
            Arguments.of("quotes.csv", "", "\"name, of it\",\"smiles\"\n\"a, b\",\"CCO\"\n\"c \"\"d\"\"\",CCN\n", "CCO CCN"),
            Arguments.of("quoted.smi", "", "\"CCO\"\n\"CCN\"\n", "CCO CCN"),
            Arguments.of("stray.smi", "", "CC\"O\nCCN\nCCC\n", "CC\"O CCN CCC"),
            Arguments.of("inch.csv", "", "smiles,note\nCCO,5\" long\nCC\"N,\"a\"\" b\"\n", "CCO CC\"N"),
            Arguments.of("blanks.smi", "", "smiles name\nCCO \"ethanol\nCCN \"\n", "CCO CCN"),
            Arguments.of("tabs.tsv", "", "name, common\tSMILES\na, b\tCCO\nc\tCCN\n", "CCO CCN"),
            Arguments.of("co.csv", "CO", "CO,n\nCCO,1\nCO,2\n", "CCO CO"),
            Arguments.of("semicolons.csv", "", "\"ID\";\"Smiles\"\n\"a\";\"CCO\"\n\"b\";\"CCN\"\n", "CCO CCN"),
            Arguments.of("named.csv", "drug molecule", "smiles,drug molecule\nO,CCO\nN,CCN\n", "CCO CCN"),
            Arguments.of("named.smi", "drug molecule", "drug molecule\nCCO\nCCN\n", "CCO CCN"),
            Arguments.of("short.csv", "", "id,smiles\n1,CCO\n2\n3,CCN\n", "CCO  CCN"),
            Arguments.of("extended.smi", "", "CCO |$a;b;$,c:1| x\nCCN |$;;$|\nCCF\n", "CCO CCN CCF"),
            Arguments.of("extended.csv", "", "smiles,n\n\"CCO |atomProp:0.p.v,1.q.w|\",1\nCCN,2\n", "CCO CCN"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lists")
    void rowsOfAListAreTheSameForExecutorsAndForAStream(String name, String named, String text, String expected)
        throws IOException {
        Path file = Files.writeString(folder.resolve(name), text);
        List<String> smiles = List.of(expected.split(" ", -1));
        SharedList list = SharedList.of(file, named, spark);
        List<GraphEntry> read = rows(list, 0, list.rows());
        assertThat(read).extracting(GraphEntry::smiles).isEqualTo(smiles);
        assertThat(read).extracting(GraphEntry::id).isEqualTo(LongStream.range(0, smiles.size()).boxed().toList());
        assertThat(streamed(file, named)).extracting(GraphEntry::smiles).isEqualTo(smiles);
        Path packed = folder.resolve(name + ".gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(streamed(packed, named)).extracting(GraphEntry::smiles).isEqualTo(smiles);
    }

    /** Read by executors, in pieces and whole, by this process, and compressed; as input, training and test set. */
    @ParameterizedTest
    @CsvSource({"'smiles,note\nCCO,a\n\nCC,\"line1\nline2\"\n', 4, line1", "'note;smiles\n\"a\n\nC\";CCO\n', 2, a",
        "'CC,\"x\nCCC\"\nCCO,y\n', 1, x", "'smiles,\"note\nof it\"\nCC,x\n', 1, note", "'smiles\tnote\nC\t\"\nC\"\n', 2, ''",
        "'smiles,a,b\nC,\"d\",\"e, \"\"f\n\"', 2, 'e, \"f'"})
    void aFieldThatHoldsALineBreakIsRefused(String text, long line, String shown) throws IOException {
        assertRefused(text, line, "a quote opens a field and none in the line closes it, found '" + shown + "'; a line must hold a"
            + " molecule, so write the list without line breaks in its fields, or with the SMILES column alone");
    }

    /** As {@code cat} joins the files that Spark has written. */
    @ParameterizedTest
    @CsvSource({"'smiles,n\nCCO,1\n\nsmiles,n\nCC,2\n', 4, smiles", "'\nSmi\nCCO\nSmi\nSmi\n', 4, Smi",
        "'n\tIsomeric SMILES\n1\tCCO\nn\tIsomeric SMILES\n', 3, Isomeric"})
    void aHeaderThatStandsAgainIsRefused(String text, long line, String name) throws IOException {
        assertRefused(text, line, "the names of columns stand here again, found '" + name + "', which is no molecule; take them out"
            + " of a list that is joined of several");
    }

    private void assertRefused(String text, long line, String problem) throws IOException {
        Path plain = Files.writeString(folder.resolve("list.csv"), text);
        Path packed = folder.resolve("list.csv.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        for (Path file : List.of(plain, packed)) {
            List<ThrowingCallable> ways = new ArrayList<>(List.of(() -> streamed(file, ""),
                () -> ReferenceSet.of(file, MOLECULES), () -> ReferenceSet.of(file, MOLECULES, spark),
                () -> BenchmarkFiles.molecules(file, MOLECULES, session).close()));
            if (file.equals(plain)) {
                ways.add(() -> SharedList.of(file, "", spark));
            }
            for (ThrowingCallable way : ways) {
                assertThatThrownBy(way).isInstanceOf(InputException.class)
                    .hasMessage(file + " line " + line + ": " + problem);
            }
        }
    }

    @Test
    void listsThatCannotBeReadAreToldWithTheLine() throws IOException {
        Path mac = Files.writeString(folder.resolve("mac.smi"), "CCO\rCCN\rCCF\r");
        Path latin = Files.write(folder.resolve("latin.smi"), ("CCO\n".repeat((int) SharedLines.PIECE >> 2) + "\nCC \u00e9\nC\n")
            .getBytes(StandardCharsets.ISO_8859_1));
        Path wide = Files.write(folder.resolve("wide.smi"), "CCO\nCC\n".getBytes(StandardCharsets.UTF_16));
        Path others = Files.writeString(folder.resolve("others.csv"), "smiles\nx!\nCCO\n\ny!\n");
        for (String[] told : new String[][] {{mac.toString(), "mac.smi line 1: lines must end in a line feed"},
            {latin.toString(), "latin.smi is not UTF-8 text in line 1048578; convert it, where it is Latin-1 with iconv"},
            {wide.toString(), "wide.smi is UTF-16 text and must be UTF-8; convert it with iconv -f UTF-16 -t UTF-8"},
            {others.toString(), "2 of 3 lines are written in letters that no SMILES has, the first at line 2 ('x!')"}}) {
            assertThatThrownBy(() -> SharedList.of(Path.of(told[0]), "", spark)).isInstanceOf(InputException.class)
                .hasMessageContaining(told[1]);
            assertThatThrownBy(() -> streamed(Path.of(told[0]), "")).isInstanceOf(InputException.class)
                .hasMessageContaining(told[1]);
        }
        assertThatThrownBy(() -> SharedList.of(others, "structure", spark)).isInstanceOf(InputException.class)
            .hasMessage("--smiles-column must be a column of the first line, found structure where it has smiles; give one of"
                + " these names");
    }

    /** A SMILES of so many atoms is judged, not a reason to overflow a stack. */
    @Test
    void aLineMayBeLong() throws IOException {
        String whole = "[CH2]".repeat(100_000);
        Path file = Files.writeString(folder.resolve("long.smi"), whole + "\nCCO\n");
        SharedList list = SharedList.of(file, "", spark);
        assertThat(rows(list, 0, 2)).extracting(GraphEntry::smiles).containsExactly(whole, "CCO");
        assertThat(streamed(file, "")).hasSize(2);
    }

    @Test
    void everyTaskFindsItsRowsAndTheirLinesInAFileOfManyPieces() throws IOException {
        StringBuilder text = new StringBuilder("\n\nid,smiles\n");
        List<String> smiles = new ArrayList<>();
        for (int row = 0; text.length() < 2 * SharedLines.PIECE + 5000; row++) {
            smiles.add("C".repeat(row % 97 + 1));
            text.append(row).append(',').append(smiles.get(row)).append(row % 13 == 0 ? "\n\n" : "\n");
        }
        text.append("1,x!\n");
        Path file = Files.writeString(folder.resolve("many.csv"), text);
        SharedList list = SharedList.of(file, "", spark);
        assertThat(list.rows()).isEqualTo(smiles.size() + 1);
        for (int first : new int[] {0, 1, smiles.size() / 3, smiles.size() / 2, smiles.size() - 50}) {
            List<GraphEntry> some = rows(list, first, 50);
            assertThat(some).extracting(GraphEntry::smiles).isEqualTo(smiles.subList(first, first + 50));
            assertThat(some.get(49).id()).isEqualTo(first + 49);
        }
        long last = text.chars().filter(sign -> sign == '\n').count();
        List<SharedList.Line> all = list.lines(spark).collect();
        assertThat(all).extracting(SharedList.Line::smiles).startsWith(smiles.get(0), smiles.get(1)).hasSize(smiles.size() + 1);
        assertThat(all.get(0).number()).isEqualTo(4);
        assertThat(all.get(smiles.size())).isEqualTo(new SharedList.Line(last, "x!"));
        Path joined = Files.writeString(folder.resolve("joined.csv"), text + "id,smiles\n1,CC\n");
        assertThatThrownBy(() -> SharedList.of(joined, "", spark)).isInstanceOf(InputException.class)
            .hasMessageContaining("joined.csv line " + (last + 1) + ": the names of columns stand here again");
        Path open = Files.writeString(folder.resolve("open.csv"), text + "\"1\nC\",CC\n");
        assertThatThrownBy(() -> SharedList.of(open, "", spark)).isInstanceOf(InputException.class)
            .hasMessageContaining("open.csv line " + (last + 1) + ": a quote opens a field");
    }

    @Test
    void aReferenceSetReadByExecutorsIsTheOneReadHere() throws IOException {
        List<String> lines = new ArrayList<>(List.of("SMILES"));
        for (int k = 0; k < 400; k++) {
            lines.add("C".repeat(k % 20 + 1) + (k % 3 == 0 ? "O" : "c1ccccc1"));
        }
        Path file = Files.write(folder.resolve("train.csv"), lines);
        ReferenceSet here = ReferenceSet.of(file, MOLECULES);
        ReferenceSet there = ReferenceSet.of(file, MOLECULES, spark);
        assertThat(there.sha256()).isEqualTo(here.sha256());
        assertThat(there.molecules()).isEqualTo(here.molecules()).isEqualTo(400);
        assertThat(there.distributions()).isEqualTo(here.distributions());
        lines.set(7, "C1CC");
        Path broken = Files.write(folder.resolve("train.csv"), lines);
        assertThatThrownBy(() -> ReferenceSet.of(broken, MOLECULES, spark)).isInstanceOf(InputException.class)
            .hasMessageContaining("1 line that is no molecule among 400, at line 8 ('C1CC'");
    }

    /** Of more molecules than asked for, the hashes say which, whatever the number of tasks. */
    @Test
    void aSampleOfASetIsOfTheSmallestHashes() throws IOException {
        List<String> lines = new ArrayList<>();
        for (int k = 0; k < 600; k++) {
            lines.add("C".repeat(k / 25 + 1) + "O" + "C".repeat(k % 25 + 25));
        }
        Path file = Files.write(folder.resolve("test.smi"), lines);
        try (BenchmarkSet set = BenchmarkFiles.molecules(file, MOLECULES, session)) {
            assertThat(set.different()).isEqualTo(600);
            List<String> all = set.sample(600).stream().map(row -> row.getString(0)).toList();
            assertThat(all).hasSize(600).isSortedAccordingTo((one, other) ->
                Long.compare(ReferenceSet.hash(one), ReferenceSet.hash(other)));
            for (int most : new int[] {1, 40, 599}) {
                assertThat(set.sample(most)).extracting(row -> row.getString(0)).isEqualTo(all.subList(0, most));
                assertThat(set.fingerprints(most, 64).rows()).isEqualTo(most);
                assertThat(set.different(most).count()).isEqualTo(most);
            }
        }
    }
}
