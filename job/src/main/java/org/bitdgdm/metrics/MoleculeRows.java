package org.bitdgdm.metrics;


import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitdgdm.molecule.MoleculeProperty;
import org.bitdgdm.molecule.ScoredMolecule;
import org.bitdgdm.molecule.Stability;

/** Rows of {@code molecules/}: one per graph, in the order of their ids. */
public final class MoleculeRows {
    static final DataType CLASSES = new ArrayType(DataTypes.ByteType, false);

    /** Columns, in this order, before the properties. */
    private static final StructType VERDICTS = new StructType()
        .add("graph_id", DataTypes.LongType, false)
        .add("num_atoms", DataTypes.IntegerType, false)
        .add("atom_types", CLASSES, false)
        .add("bonds", CLASSES, false)
        .add("smiles", DataTypes.StringType, true)
        .add("valid", DataTypes.BooleanType, false)
        .add("relaxed_valid", DataTypes.BooleanType, false)
        .add("connected", DataTypes.BooleanType, false)
        .add("num_fragments", DataTypes.IntegerType, false)
        .add("reason", DataTypes.StringType, true);
    /** Columns of graphs without hydrogens, in this order: verdicts, then every {@link MoleculeProperty}. */
    public static final StructType SCHEMA = withProperties();
    /** The same and, after them, whether atoms have all their bonds, which only graphs with hydrogens can say. */
    public static final StructType WITH_HYDROGENS = SCHEMA.add("stable", DataTypes.BooleanType, false)
        .add("stable_atoms", DataTypes.IntegerType, false);

    /** Column of the positions of the atoms that {@code --scaffold} gave, counted from 0. */
    private static final String FIXED = "fixed_atoms";

    private MoleculeRows() {
    }

    private static StructType withProperties() {
        StructType schema = VERDICTS;
        for (MoleculeProperty property : MoleculeProperty.values()) {
            schema = schema.add(property.column(), property.whole() ? DataTypes.IntegerType : DataTypes.DoubleType, true);
        }
        return schema;
    }

    /**
     * One row.
     *
     * @param graphId   id, or position in the input of an evaluation
     * @param nodes     (n) node classes
     * @param bonds     (n(n−1)/2) edge classes, upper triangle row-major
     * @param scored    what chemistry says of it
     * @param stability of its atoms; empty where hydrogens are no nodes
     */
    public static Row of(long graphId, byte[] nodes, byte[] bonds, ScoredMolecule scored, Optional<Stability> stability) {
        List<Object> values = new ArrayList<>(Arrays.asList(graphId, nodes.length, boxed(nodes), boxed(bonds), scored.smiles(),
            scored.valid(), scored.relaxedValid(), scored.connected(), scored.numFragments(), scored.reason()));
        values.addAll(scored.properties());
        stability.ifPresent(found -> values.addAll(List.of(found.ofMolecule(), found.stableAtoms())));
        return RowFactory.create(values.toArray());
    }

    /** The columns of graphs that hold a fixed part. */
    public static StructType around(StructType schema) {
        return schema.add(FIXED, new ArrayType(DataTypes.IntegerType, false), false);
    }

    /** A row of these columns, from one of those without: the first so many atoms are fixed. */
    public static Row around(Row row, int fixed) {
        Object[] values = new Object[row.size() + 1];
        for (int column = 0; column < row.size(); column++) {
            values[column] = row.get(column);
        }
        values[row.size()] = IntStream.range(0, fixed).boxed().toArray(Integer[]::new);
        return RowFactory.create(values);
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
