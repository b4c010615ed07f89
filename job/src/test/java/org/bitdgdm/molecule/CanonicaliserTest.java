package org.bitdgdm.molecule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bitdgdm.molecule.Graphs.scored;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.smiles.SmilesParser;

/** One molecule, one string: whatever the order of atoms and whichever Kekulé form. */
class CanonicaliserTest {
    private static final int SHUFFLES = 40;

    @Test
    void recordsTheToolkit() {
        assertThat(Canonicaliser.TOOLKIT_VERSION).isEqualTo("2.12");
        assertThat(Canonicaliser.FLAVOUR).contains("Unique", "UseAromaticSymbols", "Daylight");
    }

    @Test
    void makesOneMoleculeOfKekuleForms() {
        String ring = "C C C C C C C C";
        String one = scored(ring, "0=1 1-2 2=3 3-4 4=5 0-5 0-6 1-7").smiles();
        String other = scored(ring, "0-1 1=2 2-3 3=4 4-5 0=5 0-6 1-7").smiles();
        String aromatic = scored(ring, "0:1 1:2 2:3 3:4 4:5 0:5 0-6 1-7").smiles();

        assertThat(one).isEqualTo(other).isEqualTo(aromatic);
        // Cyclobutadiene is not aromatic: its two forms are two molecules once the ends differ.
        assertThat(scored("C C C C C C", "0=1 1-2 2=3 0-3 0-4 1-5").smiles())
            .isNotEqualTo(scored("C C C C C C", "0-1 1=2 2-3 0=3 0-4 1-5").smiles());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        // On the first eight, and on few others of QM9, the toolkit's own labelling depends on the order of atoms.
        "C12C3C1C1C4C1C3C24", "C1=CC=CC=CC=C1", "C1C2C3CC4C1C2CC34", "C1C2CC3CC3CC12", "C1CC12CCC1(CC1)C2",
        "C1CC12CCC21CC1", "CC1=CC=CC=CC=C1", "O1C2C3OC4C1C2OC34",
        // Cubane, cuneane, adamantane, tri-tert-butylbenzene, dodecahedrane, a prismane, a disconnected pair.
        "C12C3C4C1C5C2C3C45", "C12C3C4C1C1C2C3C41", "C1C2CC3CC1CC(C2)C3", "CC(C)(C)c1cc(C(C)(C)C)cc(C(C)(C)C)c1",
        "C12C3C4C5C1C6C7C2C8C3C9C4C1C5C6C2C7C8C9C12", "C12C3C1C1C2C31", "C1CC1.C1CC1"})
    void doesNotDependOnTheOrderOfAtoms(String smiles) throws CDKException {
        Random random = new Random(5);
        IAtomContainer molecule = new SmilesParser(SilentChemObjectBuilder.getInstance()).parseSmiles(smiles);
        TreeSet<String> written = new TreeSet<>();
        for (int k = 0; k < SHUFFLES; k++) {
            written.add(Canonicaliser.smiles(shuffled(molecule, random)));
        }

        assertThat(written).hasSize(1);
    }

    @Test
    void tellsDifferentMoleculesApart() {
        // Equal degrees, elements and hydrogens everywhere: only the rings differ.
        assertThat(scored("C C C C C C", "0-1 1-2 0-2 3-4 4-5 3-5 0-3 1-4 2-5").smiles())
            .isNotEqualTo(scored("C C C C C C", "0-1 1-2 2-3 3-4 4-5 0-5 0-3 1-4 2-5").smiles());
        assertThat(scored("C C O", "0-1 1-2").smiles()).isNotEqualTo(scored("C O C", "0-1 1-2").smiles());
    }

    @Test
    void makesHydrogensImplicit() throws CDKException {
        SmilesParser parser = new SmilesParser(SilentChemObjectBuilder.getInstance());

        assertThat(Canonicaliser.smiles(parser.parseSmiles("[H]C([H])([H])O[H]")))
            .isEqualTo(Canonicaliser.smiles(parser.parseSmiles("CO")));
        assertThat(Canonicaliser.smiles(parser.parseSmiles("[H][H]"))).isEqualTo("[H][H]");
    }

    private static IAtomContainer shuffled(IAtomContainer molecule, Random random) {
        List<IAtom> atoms = new ArrayList<>();
        molecule.atoms().forEach(atoms::add);
        Collections.shuffle(atoms, random);
        IAtomContainer shuffled = SilentChemObjectBuilder.getInstance().newAtomContainer();
        int[] place = new int[atoms.size()];
        for (IAtom atom : atoms) {
            place[atom.getIndex()] = shuffled.getAtomCount();
            shuffled.newAtom(atom.getAtomicNumber(), atom.getImplicitHydrogenCount())
                .setFormalCharge(atom.getFormalCharge());
        }
        List<IBond> bonds = new ArrayList<>();
        molecule.bonds().forEach(bonds::add);
        Collections.shuffle(bonds, random);
        for (IBond bond : bonds) {
            shuffled.newBond(shuffled.getAtom(place[bond.getEnd().getIndex()]),
                shuffled.getAtom(place[bond.getBegin().getIndex()]), bond.getOrder());
        }
        return shuffled;
    }
}
