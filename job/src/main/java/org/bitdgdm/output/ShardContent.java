package org.bitdgdm.output;

import org.bitdgdm.sample.ShardPlan;

/**
 * Rows that a shard must have, by which a damaged or foreign file is told from a whole one.
 *
 * @param rows    their number
 * @param firstId lowest of their ids; without meaning where there are no rows
 * @param lastId  highest of their ids
 */
public record ShardContent(long rows, long firstId, long lastId) {

    /** That of consecutive ids. */
    public static ShardContent of(long firstId, long rows) {
        return new ShardContent(rows, firstId, firstId + rows - 1);
    }

    static ShardContent of(ShardPlan.Shard shard) {
        return of(shard.firstId(), shard.count());
    }
}
