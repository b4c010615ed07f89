package org.bitdgdm.molecule;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Text that is almost SMILES, text that is almost DiGress's, and graphs of random classes: each gets a verdict, none ends the
 * run. How many is a system property, {@code -Dbitdgdm.fuzz=1000000}; the seed is fixed.
 */
class FuzzedGraphsTest {
    private static final int COUNT = Integer.getInteger("bitdgdm.fuzz", 4_000);
    private static final Vocabulary DRUGS = new Vocabulary(
        List.of("C", "N", "O", "F", "B", "Br", "Cl", "I", "P", "S", "Se", "Si", "H"), Vocabulary.MOLECULE_BONDS);
    private static final String[] PIECES = {"C", "N", "O", "S", "P", "F", "I", "c", "n", "o", "s", "(", ")", "=", "#", "$", ":",
        "-", "/", "\\", ".", "%", "1", "2", "3", "0", "[", "]", "+", "@", "H", "*", "Cl", "Br", "[nH]", "[Fe+2]", "[2H]", "%10",
        "%(123)", "((((", "1111", "c1ccccc1", "C(", "[", "é", "\u0000", "𝄞", "~", "->"};

    @TempDir
    private Path folder;

    @Test
    void everyTextGetsAVerdict() throws IOException {
        List<String> sources;
        try (InputStream bytes = FuzzedGraphsTest.class.getResourceAsStream("mutated-smiles.txt")) {
            sources = new String(bytes.readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#"))
                .map(line -> line.substring(line.indexOf('\t') + 1)).toList();
        }
        Random random = new Random(15);
        MoleculeScorer scorer = new MoleculeScorer(DRUGS);
        int valid = 0;
        for (int k = 0; k < COUNT; k++) {
            String text = mutated(sources.get(random.nextInt(sources.size())), random);
            ScoredGraph scored = scorer.score(text);
            requireSound(text, scored.molecule());
            assertThat(scored.bonds()).as(text).hasSize(Graph.pairs(scored.nodes().length));
            valid += scored.molecule().valid() ? 1 : 0;
            if (scored.molecule().valid()) {
                // A graph may be another molecule, without charges, but is scored all the same.
                requireSound(text, scorer.score(scored.nodes(), scored.bonds()));
            }
        }
        assertThat(valid).isBetween(COUNT / 50, COUNT / 2);
    }

    @Test
    void everyGraphGetsAVerdict() {
        Random random = new Random(16);
        MoleculeScorer scorer = new MoleculeScorer(DRUGS);
        int valid = 0;
        for (int k = 0; k < COUNT; k++) {
            int n = 1 + random.nextInt(random.nextInt(20) == 0 ? 60 : 12);
            byte[] nodes = new byte[n];
            for (int i = 0; i < n; i++) {
                nodes[i] = (byte) (random.nextInt(3) > 0 ? 0 : random.nextInt(DRUGS.nodes().size() + (k % 50 == 0 ? 2 : 0)));
            }
            byte[] bonds = new byte[Graph.pairs(n)];
            double dense = random.nextInt(8) == 0 ? random.nextDouble() : 1.2 / n;
            for (int pair = 0; pair < bonds.length; pair++) {
                bonds[pair] = random.nextDouble() < dense ? (byte) (1 + random.nextInt(random.nextBoolean() ? 1 : 4)) : 0;
            }
            ScoredMolecule scored = scorer.score(nodes, bonds);
            requireSound("graph " + k, scored);
            valid += scored.valid() ? 1 : 0;
        }
        assertThat(valid).isBetween(COUNT / 50, COUNT * 9 / 10);
    }

    @Test
    void everyFileIsReadOrRefused() throws IOException {
        Random random = new Random(17);
        MoleculeScorer scorer = new MoleculeScorer(Graphs.QM9);
        StringBuilder text = new StringBuilder();
        for (int k = 0; k < 20; k++) {
            text.append("N=3\nX: \n0 1 2 \nE: \n0 1 0 \n1 0 2 \n0 2 0 \n\n");
        }
        int refused = 0;
        int read = 0;
        for (int k = 0; k < COUNT / 10; k++) {
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            for (int change = random.nextInt(4); change > 0; change--) {
                bytes[random.nextInt(bytes.length)] = (byte) (random.nextInt(3) == 0 ? random.nextInt(256)
                    : "N=XE: \n0123456789-".charAt(random.nextInt(18)));
            }
            Path file = Files.write(folder.resolve("graphs.txt"), bytes);
            try (GraphReader reader = new DigressTextReader(file, Graphs.QM9)) {
                while (reader.hasNext()) {
                    requireSound("file " + k, scorer.score(reader.next()).molecule());
                    read++;
                }
            } catch (InputException e) {
                assertThat(e).hasMessageContaining("graphs.txt");
                refused++;
            }
        }
        assertThat(refused).isBetween(COUNT / 40, COUNT / 10);
        assertThat(read).isGreaterThan(COUNT / 10);
    }

    private static void requireSound(String name, ScoredMolecule scored) {
        assertThat(scored.smiles() != null).as(name).isEqualTo(scored.relaxedValid());
        assertThat(scored.reason() == null).as(name).isEqualTo(scored.valid());
        assertThat(String.valueOf(scored.reason())).as(name).doesNotContain("Exception");
    }

    private static String mutated(String source, Random random) {
        List<String> text = new ArrayList<>(source.codePoints().mapToObj(Character::toString).toList());
        for (int change = random.nextInt(5); change > 0 && !text.isEmpty(); change--) {
            int at = random.nextInt(text.size());
            switch (random.nextInt(6)) {
                case 0 -> text.remove(at);
                case 1 -> text.add(at, PIECES[random.nextInt(PIECES.length)]);
                case 2 -> text.set(at, PIECES[random.nextInt(PIECES.length)]);
                case 3 -> text.subList(at, text.size()).clear();
                case 4 -> text.addAll(at, List.copyOf(text.subList(random.nextInt(at + 1), at)));
                default -> text.set(at, text.get(random.nextInt(text.size())));
            }
        }
        return String.join("", text);
    }
}
