package org.bitdgdm.family;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.not;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.drawing.MoleculeDrawings;
import org.bitdgdm.kernels.FixedPart;
import org.bitdgdm.metrics.BenchmarkFiles;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.MoleculeMetrics;
import org.bitdgdm.metrics.MoleculeRows;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.GraphEntry;
import org.bitdgdm.molecule.GraphOfSmiles;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.ScoredGraph;
import org.bitdgdm.molecule.Stability;

/**
 * Graphs of atoms and bonds.
 *
 * @param vocabulary elements and bonds that chemistry here has rules for
 * @param fixed      how many atoms every graph has in common as its first ones, which rows then say; 0: none
 */
public record Molecules(Vocabulary vocabulary, int fixed) implements GraphFamily {
    private static final int MOST_MOLECULES = 24;
    private static final int MOST_REFUSED = 8;
    /** Among how many valid graphs different molecules are looked for: a model that repeats itself shows fewer. */
    private static final int VALID_LOOKED_AT = 20 * MOST_MOLECULES;
    private static final Map<Protocol, String> PROTOCOLS = Map.of(Protocol.DIGRESS, "DiGress", Protocol.MOSES, "MOSES",
        Protocol.GUACAMOL, "GuacaMol");

    private static final List<String> MOLECULE = List.of("Molecule", "The largest fragment of a relaxed-valid graph (of equal"
        + " ones, that with the lowest atom index), as canonical SMILES by CDK. Hydrogens fill free valences.");

    public Molecules {
        // On executors it would end a run that has begun.
        MoleculeScorer.requireKnown(vocabulary);
    }

    /** Molecules with nothing in common. */
    public Molecules(Vocabulary vocabulary) {
        this(vocabulary, 0);
    }

    @Override
    public Protocol protocol(String name) {
        return Protocol.of(name);
    }

    @Override
    public String folder() {
        return "molecules";
    }

    @Override
    public StructType schema() {
        StructType schema = vocabulary.hydrogens() ? MoleculeRows.WITH_HYDROGENS : MoleculeRows.SCHEMA;
        return fixed == 0 ? schema : MoleculeRows.around(schema);
    }

    @Override
    public FixedPart part(String text) {
        return GraphOfSmiles.scaffold(text, vocabulary);
    }

    @Override
    public GraphFamily around(int nodes) {
        return new Molecules(vocabulary, nodes);
    }

    @Override
    public String nodesColumn() {
        return "atom_types";
    }

    @Override
    public String edgesColumn() {
        return "bonds";
    }

    @Override
    public GraphFamily.Scorer scorer() {
        MoleculeScorer scorer = new MoleculeScorer(vocabulary);
        return new GraphFamily.Scorer() {
            @Override
            public Row row(long graphId, byte[] nodes, byte[] edges) {
                Row row = MoleculeRows.of(graphId, nodes, edges, scorer.score(nodes, edges), stability(nodes, edges));
                return fixed == 0 ? row : MoleculeRows.around(row, fixed);
            }

            @Override
            public Row row(GraphEntry entry) {
                ScoredGraph scored = scorer.score(entry);
                return MoleculeRows.of(entry.id(), scored.nodes(), scored.bonds(), scored.molecule(),
                    stability(scored.nodes(), scored.bonds()));
            }
        };
    }

    /** Known where hydrogens are nodes. */
    private Optional<Stability> stability(byte[] nodes, byte[] bonds) {
        return vocabulary.hydrogens() ? Optional.of(Stability.of(vocabulary, nodes, bonds)) : Optional.empty();
    }

    @Override
    public MetricRegistry registry(Protocol protocol) {
        return MoleculeMetrics.registry(protocol, vocabulary);
    }

    @Override
    public MetricReport metrics(Dataset<Row> rows, long graphs, Optional<ReferenceSet> reference, BenchmarkFiles files,
                                Protocol protocol) {
        return MoleculeMetrics.compute(rows, graphs, vocabulary, reference, files, protocol);
    }

    @Override
    public Optional<String> noDrawings() {
        return MoleculeDrawings.probe();
    }

    @Override
    public GraphFamily.Examples examples(Dataset<Row> rows) {
        Map<String, GraphFamily.Examples.Example> different = new LinkedHashMap<>();
        for (Row row : first(rows, col("valid"), VALID_LOOKED_AT)) {
            if (different.size() < MOST_MOLECULES) {
                different.putIfAbsent(row.getString(2),
                    new GraphFamily.Examples.Example(row.getLong(0), row.getString(2), row.getString(2)));
            }
        }
        return new GraphFamily.Examples(List.copyOf(different.values()), first(rows, not(col("valid")), MOST_REFUSED).stream()
            .map(row -> new GraphFamily.Examples.Refused(row.getLong(0), row.getString(1), row.getString(2))).toList());
    }

    private static List<Row> first(Dataset<Row> rows, Column condition, int most) {
        return rows.filter(condition).select("graph_id", "reason", "smiles").orderBy("graph_id").limit(most).collectAsList();
    }

    @Override
    public String draw(String smiles) throws Exception {
        return MoleculeDrawings.draw(smiles);
    }

    @Override
    public GraphFamily.Words words(Protocol protocol) {
        return new Words("molecules", "Ratios as " + PROTOCOLS.get(protocol) + " defines them.", "No valid molecule.",
            "distinct valid molecules, those with the lowest graph ids.", "Not valid",
            "Those with the lowest graph ids; atoms are counted from 0.", "SMILES of what was kept",
            List.of(MOLECULE));
    }
}
