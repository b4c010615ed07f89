package org.bitdgdm.metrics;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.Canonicaliser;
import org.bitdgdm.molecule.MoleculeProperties;
import org.bitdgdm.molecule.Scaffolds;
import org.bitdgdm.molecule.TextLines;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.smiles.SmilesParser;
import org.openscience.cdk.tools.manipulator.AtomContainerManipulator;

/**
 * Makes a reference set of a file of SMILES, one a line, what follows after a blank ignored. Molecules are taken as
 * written, charges included, without stereochemistry and isotopes; of several fragments the largest is the molecule.
 */
final class ReferenceSetBuilder {
    private static final int LINES_PER_CHUNK = 16_384;
    private static final int LINES_PER_PART = 256;

    private final Vocabulary vocabulary;

    ReferenceSetBuilder(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    /**
     * Reads the file with all cores, {@value #LINES_PER_CHUNK} lines at a time.
     *
     * @throws InputException naming the line that is not a SMILES, or where there is none
     */
    ReferenceSet build(Path file) {
        DistributionTally tally = new DistributionTally();
        ScaffoldTally scaffolds = new ScaffoldTally();
        List<long[]> parts = new ArrayList<>();
        long molecules = 0;
        try (TextLines lines = new TextLines(file)) {
            for (List<Line> chunk = chunk(lines); !chunk.isEmpty(); chunk = chunk(lines)) {
                List<Line> read = chunk;
                int partCount = (read.size() + LINES_PER_PART - 1) / LINES_PER_PART;
                List<Part> counted = IntStream.range(0, partCount).parallel().mapToObj(k -> new Part(file, read.subList(
                    k * LINES_PER_PART, Math.min((k + 1) * LINES_PER_PART, read.size())))).toList();
                for (Part part : counted) {
                    if (part.failure != null) {
                        throw part.failure;
                    }
                    parts.add(part.hashes);
                    tally.merge(part.tally);
                    scaffolds.merge(part.scaffolds);
                    molecules += part.hashes.length;
                }
            }
        }
        if (molecules == 0) {
            throw new InputException(file + " holds no SMILES; a reference set needs at least one");
        }
        long[] hashes = parts.stream().flatMapToLong(Arrays::stream).sorted().distinct().toArray();
        return new ReferenceSet(String.valueOf(file.getFileName()), molecules, hashes,
            tally.distributions(vocabulary).with(scaffolds.mostFrequent()));
    }

    private static List<Line> chunk(TextLines lines) {
        List<Line> chunk = new ArrayList<>();
        while (chunk.size() < LINES_PER_CHUNK) {
            String text = lines.nextFilled();
            if (text == null) {
                break;
            }
            chunk.add(new Line(lines.number(), text.split("\\s+", 2)[0]));
        }
        return chunk;
    }

    private record Line(long number, String smiles) {
    }

    /** Some lines, counted by one thread. */
    private final class Part {
        private final DistributionTally tally = new DistributionTally();
        private final ScaffoldTally scaffolds = new ScaffoldTally();
        private final Scaffolds murcko = new Scaffolds();
        private final long[] hashes;
        /** The first bad line; kept instead of thrown so that the lowest line of a file is the one named. */
        private InputException failure;

        private final SmilesParser parser = new SmilesParser(SilentChemObjectBuilder.getInstance());
        private final MoleculeProperties.Calculator properties = new MoleculeProperties.Calculator();

        Part(Path file, List<Line> lines) {
            hashes = new long[lines.size()];
            for (int k = 0; k < hashes.length && failure == null; k++) {
                Line line = lines.get(k);
                try {
                    hashes[k] = StableHash.of(count(parser.parseSmiles(line.smiles())));
                } catch (CDKException e) {
                    failure = TextLines.malformed(file, line.number(), "'" + line.smiles()
                        + "' is not a SMILES the CDK reads: " + e.getMessage().lines().findFirst().orElse(""));
                }
            }
        }

        /** Adds a molecule to the distributions and returns its canonical SMILES. */
        private String count(IAtomContainer molecule) throws CDKException {
            if (vocabulary.nodes().contains("H")) {
                AtomContainerManipulator.convertImplicitToExplicitHydrogens(molecule);
            } else {
                molecule = AtomContainerManipulator.suppressHydrogens(molecule);
            }
            Map<String, Long> atoms = new LinkedHashMap<>();
            for (IAtom atom : molecule.atoms()) {
                atoms.merge(atom.getSymbol(), 1L, Long::sum);
            }
            atoms.forEach(tally::addAtoms);
            Map<String, Long> bonds = new LinkedHashMap<>();
            for (IBond bond : molecule.bonds()) {
                bonds.merge(bond.getOrder().name().toLowerCase(Locale.ROOT), 1L, Long::sum);
            }
            bonds.forEach(tally::addBonds);
            tally.addSize(molecule.getAtomCount());
            IAtomContainer largest = Canonicaliser.largestFragment(molecule);
            MoleculeProperties found = properties.of(largest);
            tally.addProperties(found.weight(), found.logp(), found.rings());
            String smiles = Canonicaliser.smiles(largest);
            scaffolds.add(ScaffoldTally.label(smiles, murcko), 1);
            return smiles;
        }
    }
}
