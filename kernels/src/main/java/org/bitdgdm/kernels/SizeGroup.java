package org.bitdgdm.kernels;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Graphs of one size: what may go into batches together.
 *
 * @param n   nodes of each
 * @param ids (B) ids, ascending
 */
public record SizeGroup(int n, long[] ids) implements Serializable {

    /**
     * Groups the graphs of a run by the sizes that they draw, see {@link SizeDistribution#draw}; the largest first.
     *
     * @param first the first id
     * @param end   before the last one
     */
    public static List<SizeGroup> of(Diffusion diffusion, long seed, long first, long end) {
        return of(diffusion.sizes(), seed, first, end);
    }

    /** The same with sizes of choice. */
    public static List<SizeGroup> of(SizeDistribution sizes, long seed, long first, long end) {
        Map<Integer, List<Long>> bySize = new TreeMap<>(Comparator.reverseOrder());
        for (long id = first; id < end; id++) {
            bySize.computeIfAbsent(sizes.draw(seed, id), n -> new ArrayList<>()).add(id);
        }
        List<SizeGroup> groups = new ArrayList<>();
        bySize.forEach((n, ids) -> groups.add(new SizeGroup(n, ids.stream().mapToLong(Long::longValue).toArray())));
        return groups;
    }

    /** This group in parts of at most so many graphs, in the order of ids. */
    public List<SizeGroup> parts(int most) {
        List<SizeGroup> parts = new ArrayList<>();
        for (int from = 0; from < ids.length; from += most) {
            parts.add(new SizeGroup(n, Arrays.copyOfRange(ids, from, Math.min(ids.length, from + most))));
        }
        return parts;
    }
}
