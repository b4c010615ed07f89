package org.bitdgdm.output;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.ScoredMolecule;
import org.bitdgdm.sample.SampledGraph;
import org.bitdgdm.sample.ShardPlan;

/** Rows of {@code molecules/}: one per graph, in the order of their ids. */
public final class MoleculeRows {
    private static final DataType CLASSES = new ArrayType(DataTypes.ByteType, false);

    /** Columns, in this order. */
    public static final StructType SCHEMA = new StructType()
        .add("graph_id", DataTypes.LongType, false)
        .add("num_atoms", DataTypes.IntegerType, false)
        .add("atom_types", CLASSES, false)
        .add("bonds", CLASSES, false)
        .add("smiles", DataTypes.StringType, true)
        .add("valid", DataTypes.BooleanType, false)
        .add("relaxed_valid", DataTypes.BooleanType, false)
        .add("connected", DataTypes.BooleanType, false)
        .add("num_fragments", DataTypes.IntegerType, false)
        .add("reason", DataTypes.StringType, true)
        .add("weight", DataTypes.DoubleType, true)
        .add("logp", DataTypes.DoubleType, true)
        .add("rings", DataTypes.IntegerType, true);

    private MoleculeRows() {
    }

    /**
     * One row.
     *
     * @param graphId id, or position in the input of an evaluation
     * @param nodes   (n) node classes
     * @param bonds   (n(n−1)/2) edge classes, upper triangle row-major
     * @param scored  what chemistry says of it
     */
    public static Row of(long graphId, byte[] nodes, byte[] bonds, ScoredMolecule scored) {
        return RowFactory.create(graphId, nodes.length, boxed(nodes), boxed(bonds), scored.smiles(), scored.valid(),
            scored.relaxedValid(), scored.connected(), scored.numFragments(), scored.reason(), scored.weight(),
            scored.logp(), scored.rings());
    }

    /** A byte[] in a row would be taken as BINARY. */
    private static Byte[] boxed(byte[] values) {
        Byte[] boxed = new Byte[values.length];
        for (int at = 0; at < values.length; at++) {
            boxed[at] = values[at];
        }
        return boxed;
    }

    /**
     * The rows of a shard: batches are scored as they arrive, while the next ones are being sampled, and rows come out in
     * the order of ids, so that a shard's file is the same however its graphs were batched.
     */
    static Iterator<Row> ofShard(ShardPlan.Shard shard, Iterator<List<SampledGraph>> batches, MoleculeScorer scorer) {
        return new Iterator<>() {
            private final Row[] rows = new Row[shard.count()];
            private int next;

            @Override
            public boolean hasNext() {
                return next < rows.length;
            }

            @Override
            public Row next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("all rows of shard " + shard.index() + " were taken");
                }
                while (rows[next] == null) {
                    for (SampledGraph graph : batches.next()) {
                        rows[(int) (graph.graphId() - shard.firstId())] = of(graph.graphId(), graph.nodes(), graph.bonds(),
                            scorer.score(graph.nodes(), graph.bonds()));
                    }
                }
                Row row = rows[next];
                rows[next++] = null;
                return row;
            }
        };
    }
}
