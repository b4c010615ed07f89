package org.bitdgdm.metrics;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.MoleculeProperty;
import org.bitdgdm.molecule.ScoredMolecule;
import scala.collection.Seq;

/** What is counted graph by graph: verdicts, fragments, distributions. Parts add up in any order to the same. */
final class GraphTally implements Serializable {
    private static final long serialVersionUID = 1;
    private static final List<String> VERDICTS = List.of("atom_types", "bonds", "valid", "relaxed_valid", "connected",
        "num_fragments", "reason");
    /** Columns read: those of the indices below, then every {@link MoleculeProperty}. */
    static final List<String> COLUMNS = Stream.concat(VERDICTS.stream(),
        Arrays.stream(MoleculeProperty.values()).map(MoleculeProperty::column)).toList();
    private static final int ATOM_TYPES = 0;
    private static final int BONDS = 1;
    private static final int VALID = 2;
    private static final int RELAXED_VALID = 3;
    private static final int CONNECTED = 4;
    private static final int FRAGMENTS = 5;
    private static final int REASON = 6;

    private final Vocabulary vocabulary;
    private final DistributionTally distributions = new DistributionTally();
    private final ClassMoments atoms;
    /** Without class 0, as the distribution of bonds. */
    private final ClassMoments bonds;
    private long graphs;
    private long valid;
    private long relaxedValid;
    private long connected;
    private long fragments;
    private double fragmentSquares;
    private long afterKekulisation;
    private long notWritten;

    GraphTally(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
        this.atoms = new ClassMoments(DistributionTally.labels(vocabulary.nodes()));
        List<String> ofBonds = DistributionTally.labels(vocabulary.edges());
        this.bonds = new ClassMoments(ofBonds.subList(1, ofBonds.size()));
    }

    long graphs() {
        return graphs;
    }

    long valid() {
        return valid;
    }

    long relaxedValid() {
        return relaxedValid;
    }

    long connected() {
        return connected;
    }

    long fragments() {
        return fragments;
    }

    /** Sum over graphs of the square of their fragments. */
    double fragmentSquares() {
        return fragmentSquares;
    }

    /** Graphs that RDKit would call valid, since it does not look at valences after kekulisation. */
    long afterKekulisation() {
        return afterKekulisation;
    }

    /** Graphs that hold every rule, but cannot be written. */
    long notWritten() {
        return notWritten;
    }

    /** Products of the counts of distributions in which a graph is counted more than once, by their names. */
    Map<String, ClassMoments> moments() {
        return Map.of(MoleculeMetrics.ATOMS.name(), atoms, MoleculeMetrics.BONDS.name(), bonds);
    }

    Distributions distributions() {
        return distributions.distributions(vocabulary);
    }

    /** Counts a row of {@link #COLUMNS}. */
    GraphTally add(Row row) {
        graphs++;
        valid += row.getBoolean(VALID) ? 1 : 0;
        relaxedValid += row.getBoolean(RELAXED_VALID) ? 1 : 0;
        connected += row.getBoolean(CONNECTED) ? 1 : 0;
        fragments += row.getInt(FRAGMENTS);
        fragmentSquares += (double) row.getInt(FRAGMENTS) * row.getInt(FRAGMENTS);
        if (!row.isNullAt(REASON)) {
            afterKekulisation += row.getString(REASON).endsWith(ScoredMolecule.AFTER_KEKULISATION) ? 1 : 0;
            notWritten += row.getString(REASON).startsWith(ScoredMolecule.NOT_WRITTEN) ? 1 : 0;
        }
        Seq<Byte> nodes = row.getSeq(ATOM_TYPES);
        Seq<Byte> pairs = row.getSeq(BONDS);
        long[] ofAtoms = DistributionTally.counts(nodes.length(), nodes::apply, vocabulary.nodes().size());
        long[] ofBonds = DistributionTally.counts(pairs.length(), pairs::apply, vocabulary.edges().size());
        distributions.addGraph(vocabulary, nodes.length(), ofAtoms, ofBonds);
        atoms.add(ofAtoms);
        bonds.add(Arrays.copyOfRange(ofBonds, 1, ofBonds.length));
        if (row.getBoolean(RELAXED_VALID)) {
            distributions.addProperties(Arrays.stream(MoleculeProperty.values())
                .map(property -> row.<Number>getAs(VERDICTS.size() + property.ordinal())).toList());
        }
        return this;
    }

    /** Adds the counts of another part to this one. */
    GraphTally merge(GraphTally other) {
        graphs += other.graphs;
        valid += other.valid;
        relaxedValid += other.relaxedValid;
        connected += other.connected;
        fragments += other.fragments;
        fragmentSquares += other.fragmentSquares;
        afterKekulisation += other.afterKekulisation;
        notWritten += other.notWritten;
        distributions.merge(other.distributions);
        atoms.merge(other.atoms);
        bonds.merge(other.bonds);
        return this;
    }
}
