package org.bitdgdm.metrics;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.graph.GraphMeasures;
import org.bitdgdm.graph.IsomorphismClass;
import org.bitdgdm.kernels.Graph;

/** Rows of plain graphs: one per graph, in the order of their ids. */
public final class GraphRows {
    /** Columns, in this order; what is measured is null where {@code reason} says why a row is no graph. */
    public static final StructType SCHEMA = new StructType()
        .add("graph_id", DataTypes.LongType, false)
        .add("num_nodes", DataTypes.IntegerType, false)
        .add("node_types", MoleculeRows.CLASSES, false)
        .add("edges", MoleculeRows.CLASSES, false)
        .add("connected", DataTypes.BooleanType, false)
        .add("num_components", DataTypes.IntegerType, false)
        .add("reason", DataTypes.StringType, true)
        .add("num_edges", DataTypes.IntegerType, true)
        .add("planar", DataTypes.BooleanType, true)
        .add("mean_clustering", DataTypes.DoubleType, true)
        .add("isomorphism_class", DataTypes.StringType, true);

    private GraphRows() {
    }

    /**
     * One row.
     *
     * @param graphId     id, or position in the input of an evaluation
     * @param nodes       (n) node classes
     * @param edges       (n(n−1)/2) edge classes, upper triangle row-major
     * @param nodeClasses node classes that the model knows
     * @param edgeClasses edge classes that the model knows
     */
    public static Row of(long graphId, byte[] nodes, byte[] edges, int nodeClasses, int edgeClasses) {
        String reason = reason(nodes, edges, nodeClasses, edgeClasses);
        if (reason != null) {
            return refused(graphId, nodes, edges, reason);
        }
        Graph graph = new Graph(graphId, nodes, edges);
        GraphMeasures found = GraphMeasures.of(graph);
        return RowFactory.create(graphId, nodes.length, MoleculeRows.boxed(nodes), MoleculeRows.boxed(edges),
            found.components() == 1, found.components(), null, found.edges(), GraphMeasures.planar(graph),
            found.meanClustering(), IsomorphismClass.of(graph));
    }

    /** A row that is no graph of the model. */
    public static Row refused(long graphId, byte[] nodes, byte[] edges, String reason) {
        return RowFactory.create(graphId, nodes.length, MoleculeRows.boxed(nodes), MoleculeRows.boxed(edges), false, 0, reason,
            null, null, null, null);
    }

    private static String reason(byte[] nodes, byte[] edges, int nodeClasses, int edgeClasses) {
        if (nodes.length == 0) {
            return "no nodes";
        }
        if (edges.length != Graph.pairs(nodes.length)) {
            return edges.length + " edge classes where " + nodes.length + " nodes have " + Graph.pairs(nodes.length)
                + " pairs";
        }
        for (int node = 0; node < nodes.length; node++) {
            if (nodes[node] < 0 || nodes[node] >= nodeClasses) {
                return "unknown node class " + nodes[node] + " at node " + node;
            }
        }
        for (byte edge : edges) {
            if (edge < 0 || edge >= edgeClasses) {
                return "unknown edge class " + edge;
            }
        }
        return null;
    }
}
