package org.bitdgdm.molecule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.FixedPart;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fragments in the form that a model was trained on. */
class GraphOfSmilesTest {
    private static final Vocabulary DRUGS = new Vocabulary(Family.MOLECULES, List.of("C", "N", "S", "O", "F", "Cl", "Br", "H"),
        Vocabulary.MOLECULE_BONDS, false, true);
    private static final Vocabulary WITH_HYDROGENS =
        new Vocabulary(List.of("H", "C", "N", "O", "F"), Vocabulary.MOLECULE_BONDS);

    private static int[] ring(String smiles, Vocabulary vocabulary) {
        FixedPart part = GraphOfSmiles.scaffold(smiles, vocabulary);
        int[] ring = new int[part.n()];
        for (int i = 0; i < ring.length; i++) {
            int j = (i + 1) % ring.length;
            ring[i] = part.edges()[Graph.pair(part.n(), Math.min(i, j), Math.max(i, j))];
        }
        return ring;
    }

    @Test
    void aromaticRingsAreWrittenAsTheTrainingSetHasThem() {
        for (String benzene : List.of("c1ccccc1", "C1=CC=CC=C1")) {
            assertThat(ring(benzene, DRUGS)).containsOnly(4);
            assertThat(ring(benzene, Graphs.QM9)).containsOnly(1, 2).contains(1, 1, 1, 2, 2, 2);
        }
    }

    @Test
    void hydrogensAreOpenPlacesUnlessTheyAreWrittenAsAtomsOfAModelThatHasThem() {
        assertThat(GraphOfSmiles.scaffold("CO", WITH_HYDROGENS).nodes()).containsExactly(1, 3);
        assertThat(GraphOfSmiles.scaffold("[CH3][OH]", WITH_HYDROGENS).nodes()).containsExactly(1, 3);
        assertThat(GraphOfSmiles.scaffold("[CH3]O[H]", Graphs.QM9).nodes()).containsExactly(0, 2);
        assertThat(GraphOfSmiles.scaffold("[H]C([H])([H])O[H]", WITH_HYDROGENS).nodes()).containsExactly(0, 1, 0, 0, 3, 0);
    }

    @Test
    void fragmentsWithADotHaveNoBondBetweenThemAndPairsOfChargesAreThoseOfGraphs() {
        FixedPart two = GraphOfSmiles.scaffold("CO.N", Graphs.QM9);
        assertThat(two.nodes()).containsExactly(0, 2, 1);
        assertThat(two.edges()).containsExactly(1, 0, 0);
        assertThat(GraphOfSmiles.scaffold("C[N+](=O)[O-]", Graphs.QM9).edges()).containsExactly(1, 0, 0, 2, 2, 0);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "CS|an element of 'CS' is not of the model's C, N, O, F", "c1ccccc|ring 1 is not closed",
        "C(C)(C)(C)(C)C|valence C 5 > 4", "*C|no atom", "C[O-]|holds neither charges", "[CH2]C|holds neither charges",
        "C$C|is not of the model's none, single", "C=|a bond without an atom after it", "None|the word 'None'", "é|no atom"})
    void whatTheModelCannotHoldIsRefusedInASentence(String smiles, String why) {
        assertThatThrownBy(() -> GraphOfSmiles.scaffold(smiles, Graphs.QM9)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("--scaffold must be a fragment that the model's graphs may hold: ")
            .hasMessageContaining(why).hasMessageContaining(smiles).hasMessageContaining("; give the SMILES")
            .message().hasLineCount(1);
    }
}
