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
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.drawing.MoleculeDrawings;
import org.bitdgdm.metrics.Metric;
import org.bitdgdm.metrics.MetricNames;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.MoleculeMetrics;
import org.bitdgdm.metrics.MoleculeRows;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.metrics.RunDifference;
import org.bitdgdm.metrics.StabilityMetrics;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.MolecularGraph;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.ScoredGraph;
import org.bitdgdm.molecule.Stability;

/**
 * Graphs of atoms and bonds.
 *
 * @param vocabulary elements and bonds that chemistry here has rules for
 */
public record Molecules(Vocabulary vocabulary) implements GraphFamily {
    private static final int MOST_MOLECULES = 24;
    private static final int MOST_REFUSED = 8;
    /** Among how many valid graphs different molecules are looked for: a model that repeats itself shows fewer. */
    private static final int VALID_LOOKED_AT = 20 * MOST_MOLECULES;
    private static final StructType WITH_HYDROGENS = MoleculeRows.SCHEMA.add("stable", DataTypes.BooleanType, false)
        .add("stable_atoms", DataTypes.IntegerType, false);
    private static final Map<Protocol, String> PROTOCOLS = Map.of(Protocol.DIGRESS, "DiGress", Protocol.MOSES, "MOSES",
        Protocol.GUACAMOL, "GuacaMol");
    private static final Map<String, String> MEANINGS = Map.of(
        "validity", "share of graphs in which no atom exceeds its valence and aromatic bonds kekulise, without charges",
        "relaxed_validity", "the same, where N, O and S with one bond order too many take charge +1",
        "uniqueness", "different molecules ÷ relaxed-valid graphs",
        "novelty", "different molecules absent from the training set ÷ different molecules",
        "vun", "different molecules absent from the training set ÷ graphs",
        "connected", "share of graphs of one component, valid or not; a line that is no molecule has none",
        "mean_fragments", "components of all graphs ÷ graphs, lines that are no molecule among them");
    private static final Map<String, String> OF_GUACAMOL = Map.of(
        "uniqueness", "different molecules ÷ graphs asked for",
        "novelty", "different molecules absent from the training set ÷ graphs asked for");
    private static final Map<String, List<String>> AXES = Map.of("atoms", List.of("Atoms", "by element"), "bonds",
        List.of("Bonds", "by class"), "sizes", List.of("Sizes", "atoms per graph"), "weight", List.of("Weight", ""), "logp",
        List.of("logP", ""), "rings", List.of("Rings", "per molecule"));

    public Molecules {
        // On executors it would end a run that has begun.
        MoleculeScorer.requireKnown(vocabulary);
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
        return vocabulary.hydrogens() ? WITH_HYDROGENS : MoleculeRows.SCHEMA;
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
    public GraphScorer scorer() {
        MoleculeScorer scorer = new MoleculeScorer(vocabulary);
        return new GraphScorer() {
            @Override
            public Row row(long graphId, byte[] nodes, byte[] edges) {
                return stable(MoleculeRows.of(graphId, nodes, edges, scorer.score(nodes, edges)), nodes, edges);
            }

            @Override
            public Row row(MolecularGraph graph) {
                ScoredGraph scored = scorer.score(graph);
                return stable(MoleculeRows.of(graph.graphId(), scored.nodes(), scored.bonds(), scored.molecule()),
                    scored.nodes(), scored.bonds());
            }
        };
    }

    /** The row with what is said of molecules whose hydrogens are nodes, where they are. */
    private Row stable(Row row, byte[] nodes, byte[] bonds) {
        if (!vocabulary.hydrogens()) {
            return row;
        }
        Stability found = Stability.of(vocabulary, nodes, bonds);
        Object[] values = new Object[row.size() + 2];
        for (int k = 0; k < row.size(); k++) {
            values[k] = row.get(k);
        }
        values[row.size()] = found.ofMolecule();
        values[row.size() + 1] = found.stableAtoms();
        return RowFactory.create(values);
    }

    @Override
    public MetricNames metricNames(Protocol protocol) {
        MetricNames names = MetricNames.of(protocol);
        return vocabulary.hydrogens() ? names.and(StabilityMetrics.NAMES) : names;
    }

    @Override
    public MetricReport metrics(Dataset<Row> rows, Optional<ReferenceSet> reference, Protocol protocol) {
        MetricReport report = MoleculeMetrics.compute(rows, vocabulary, reference, protocol);
        return vocabulary.hydrogens() ? report.with(StabilityMetrics.of(rows), "no graphs") : report;
    }

    @Override
    public List<Metric> differences(Dataset<Row> here, Dataset<Row> there) {
        return RunDifference.MOLECULES.of(here, there);
    }

    @Override
    public List<String> comparedColumns() {
        return RunDifference.MOLECULES.columns();
    }

    @Override
    public Optional<String> noDrawings() {
        return MoleculeDrawings.probe();
    }

    @Override
    public Examples examples(Dataset<Row> rows) {
        Map<String, Examples.Example> different = new LinkedHashMap<>();
        for (Row row : first(rows, col("valid"), VALID_LOOKED_AT)) {
            if (different.size() < MOST_MOLECULES) {
                different.putIfAbsent(row.getString(2),
                    new Examples.Example(row.getLong(0), row.getString(2), row.getString(2)));
            }
        }
        return new Examples(List.copyOf(different.values()), first(rows, not(col("valid")), MOST_REFUSED).stream()
            .map(row -> new Examples.Refused(row.getLong(0), row.getString(1), row.getString(2))).toList());
    }

    private static List<Row> first(Dataset<Row> rows, Column condition, int most) {
        return rows.filter(condition).select("graph_id", "reason", "smiles").orderBy("graph_id").limit(most).collectAsList();
    }

    @Override
    public String draw(String smiles) throws Exception {
        return MoleculeDrawings.draw(smiles);
    }

    @Override
    public FamilyWords words(Protocol protocol) {
        Map<String, String> meanings = new LinkedHashMap<>(MEANINGS);
        meanings.putAll(StabilityMetrics.MEANINGS);
        if (protocol == Protocol.GUACAMOL) {
            meanings.putAll(OF_GUACAMOL);
        }
        return new FamilyWords("molecules", List.of("validity", "relaxed_validity", "uniqueness", "novelty"),
            "Ratios as " + PROTOCOLS.get(protocol) + " defines them.", meanings,
            Map.of("vun", "Valid, unique and novel", "mean_fragments", "Fragments per graph"), AXES, "No valid molecule.",
            "distinct valid molecules, those with the lowest graph ids.", "Not valid",
            "Those with the lowest graph ids; atoms are counted from 0.", "SMILES of what was kept",
            List.of(List.of("Molecule",
                "The largest fragment of a relaxed-valid graph (of equal ones, that with the lowest atom index), as "
                    + "canonical SMILES by CDK. Hydrogens fill free valences.")));
    }
}
