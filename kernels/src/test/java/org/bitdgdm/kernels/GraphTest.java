package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Graphs outside of batches, and how they go in and out. */
class GraphTest {
    @Test
    void pairsAreCountedRowByRow() {
        for (int n : new int[] {1, 2, 3, 9, 187}) {
            int next = 0;
            for (int i = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++) {
                    assertThat(Graph.pair(n, i, j)).isEqualTo(next);
                    assertThat(CounterRandom.edgeSlot(n, i, j)).isEqualTo(n + next++);
                }
            }
            assertThat(Graph.pairs(n)).isEqualTo(next);
        }
    }

    @Test
    void aBatchGivesBackTheGraphsItWasMadeOf() {
        List<Graph> graphs = List.of(new Graph(7, new byte[] {1, 0, 2}, new byte[] {3, 0, 1}),
            new Graph(-1, new byte[] {0, 0, 1}, new byte[] {0, 2, 0}));
        GraphBatch batch = GraphBatch.of(graphs);
        assertThat(batch.edges()).containsExactly(0, 3, 0, 3, 0, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0);
        assertThat(batch.graphs()).usingRecursiveComparison().isEqualTo(graphs);
        GraphBatch noise = InitialNoise.draw(TestModels.tiny(Variant.MAIN, 1).diffusion(), 7, new long[] {3, 4, 9}, 5);
        assertThat(GraphBatch.of(noise.graphs())).usingRecursiveComparison().isEqualTo(noise);
    }

    @Test
    void whatIsNoGraphIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Graph(5, new byte[3], new byte[2]))
            .withMessageContaining("graph 5 of 3 nodes must have 3 edge classes");
        List<Graph> mixed = List.of(new Graph(0, new byte[1], new byte[0]), new Graph(1, new byte[2], new byte[1]));
        assertThatIllegalArgumentException().isThrownBy(() -> GraphBatch.of(mixed))
            .withMessageContaining("one size, found 1 and 2 nodes");
    }

    @Test
    void groupsHoldEveryIdOnceTheLargestSizeFirst() {
        Diffusion diffusion = TestModels.tiny(Variant.MAIN, 1).diffusion();
        List<SizeGroup> groups = SizeGroup.of(diffusion, 11, 100, 160);
        List<Long> ids = new ArrayList<>();
        int before = Integer.MAX_VALUE;
        for (SizeGroup group : groups) {
            assertThat(group.n()).isLessThan(before);
            before = group.n();
            for (SizeGroup part : group.parts(4)) {
                assertThat(part.ids()).hasSizeBetween(1, 4).isSorted();
                for (long id : part.ids()) {
                    assertThat(diffusion.sizes().draw(11, id)).isEqualTo(part.n());
                    ids.add(id);
                }
            }
        }
        assertThat(ids).hasSize(60).doesNotHaveDuplicates().allMatch(id -> id >= 100 && id < 160);
    }
}
