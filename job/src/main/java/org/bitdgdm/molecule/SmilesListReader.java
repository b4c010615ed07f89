package org.bitdgdm.molecule;

import java.nio.file.Path;
import java.util.List;
import org.bitdgdm.model.Vocabulary;

/**
 * A SMILES a line; what follows it after a blank is ignored. Either the lines as they are, whatever they hold, for those who
 * judge them, or the graphs that they stand for, for those who ask a model about them: hydrogens are nodes where the model has
 * them, stereochemistry and isotopes are dropped.
 *
 * <p>A graph holds neither charges nor hydrogen counts. As a graph, a line that would come back as another molecule (anions,
 * radicals, protonated amines) is refused.
 */
final class SmilesListReader extends GraphReader {
    private final Vocabulary vocabulary;
    private final boolean asGraphs;
    private final MoleculeScorer scorer;
    /** The same molecules in Kekulé form, which every molecule has. */
    private final MoleculeScorer kekule;

    SmilesListReader(Path file, Vocabulary vocabulary, boolean asGraphs) {
        super(file);
        this.vocabulary = vocabulary;
        this.asGraphs = asGraphs;
        scorer = new MoleculeScorer(vocabulary);
        kekule = new MoleculeScorer(new Vocabulary(vocabulary.family(), vocabulary.nodes(), vocabulary.edges(),
            vocabulary.hydrogens(), false));
    }

    @Override
    MolecularGraph read(long graphId) {
        String line = lines.nextFilled();
        if (line == null) {
            return null;
        }
        String smiles = TextLines.firstWord(line);
        if (!asGraphs) {
            return MolecularGraph.ofLine(graphId, smiles);
        }
        ScoredGraph scored = scorer.score(smiles);
        if (!scored.molecule().valid()) {
            throw lines.malformed("'" + smiles + "' is " + ScoredMolecule.NO_MOLECULE
                + scored.molecule().reason().replaceFirst("^" + ScoredMolecule.NO_MOLECULE, ""));
        }
        requireClasses(scored.nodes(), "an element", vocabulary.nodes(), smiles);
        requireClasses(scored.bonds(), "a bond", vocabulary.edges(), smiles);
        ScoredGraph written = kekule.score(smiles);
        String remade = kekule.score(written.nodes(), written.bonds()).smiles();
        if (!scored.molecule().smiles().equals(remade)) {
            throw lines.malformed("'" + smiles + "' cannot be kept as a graph, which holds neither charges nor hydrogen"
                + " counts and would be read as " + (remade == null ? "no molecule" : remade) + "; remove the line");
        }
        return new MolecularGraph(graphId, scored.nodes(), scored.bonds());
    }

    private void requireClasses(byte[] classes, String what, List<String> known, String smiles) {
        for (byte type : classes) {
            if (type < 0) {
                throw lines.malformed(what + " of '" + smiles + "' is not of the model's " + String.join(", ", known));
            }
        }
    }
}
