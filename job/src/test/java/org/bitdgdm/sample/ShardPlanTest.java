package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;

import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.SampleConf;
import org.junit.jupiter.api.Test;

class ShardPlanTest {

    @Test
    void cutsAllIdsOnce() {
        for (int count : new int[] {1, 6, 7, 8, 13, 14, 15}) {
            ShardPlan plan = new ShardPlan(count, 7);
            long next = 0;
            for (int index = 0; index < plan.shards(); index++) {
                ShardPlan.Shard shard = plan.shard(index);
                assertThat(shard.index()).isEqualTo(index);
                assertThat(shard.firstId()).isEqualTo(next);
                assertThat(shard.count()).isBetween(1, 7);
                next += shard.count();
            }
            assertThat(next).isEqualTo(count);
        }
        assertThat(new ShardPlan(10_000_000_000L, 1_000_000).shard(9_999).firstId()).isEqualTo(9_999_000_000L);
    }

    @Test
    void chosenSizeDependsOnTheCountOnly() {
        assertThat(ShardPlan.sizeFor(1)).isEqualTo(32);
        assertThat(ShardPlan.sizeFor(256)).isEqualTo(32);
        assertThat(ShardPlan.sizeFor(10_000)).isEqualTo(40);
        assertThat(ShardPlan.sizeFor(1_000_000)).isEqualTo(3907);
        assertThat(ShardPlan.sizeFor(1_000_000_000)).isEqualTo(4096);
        assertThat(ShardPlan.of(new SampleConf(100, 1, "uniform", 0, 1, 0, "cpu", "auto", "fp32", "")).shards())
            .isEqualTo(4);
        assertThat(ShardPlan.of(new SampleConf(100, 1, "uniform", 0, 1, 7, "cpu", "auto", "fp32", "")).shards())
            .isEqualTo(15);
    }

    @Test
    void missingAreThoseNotDone() {
        ShardPlan plan = new ShardPlan(30, 7);
        assertThat(plan.missing(Set.of())).containsExactly(0, 1, 2, 3, 4);
        assertThat(plan.missing(Set.of(0, 3))).containsExactly(1, 2, 4);
        assertThat(plan.missing(Set.of(0, 1, 2, 3, 4))).isEmpty();
        assertThat(plan.graphs(List.of(1, 4))).isEqualTo(9);
        assertThatThrownBy(() -> plan.missing(Set.of(5))).hasMessageContaining("0..4");
    }

    @Test
    void refusesWhatItCannotCut() {
        assertThatThrownBy(() -> new ShardPlan(0, 7)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ShardPlan(7, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ShardPlan(10_000_000, 1)).hasMessageContaining("at most 1000000 shards");
        assertThatThrownBy(() -> ShardPlan.of(new SampleConf(2_000_000, 1, "uniform", 0, 1, 1, "cpu", "auto", "fp32", "")))
            .isInstanceOf(InputException.class).hasMessageContaining("2000000 shards")
            .hasMessageEndingWith("give a larger --shard-size");
        assertThatThrownBy(() -> new ShardPlan(7, 7).shard(1)).hasMessageContaining("0..0");
    }
}
