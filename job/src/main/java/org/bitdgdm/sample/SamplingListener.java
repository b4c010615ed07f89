package org.bitdgdm.sample;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.spark.Success$;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Follows the tasks of one sampling run on the driver: graphs done, first task's start, last task's end.
 *
 * <p>Within a task, graphs arrive with the heartbeats of its executor ({@code spark.executor.heartbeatInterval}). A retried
 * or speculative attempt never counts twice: of a shard's attempts the furthest one counts. Clocks are the driver's.
 */
final class SamplingListener extends SparkListener {
    /** Local property that marks the Spark jobs of one run. */
    static final String PROPERTY = "bitdgdm.sampling";

    private final String run;
    private final long accumulator;
    private final ShardedJob job;
    private final List<Integer> shards;

    private final Set<Integer> stages = new HashSet<>();
    private final Set<Integer> jobs = new HashSet<>();
    /** Task id to position in {@link #shards}. */
    private final Map<Long, Integer> running = new HashMap<>();
    /** Task id to graphs that it has sampled. */
    private final Map<Long, Long> sampled = new HashMap<>();
    private final Set<Integer> done = new HashSet<>();
    private long doneGraphs;
    private long firstStart = Long.MAX_VALUE;
    private long lastEnd = Long.MIN_VALUE;
    /** Of all attempts that have ended. */
    private long taskMillis;
    private boolean ended;

    /**
     * @param run    value of {@link #PROPERTY} on the run's jobs
     * @param job    what is followed
     * @param shards shard of each partition
     */
    SamplingListener(String run, ShardedJob job, List<Integer> shards) {
        this.run = run;
        this.accumulator = job.sampledAccumulator();
        this.job = job;
        this.shards = shards;
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart start) {
        if (start.properties() != null && run.equals(start.properties().getProperty(PROPERTY))) {
            jobs.add(start.jobId());
            for (StageInfo stage : CollectionConverters.asJava(start.stageInfos())) {
                stages.add(stage.stageId());
            }
        }
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart start) {
        if (stages.contains(start.stageId())) {
            running.put(start.taskInfo().taskId(), start.taskInfo().partitionId());
            firstStart = Math.min(firstStart, start.taskInfo().launchTime());
        }
    }

    @Override
    public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate heartbeat) {
        for (var task : CollectionConverters.asJava(heartbeat.accumUpdates())) {
            Long id = (Long) task._1();
            if (running.containsKey(id)) {
                for (AccumulableInfo info : CollectionConverters.asJava(task._4())) {
                    if (info.id() == accumulator && info.update().isDefined()) {
                        sampled.put(id, ((Number) info.update().get()).longValue());
                    }
                }
            }
        }
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        Integer at = end.taskInfo() == null ? null : running.remove(end.taskInfo().taskId());
        if (at == null) {
            return;
        }
        sampled.remove(end.taskInfo().taskId());
        taskMillis += end.taskInfo().duration();
        if (end.reason() == Success$.MODULE$) {
            lastEnd = Math.max(lastEnd, end.taskInfo().finishTime());
            if (done.add(at)) {
                doneGraphs += job.count(shards.get(at));
            }
        }
    }

    @Override
    public synchronized void onJobEnd(SparkListenerJobEnd end) {
        if (jobs.contains(end.jobId())) {
            ended = true;
            notifyAll();
        }
    }

    /** Graphs sampled so far, those of unfinished tasks included. */
    synchronized long graphs() {
        Map<Integer, Long> furthest = new HashMap<>();
        sampled.forEach((task, graphs) -> {
            Integer at = running.get(task);
            if (!done.contains(at)) {
                furthest.merge(at, graphs, Math::max);
            }
        });
        return doneGraphs + furthest.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Seconds that attempts of tasks have taken, one after the other, failed ones included. */
    synchronized double taskSeconds() {
        return taskMillis / 1e3;
    }

    /** Milliseconds of the epoch at which the first task started; {@link Long#MAX_VALUE} if none has. */
    synchronized long firstStart() {
        return firstStart;
    }

    /**
     * Waits until Spark has told the end of the job, and with it of all its tasks.
     *
     * @param millis longest wait; events may be dropped by a driver under pressure
     * @return seconds from the first task's start to the last one's end; NaN if Spark told neither
     */
    synchronized double awaitSeconds(long millis) throws InterruptedException {
        long deadline = System.nanoTime() + millis * 1_000_000;
        while (!ended) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                break;
            }
            wait(left);
        }
        return lastEnd >= firstStart ? (lastEnd - firstStart) / 1e3 : Double.NaN;
    }
}
