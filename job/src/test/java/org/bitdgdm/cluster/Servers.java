package org.bitdgdm.cluster;

import java.nio.file.Path;

/** Places of what the build resolves for these tests. */
final class Servers {
    private static final Path RESOLVED = Path.of(System.getProperty("bitdgdm.home"), "clusters", "target").toAbsolutePath()
        .normalize();

    /** Hadoop's servers. */
    static final Path HADOOP = RESOLVED.resolve("hadoop");

    /** An S3 server. */
    static final Path S3 = RESOLVED.resolve("s3/s3proxy-jar-with-dependencies.jar");

    /** Hadoop's connector for s3a and what it needs besides Spark. */
    static final Path S3A = RESOLVED.resolve("s3a");

    private Servers() {
    }
}
