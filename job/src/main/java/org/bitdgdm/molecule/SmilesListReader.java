package org.bitdgdm.molecule;

import java.nio.file.Path;
import java.util.List;
import org.bitdgdm.model.Vocabulary;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IElement;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.smiles.SmilesParser;
import org.openscience.cdk.tools.manipulator.AtomContainerManipulator;

/**
 * A SMILES a line as graphs: aromatic rings kekulised, hydrogens implicit unless they are in the vocabulary, isotopes and
 * stereochemistry dropped.
 *
 * <p>A graph holds neither charges nor hydrogen counts. A SMILES that would come back as another molecule (anions,
 * radicals, protonated amines) is refused.
 */
final class SmilesListReader extends GraphReader {
    private final SmilesParser parser = new SmilesParser(SilentChemObjectBuilder.getInstance());
    private final List<String> atoms;
    private final MoleculeRules rules;
    private final List<String> bonds;
    /** Bond class of orders 0…3, −1 where the vocabulary has none. */
    private final int[] types;
    private final boolean hydrogens;

    SmilesListReader(Path file, Vocabulary vocabulary) {
        super(file);
        atoms = vocabulary.nodes();
        rules = new MoleculeRules(vocabulary);
        bonds = vocabulary.edges();
        types = Vocabulary.MOLECULE_BONDS.stream().limit(BondOrders.AROMATIC).mapToInt(bonds::indexOf).toArray();
        hydrogens = atoms.contains("H");
    }

    @Override
    MolecularGraph read(long graphId) {
        String line = lines.nextFilled();
        if (line == null) {
            return null;
        }
        String smiles = line.split("\\s+", 2)[0];
        IAtomContainer molecule;
        try {
            molecule = parser.parseSmiles(smiles);
        } catch (CDKException e) {
            throw lines.malformed("'" + smiles + "' is not a SMILES the CDK reads: "
                + e.getMessage().lines().findFirst().orElse(""));
        }
        if (hydrogens) {
            AtomContainerManipulator.convertImplicitToExplicitHydrogens(molecule);
        } else {
            molecule = AtomContainerManipulator.suppressHydrogens(molecule);
        }
        if (molecule.getAtomCount() > MAX_NODES) {
            throw lines.malformed("a molecule must have at most " + MAX_NODES + " atoms, found " + molecule.getAtomCount());
        }
        joinCharges(molecule);
        MolecularGraph graph = new MolecularGraph(graphId, nodes(molecule, smiles), bonds(molecule, smiles));
        requireKept(graph, smiles);
        return graph;
    }

    /** Writes N⁺–O⁻ as N=O and N⁺=N⁻ as N#N, which is how a graph holds them and {@link MoleculeRules} undoes. */
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

    /** Refuses a molecule that the rules would not make of its graph. */
    private void requireKept(MolecularGraph graph, String smiles) {
        try {
            String kept = Canonicaliser.smiles(parser.parseSmiles(smiles));
            IAtomContainer made = rules.apply(graph.nodes(), graph.bonds()).molecule();
            String remade = made == null ? "no molecule" : Canonicaliser.smiles(made);
            if (!kept.equals(remade)) {
                throw lines.malformed("'" + smiles + "' cannot be kept as a graph, which holds neither charges nor hydrogen"
                    + " counts and would be read as " + remade + "; remove the line");
            }
        } catch (CDKException e) {
            throw lines.malformed("'" + smiles + "' has no canonical SMILES: " + e.getMessage());
        }
    }

    private byte[] nodes(IAtomContainer molecule, String smiles) {
        byte[] nodes = new byte[molecule.getAtomCount()];
        for (IAtom atom : molecule.atoms()) {
            int type = atoms.indexOf(atom.getSymbol());
            if (type < 0) {
                throw lines.malformed("element " + atom.getSymbol() + " of '" + smiles + "' is not of the model's "
                    + String.join(", ", atoms));
            }
            nodes[atom.getIndex()] = (byte) type;
        }
        return nodes;
    }

    private byte[] bonds(IAtomContainer molecule, String smiles) {
        int n = molecule.getAtomCount();
        byte[] classes = new byte[MolecularGraph.pairs(n)];
        for (IBond bond : molecule.bonds()) {
            Integer order = bond.getOrder().numeric();
            int type = order >= 1 && order < BondOrders.AROMATIC ? types[order] : -1;
            if (type < 0) {
                throw lines.malformed("a bond of order " + bond.getOrder() + " in '" + smiles + "' is not of the model's "
                    + String.join(", ", bonds));
            }
            int i = bond.getBegin().getIndex();
            int j = bond.getEnd().getIndex();
            classes[MolecularGraph.pair(n, Math.min(i, j), Math.max(i, j))] = (byte) type;
        }
        return classes;
    }
}
