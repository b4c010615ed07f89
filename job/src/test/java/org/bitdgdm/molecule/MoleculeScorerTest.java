package org.bitdgdm.molecule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.bitdgdm.molecule.Graphs.QM9;
import static org.bitdgdm.molecule.Graphs.scored;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Named molecules and what the rules say of them, including ones that must be refused. */
class MoleculeScorerTest {
    private static final Vocabulary DRUGS =
        new Vocabulary(List.of("C", "N", "O", "F", "S", "Cl", "P", "H"), Vocabulary.MOLECULE_BONDS);

    @ParameterizedTest(name = "{0}")
    @CsvSource(nullValues = "-", value = {
        "methane, C, '', C, 16.043, 0",
        "water, O, '', O, 18.015, 0",
        "ethanol, C C O, 0-1 1-2, OCC, 46.069, 0",
        "hydrogen cyanide, C N, 0#1, N#C, 27.026, 0",
        "carbon tetrafluoride, C F F F F, 0-1 0-2 0-3 0-4, FC(F)(F)F, 88.004, 0",
        "cyclopropane, C C C, 0-1 1-2 0-2, C1CC1, 42.081, 1",
        "benzene as drawn by Kekulé, C C C C C C, 0=1 1-2 2=3 3-4 4=5 0-5, c1ccccc1, 78.114, 1",
        "benzene as class 4, C C C C C C, 0:1 1:2 2:3 3:4 4:5 0:5, c1ccccc1, 78.114, 1",
        "pyridine as class 4, N C C C C C, 0:1 1:2 2:3 3:4 4:5 0:5, n1ccccc1, 79.102, 1",
        "furan as class 4, O C C C C, 0:1 1:2 2:3 3:4 0:4, o1cccc1, 68.075, 1",
        "N-methylpyrrole as class 4, N C C C C C, 0:1 1:2 2:3 3:4 0:4 0-5, c1ccn(c1)C, 81.118, 1",
        "pyrrole as drawn by Kekulé, N C C C C, 0-1 1=2 2-3 3=4 0-4, c1cc[nH]c1, 67.091, 1",
        "indene as class 4, C C C C C C C C C, 0:1 1:2 2:3 3:4 4:5 0:5 0-6 6=7 7-8 5-8, c1ccc2c(c1)C=CC2, 116.163, 2",
        "nitromethane, C N O O, 0-1 1=2 1=3, O=[N+]([O-])C, 61.040, 0",
        "methyl azide, C N N N, 0-1 1=2 2#3, [N-]=[N+]=NC, 57.056, 0",
    })
    void acceptsMolecules(String name, String atoms, String bonds, String smiles, double weight, int rings) {
        ScoredMolecule scored = scored(atoms, bonds);

        assertThat(scored.reason()).isNull();
        assertThat(scored.valid()).isTrue();
        assertThat(scored.relaxedValid()).isTrue();
        assertThat(scored.smiles()).isEqualTo(smiles);
        assertThat((Double) scored.property(MoleculeProperty.WEIGHT)).isCloseTo(weight, within(0.005));
        assertThat(scored.property(MoleculeProperty.RINGS)).isEqualTo(rings);
        assertThat((Double) scored.property(MoleculeProperty.LOGP)).isFinite();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(value = {
        "Texas carbon, C C C C C C, 0-1 0-2 0-3 0-4 0-5, valence C 5 > 4 at atom 0",
        "two fluorines on fluorine, F F F, 0-1 0-2, valence F 2 > 1 at atom 0",
        "nitrogen of six, N O O O, 0=1 0=2 0=3, valence N 6 > 3 at atom 0",
        "nitrogen of five without oxygen, N C C C, 0=1 0=2 0-3, valence N 5 > 3 at atom 0",
        "oxygen of four, O C C, 0=1 0=2, valence O 4 > 2 at atom 0",
        "carbon and nitrogen wrong, C C C C C C N, 0-1 0-2 0-3 0-4 0-5 6=1 6=2, valence C 5 > 4 at atom 0",
        "pyrrole as class 4, N C C C C, 0:1 1:2 2:3 3:4 0:4, kekulisation: no alternating single and double bonds",
        "five carbons as class 4, C C C C C, 0:1 1:2 2:3 3:4 0:4, kekulisation: no alternating single and double bonds",
        "aromatic bond in a chain, C C C, 0:1 1-2, kekulisation: aromatic bond outside a ring",
        "four aromatic bonds at carbon, C C C C C, 0:1 0:2 0:3 0:4 1:2 3:4, valence C 6 > 4 at atom 0",
        "fluorine in an aromatic ring, F C C, 0:1 1:2 0-2, valence F 2 > 1 at atom 0 after kekulisation",
    })
    void refuses(String name, String atoms, String bonds, String reason) {
        ScoredMolecule scored = scored(atoms, bonds);

        assertThat(scored.valid()).isFalse();
        assertThat(scored.relaxedValid()).isFalse();
        assertThat(scored.reason()).isEqualTo(reason);
        assertThat(scored.smiles()).isNull();
        assertThat(scored.property(MoleculeProperty.WEIGHT)).isNull();
        assertThat(scored.property(MoleculeProperty.LOGP)).isNull();
        assertThat(scored.property(MoleculeProperty.RINGS)).isNull();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(value = {
        "tetramethylammonium, N C C C C, 0-1 0-2 0-3 0-4, valence N 4 > 3 at atom 0, C[N+](C)(C)C",
        "trimethyloxonium, C O C C, 0-1 1-2 1-3, valence O 3 > 2 at atom 1, [O+](C)(C)C",
        "two charges, N C C C O C C, 0-1 0-2 0-3 0-4 4-5 4-6, valence N 4 > 3 at atom 0, [O+](C)(C)[N+](C)(C)C",
    })
    void relaxesWhatIsExactlyOneTooMany(String name, String atoms, String bonds, String reason, String smiles) {
        ScoredMolecule scored = scored(atoms, bonds);

        assertThat(scored.valid()).isFalse();
        assertThat(scored.relaxedValid()).isTrue();
        assertThat(scored.reason()).isEqualTo(reason);
        assertThat(scored.smiles()).isEqualTo(smiles);
        assertThat(scored.property(MoleculeProperty.WEIGHT)).isNotNull();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(value = {
        "sulphur dioxide, S O O, 0=1 0=2, O=S=O",
        "sulphuric acid, S O O O O, 0=1 0=2 0-3 0-4, O=S(=O)(O)O",
        "phosphoric acid, P O O O O, 0=1 0-2 0-3 0-4, O=P(O)(O)O",
        "thiophene as class 4, S C C C C, 0:1 1:2 2:3 3:4 0:4, s1cccc1",
        "chloroform, C Cl Cl Cl, 0-1 0-2 0-3, ClC(Cl)Cl",
        "methane with its hydrogens, C H H H H, 0-1 0-2 0-3 0-4, C",
        "sulphur of seven takes a charge, S O O O C, 0=1 0=2 0=3 0-4, O=[S+](=O)(=O)C",
    })
    void knowsOtherElements(String name, String atoms, String bonds, String smiles) {
        Graph graph = Graphs.of(DRUGS, atoms, bonds);

        assertThat(new MoleculeScorer(DRUGS).score(graph.nodes(), graph.edges()).smiles()).isEqualTo(smiles);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(value = {
        "phosphorus of seven, P O O O O C, 0=1 0=2 0-3 0-4 0-5, O=P(=O)(O)(O)C",
        "hypervalent hydroxyls, P O O O O, 0=1 0=2 0-3 0-4, O=[PH](=O)(O)O",
        "iodine of three, I C Cl Cl, 0-1 0-2 0-3, ClI(Cl)C",
        "iodine of two, I C C, 0-1 0-2, [IH](C)C",
        "iodine of five, I C O O, 0-1 0=2 0=3, O=I(=O)C",
        "silicon of six, Si F F F F F F, 0-1 0-2 0-3 0-4 0-5 0-6, F[Si](F)(F)(F)(F)F",
        "arsenic of five, As C O O O, 0-1 0=2 0-3 0-4, O=[As](O)(O)C",
        "arsenic of seven, As C O O O, 0-1 0=2 0=3 0=4, O=[As](=O)(=O)C",
        "perchloric acid, Cl O O O O, 0=1 0=2 0=3 0-4, [O-][Cl+3]([O-])([O-])O",
        "bromic acid, Br O O O, 0=1 0=2 0-3, [O-][Br+2]([O-])O",
        "iodic acid, I O O O, 0=1 0=2 0-3, [O-][I+2]([O-])O",
        "selenic acid, Se O O O O, 0=1 0=2 0-3 0-4, O=[Se](=O)(O)O",
        "phosphoryl imine, P N C O, 0=1 0-2 0=3, [O-][P+](=N)C",
        "nitrous oxide, N N O, 0#1 1=2, [N-]=[N+]=O",
        "nitrous oxide from its other end, O N N, 0=1 1#2, [N-]=[N+]=O",
        "nitrous oxide from the middle, N O N, 0=1 0#2, [N-]=[N+]=O",
    })
    void knowsValencesBeyondTheUsual(String name, String atoms, String bonds, String smiles) {
        Vocabulary vocabulary = new Vocabulary(List.of("C", "N", "O", "F", "P", "S", "Cl", "Br", "I", "Si", "Se", "As"),
            Vocabulary.MOLECULE_BONDS);
        Graph graph = Graphs.of(vocabulary, atoms, bonds);
        MoleculeScorer scorer = new MoleculeScorer(vocabulary);
        ScoredMolecule scored = scorer.score(graph.nodes(), graph.edges());

        assertThat(scored.valid()).isTrue();
        assertThat(scored.smiles()).isEqualTo(smiles);
        assertThat(scorer.score(smiles).molecule()).isEqualTo(scored);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(value = {
        "chlorine of three on carbon, Cl C O, 0-1 0=2, valence Cl 3 > 1 at atom 0",
        "iodine of six, I O O O, 0=1 0=2 0=3 0-4, valence I 7 > 5 at atom 0",
        "phosphorus of eight, P O O O O, 0=1 0=2 0=3 0=4, valence P 8 > 7 at atom 0",
        "silicon of seven, Si O O O C, 0=1 0=2 0=3 0-4, valence Si 7 > 6 at atom 0",
    })
    void refusesValencesThatNobodyHas(String name, String atoms, String bonds, String reason) {
        Vocabulary vocabulary = new Vocabulary(List.of("C", "O", "P", "Cl", "I", "Si"), Vocabulary.MOLECULE_BONDS);
        Graph graph = Graphs.of(vocabulary, atoms + (bonds.contains("-4") && atoms.length() < 8 ? " C" : ""), bonds);
        ScoredMolecule scored = new MoleculeScorer(vocabulary).score(graph.nodes(), graph.edges());

        assertThat(scored.valid()).isFalse();
        assertThat(scored.reason()).isEqualTo(reason);
    }

    @Test
    void doesNotDependOnTheOrderOfAtoms() {
        Random random = new Random(3);
        MoleculeScorer scorer = new MoleculeScorer(DRUGS);
        int relaxed = 0;
        for (int k = 0; k < 4000; k++) {
            int n = 2 + random.nextInt(5);
            byte[] nodes = new byte[n];
            byte[] bonds = new byte[Graph.pairs(n)];
            int[] place = IntStream.range(0, n).toArray();
            for (int i = 0; i < n; i++) {
                nodes[i] = (byte) new int[] {0, 1, 1, 2, 2, 4}[random.nextInt(6)];
                int other = i + random.nextInt(n - i);
                int swapped = place[i];
                place[i] = place[other];
                place[other] = swapped;
            }
            byte[] movedNodes = new byte[n];
            byte[] movedBonds = new byte[bonds.length];
            for (int i = 0; i < n; i++) {
                movedNodes[place[i]] = nodes[i];
                for (int j = i + 1; j < n; j++) {
                    byte type = (byte) Math.max(0, random.nextInt(6) - 2);
                    bonds[Graph.pair(n, i, j)] = type;
                    movedBonds[Graph.pair(n, Math.min(place[i], place[j]), Math.max(place[i], place[j]))] = type;
                }
            }
            ScoredMolecule one = scorer.score(nodes, bonds);
            ScoredMolecule other = scorer.score(movedNodes, movedBonds);
            assertThat(other.valid()).isEqualTo(one.valid());
            assertThat(other.relaxedValid()).isEqualTo(one.relaxedValid());
            if (one.connected()) {
                assertThat(other.smiles()).isEqualTo(one.smiles());
                assertThat(other.property(MoleculeProperty.LOGP)).isEqualTo(one.property(MoleculeProperty.LOGP));
                relaxed += one.relaxedValid() ? 1 : 0;
            }
        }
        assertThat(relaxed).isGreaterThan(200);
    }

    @ParameterizedTest
    @CsvSource({"Oc1ccccn1, OC1=CC=CC=N1, OC1=NC=CC=C1", "Cc1ccccc1O, CC1=CC=CC=C1O, CC1=C(O)C=CC=C1",
        "c1ccc2ncccc2c1, C1=CC=C2N=CC=CC2=C1, C1=CC2=NC=CC=C2C=C1", "Oc1cncnc1N, OC1=CN=CN=C1N, OC1=C(N)N=CN=C1"})
    void givesOneLogpToEveryKekuleForm(String aromatic, String one, String other) {
        MoleculeScorer scorer = new MoleculeScorer(QM9);
        ScoredGraph first = scorer.score(one);
        ScoredGraph second = scorer.score(other);

        assertThat(first.molecule()).isEqualTo(second.molecule()).isEqualTo(scorer.score(aromatic).molecule());
        // Graphs as a model makes them, in either form.
        assertThat(scorer.score(first.nodes(), first.bonds())).isEqualTo(scorer.score(second.nodes(), second.bonds()))
            .isEqualTo(first.molecule());
    }

    @Test
    void boundsWhatAPolymerTakes() {
        MoleculeScorer scorer = new MoleculeScorer(QM9);
        assertThat(scorer.score("C".repeat(1001)).molecule().reason())
            .isEqualTo("no canonical SMILES: more than 1000 atoms in a molecule");
        ScoredMolecule scored = scorer.score("C".repeat(1000)).molecule();

        assertThat(scored.valid()).isTrue();
        assertThat(scored.smiles()).hasSize(1000);
        assertThat(scored.property(MoleculeProperty.LOGP)).as("its shortest paths would fill the heap").isNull();
    }

    @Test
    void keepsTheLargestFragment() {
        ScoredMolecule scored = scored("O C C N", "1-2");

        assertThat(scored.valid()).isTrue();
        assertThat(scored.connected()).isFalse();
        assertThat(scored.numFragments()).isEqualTo(3);
        assertThat(scored.smiles()).isEqualTo("CC");
    }

    @Test
    void takesTheLowestAtomWhereFragmentsAreEquallyLarge() {
        assertThat(scored("N C C O", "1-2 0-3").smiles()).isEqualTo("ON");
        assertThat(scored("C N O C", "1-2 0-3").smiles()).isEqualTo("CC");
    }

    @Test
    void countsFragmentsOfInvalidGraphsToo() {
        ScoredMolecule scored = scored("F F F C", "0-1 0-2");

        assertThat(scored.valid()).isFalse();
        assertThat(scored.numFragments()).isEqualTo(2);
        assertThat(scored.connected()).isFalse();
    }

    @Test
    void refusesWhatIsNoGraphOfTheVocabulary() {
        MoleculeScorer scorer = new MoleculeScorer(QM9);

        assertThat(scorer.score(new byte[0], new byte[0]).reason()).isEqualTo("no atoms");
        assertThat(scorer.score(new byte[] {0, 9}, new byte[1]).reason()).isEqualTo("unknown atom class 9 at atom 1");
        assertThat(scorer.score(new byte[] {0, -1}, new byte[1]).reason()).isEqualTo("unknown atom class -1 at atom 1");
        assertThat(scorer.score(new byte[] {0, 0}, new byte[] {7}).reason()).isEqualTo("unknown bond class 7");
        assertThat(scorer.score(new byte[] {0, 0}, new byte[3]).reason())
            .isEqualTo("3 bond classes where 2 atoms have 1 pairs");
    }

    @Test
    void refusesVocabulariesWithoutRules() {
        assertThatThrownBy(() -> new MoleculeScorer(new Vocabulary(List.of("C", "Xx"), Vocabulary.MOLECULE_BONDS)))
            .isInstanceOf(InputException.class)
            .hasMessageContaining("atom type Xx of the model has no valence rule");
        assertThatThrownBy(() -> new MoleculeScorer(new Vocabulary(List.of("C"), List.of("none", "quadruple"))))
            .isInstanceOf(InputException.class).hasMessageContaining("bond type quadruple");
    }
}
