package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

/** What counts as the graph of a protein, and what is refused. */
class ProteinGraphTest {
    @Test
    void aChainOfOneResidueHasNoEdges() {
        ProteinGraph alone = graph(1, new int[0], new int[0]);
        assertThat(alone.residues()).isEqualTo(1);
        assertThat(alone.edges()).isZero();
    }

    @Test
    void arraysMustAgreeWithEachOther() {
        assertThat(graph(2, new int[] {0, 1}, new int[] {1, 0}).edges()).isEqualTo(2);
        assertThatIllegalArgumentException().isThrownBy(() -> graph(0, new int[0], new int[0]))
            .withMessageContaining("at least 1 residue");
        assertThatIllegalArgumentException().isThrownBy(() -> graph(2, new int[] {0, 1}, new int[] {1}))
            .withMessageContaining("of 2 edges must have 2 targets, found 1");
        assertThatIllegalArgumentException().isThrownBy(() -> graph(2, new int[] {0}, new int[] {2}))
            .withMessageContaining("ends of edges must be in 0..1, found 2");
        assertThatIllegalArgumentException()
            .isThrownBy(() -> new ProteinGraph(new byte[3], new float[32], new float[24], new float[9], new int[0],
                new int[0], new float[0]))
            .withMessageContaining("of 3 residues must have 33 node features, found 32");
    }

    @Test
    void classesAndFeaturesAreChecked() {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> new ProteinGraph(new byte[] {20}, new float[11], new float[8], new float[3], new int[0],
                new int[0], new float[0]))
            .withMessageContaining("residue classes must be in 0..19, found 20");
        float[] features = new float[22];
        features[13] = Float.NaN;
        assertThatIllegalArgumentException()
            .isThrownBy(() -> new ProteinGraph(new byte[2], features, new float[16], new float[6], new int[0], new int[0],
                new float[0]))
            .withMessageContaining("node features must be finite, found NaN in row 1, column 2");
    }

    private static ProteinGraph graph(int n, int[] sources, int[] targets) {
        return new ProteinGraph(new byte[n], new float[n * 11], new float[n * 8], new float[n * 3], sources, targets,
            new float[sources.length * 93]);
    }
}
