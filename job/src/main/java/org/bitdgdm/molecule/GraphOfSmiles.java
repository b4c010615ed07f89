package org.bitdgdm.molecule;

import static org.bitdgdm.conf.InputException.excerpt;

import java.util.List;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.FixedPart;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IElement;

/**
 * SMILES as graphs of a vocabulary: bonds in the form that its training graphs have them in, hydrogens as nodes where those
 * are, without stereochemistry and isotopes.
 *
 * <p>A graph holds neither charges nor hydrogen counts. A molecule that would come back as another one (anions, radicals,
 * protonated amines) is refused.
 */
public final class GraphOfSmiles {
    private final Vocabulary vocabulary;
    private final MoleculeScorer scorer;
    /** The same molecules in Kekulé form, which every molecule has. */
    private final MoleculeScorer kekule;

    GraphOfSmiles(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
        scorer = new MoleculeScorer(vocabulary);
        kekule = new MoleculeScorer(new Vocabulary(vocabulary.family(), vocabulary.nodes(), vocabulary.edges(),
            vocabulary.hydrogens(), false));
    }

    /**
     * The graph, atoms in the order of the text.
     *
     * @throws OpenSmiles.Fault saying why there is none, as a sentence about the text
     */
    GraphEntry read(long graphId, String smiles) throws OpenSmiles.Fault {
        ScoredGraph scored = scorer.score(smiles);
        if (!scored.molecule().valid()) {
            throw new OpenSmiles.Fault("'" + smiles + "' is " + ScoredMolecule.NO_MOLECULE
                + scored.molecule().reason().replaceFirst("^" + ScoredMolecule.NO_MOLECULE, ""));
        }
        requireClasses(scored.nodes(), "an element", vocabulary.nodes(), smiles);
        requireClasses(scored.bonds(), "a bond", vocabulary.edges(), smiles);
        ScoredGraph written = kekule.score(smiles);
        String remade = kekule.score(written.nodes(), written.bonds()).smiles();
        if (!scored.molecule().smiles().equals(remade)) {
            throw new OpenSmiles.Fault("'" + smiles + "' cannot be kept as a graph, which holds neither charges nor hydrogen"
                + " counts and would be read as " + (remade == null ? "no molecule" : remade));
        }
        return GraphEntry.of(graphId, scored.nodes(), scored.bonds());
    }

    private static void requireClasses(byte[] classes, String what, List<String> known, String smiles) throws OpenSmiles.Fault {
        for (byte type : classes) {
            if (type < 0) {
                throw new OpenSmiles.Fault(what + " of '" + smiles + "' is not of the model's " + String.join(", ", known));
            }
        }
    }

    /**
     * The fragment of {@code --scaffold}, that every sampled graph is to hold: the atoms and bonds which are written. Hydrogens
     * are among them only where the model has them as nodes and the text as atoms; all others are open places.
     *
     * @throws InputException where the model has no such graph
     */
    public static FixedPart scaffold(String smiles, Vocabulary vocabulary) {
        try {
            boolean hydrogens = vocabulary.hydrogens() && hasHydrogenAtom(OpenSmiles.read(smiles));
            Graph graph = new GraphOfSmiles(new Vocabulary(vocabulary.family(), vocabulary.nodes(), vocabulary.edges(),
                hydrogens, vocabulary.aromatic())).read(0, smiles).graph();
            return new FixedPart(graph.nodes(), graph.edges());
        } catch (OpenSmiles.Fault e) {
            String found = e.getMessage().contains("'" + smiles + "'") ? e.getMessage()
                : "'" + excerpt(smiles) + "' is " + ScoredMolecule.NO_MOLECULE + e.getMessage();
            throw new InputException("--scaffold must be a fragment that the model's graphs may hold: " + found
                + "; give the SMILES of a neutral fragment, open places without a mark", e);
        }
    }

    private static boolean hasHydrogenAtom(IAtomContainer molecule) {
        for (IAtom atom : molecule.atoms()) {
            if (atom.getAtomicNumber() == IElement.H) {
                return true;
            }
        }
        return false;
    }
}
