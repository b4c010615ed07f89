package org.bitdgdm.metrics;

import static org.apache.spark.sql.functions.col;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.benchmark.MoleculeDescriptors;
import org.openscience.cdk.exception.CDKException;

/**
 * What a run is drawn beside, from the set that a benchmark compares it with; no metric is made of it.
 *
 * @param set           as a page names it
 * @param distributions of the set, by name
 * @param nearest       to the first few molecules of the run; none of plain graphs
 */
public record BesideSet(String set, Map<String, Histogram> distributions,
                        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Neighbour> nearest) {
    private static final int SHOWN = 6;

    /**
     * A molecule of a run with the one of the set that is most like it.
     *
     * @param graphId    of the run's
     * @param smiles     of the run's
     * @param nearest    SMILES of the set's; of equally similar ones the first by its text
     * @param similarity of Tanimoto, by Morgan fingerprints of radius 2 and 1,024 bits
     */
    public record Neighbour(long graphId, String smiles, String nearest, double similarity) {
    }

    public BesideSet {
        nearest = nearest == null ? List.of() : List.copyOf(nearest);
    }

    /**
     * Of a set of molecules.
     *
     * @param run rows of a run, with their ids and SMILES
     */
    static BesideSet of(String set, BenchmarkSet other, Dataset<Row> run) {
        Map<String, Histogram> distributions = new LinkedHashMap<>();
        histograms(other).forEach(histogram -> distributions.put(histogram.name(), histogram));
        return new BesideSet(set, distributions, nearest(other, run));
    }

    /** Of each of {@link Benchmarks#DISTRIBUTIONS} the histogram over a set's molecules. */
    static List<Histogram> histograms(BenchmarkSet set) {
        Map<String, Double> widths = new LinkedHashMap<>();
        Benchmarks.DISTRIBUTIONS.forEach(kind -> widths.put(kind.name(), kind.binWidth()));
        Map<String, SortedMap<Long, Long>> bins = set.binned(widths);
        return Benchmarks.DISTRIBUTIONS.stream().map(kind -> kind.binned(bins.get(kind.name()))).toList();
    }

    private static List<Neighbour> nearest(BenchmarkSet other, Dataset<Row> run) {
        List<Row> first = new ArrayList<>();
        List<long[]> prints = new ArrayList<>();
        MoleculeDescriptors.Calculator calculator = BenchmarkSet.calculator();
        for (Row row : run.filter(col("relaxed_valid")).select("graph_id", "smiles").orderBy("graph_id").limit(2 * SHOWN)
            .collectAsList()) {
            try {
                if (first.size() < SHOWN && first.stream().noneMatch(known -> known.getString(1).equals(row.getString(1)))) {
                    prints.add(calculator.of(row.getString(1)).fingerprint(SetSimilarity.BITS));
                    first.add(row);
                }
            } catch (CDKException | IllegalArgumentException e) {
                // Without descriptors it is near nothing; what has none is counted elsewhere.
                continue;
            }
        }
        List<Neighbour> found = new ArrayList<>();
        if (first.isEmpty()) {
            return found;
        }
        List<String[]> best = other.fragments().javaRDD().mapPartitions(rows -> {
            String[] nearest = new String[prints.size()];
            double[] most = new double[prints.size()];
            Arrays.fill(most, -1);
            while (rows.hasNext()) {
                Row row = rows.next();
                long[] print = folded(row.getList(1));
                for (int k = 0; k < nearest.length; k++) {
                    double similarity = tanimoto(prints.get(k), print);
                    if (similarity > most[k] || similarity == most[k] && row.getString(0).compareTo(nearest[k]) < 0) {
                        most[k] = similarity;
                        nearest[k] = row.getString(0);
                    }
                }
            }
            return List.<String[]>of(nearest).iterator();
        }).collect();
        for (int k = 0; k < first.size(); k++) {
            int at = k;
            Neighbour nearest = best.stream().map(part -> part[at]).filter(smiles -> smiles != null)
                .map(smiles -> neighbour(first.get(at), prints.get(at), smiles, calculator))
                .max(Comparator.comparingDouble(Neighbour::similarity)
                    .thenComparing(Comparator.comparing(Neighbour::nearest).reversed())).orElseThrow();
            found.add(nearest);
        }
        return found;
    }

    private static Neighbour neighbour(Row row, long[] print, String smiles, MoleculeDescriptors.Calculator calculator) {
        try {
            return new Neighbour(row.getLong(0), row.getString(1), smiles,
                tanimoto(print, calculator.of(smiles).fingerprint(SetSimilarity.BITS)));
        } catch (CDKException e) {
            throw new IllegalStateException(smiles + " had descriptors a moment ago", e);
        }
    }

    private static long[] folded(List<Integer> ids) {
        BitSet bits = new BitSet(SetSimilarity.BITS);
        ids.forEach(id -> bits.set(Integer.remainderUnsigned(id, SetSimilarity.BITS)));
        return Arrays.copyOf(bits.toLongArray(), SetSimilarity.BITS / Long.SIZE);
    }

    private static double tanimoto(long[] one, long[] other) {
        int common = 0;
        int all = 0;
        for (int k = 0; k < one.length; k++) {
            common += Long.bitCount(one[k] & other[k]);
            all += Long.bitCount(one[k] | other[k]);
        }
        return all == 0 ? 1 : common / (double) all;
    }
}
