package org.bitdgdm.family;

import static org.apache.spark.sql.functions.col;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.drawing.SequenceDrawings;
import org.bitdgdm.family.GraphFamily.Examples;
import org.bitdgdm.family.GraphFamily.Words;
import org.bitdgdm.metrics.BenchmarkFiles;
import org.bitdgdm.metrics.Counts;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.metrics.SequenceMetrics;
import org.bitdgdm.metrics.SequenceRows;

/** Sequences of residues for given backbones. */
public record Proteins() implements ResultFamily {
    /** All sequences of a run, for programs that read FASTA. */
    public static final String FASTA = "sequences.fasta";
    private static final int MOST_CHAINS = 6;
    private static final int MOST_REFUSED = 12;
    /** Samples of a chain that its logo is made of. */
    private static final int MOST_SAMPLES = 100;

    @Override
    public Protocol protocol(String name) {
        if (!name.equals(Protocol.DIGRESS.label())) {
            throw new InputException("--protocol " + name + " counts molecules, and the model makes sequences; leave it out,"
                + " or give " + Protocol.DIGRESS.label());
        }
        return Protocol.DIGRESS;
    }

    @Override
    public String folder() {
        return SequenceRows.FOLDER;
    }

    @Override
    public StructType schema() {
        return SequenceRows.SCHEMA;
    }

    @Override
    public MetricRegistry registry(Protocol protocol) {
        return SequenceMetrics.registry();
    }

    @Override
    public MetricReport metrics(Dataset<Row> rows, long graphs, Optional<ReferenceSet> reference, BenchmarkFiles files,
                                Protocol protocol) {
        return SequenceMetrics.compute(rows);
    }

    @Override
    public Map<String, Function<Dataset<Row>, Iterator<String>>> texts() {
        return Map.of(FASTA, rows -> {
            Iterator<Row> sequences = rows.filter(col("sequence").isNotNull())
                .select("structure", "chain", "sample", "sequence", "recovery").orderBy("graph_id").toLocalIterator();
            Iterable<Row> all = () -> sequences;
            return StreamSupport.stream(all.spliterator(), false).flatMap(Proteins::fasta).iterator();
        });
    }

    private static Stream<String> fasta(Row row) {
        String recovery = row.isNullAt(4) ? "" : String.format(Locale.ROOT, " recovery=%.4f", row.getDouble(4));
        return Stream.of(">" + row.getString(0).replaceAll("\\s", "_") + ":" + row.getString(1)
            + (row.isNullAt(2) ? " ensemble" : " sample=" + row.getInt(2)) + recovery, row.getString(3));
    }

    @Override
    public Optional<String> noDrawings() {
        return Optional.empty();
    }

    @Override
    public Examples examples(Dataset<Row> rows) {
        List<Row> ensembles = rows.filter(col("sequence").isNotNull().and(col("sample").isNull())).orderBy("graph_id")
            .limit(MOST_CHAINS).collectAsList();
        Map<String, List<String>> samples = new LinkedHashMap<>();
        ensembles.forEach(row -> samples.put(name(row), new ArrayList<>()));
        if (!ensembles.isEmpty()) {
            long last = ensembles.get(ensembles.size() - 1).<Long>getAs("graph_id");
            rows.filter(col("sequence").isNotNull().and(col("sample").lt(MOST_SAMPLES)).and(col("graph_id").lt(last)))
                .select("graph_id", "structure", "chain", "sequence").orderBy("graph_id").limit(MOST_CHAINS * MOST_SAMPLES)
                .collectAsList()
                .forEach(row -> samples.computeIfPresent(name(row), (name, all) -> {
                    all.add(row.getAs("sequence"));
                    return all;
                }));
        }
        List<Examples.Example> shown = ensembles.stream().map(row -> {
            Double recovery = row.getAs("recovery");
            int many = samples.get(name(row)).size();
            return new Examples.Example(row.getAs("graph_id"), row.getAs("structure") + ", chain " + row.getAs("chain") + ", "
                + row.getAs("length") + " residues, " + (many == 1 ? "1 sample" : many + " samples")
                + (recovery == null ? "" : String.format(Locale.ROOT, ", recovery of the ensemble %.1f%%", 100 * recovery)),
                Stream.concat(Stream.<String>of(row.getAs("native"), row.getAs("sequence"), row.getAs("states"),
                    Objects.requireNonNullElse(fixed(row), "")),
                    samples.get(name(row)).stream()).collect(Collectors.joining("\n")));
        }).toList();
        return new Examples(shown, rows.filter(col("reason").isNotNull()).orderBy("graph_id").limit(MOST_REFUSED)
            .collectAsList().stream().map(row -> new Examples.Refused(row.<Long>getAs("graph_id"),
                row.getAs("reason"), name(row))).toList());
    }

    /** Rows that older versions have written lack the column. */
    private static String fixed(Row row) {
        return row.schema().getFieldIndex("fixed").isDefined() ? row.getAs("fixed") : null;
    }

    private static String name(Row row) {
        String chain = row.getAs("chain");
        return row.getAs("structure") + (chain.isEmpty() ? "" : ":" + chain);
    }

    @Override
    public String draw(String drawn) {
        List<String> lines = List.of(drawn.split("\n", -1));
        return SequenceDrawings.alignment(lines.get(0), lines.get(1), lines.get(2), lines.get(3),
            lines.subList(4, lines.size()));
    }

    @Override
    public List<Picture> pictures(MetricReport report) {
        if (!(report.counts() instanceof Counts.OfSequences counts) || counts.chains() == 0) {
            return List.of();
        }
        return List.of(
            new Picture("Recovery along the chain", SequenceDrawings.rates("Recovery along the chain", counts.byPart()),
                "From the first residue to the last, in twentieths of the chain; single samples."),
            new Picture("Recovery by secondary structure", SequenceDrawings.rates("Recovery by secondary structure",
                counts.byState()), "H α-helix, G 3₁₀-helix, I π-helix, E strand, B bridge, T turn, S bend, L none of them, by"
                    + " Kabsch and Sander; below, residues."),
            new Picture("Recovery by length", SequenceDrawings.rates("Recovery by length", counts.byLength()),
                "Residues of the chain; below, residues of all such chains and samples."),
            new Picture("Residues in the place of residues", SequenceDrawings.confusion(counts.confusion()),
                "Rows are native residues, columns designed ones; percent of the row, single samples."));
    }

    @Override
    public Words words(Protocol protocol) {
        return new Words("sequences", "Recovery and perplexity over residues, medians over chains; intervals are over"
            + " chains, since residues of one depend on each other.", "No sequence.",
            "chains, the first ones: letters by how often samples have them (bits), then the native sequence, that of the"
                + " ensemble, and secondary structure; grey: held by --fix.", "Not used", "The first ones; metrics.json counts"
                + " all of them by their reason.", "Structure",
            List.of(List.of("Recovery", "Designed residues that are as in the native chain ÷ designed residues; those that"
                + " --fix holds do not count."),
                List.of("Perplexity", "exp of the mean over designed residues of −log p of the native one, by the logits of the"
                    + " last evaluation. 20 is a guess."),
                List.of("Ensemble", "The mean of the logits of all samples of a chain, as the published evaluation takes it."),
                List.of("95% interval", "Of a ratio of sums over chains; of a median by order statistics, from six chains on."),
                List.of("Logo", "At each residue letters as high as their share of the samples times the information, log₂ 20"
                    + " less the entropy, in bits.")));
    }
}
