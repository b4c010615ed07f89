package org.bitdgdm.cluster;

import java.nio.file.Path;

/** Places of what the build resolves for these tests. */
final class Servers {
    private static final Path RESOLVED = Path.of(System.getProperty("bitdgdm.home"), "clusters", "target").toAbsolutePath()
        .normalize();

    /** Hadoop's servers. */
    static final Path HADOOP = RESOLVED.resolve("hadoop");

    private Servers() {
    }
}
