package org.bitdgdm.run;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.bitdgdm.protein.SurveyedChain;

/**
 * Chains cut into shards of about the same work. The cuts depend on chains and samples only, never on the cluster.
 *
 * @param shards in the order of the chains
 */
record DesignPlan(List<Shard> shards) {
    private static final int WANTED_SHARDS = 256;
    private static final long LEAST_WORK = 1_000;
    private static final long MOST_WORK = 100_000;
    private static final int MOST_CHAINS = 512;

    /**
     * One shard: a task, a file, and the unit of resume.
     *
     * @param index     position in the plan
     * @param firstId   id of its first row
     * @param rows      how many
     * @param sequences of these, samples
     * @param chains    in the order of their rows
     */
    public record Shard(int index, long firstId, long rows, long sequences, List<SurveyedChain> chains)
        implements Serializable {
        public Shard {
            // Serialized with the task.
            chains = new ArrayList<>(chains);
        }
    }

    public DesignPlan {
        shards = List.copyOf(shards);
    }

    /**
     * The plan of a run.
     *
     * @param samples sequences of each chain, which has one row more
     */
    public static DesignPlan of(List<SurveyedChain> chains, int samples) {
        long all = chains.stream().mapToLong(chain -> work(chain, samples)).sum();
        long wanted = Math.max(LEAST_WORK, Math.min(MOST_WORK, all / WANTED_SHARDS));
        List<Shard> shards = new ArrayList<>();
        List<SurveyedChain> some = new ArrayList<>();
        long first = 0;
        long rows = 0;
        long work = 0;
        for (SurveyedChain chain : chains) {
            some.add(chain);
            rows += rows(chain, samples);
            work += work(chain, samples);
            if (work >= wanted || some.size() == MOST_CHAINS) {
                shards.add(shard(shards.size(), first, rows, some, samples));
                first += rows;
                rows = 0;
                work = 0;
                some = new ArrayList<>();
            }
        }
        if (!some.isEmpty()) {
            shards.add(shard(shards.size(), first, rows, some, samples));
        }
        return new DesignPlan(shards);
    }

    private static Shard shard(int index, long first, long rows, List<SurveyedChain> chains, int samples) {
        return new Shard(index, first, rows, samples * chains.stream().filter(chain -> !chain.refused()).count(), chains);
    }

    private static long work(SurveyedChain chain, int samples) {
        return (long) chain.length() * samples;
    }

    /** Rows of a chain. */
    static long rows(SurveyedChain chain, int samples) {
        return chain.refused() ? 1 : samples + 1L;
    }

    /** Rows of all shards. */
    public long rows() {
        return shards.stream().mapToLong(Shard::rows).sum();
    }
}
