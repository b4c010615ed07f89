package org.bitdgdm.molecule;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.graph.ConnectedComponents;
import org.openscience.cdk.graph.GraphUtil;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IElement;

/**
 * Verdict, SMILES and properties of one graph, by the rules of the DiGress evaluation ({@link MoleculeRules}).
 *
 * <p>Holds a descriptor that is not thread-safe: one instance per thread.
 */
public final class MoleculeScorer {
    private final MoleculeRules rules;
    private final boolean hydrogens;
    private final List<Function<IAtomContainer, Number>> properties;

    /**
     * A scorer for graphs of one vocabulary.
     *
     * @throws InputException for an element without valence rule or an unknown bond name
     */
    public MoleculeScorer(Vocabulary vocabulary) {
        this(vocabulary, Arrays.stream(MoleculeProperty.values()).map(MoleculeProperty::calculator).toList());
    }

    private MoleculeScorer(Vocabulary vocabulary, List<Function<IAtomContainer, Number>> properties) {
        rules = new MoleculeRules(vocabulary);
        hydrogens = vocabulary.hydrogens();
        this.properties = properties;
    }

    /**
     * One that computes no properties: its molecules have none.
     *
     * @throws InputException as the constructor does
     */
    public static MoleculeScorer ofVerdicts(Vocabulary vocabulary) {
        return new MoleculeScorer(vocabulary, Collections.nCopies(MoleculeProperty.values().length, molecule -> null));
    }

    /**
     * Refuses a vocabulary before any graph is made or read; on executors it would end a run that has begun.
     *
     * @throws InputException as the constructor does
     */
    public static void requireKnown(Vocabulary vocabulary) {
        new MoleculeRules(vocabulary);
    }

    /**
     * Scores a graph. Bad classes, lengths that do not fit and bad molecules are results with a reason, never exceptions:
     * rows may come from files of others, and one of them must not end the run.
     *
     * @param nodes (n) atom classes
     * @param bonds (n(n−1)/2) bond classes, upper triangle i &lt; j, row-major
     */
    public ScoredMolecule score(byte[] nodes, byte[] bonds) {
        int n = nodes.length;
        if (n == 0) {
            return ScoredMolecule.refused(0, "no atoms");
        }
        if (bonds.length != Graph.pairs(n)) {
            return ScoredMolecule.refused(0, bonds.length + " bond classes where " + n + " atoms have "
                + Graph.pairs(n) + " pairs");
        }
        int fragments = fragments(n, bonds);
        Sanitisation.Outcome outcome = rules.apply(nodes, bonds);
        if (outcome.molecule() == null) {
            return ScoredMolecule.refused(fragments, outcome.reason());
        }
        return scored(outcome, fragments);
    }

    /** Scores what a reader has read: a graph by its classes, a line as it is written. */
    public ScoredGraph score(GraphEntry entry) {
        Graph graph = entry.graph();
        return entry.smiles() == null ? new ScoredGraph(graph.nodes(), graph.edges(), score(graph.nodes(), graph.edges()))
            : score(entry.smiles());
    }

    /**
     * Scores a SMILES as it is written, charges, radicals and elements that the vocabulary lacks included: whoever reads it
     * elsewhere judges it so. It is valid where it is a SMILES ({@link OpenSmiles}) and {@link Sanitisation} has nothing
     * against it; there is nothing to relax. What is no molecule is a result with a reason and without a graph.
     */
    public ScoredGraph score(String smiles) {
        try {
            Sanitisation.Outcome outcome = Sanitisation.apply(OpenSmiles.read(smiles), false);
            if (outcome.molecule() == null) {
                return ScoredGraph.refused(outcome.reason());
            }
            IAtomContainer formed = formed(outcome.molecule());
            if (formed.getAtomCount() > OpenSmiles.MAX_ATOMS) {
                return ScoredGraph.refused("more than " + OpenSmiles.MAX_ATOMS + " atoms");
            }
            int fragments = new ConnectedComponents(GraphUtil.toAdjList(formed)).nComponents();
            ScoredMolecule scored = scored(new Sanitisation.Outcome(formed, null), fragments);
            if (!scored.valid()) {
                return ScoredGraph.refused(scored.reason());
            }
            joinCharges(formed);
            return new ScoredGraph(rules.nodes(formed), rules.bonds(formed), scored);
        } catch (OpenSmiles.Fault e) {
            return ScoredGraph.refused(ScoredMolecule.NO_MOLECULE + e.getMessage());
        }
    }

