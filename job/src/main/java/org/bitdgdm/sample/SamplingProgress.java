package org.bitdgdm.sample;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.apache.spark.SparkContext;

/**
 * Progress of a sampling run on the console: graphs done, graphs/s, time left. On a terminal one line is kept up to date;
 * elsewhere a line is printed every few seconds in which something changed.
 *
 * <p>Spark jobs that the opening thread starts until {@link #close} are taken as the run's, and carry its description.
 */
public final class SamplingProgress implements AutoCloseable {
    private static final int TERMINAL_SECONDS = 1;
    private static final int LOG_SECONDS = 5;
    /** Longest wait for Spark's last events. */
    private static final int EVENTS_MILLIS = 30_000;

    private final SparkContext spark;
    private final SamplingListener listener;
    private final PrintStream console;
    private final boolean terminal = System.console() != null;
    private final long total;
    private final String unit;
    private final long kept;
    private final ScheduledExecutorService timer;
    private final PackageEnergy energy;
    private long printed = -1;
    private boolean open;
    private int width;

    /**
     * Starts following.
     *
     * @param job     the run
     * @param shards  shards about to be sampled, in the order of the partitions
     * @param console where to print
     */
    public SamplingProgress(ShardedJob job, List<Integer> shards, PrintStream console) {
        this.spark = job.spark().sc();
        this.console = console;
        this.total = job.count();
        this.unit = job.unit();
        long graphs = shards.stream().mapToLong(job::count).sum();
        this.kept = total - graphs;
        String run = UUID.randomUUID().toString();
        listener = new SamplingListener(run, job, shards);
        spark.addSparkListener(listener);
        spark.setLocalProperty(SamplingListener.PROPERTY, run);
        spark.setJobDescription(job.description(graphs));
        energy = new PackageEnergy();
        timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "sampling-progress");
            thread.setDaemon(true);
            return thread;
        });
        int seconds = terminal ? TERMINAL_SECONDS : LOG_SECONDS;
        timer.scheduleWithFixedDelay(this::print, seconds, seconds, TimeUnit.SECONDS);
    }

    /** Graphs sampled since the start, those of unfinished tasks included. */
    long graphs() {
        return listener.graphs();
    }

    /** Shows what has changed since the last time. */
    synchronized void print() {
        energy.look();
        long graphs = listener.graphs();
        if (graphs == printed || listener.firstStart() == Long.MAX_VALUE) {
            return;
        }
        printed = graphs;
        double seconds = (System.currentTimeMillis() - listener.firstStart()) / 1e3;
        show(line(unit, kept + graphs, total, graphs / Math.max(seconds, 1e-3)));
    }

    private void show(String line) {
        if (terminal) {
            console.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
            width = line.length();
            open = true;
        } else {
            console.println(line);
        }
        console.flush();
    }

    /**
     * The line of progress.
     *
     * @param unit      what is counted
     * @param done      graphs done, those of an earlier start included
     * @param total     graphs of the run
     * @param perSecond graphs per second since the first task of this start
     */
    static String line(String unit, long done, long total, double perSecond) {
        String left = done >= total ? "done"
            : perSecond > 0 ? duration((total - done) / perSecond) + " left" : "time left unknown";
        return String.format(Locale.ROOT, "sampling: %,d of %,d %s, %.1f %s/s, %s", done, total, unit, perSecond, unit, left);
    }

    private static String duration(double seconds) {
        long whole = Math.round(seconds);
        return whole < 60 ? whole + " s" : whole < 3600 ? whole / 60 + " min " + whole % 60 + " s"
            : whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }

    /**
     * Waits for Spark's last events of a run that has succeeded.
     *
     * @return seconds from the first sampling task's start to the last one's end; NaN if Spark dropped those events
     */
    public double seconds() throws InterruptedException {
        double seconds = listener.awaitSeconds(EVENTS_MILLIS);
        energy.look();
        timer.shutdownNow();
        synchronized (this) {
            // A terminal's line is written over; elsewhere the end that was told would stand there twice.
            long graphs = listener.graphs();
            if (terminal || graphs != printed) {
                show(line(unit, kept + graphs, total, graphs / seconds));
            }
            endLine();
        }
        return seconds;
    }

    /** What was taken until {@link #seconds} has returned: energy only where all tasks run on this machine. */
    public SamplingCost cost() {
        int cores = spark.getConf().getInt("spark.task.cpus", 1);
        return new SamplingCost(listener.taskSeconds() * cores,
            spark.isLocal() ? energy.joules() : Double.NaN);
    }

    /** Leaves the line that a terminal keeps up to date, so that what follows has one of its own. */
    private synchronized void endLine() {
        if (open) {
            console.println();
            open = false;
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        endLine();
        spark.removeSparkListener(listener);
        spark.setLocalProperty(SamplingListener.PROPERTY, null);
        spark.setJobDescription(null);
    }
}
