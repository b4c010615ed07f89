package org.bitdgdm.molecule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bitdgdm.model.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.smiles.SmilesParser;

class OpenSmilesTest {
    private final MoleculeScorer scorer = new MoleculeScorer(new Vocabulary(List.of("C"), Vocabulary.MOLECULE_BONDS));

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "CC=            | a bond without an atom after it at character 4",
        "=CCO           | a bond without an atom before it at character 1",
        "CC()O          | an empty branch at character 4",
        "CC(=)CO        | a bond without an atom after it at character 5",
        "C=(C)C         | a branch without an atom before it at character 3",
        "((C))C         | a branch without an atom before it at character 1",
        "C((C))C        | a branch without an atom before it at character 3",
        "(CC)           | a branch without an atom before it at character 1",
        "CC(            | an empty branch at character 4",
        "CC(C           | the end of the text inside a branch at character 5",
        "CC)            | the end of a branch that was not opened at character 3",
        "CC.            | a dot without an atom after it at character 4",
        ".CC            | no atom at character 1",
        "C..C           | a dot without an atom after it at character 3",
        "C(.C)          | a dot at the start of a branch at character 3",
        "C(C.)C         | a dot without an atom after it at character 5",
        "C=.C           | a bond without an atom after it at character 3",
        "C.=C           | a bond without an atom before it at character 3",
        "C==C           | a second bond at character 3",
        "C1CC           | ring 1 is not closed",
        "C%10CC         | ring 10 is not closed",
        "C%1C           | no ring number after % at character 2",
        "C.1CC1         | a ring number without an atom before it at character 3",
        "C(1)CC1        | a ring number without an atom before it at character 3",
        "C11            | a ring of one atom at character 4",
        "C1C1           | a second bond of the same atoms at character 5",
        "C12CC12        | a second bond of the same atoms at character 8",
        "C=1CC#1        | a ring bond '#' that began as '=' at character 8",
        "None           | the word 'None'",
        "<NA>           | the word '<NA>'",
        "Nothing        | 't', which is no atom, bond, branch or ring, at character 3",
        "CL             | 'L', which is no atom, bond, branch or ring, at character 2",
        "C*             | '*', which is no atom, bond, branch or ring, at character 2",
        "Cé             | 'é', which is no atom, bond, branch or ring, at character 2",
        "[C             | a bracket that is not closed at character 1",
        "[]             | '[]', which is no atom, at character 1",
        "[Xx]           | 'Xx', which is no element, at character 1",
        "[D]C           | 'D', which is no element, at character 1",
        "C[C@@@H](N)O   | '[C@@@H]', which is no atom, at character 2",
        "C:C            | an aromatic bond of atoms that are not at character 4",
    })
    void saysWhatIsNoSmiles(String text, String fault) {
        assertThat(scorer.score(text).molecule().reason()).isEqualTo("no molecule: " + fault);
        assertThat(scorer.score(text).nodes()).isEmpty();
        assertThatThrownBy(() -> OpenSmiles.read(text)).isInstanceOf(OpenSmiles.Fault.class);
    }

    @Test
    void refusesTheEmptyText() {
        assertThatThrownBy(() -> OpenSmiles.read("")).isInstanceOf(OpenSmiles.Fault.class).hasMessage("no atom at character 1");
    }

    @Test
    void boundsTheAtomsOfALine() {
        assertThat(scorer.score("C".repeat(5000)).molecule().reason()).isEqualTo("no molecule: more than 4096 atoms");
        assertThat(scorer.score("(".repeat(100_000)).molecule().valid()).isFalse();
        assertThat(scorer.score("C(".repeat(4000)).molecule().valid()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "Cl", "[Cl-]", "[13CH4]", "[CH3:7]C", "C-C", "C=C", "C#C", "F/C=C\\F", "C[C@@H](N)O",
        "N[C@TH1](C)(F)Cl", "C1CC1", "C%12CC%12", "C=1CCC=1", "C=1CCC1", "C1.C1", "C(C)1CC1", "C(C.O)C",
        "CC(C)(C)C", "c1ccccc1", "c1ccccc1-c1ccccc1", "c1ccccc1c1ccccc1", "c1cc[nH]c1", "c1cc[se]c1", "C0CC0", "[NH4+].[Cl-]",
        "[Fe++]", "[O--]", "[C@H](F)(Cl)Br", "O=S(=O)(O)O", "[nH]1cccc1", "B(O)O", "c1:c:c:c:c:c:1", "C1CC2CC1C2"})
    void readsAsTheToolkitDoes(String text) throws CDKException {
        String toolkit = Canonicaliser.smiles(Canonicaliser.largestFragment(
            new SmilesParser(SilentChemObjectBuilder.getInstance()).parseSmiles(text)));

        assertThat(scorer.score(text).molecule().smiles()).isEqualTo(toolkit);
    }

    @ParameterizedTest
    @CsvSource({"[2H]OC([2H])([2H])[2H], CO", "CCO[2H], CCO", "[2H]c1ccoc1, c1ccoc1", "[3H]C, C", "[H]/C([H])=C/C, C=CC",
        "[13CH3]O, CO", "CN(=O)=O, C[N+](=O)[O-]", "CN=N#N, CN=[N+]=[N-]", "c1ccn(=O)cc1, c1cc[n+]([O-])cc1",
        "OCl(=O)(=O)=O, O[Cl+3]([O-])([O-])[O-]", "OI(=O)=O, O[I+2]([O-])[O-]", "CN=P(C)=O, CN=[P+](C)[O-]",
        "[H][H], [HH]"})
    void readsNotationsOfOneMoleculeAsOne(String one, String other) {
        assertThat(scorer.score(one).molecule()).isEqualTo(scorer.score(other).molecule());
        assertThat(scorer.score(one).molecule().valid()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"CC(C)(C)(C)C", "c1cccc1", "cc", "CcC", "c1ccnc1", "[NH4]", "C[H]C", "FC(F)(F)(F)F", "O(C)(C)C",
        "[CH5-]", "c1ccccc1c"})
    void refusesWhatNoMoleculeIs(String text) {
        assertThat(scorer.score(text).molecule().valid()).isFalse();
        assertThat(scorer.score(text).molecule().reason()).doesNotContain("no molecule");
    }

    @ParameterizedTest
    @ValueSource(strings = {"CC[O-]", "C[NH3+]", "[CH2]C", "C[N+](C)(C)C", "CS", "[Na+].[Cl-]", "C[S+](C)C", "[C-]#[O+]"})
    void keepsChargesRadicalsAndOtherElements(String text) {
        ScoredMolecule scored = scorer.score(text).molecule();

        assertThat(scored.valid()).isTrue();
        assertThat(scored.relaxedValid()).isTrue();
        assertThat(scored.reason()).isNull();
    }
}
