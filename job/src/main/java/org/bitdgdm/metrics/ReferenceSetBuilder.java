package org.bitdgdm.metrics;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.Scaffolds;
import org.bitdgdm.molecule.ScoredGraph;
import org.bitdgdm.molecule.ScoredMolecule;
import org.bitdgdm.molecule.SmilesColumn;
import org.bitdgdm.molecule.TextLines;

/**
 * Makes a reference set of a file of SMILES, one a line, in the column that {@link SmilesColumn} finds. Molecules are read as
 * those of an evaluated list are ({@link MoleculeScorer#score(String)}): charges included, without stereochemistry and
 * isotopes; of several fragments the largest is the molecule.
 */
final class ReferenceSetBuilder {
    private static final int LINES_PER_CHUNK = 16_384;
    private static final int LINES_PER_PART = 256;
    /** Bad lines that an error names one by one. */
    private static final int NAMED = 20;
    /** Characters of such a line that it quotes. */
    private static final int SHOWN = 80;
    /** Further ones of which it gives the number. */
    private static final int NUMBERED = 200;

    private final Vocabulary vocabulary;
    /** Known from the first line on. */
    private SmilesColumn column;

    ReferenceSetBuilder(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    /**
     * Reads the file with all cores, {@value #LINES_PER_CHUNK} lines at a time.
     *
     * @throws InputException naming all lines that are no molecule, or where there is none
     */
    ReferenceSet build(Path file) {
        DistributionTally tally = new DistributionTally();
        ScaffoldTally scaffolds = new ScaffoldTally();
        List<long[]> parts = new ArrayList<>();
        List<BadLine> bad = new ArrayList<>();
        long badLines = 0;
        long molecules = 0;
        try (TextLines lines = new TextLines(file)) {
            for (List<Line> chunk = chunk(lines); !chunk.isEmpty(); chunk = chunk(lines)) {
                List<Line> read = chunk;
                int partCount = (read.size() + LINES_PER_PART - 1) / LINES_PER_PART;
                List<Part> counted = IntStream.range(0, partCount).parallel().mapToObj(k -> new Part(read.subList(
                    k * LINES_PER_PART, Math.min((k + 1) * LINES_PER_PART, read.size())))).toList();
                for (Part part : counted) {
                    badLines += part.bad.size();
                    bad.addAll(part.bad.subList(0, Math.min(part.bad.size(), NAMED + NUMBERED - bad.size())));
                    parts.add(part.hashes);
                    tally.merge(part.tally);
                    scaffolds.merge(part.scaffolds);
                    molecules += part.hashes.length - part.bad.size();
                }
            }
        }
        if (badLines > 0) {
            throw refused(file, bad, badLines, molecules + badLines);
        }
        if (molecules == 0) {
            throw new InputException(file + " holds no SMILES; a reference set needs at least one");
        }
        long[] hashes = parts.stream().flatMapToLong(Arrays::stream).sorted().distinct().toArray();
        return new ReferenceSet(Family.MOLECULES, String.valueOf(file.getFileName()), molecules, hashes,
            tally.distributions(vocabulary).with(scaffolds.mostFrequent()));
    }

    private List<Line> chunk(TextLines lines) {
        List<Line> chunk = new ArrayList<>();
        while (chunk.size() < LINES_PER_CHUNK) {
            String text = lines.nextFilled();
            if (text == null) {
                break;
            }
            if (column == null) {
                column = SmilesColumn.of(text, "");
                if (column.header()) {
                    continue;
                }
            }
            chunk.add(new Line(lines.number(), column.of(text)));
        }
        return chunk;
    }

    private static InputException refused(Path file, List<BadLine> bad, long badLines, long lines) {
        String named = bad.stream().limit(NAMED)
            .map(line -> line.number() + " ('" + line.smiles() + "': " + line.reason() + ")").collect(Collectors.joining(", "));
        String numbered = bad.stream().skip(NAMED).map(line -> ", " + line.number()).collect(Collectors.joining());
        return new InputException(file + " has " + badLines + (badLines == 1 ? " line that is" : " lines that are")
            + " no molecule among " + lines + ", at line " + named + numbered + (badLines > bad.size() ? ", …" : "")
            + "; a reference set is made of molecules only: remove them");
    }

    private static String shown(String smiles) {
        return smiles.length() <= SHOWN ? smiles : smiles.substring(0, SHOWN) + "…";
    }

    private record Line(long number, String smiles) {
    }

    private record BadLine(long number, String smiles, String reason) {
    }

    /** Some lines, counted by one thread. */
    private final class Part {
        private final DistributionTally tally = new DistributionTally();
        private final ScaffoldTally scaffolds = new ScaffoldTally();
        private final Scaffolds murcko = new Scaffolds();
        private final MoleculeScorer scorer = new MoleculeScorer(vocabulary);
        private final List<BadLine> bad = new ArrayList<>();
        /** Of the lines that are molecules; of no use where one is not. */
        private final long[] hashes;

        Part(List<Line> lines) {
            hashes = new long[lines.size()];
            for (int k = 0; k < hashes.length; k++) {
                ScoredGraph scored = scorer.score(lines.get(k).smiles());
                if (scored.molecule().valid()) {
                    hashes[k] = ReferenceSet.hash(scored.molecule().smiles());
                    count(scored);
                } else {
                    bad.add(new BadLine(lines.get(k).number(), shown(lines.get(k).smiles()), scored.molecule().reason()));
                }
            }
        }

        private void count(ScoredGraph scored) {
            byte[] nodes = scored.nodes();
            byte[] bonds = scored.bonds();
            tally.addGraph(vocabulary, nodes.length,
                DistributionTally.counts(nodes.length, k -> nodes[k], vocabulary.nodes().size()),
                DistributionTally.counts(bonds.length, k -> bonds[k], vocabulary.edges().size()));
            ScoredMolecule molecule = scored.molecule();
            tally.addProperties(molecule.properties());
            scaffolds.add(ScaffoldTally.label(molecule.smiles(), murcko), 1);
        }
    }
}
