package org.bitdgdm.run;

import java.io.PrintStream;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkThrowable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.sql.classic.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.sample.Executors;
import org.bitdgdm.sample.YarnApplication;

/**
 * Spark's session of one command, stopped at its end unless it was there before.
 *
 * <p>This is the class of sessions, not the interface of the same name that Spark Connect has too: the interface looks for the
 * class by Scala's reflection, which takes about as long as all else of a session's start.
 */
public record Session(SparkSession spark, boolean own) implements AutoCloseable {
    /** Why an executor of this application was last lost, in Spark's words; null if none was. */
    private static volatile String lostExecutor;
    /** Whether tasks of the last session run in this process. */
    private static volatile boolean local;
    /** Whether Spark had ended the application of the last session before the command was at its end. */
    private static volatile boolean ended;

    /**
     * The settings of the application: those of the session that there is, else those that spark-submit passes on.
     *
     * @throws InputException if they can never be met
     */
    public static SparkConf settings() {
        SparkConf settings = isThere() ? SparkSession.builder().getOrCreate().sparkContext().getConf() : new SparkConf();
        Executors.requirePossible(settings);
        return settings;
    }

    private static boolean isThere() {
        return !SparkSession.getActiveSession().isEmpty() || !SparkSession.getDefaultSession().isEmpty();
    }

    /**
     * A session on its way: of a local master it starts in a thread of its own, while its command reads what it needs; of a
     * cluster, which would give executors to a command that may yet be refused, where it is waited for.
     */
    public static final class Opening implements AutoCloseable {
        private final FutureTask<Session> session;
        private boolean begun;
        private boolean taken;

        private Opening(Callable<Session> session) {
            this.session = new FutureTask<>(session);
        }

        /**
         * The session; the caller closes it.
         *
         * @throws InputException as {@link Session#open} does
         */
        public Session await() throws InterruptedException {
            if (!begun) {
                session.run();
            }
            try {
                Session opened = session.get();
                taken = true;
                SparkSession.setActiveSession(opened.spark);
                return opened;
            } catch (ExecutionException failed) {
                if (failed.getCause() instanceof RuntimeException told) {
                    throw told;
                }
                throw new IllegalStateException(failed.getCause());
            }
        }

        /** Whether it starts while its command does something else. */
        public boolean isUnderWay() {
            return begun && !session.isDone();
        }

        /** Ends a session that nobody has taken. */
        @Override
        public void close() {
            if (begun && !taken) {
                try {
                    session.get().close();
                } catch (ExecutionException failed) {
                    // What the command has failed with is told; that Spark does not start either is not.
                } catch (InterruptedException stopped) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }

    /** The same as {@link #open}, of a local master at once. */
    public static Opening opening(String name, SparkConf settings, PrintStream console) {
        Opening opening = new Opening(() -> open(name, console));
        if (!isThere() && Executors.isLocal(settings)) {
            opening.begun = true;
            Thread starting = new Thread(opening.session, "spark-start");
            starting.setDaemon(true);
            starting.start();
        }
        return opening;
    }

    /**
     * The session that there is, else a new one whose executors are ready to work.
     *
     * @throws InputException if Spark does not start with its settings, or no executor comes
     */
    public static Session open(String name, PrintStream console) throws InterruptedException {
        if (isThere()) {
            return new Session(SparkSession.builder().getOrCreate(), false);
        }
        SparkConf settings = settings();
        lostExecutor = null;
        ended = false;
        local = Executors.isLocal(settings);
        // Records, which Spark's Kryo cannot write on Java 17. Rows do not go through this serializer.
        settings.set("spark.serializer", JavaSerializer.class.getName());
        if (local) {
            // What fails is the driver: it says so itself, once, and ends in order where memory was short.
            settings.setIfMissing("spark.executor.killOnFatalError.depth", "0");
            // Its server takes longer to start than a small run to sample, and the console tells progress.
            settings.setIfMissing("spark.ui.enabled", "false");
            Configurator.setLevel("org.apache.spark.scheduler.TaskSetManager", Level.OFF);
        } else {
            Executors.compileLater(settings);
        }
        Session session = new Session(start(settings.setAppName(name)), true);
        try {
            session.spark.sparkContext().addSparkListener(new SparkListener() {
                @Override
                public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
                    lostExecutor = removed.reason();
                }
            });
            Executors.await(JavaSparkContext.fromSparkContext(session.spark.sparkContext()), console);
            return session;
        } catch (Throwable e) {
            session.close();
            throw e;
        }
    }

    private static SparkSession start(SparkConf settings) {
        YarnApplication awaited = YarnApplication.awaited(settings);
        try (awaited) {
            return SparkSession.builder().config(settings).getOrCreate();
        } catch (Exception e) {
            // Whatever it is, of settings, addresses or a manager that refuses: nothing was done yet. Spark declares no checked
            // SparkException to Java, but throws it.
            throw awaited.withdrawn().map(why -> new InputException(why, e))
                .or(() -> Executors.endedByCluster(settings, e))
                .orElseGet(() -> new InputException("Spark does not start: " + InputException.oneLine(e), e));
        }
    }

    /** The file that Spark could not read, where that is why something has failed. */
    public static Optional<String> unreadableFile(Throwable failed) {
        return Stream.iterate(failed, e -> e != null, Throwable::getCause)
            .filter(e -> e instanceof SparkThrowable told && String.valueOf(told.getCondition()).startsWith("FAILED_READ_FILE"))
            .map(e -> ((SparkThrowable) e).getMessageParameters().getOrDefault("path", "one")).findFirst();
    }

    /** Why an executor was last lost, as Spark says it; empty if none was. */
    public static Optional<String> lostExecutor() {
        return Optional.ofNullable(lostExecutor);
    }

    /** Whether tasks run in this process. */
    public static boolean local() {
        return local;
    }

    /** Whether the application was ended from outside, by its cluster or by a signal, before the command was at its end. */
    public static boolean ended() {
        return ended;
    }

    @Override
    public void close() {
        ended = spark.sparkContext().isStopped();
        if (own) {
            spark.stop();
        }
    }
}
