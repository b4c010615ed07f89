package org.bitdgdm.metrics;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaSparkContext;
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
     * Reads the file with all cores of this process, {@value #LINES_PER_CHUNK} lines at a time.
     *
     * @throws InputException naming all lines that are no molecule, or where there is none
     */
    ReferenceSet build(Path file) {
        Sum sum = new Sum();
        try (TextLines lines = new TextLines(file)) {
            for (List<SharedList.Line> chunk = chunk(file, lines); !chunk.isEmpty(); chunk = chunk(file, lines)) {
                List<SharedList.Line> read = chunk;
                int partCount = (read.size() + LINES_PER_PART - 1) / LINES_PER_PART;
                IntStream.range(0, partCount).parallel().mapToObj(k -> new Part(vocabulary, read.subList(k * LINES_PER_PART,
                    Math.min((k + 1) * LINES_PER_PART, read.size())).iterator())).toList().forEach(sum::add);
            }
        }
        return sum.set(file);
    }

    /**
     * The same, where executors read the file: hashes and counts of its pieces come to the driver. One that is compressed is
     * read here.
     *
     * @throws InputException as {@link #build(Path)}, and where most of it is no list of SMILES
     */
    ReferenceSet build(Path file, JavaSparkContext spark) {
        if (TextLines.isGzip(file)) {
            return build(file);
        }
        Vocabulary known = vocabulary;
        Sum sum = new Sum();
        SharedList.of(file, "", spark).lines(spark).mapPartitions(lines -> List.of(new Part(known, lines)).iterator()).collect()
            .forEach(sum::add);
        return sum.set(file);
    }

    /** Of all parts, in their order. */
    private final class Sum {
        private final DistributionTally tally = new DistributionTally();
        private final ScaffoldTally scaffolds = new ScaffoldTally();
        private final List<long[]> hashes = new ArrayList<>();
        private final List<BadLine> bad = new ArrayList<>();
        private long badLines;
        private long molecules;

        void add(Part part) {
            badLines += part.badLines;
            bad.addAll(part.bad.subList(0, Math.min(part.bad.size(), NAMED + NUMBERED - bad.size())));
            hashes.add(part.hashes);
            tally.merge(part.tally);
            scaffolds.merge(part.scaffolds);
            molecules += part.hashes.length;
        }

        ReferenceSet set(Path file) {
            if (badLines > 0) {
                throw refused(file, bad, badLines, molecules + badLines);
            }
            if (molecules == 0) {
                throw new InputException(file + " holds no SMILES; a reference set needs at least one");
            }
            long[] distinct = hashes.stream().flatMapToLong(Arrays::stream).sorted().distinct().toArray();
            return new ReferenceSet(Family.MOLECULES, String.valueOf(file.getFileName()), molecules, distinct,
                tally.distributions(vocabulary).with(scaffolds.mostFrequent()));
        }
    }

    private List<SharedList.Line> chunk(Path file, TextLines lines) {
        List<SharedList.Line> chunk = new ArrayList<>();
        while (chunk.size() < LINES_PER_CHUNK) {
            String text = lines.nextFilled();
            if (text == null) {
                break;
            }
            if (column == null) {
                column = SmilesColumn.of(text, "");
                column.of(text, file, lines.number());
                if (column.header()) {
                    continue;
                }
            }
            chunk.add(new SharedList.Line(lines.number(), column.row(text, file, lines.number())));
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

    private record BadLine(long number, String smiles, String reason) implements Serializable {
    }

    /** Some lines, counted by one thread. */
    private static final class Part implements Serializable {
        private static final long serialVersionUID = 1;

        private final DistributionTally tally = new DistributionTally();
        private final ScaffoldTally scaffolds = new ScaffoldTally();
        /** The first ones. */
        private final ArrayList<BadLine> bad = new ArrayList<>();
        private final long[] hashes;
        private long badLines;

        Part(Vocabulary vocabulary, Iterator<SharedList.Line> lines) {
            MoleculeScorer scorer = new MoleculeScorer(vocabulary);
            Scaffolds murcko = new Scaffolds();
            LongStream.Builder found = LongStream.builder();
            while (lines.hasNext()) {
                SharedList.Line line = lines.next();
                ScoredGraph scored = scorer.score(line.smiles());
                if (scored.molecule().valid()) {
                    found.add(ReferenceSet.hash(scored.molecule().smiles()));
                    count(vocabulary, scored, murcko);
                } else {
                    badLines++;
                    if (bad.size() < NAMED + NUMBERED) {
                        bad.add(new BadLine(line.number(), shown(line.smiles()), scored.molecule().reason()));
                    }
                }
            }
            hashes = found.build().toArray();
        }

        private void count(Vocabulary vocabulary, ScoredGraph scored, Scaffolds murcko) {
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
