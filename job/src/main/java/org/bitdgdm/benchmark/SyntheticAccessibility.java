package org.bitdgdm.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * Synthetic accessibility from 1, easy, to 10 (Ertl and Schuffenhauer, J. Cheminformatics 1, 2009): how common a molecule's
 * circular fragments are in PubChem, less penalties for size, stereocentres, spiro atoms, bridgeheads and large rings. Numbers
 * are those of RDKit's {@code sascorer}, which takes one penalty for any number of large rings where the paper takes more.
 */
final class SyntheticAccessibility {
    private static final String TABLE = "sa-fragment-scores.csv.gz";
    private static final double UNKNOWN = -4;
    private static final double LOWEST = -4;
    private static final double HIGHEST = 2.5;
    private static final int LARGE_RING = 8;

    /** Ids as unsigned numbers, ascending; the table is 6 MB and the same for all. */
    private static final class Scores {
        static final int[] IDS;
        static final float[] VALUES;

        static {
            int[] ids = new int[1 << 16];
            float[] values = new float[1 << 16];
            int size = 0;
            try (InputStream bytes = SyntheticAccessibility.class.getResourceAsStream(TABLE);
                 BufferedReader lines = new BufferedReader(
                     new InputStreamReader(new GZIPInputStream(bytes), StandardCharsets.US_ASCII))) {
                lines.readLine();
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (size == ids.length) {
                        ids = Arrays.copyOf(ids, 2 * size);
                        values = Arrays.copyOf(values, 2 * size);
                    }
                    int comma = line.indexOf(',');
                    // Moved so that the signed order of Java is the unsigned one of the file.
                    ids[size] = Integer.parseUnsignedInt(line, 0, comma, 10) ^ Integer.MIN_VALUE;
                    values[size++] = Float.parseFloat(line.substring(comma + 1));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            IDS = Arrays.copyOf(ids, size);
            VALUES = Arrays.copyOf(values, size);
            for (int k = 1; k < size; k++) {
                if (IDS[k - 1] >= IDS[k]) {
                    throw new IllegalStateException(TABLE + " must be ascending");
                }
            }
        }

        static double of(int id) {
            int at = Arrays.binarySearch(IDS, id ^ Integer.MIN_VALUE);
            // Four decimals in the file, which a float keeps.
            return at < 0 ? UNKNOWN : Math.round(VALUES[at] * 1e4) / 1e4;
        }

        private Scores() {
        }
    }

    private SyntheticAccessibility() {
    }

    /** @param fragments of radius 2 with their counts */
    static double of(BenchmarkMolecule molecule, Map<Integer, Integer> fragments) {
        double sum = 0;
        long count = 0;
        for (Map.Entry<Integer, Integer> one : fragments.entrySet()) {
            sum += Scores.of(one.getKey()) * one.getValue();
            count += one.getValue();
        }
        int n = molecule.atoms();
        boolean largeRing = molecule.rings().stream().anyMatch(ring -> ring.length > LARGE_RING);
        double penalty = Math.pow(n, 1.005) - n + Math.log10(StereoCentres.count(molecule) + 1)
            + Math.log10(spiroAtoms(molecule) + 1) + Math.log10(bridgeheads(molecule) + 1) + (largeRing ? Math.log10(2) : 0);
        double symmetry = n > fragments.size() ? Math.log((double) n / fragments.size()) * 0.5 : 0;
        double raw = sum / count - penalty + symmetry;
        double score = 11 - (raw - LOWEST + 1) / (HIGHEST - LOWEST) * 9;
        if (score > 8) {
            score = 8 + Math.log(score + 1 - 9);
        }
        return Math.max(1, Math.min(10, score));
    }

    /** Atoms that are all that two rings share. */
    static int spiroAtoms(BenchmarkMolecule molecule) {
        List<int[]> rings = molecule.rings();
        BitSet found = new BitSet();
        for (int i = 0; i < rings.size(); i++) {
            for (int j = i + 1; j < rings.size(); j++) {
                BitSet both = StereoCentres.common(atoms(rings.get(i)), atoms(rings.get(j)));
                if (both.cardinality() == 1) {
                    found.or(both);
                }
            }
        }
        return found.cardinality();
    }

    private static BitSet atoms(int[] ring) {
        BitSet atoms = new BitSet();
        for (int atom : ring) {
            atoms.set(atom);
        }
        return atoms;
    }

    /** Ends of the chains of two or more bonds that two rings share. */
    static int bridgeheads(BenchmarkMolecule molecule) {
        List<BitSet> rings = molecule.ringBonds();
        BitSet found = new BitSet();
        for (int i = 0; i < rings.size(); i++) {
            for (int j = i + 1; j < rings.size(); j++) {
                BitSet both = StereoCentres.common(rings.get(i), rings.get(j));
                if (both.cardinality() > 1) {
                    BitSet ends = new BitSet();
                    both.stream().forEach(bond -> {
                        ends.flip(molecule.molecule().getBond(bond).getBegin().getIndex());
                        ends.flip(molecule.molecule().getBond(bond).getEnd().getIndex());
                    });
                    found.or(ends);
                }
            }
        }
        return found.cardinality();
    }
}
