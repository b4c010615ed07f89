package org.bitdgdm.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Faults drawn from a seed, thrown at runs on a standalone cluster until so many are done or the time is up; then a table of
 * rows lost, doubled and different. Not part of the build: {@code job/src/test/hundred-kills.sh} starts it.
 */
@EnabledIfSystemProperty(named = "bitdgdm.kills", matches = "\\d+")
class HundredKillsIT {
    private static final String LOCK_TIMEOUT = "4s";
    /** Where executors believe the driver to be; the driver itself listens on 127.0.0.1. */
    private static final String DRIVER = "127.0.0.2";
    private static final int SHARDS = 500;
    /** For the rest of a run without a fault. */
    private static final int PATIENCE_MINUTES = 30;

    @TempDir
    private Path folder;

    private final Map<Fault, int[]> table = new TreeMap<>();

    private enum Fault {
        DRIVER_KILLED, EXECUTOR_KILLED, WORKER_KILLED, NETWORK_CUT, DRIVER_PAUSED_PAST_ITS_LOCK, DISK_FULL, FOLDER_READ_ONLY,
        SHARD_DELETED, SHARD_CUT_SHORT
    }

    private static long setting(String name, long otherwise) {
        return Long.getLong("bitdgdm." + name, otherwise);
    }

    @Test
    void nothingIsLostDoubledOrDifferent() throws Exception {
        long kills = setting("kills", 0);
        long count = setting("molecules", 100_000);
        long deadline = System.nanoTime() + setting("minutes", 60) * 60_000_000_000L;
        Random random = new Random(setting("seed", 1));
        List<String> generate = List.of("generate", "--count", Long.toString(count), "--shard-size",
            Long.toString(Math.max(1, count / SHARDS)), "--steps", "2", "--seed", "11", "--method", "fp32");
        List<String> whole = Molecules.ofALocalRun(generate);
        assertThat(whole).hasSize((int) count);
        int done = 0;
        try {
            for (int run = 0; done < kills && System.nanoTime() < deadline; run++) {
                done += campaign(run, generate, whole, random, kills - done, deadline);
            }
        } finally {
            System.out.printf("%n| fault | tries | rows lost | doubled | different |%n|---|---|---|---|---|%n");
            table.forEach((fault, counts) -> System.out.printf("| %s | %d | %d | %d | %d |%n",
                fault.name().toLowerCase(Locale.ROOT).replace('_', ' '), counts[0], counts[1], counts[2], counts[3]));
        }
        table.values().forEach(counts -> assertThat(Arrays.copyOfRange(counts, 1, 4)).containsOnly(0));
        assertThat(done).as("faults before the time was up").isPositive();
    }

    /** One folder, from its first start to the end of its run, with a fault every few shards; the number of faults. */
    private int campaign(int number, List<String> generate, List<String> whole, Random random, long most, long deadline)
        throws Exception {
        Path home = Files.createDirectories(folder.resolve("run-" + number));
        List<Fault> thrown = new ArrayList<>();
        try (SmallDisk small = new SmallDisk(Files.createDirectories(home.resolve("disk")));
             StandaloneServers cluster = new StandaloneServers(home.resolve("cluster"), 2, 2, "2g")) {
            Disk disk = new Disk(small.root);
            List<String> command = new ArrayList<>(generate);
            command.addAll(List.of("--out", disk.uri("out")));
            boolean finished = false;
            while (!finished) {
                int port = freePort();
                int blocks = freePort();
                try (Relay network = new Relay(DRIVER, port, blocks); Submission driver =
                    Submission.start(home.resolve("logs"), Map.of(), command, flags(cluster, DRIVER, port, blocks))) {
                    while (driver.runs()) {
                        int next = shards(disk).size() + 1 + random.nextInt(8);
                        while (driver.runs() && shards(disk).size() < next) {
                            Thread.sleep(20);
                        }
                        if (driver.runs() && thrown.size() < most && System.nanoTime() < deadline) {
                            Fault fault = Fault.values()[random.nextInt(Fault.values().length)];
                            thrown.add(fault);
                            System.out.println(thrown.size() + " of run " + number + ": " + fault);
                            throwAt(fault, driver, cluster, network, small, disk, home, command, random);
                        } else {
                            driver.await(PATIENCE_MINUTES);
                        }
                    }
                    finished = driver.await(PATIENCE_MINUTES) == 0;
                    assertThat(finished || !thrown.isEmpty()).as(driver.said()).isTrue();
                }
            }
            compare(Molecules.rows(disk, "out/molecules"), whole, thrown);
        }
        return thrown.size();
    }

    /** Settings of a driver, with half of the cluster's cores, that executors find at a host and two ports of it. */
    private static List<String> flags(StandaloneServers cluster, String host, int port, int blocks) {
        List<String> flags = new ArrayList<>(List.of("--master", cluster.url(), "--executor-memory", "700m", "--executor-cores",
            "1", "--total-executor-cores", "2"));
        Map<String, String> settings = new TreeMap<>(Map.of("spark.hadoop.bitdgdm.lock.timeout", LOCK_TIMEOUT,
            "spark.driver.bindAddress", "127.0.0.1", "spark.driver.host", host, "spark.driver.port", Integer.toString(port),
            "spark.driver.blockManager.port", Integer.toString(blocks), "spark.port.maxRetries", "0", "spark.ui.enabled", "false"));
        settings.forEach((name, value) -> flags.addAll(List.of("--conf", name + "=" + value)));
        return flags;
    }

