package org.bitdgdm.sample;

import java.io.File;
import java.util.Arrays;
import java.util.stream.Collectors;

import org.apache.spark.sql.SparkSession;

/** Spark sessions of tests: one at a time, without a web page. */
public final class TestSpark {
    /** For JVMs that live for seconds: compile quickly, not well. */
    public static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1";

    private TestSpark() {
    }

    /** A builder for a session; a context that an earlier test left is stopped. */
    public static SparkSession.Builder on(String master) {
        stop();
        return SparkSession.builder().master(master).appName("test")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "3")
            .config("spark.executor.heartbeatInterval", "1s")
            .config("spark.executor.extraJavaOptions", SHORT_LIVED)
            .config("spark.executor.extraClassPath", executorClassPath());
    }

    /** Stops whatever session there is. */
    public static void stop() {
        SparkSession.getActiveSession().foreach(session -> {
            session.stop();
            return null;
        });
        SparkSession.getDefaultSession().foreach(session -> {
            session.stop();
            return null;
        });
        SparkSession.clearActiveSession();
        SparkSession.clearDefaultSession();
    }

    /** The classes of this JVM, Spark's own jars left out: an executor has those of SPARK_HOME. */
    public static String executorClassPath() {
        return Arrays.stream(classPath().split(File.pathSeparator))
            .filter(entry -> !entry.contains("org/apache/spark/") && !entry.contains("/org/scala-lang/"))
            .collect(Collectors.joining(File.pathSeparator));
    }

    /** The class path that the tests were started with. */
    public static String classPath() {
        // The property java.class.path names a jar of Surefire's own where the command line would be too long.
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }
}
