package org.bitdgdm.sample;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

import org.apache.spark.api.java.JavaSparkContext;

/** How often each JVM of a cluster has opened a denoiser. */
public final class Openings {
    private Openings() {
    }

    /** Openings by process id, of the JVMs that a job of many small tasks meets. */
    public static Map<Long, Integer> of(JavaSparkContext spark) {
        List<Integer> tasks = new ArrayList<>(IntStream.range(0, 8).boxed().toList());
        Map<Long, Integer> openings = new TreeMap<>();
        spark.parallelize(tasks, tasks.size()).map(task -> {
            // Long enough that one executor does not take all tasks.
            Thread.sleep(100);
            return new long[] {ProcessHandle.current().pid(), ExecutorDenoiser.opened()};
        }).collect().forEach(pair -> openings.put(pair[0], (int) pair[1]));
        return openings;
    }
}
