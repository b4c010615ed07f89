package org.bitdgdm.cluster;

import java.nio.file.Path;

/** Places of what the build resolves for these tests. */
final class Servers {
    private static final Path CLUSTERS = Path.of(System.getProperty("bitdgdm.home"), "clusters").toAbsolutePath().normalize();
    private static final Path RESOLVED = CLUSTERS.resolve("target");

    /** Hadoop's servers. */
    static final Path HADOOP = RESOLVED.resolve("hadoop");

    /** An S3 server. */
    static final Path S3 = RESOLVED.resolve("s3/s3proxy-jar-with-dependencies.jar");

    /** Hadoop's connector for s3a and what it needs besides Spark. */
    static final Path S3A = RESOLVED.resolve("s3a");

    /** Spark's side of YARN. */
    static final Path YARN = RESOLVED.resolve("yarn");

    /** The module of Spark's side of Kubernetes and of a server for it. */
    static final Path KUBERNETES = CLUSTERS.resolve("kubernetes");

    private Servers() {
    }
}