    /** Throws a fault, and waits for the driver's end where it cannot go on. */
    private void throwAt(Fault fault, Submission driver, StandaloneServers cluster, Relay network, SmallDisk small, Disk disk,
                         Path home, List<String> command, Random random) throws Exception {
        switch (fault) {
            case DRIVER_KILLED -> driver.kill();
            case EXECUTOR_KILLED -> {
                List<ProcessHandle> executors = cluster.executors();
                if (!executors.isEmpty()) {
                    executors.get(random.nextInt(executors.size())).destroyForcibly();
                }
            }
            case WORKER_KILLED -> cluster.replaceWorker(random.nextInt(2));
            case NETWORK_CUT -> {
                network.cut();
                Thread.sleep(2000);
                network.mend();
            }
            case DRIVER_PAUSED_PAST_ITS_LOCK -> {
                driver.signal("STOP");
                Thread.sleep(5000);
                try (Submission successor = Submission.start(home.resolve("logs"), Map.of(), command,
                    flags(cluster, "127.0.0.1", freePort(), freePort()))) {
                    // The folder is its own once it says what it found there.
                    while (successor.runs() && !successor.out().contains("resuming: ")) {
                        Thread.sleep(100);
                    }
                    assertThat(successor.out()).as(successor.said()).contains("resuming: ");
                    driver.signal("CONT");
                    assertThat(driver.await(PATIENCE_MINUTES)).isPositive();
                    assertThat(driver.err()).contains("was taken over by another driver");
                }
            }
            case DISK_FULL -> {
                small.fill();
                driver.await(PATIENCE_MINUTES);
                small.empty();
            }
            case FOLDER_READ_ONLY -> {
                small.readOnly();
                driver.await(PATIENCE_MINUTES);
                small.writable();
            }
            case SHARD_DELETED, SHARD_CUT_SHORT -> {
                driver.kill();
                List<String> names = List.copyOf(shards(disk).keySet());
                Path shard = small.root.resolve("out/molecules").resolve(names.get(random.nextInt(names.size())));
                if (fault == Fault.SHARD_DELETED) {
                    Files.delete(shard);
                } else {
                    byte[] bytes = Files.readAllBytes(shard);
                    Files.write(shard, Arrays.copyOf(bytes, random.nextInt(bytes.length)));
                }
            }
            default -> throw new IllegalStateException(fault.name());
        }
    }

    private void compare(List<String> found, List<String> whole, List<Fault> thrown) {
        Map<String, Integer> times = new HashMap<>();
        found.forEach(row -> times.merge(id(row), 1, Integer::sum));
        int lost = (int) whole.stream().filter(row -> !times.containsKey(id(row))).count();
        int doubled = (int) times.values().stream().filter(n -> n > 1).count();
        Set<String> right = new HashSet<>(whole);
        int different = (int) found.stream().filter(row -> !right.contains(row)).count();
        for (Fault fault : thrown) {
            int[] counts = table.computeIfAbsent(fault, absent -> new int[4]);
            counts[0]++;
            counts[1] += lost;
            counts[2] += doubled;
            counts[3] += different;
        }
    }

    private static String id(String row) {
        return row.lines().findFirst().orElseThrow();
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return free.getLocalPort();
        }
    }

    private static Map<String, Long> shards(Disk disk) throws IOException {
        Map<String, Long> shards = new TreeMap<>(disk.files("out/molecules"));
        shards.keySet().removeIf(name -> !name.startsWith("shard-"));
        return shards;
    }

    /** A disk in memory that can be filled and made read-only. */
    private static final class SmallDisk implements AutoCloseable {
        private static final int MEGABYTES = 256;

        private final Path root;
        private final Path filler;

        SmallDisk(Path root) throws Exception {
            this.root = root;
            this.filler = root.resolve("filler");
            run("mount", "-t", "tmpfs", "-o", "size=" + MEGABYTES + "m", "tmpfs", root.toString());
        }

        private static void run(String... command) throws Exception {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes());
            if (process.waitFor() != 0) {
                throw new AssertionError(String.join(" ", command) + ": " + said);
            }
        }

        void fill() throws IOException {
            byte[] bytes = new byte[4096];
            try (OutputStream out = Files.newOutputStream(filler)) {
                for (long written = 0; written <= (long) MEGABYTES << 20; written += bytes.length) {
                    out.write(bytes);
                }
                throw new AssertionError("a disk of " + MEGABYTES + " MiB took more");
            } catch (IOException full) {
                assertThat(full).hasMessageContaining("No space left");
            }
        }

        void empty() throws IOException {
            Files.delete(filler);
        }

        /**
         * Another mount over this one, made read-only before anybody sees it: files that are open do not keep it from being
         * read-only.
         */
        void readOnly() throws Exception {
            Path aside = Files.createDirectories(root.resolveSibling("aside"));
            run("mount", "--bind", root.toString(), aside.toString());
            run("mount", "-o", "remount,bind,ro", aside.toString());
            run("mount", "--bind", aside.toString(), root.toString());
            run("umount", "--lazy", aside.toString());
        }

        void writable() throws Exception {
            run("umount", "--lazy", root.toString());
        }

        @Override
        public void close() throws Exception {
            run("umount", "--lazy", root.toString());
        }
    }
}
