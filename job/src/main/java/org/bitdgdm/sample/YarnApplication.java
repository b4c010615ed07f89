package org.bitdgdm.sample;

import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.YarnApplicationState;
import org.apache.hadoop.yarn.client.api.YarnClient;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.exceptions.YarnException;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bounded wait for the start of an application of YARN's. Spark waits for ever for one that stays accepted, since its queue
 * or no machine has room for it; this withdraws it after {@link Executors#WAIT}, so that Spark's own start
 * fails, and keeps what YARN says of it. Of other managers nothing is asked.
 */
public final class YarnApplication implements AutoCloseable {
    private static final String TAGS = "spark.yarn.tags";
    private static final String DIAGNOSED = "Details : ";
    /** Longest pause between two looks at the application, seconds. */
    private static final long PAUSE = 5;
    private static final EnumSet<YarnApplicationState> NOT_STARTED = EnumSet.of(YarnApplicationState.NEW,
        YarnApplicationState.NEW_SAVING, YarnApplicationState.SUBMITTED, YarnApplicationState.ACCEPTED);
    private static final Logger LOG = LoggerFactory.getLogger(YarnApplication.class);

    private final SparkConf conf;
    private final String tag;
    private final long longest;
    private final ScheduledExecutorService clock;
    /** When it was first seen there, by {@link System#nanoTime}; null before. Of the clock's thread, as is {@code failed}. */
    private Long submitted;
    private boolean failed;
    private volatile String withdrawn;

    private YarnApplication(SparkConf conf, String tag, long longest) {
        this.conf = conf;
        this.tag = tag;
        this.longest = longest;
        clock = java.util.concurrent.Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "yarn-wait");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * The application that is about to be submitted from here.
     *
     * @param conf its settings; one of YARN's gets a tag by which it can be found
     */
    public static YarnApplication awaited(SparkConf conf) {
        YarnApplication application = new YarnApplication(conf, "bitdgdm-" + UUID.randomUUID(),
            Executors.longestWait(conf));
        if (conf.get("spark.master", "").equals("yarn") && conf.get("spark.submit.deployMode", "client").equals("client")) {
            conf.set(TAGS, conf.contains(TAGS) ? conf.get(TAGS) + "," + application.tag : application.tag);
            long pause = Math.max(1, Math.min(PAUSE, application.longest));
            application.clock.scheduleWithFixedDelay(application::look, pause, pause, TimeUnit.SECONDS);
        }
        return application;
    }

    /** Looks where the application is, and withdraws it when it has waited long enough. */
    private void look() {
        try (YarnClient yarn = YarnClient.createYarnClient()) {
            yarn.init(new YarnConfiguration(SparkHadoopUtil.get().newConfiguration(conf)));
            yarn.start();
            for (ApplicationReport found : yarn.getApplications(null, NOT_STARTED, Set.of(tag))) {
                if (submitted == null) {
                    submitted = System.nanoTime();
                }
                if (TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - submitted) >= longest && withdrawn == null) {
                    withdraw(yarn, found);
                }
            }
        } catch (Exception unanswered) {
            // Of a manager that does not answer, Spark's own client says so at length.
            if (!failed) {
                LOG.warn("YARN cannot be asked about the application: {}", unanswered.toString());
            }
            failed = true;
        }
    }

    private void withdraw(YarnClient yarn, ApplicationReport found) throws IOException, YarnException {
        withdrawn = sentence(longest, found.getApplicationId().toString(), found.getYarnApplicationState().toString(),
            found.getQueue(), conf.get("spark.yarn.am.memory", "512m"), found.getDiagnostics());
        // What Spark says of the end, and of a scheduler that is stopped before it was started.
        for (String told : List.of("org.apache.spark.deploy.yarn.Client", "org.apache.spark.scheduler.cluster")) {
            Configurator.setLevel(told, Level.OFF);
        }
        yarn.killApplication(found.getApplicationId(), "waited " + longest + " s to be started");
    }

    /** What is said of an application that was withdrawn. */
    static String sentence(long longest, String id, String state, String queue, String memory, String diagnostics) {
        String details = String.valueOf(diagnostics).replaceAll("\\s+", " ").strip();
        int from = details.indexOf(DIAGNOSED);
        // Behind a time, and before the sizes of queues and partitions.
        String why = (from < 0 ? details : details.substring(0, from)).replaceFirst("^\\[[^]]*]", "").strip();
        return "YARN has not started the application within " + longest + " s (" + Executors.WAIT + "): " + id + " stayed "
            + state + " in queue " + queue + ", its application master asked to have " + memory
            + (diagnostics == null || why.isEmpty() ? "" : " (\"" + why + "\")")
            + "; wait longer, free the queue, name another one (spark.yarn.queue), or ask for less (spark.yarn.am.memory)";
    }

    /** Why there is no application, where it was withdrawn from here. */
    public Optional<String> withdrawn() {
        return Optional.ofNullable(withdrawn);
    }

    @Override
    public void close() {
        // Not interrupted: Hadoop's client would warn of it.
        clock.shutdown();
    }
}
