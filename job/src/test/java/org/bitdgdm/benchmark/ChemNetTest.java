package org.bitdgdm.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.bitdgdm.conf.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Molecules as a network of ChemNet's input reads them, and a network in ONNX beside a direct computation. */
class ChemNetTest {

    @Test
    void symbolsAreThoseOfThePublishedPackage() {
        // C, Cl, Br, Si as one symbol each; lower-case b, slashes and 9 are unknown; the full stop ends.
        assertThat(ChemNet.symbols("CClBr[Si]")).containsExactly(0, 5, 8, 26, 11, 27, 34);
        assertThat(ChemNet.symbols("b/9")).containsExactly(33, 33, 33, 34);
        assertThat(ChemNet.symbols("C=O.CC")).containsExactly(0, 25, 2, 34);
        assertThat(ChemNet.symbols("C".repeat(400))).hasSize(350).endsWith(0, 34);
        assertThat(ChemNet.symbols("")).containsExactly(34);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void activationsAreThoseOfADirectComputation(boolean transposed) {
        OnnxNetwork network = new OnnxNetwork(4, transposed);
        try (ChemNet net = ChemNet.open(network.bytes(), "--chemnet test.onnx")) {
            List<String> smiles = List.of("CCO", "c1ccccc1Cl", "N#CC(=O)[O-]");
            float[][] found = net.activations(smiles);
            for (int k = 0; k < smiles.size(); k++) {
                double[] expected = network.outputs(ChemNet.symbols(smiles.get(k)));
                for (int output = 0; output < expected.length; output++) {
                    assertThat((double) found[k][output]).isCloseTo(expected[output],
                        within(1e-4 * (1 + Math.abs(expected[output]))));
                }
            }
        }
    }

    @Test
    void whatIsNoSuchNetworkIsRefused() {
        assertThatThrownBy(() -> ChemNet.open(new byte[] {1, 2, 3}, "--chemnet a.onnx")).isInstanceOf(InputException.class)
            .hasMessageStartingWith("--chemnet a.onnx must be a network in ONNX: ");
    }
}
