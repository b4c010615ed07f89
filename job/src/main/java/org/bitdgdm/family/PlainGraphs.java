package org.bitdgdm.family;

import static org.apache.spark.sql.functions.col;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.drawing.GraphDrawings;
import org.bitdgdm.kernels.FixedPart;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.metrics.BenchmarkFiles;
import org.bitdgdm.metrics.GraphRows;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.PlainGraphMetrics;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.GraphEntry;

/**
 * Graphs of nodes and edges that stand for nothing else.
 *
 * @param vocabulary any number of classes
 */
public record PlainGraphs(Vocabulary vocabulary) implements GraphFamily {
    private static final int MOST_SHOWN = 12;
    private static final int MOST_REFUSED = 8;

    @Override
    public Protocol protocol(String name) {
        if (!name.equals(Protocol.DIGRESS.label())) {
            throw new InputException("--protocol " + name + " counts molecules, and the model makes plain graphs; leave it out,"
                + " or give " + Protocol.DIGRESS.label());
        }
        return Protocol.DIGRESS;
    }

    @Override
    public String folder() {
        return "graphs";
    }

    @Override
    public StructType schema() {
        return GraphRows.SCHEMA;
    }

    @Override
    public FixedPart part(String text) {
        throw new InputException("--scaffold is a fragment of molecules, and the model makes plain graphs; leave it out");
    }

    @Override
    public GraphFamily around(int nodes) {
        throw new UnsupportedOperationException("plain graphs hold no part in common");
    }

    @Override
    public String nodesColumn() {
        return "node_types";
    }

    @Override
    public String edgesColumn() {
        return "edges";
    }

    @Override
    public GraphFamily.Scorer scorer() {
        int nodeClasses = vocabulary.nodes().size();
        int edgeClasses = vocabulary.edges().size();
        return new GraphFamily.Scorer() {
            @Override
            public Row row(long graphId, byte[] nodes, byte[] edges) {
                return GraphRows.of(graphId, nodes, edges, nodeClasses, edgeClasses);
            }

            @Override
            public Row row(GraphEntry entry) {
                return row(entry.id(), entry.graph().nodes(), entry.graph().edges());
            }
        };
    }

    @Override
    public MetricRegistry registry(Protocol protocol) {
        return PlainGraphMetrics.registry();
    }

    @Override
    public MetricReport metrics(Dataset<Row> rows, long graphs, Optional<ReferenceSet> reference, BenchmarkFiles files,
                                Protocol protocol) {
        return PlainGraphMetrics.compute(rows, vocabulary, reference, files);
    }

    @Override
    public Optional<String> noDrawings() {
        return Optional.empty();
    }

    @Override
    public GraphFamily.Examples examples(Dataset<Row> rows) {
        List<GraphFamily.Examples.Example> shown = first(rows, col("reason").isNull(), MOST_SHOWN).stream().map(row -> {
            byte[] nodes = bytes(row, 2);
            byte[] edges = bytes(row, 3);
            String caption = String.format(Locale.ROOT, "graph %d: %d nodes, %d edges, %s", row.getLong(0), nodes.length,
                row.getInt(4), row.getInt(5) == 1 ? "connected" : row.getInt(5) + " components");
            return new GraphFamily.Examples.Example(row.getLong(0), caption, text(nodes.length, edges));
        }).toList();
        return new GraphFamily.Examples(shown, first(rows, col("reason").isNotNull(), MOST_REFUSED).stream()
            .map(row -> new GraphFamily.Examples.Refused(row.getLong(0), row.getString(1), null)).toList());
    }

    private static List<Row> first(Dataset<Row> rows, Column condition, int most) {
        return rows.filter(condition).select("graph_id", "reason", "node_types", "edges", "num_edges", "num_components")
            .orderBy("graph_id").limit(most).collectAsList();
    }

    private static byte[] bytes(Row row, int column) {
        List<Byte> values = row.getList(column);
        byte[] bytes = new byte[values.size()];
        for (int k = 0; k < bytes.length; k++) {
            bytes[k] = values.get(k);
        }
        return bytes;
    }

    /** The number of nodes, then 0 and 1 for each pair. */
    private static String text(int n, byte[] edges) {
        StringBuilder text = new StringBuilder().append(n).append(' ');
        for (byte edge : edges) {
            text.append(edge == 0 ? '0' : '1');
        }
        return text.toString();
    }

    @Override
    public String draw(String drawn) {
        int blank = drawn.indexOf(' ');
        int n = Integer.parseInt(drawn.substring(0, blank));
        byte[] edges = new byte[Graph.pairs(n)];
        for (int pair = 0; pair < edges.length; pair++) {
            edges[pair] = (byte) (drawn.charAt(blank + 1 + pair) - '0');
        }
        return GraphDrawings.draw(new Graph(0, new byte[n], edges));
    }

    @Override
    public GraphFamily.Words words(Protocol protocol) {
        return new Words("graphs", "Ratios over graphs.", "No graph.",
            "graphs, those with the lowest ids.", "Refused", "Those with the lowest graph ids; nodes are counted from 0.", "",
            List.of(List.of("Isomorphic", "The same but for the order of nodes, found by colour refinement and a search for a "
                + "canonical order. Graphs too regular for the search are counted in metrics.json as undecided; of those, "
                + "different ones may count as the same."),
                List.of("Clustering coefficient", "Triangles through a node ÷ pairs of its neighbours; 0 with fewer than two."),
                List.of("Component", "Found by a search of the graph. DiGress's own code counts eigenvalues below 1e-5 instead, "
                    + "which sees two components in a chain of 100 nodes.")));
    }
}
