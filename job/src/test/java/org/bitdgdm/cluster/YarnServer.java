package org.bitdgdm.cluster;

import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.service.Service;
import org.apache.hadoop.yarn.conf.YarnConfiguration;

/**
 * A resource manager and node managers of Hadoop's YARN in this JVM, until it is ended. Its class path begins with Hadoop's
 * servers, which no test compiles against.
 */
final class YarnServer {
    private YarnServer() {
    }

    /** Arguments: the folder that gets the cluster's {@code yarn-site.xml} once it is up; how many node managers there are. */
    public static void main(String[] arguments) throws Exception {
        Path site = Path.of(arguments[0], "yarn-site.xml");
        Configuration conf = new YarnConfiguration();
        conf.setInt(YarnConfiguration.NM_PMEM_MB, 4096);
        conf.setInt(YarnConfiguration.NM_VCORES, 4);
        conf.setInt(YarnConfiguration.RM_SCHEDULER_MINIMUM_ALLOCATION_MB, 128);
        conf.setBoolean(YarnConfiguration.NM_PMEM_CHECK_ENABLED, false);
        conf.setBoolean(YarnConfiguration.NM_VMEM_CHECK_ENABLED, false);
        // The other schedulers want queues from files of their own.
        conf.set(YarnConfiguration.RM_SCHEDULER,
            "org.apache.hadoop.yarn.server.resourcemanager.scheduler.fifo.FifoScheduler");
        // A full disk of the machine under test is no reason to take its node away.
        conf.setFloat(YarnConfiguration.NM_MAX_PER_DISK_UTILIZATION_PERCENTAGE, 100);
        Service cluster = (Service) Class.forName("org.apache.hadoop.yarn.server.MiniYARNCluster")
            .getConstructor(String.class, int.class, int.class, int.class).newInstance("yarn", Integer.parseInt(arguments[1]), 1, 1);
        cluster.init(conf);
        cluster.start();
        Path written = site.resolveSibling("written.xml");
        try (OutputStream out = Files.newOutputStream(written)) {
            cluster.getConfig().writeXml(out);
        }
        Files.move(written, site, StandardCopyOption.ATOMIC_MOVE);
        Thread.currentThread().join();
    }
}
