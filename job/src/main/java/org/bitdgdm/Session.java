package org.bitdgdm;

import org.apache.spark.sql.SparkSession;

/** Spark's session of one command, stopped at its end unless it was there before. */
record Session(SparkSession spark, boolean own) implements AutoCloseable {

    static Session open(String name) {
        boolean running = !SparkSession.getActiveSession().isEmpty() || !SparkSession.getDefaultSession().isEmpty();
        return new Session(SparkSession.builder().appName(name).getOrCreate(), !running);
    }

    @Override
    public void close() {
        if (own) {
            spark.stop();
        }
    }
}