    /**
     * The atoms that are nodes. A line that writes hydrogens as atoms, as generators with explicit hydrogens do, means those and
     * no more; in any other line they are implied.
     */
    private IAtomContainer formed(IAtomContainer molecule) {
        if (!hydrogens) {
            return Canonicaliser.withoutHydrogens(molecule);
        }
        for (IAtom atom : molecule.atoms()) {
            if (atom.getAtomicNumber() == IElement.H && molecule.getAtomCount() > 1) {
                return molecule;
            }
        }
        return Canonicaliser.withHydrogens(molecule);
    }

    /** Writes N⁺–O⁻ as N=O and N⁺=N⁻ as N#N, which is how a graph holds them and {@link Sanitisation} undoes. */
    private static void joinCharges(IAtomContainer molecule) {
        for (IBond bond : molecule.bonds()) {
            boolean swap = bond.getBegin().getFormalCharge() < 0;
            IAtom cation = swap ? bond.getEnd() : bond.getBegin();
            IAtom anion = swap ? bond.getBegin() : bond.getEnd();
            if (cation.getAtomicNumber() != IElement.N || cation.getFormalCharge() != 1 || anion.getFormalCharge() != -1) {
                continue;
            }
            boolean oxide = anion.getAtomicNumber() == IElement.O && bond.getOrder() == IBond.Order.SINGLE;
            boolean azide = anion.getAtomicNumber() == IElement.N && bond.getOrder() == IBond.Order.DOUBLE;
            if (oxide || azide) {
                bond.setOrder(oxide ? IBond.Order.DOUBLE : IBond.Order.TRIPLE);
                cation.setFormalCharge(0);
                anion.setFormalCharge(0);
            }
        }
    }

    private ScoredMolecule scored(Sanitisation.Outcome outcome, int fragments) {
        try {
            IAtomContainer molecule = Canonicaliser.prepared(Canonicaliser.largestFragment(outcome.molecule()));
            Number[] found = properties.stream().map(property -> property.apply(molecule)).toArray(Number[]::new);
            return new ScoredMolecule(outcome.reason() == null, true, fragments == 1, fragments,
                Canonicaliser.written(molecule), outcome.reason(), Arrays.asList(found));
        } catch (CDKException | RuntimeException e) {
            // The row must keep its place whatever the toolkit stumbles over; the reason carries what it said.
            return ScoredMolecule.refused(fragments, ScoredMolecule.NOT_WRITTEN
                + (e instanceof IllegalStateException ? e.getMessage() : e));
        }
    }

    /** Components of the graph whose edges are the pairs of a class other than 0. */
    private static int fragments(int n, byte[] bonds) {
        int[] degree = new int[n];
        for (int i = 0, pair = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++, pair++) {
                if (bonds[pair] != 0) {
                    degree[i]++;
                    degree[j]++;
                }
            }
        }
        int[][] neighbours = new int[n][];
        Arrays.setAll(neighbours, atom -> new int[degree[atom]]);
        for (int i = 0, pair = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++, pair++) {
                if (bonds[pair] != 0) {
                    neighbours[i][--degree[i]] = j;
                    neighbours[j][--degree[j]] = i;
                }
            }
        }
        return new ConnectedComponents(neighbours).nComponents();
    }
}
