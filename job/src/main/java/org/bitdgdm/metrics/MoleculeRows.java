package org.bitdgdm.metrics;


import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.molecule.ScoredMolecule;

/** Rows of {@code molecules/}: one per graph, in the order of their ids. */
public final class MoleculeRows {
    static final DataType CLASSES = new ArrayType(DataTypes.ByteType, false);

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
    static Byte[] boxed(byte[] values) {
        Byte[] boxed = new Byte[values.length];
        for (int at = 0; at < values.length; at++) {
            boxed[at] = values[at];
        }
        return boxed;
    }
}
