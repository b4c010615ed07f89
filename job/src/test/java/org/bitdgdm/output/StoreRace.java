package org.bitdgdm.output;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.sample.TestSpark;

/** Writers of one name at the same moment on a file system, in a JVM that has its connector. */
public final class StoreRace {
    private static final int WRITERS = 8;
    private static final int ROUNDS = 5;

    private StoreRace() {
    }

    /** Arguments: a folder, and settings of Hadoop as {@code name=value}. Prints one line for each round. */
    public static void main(String[] arguments) throws Exception {
        Configuration conf = new Configuration();
        // Drivers are processes of their own, which HDFS tells apart by their clients.
        conf.setBoolean("fs.hdfs.impl.disable.cache", true);
        for (String setting : List.of(arguments).subList(1, arguments.length)) {
            conf.set(setting.substring(0, setting.indexOf('=')), setting.substring(setting.indexOf('=') + 1));
        }
        Path folder = new Path(arguments[0]);
        FileSystem files = FileSystem.newInstance(URI.create(arguments[0]), conf);
        // What a task stages on an object store lies in Spark's local folder.
        TestSpark.on("local[1]").getOrCreate();
        ExecutorService threads = Executors.newFixedThreadPool(WRITERS);
        WholeFiles whole = WholeFiles.of(files, folder);
        for (int round = 0; round < ROUNDS; round++) {
            Path shard = new Path(folder, "shard-" + round);
            List<Boolean> first = at(threads, writer -> {
                Path staged = whole.staged(folder, shard.getName() + "." + writer + ".part");
                try (FSDataOutputStream out = staged.getFileSystem(conf).create(staged)) {
                    out.write(("writer " + writer).getBytes(StandardCharsets.UTF_8));
                }
                return () -> whole.commit(staged, shard);
            });
            String content;
            try (var in = files.open(shard)) {
                content = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            }
            System.out.println("shard: " + first.stream().filter(won -> won).count() + " first, content of the first: "
                + content.equals("writer " + first.indexOf(true)));

            String run = new Path(folder, "run-" + round).toString();
            List<Optional<RunLock>> locked = at(threads, writer -> {
                OutputFolder out = OutputFolder.of(run, conf);
                return () -> {
                    try {
                        return Optional.of(out.lock());
                    } catch (InputException another) {
                        if (!another.getMessage().contains("by another driver")) {
                            throw another;
                        }
                        return Optional.empty();
                    }
                };
            });
            int held = 0;
            for (Optional<RunLock> lock : locked) {
                held += lock.isPresent() && lock.get().fence().isHeld(files) ? 1 : 0;
            }
            System.out.println("lock: " + held + " held, " + locked.stream().filter(Optional::isEmpty).count()
                + " told of another driver");
        }
        // Locks are not given back: their threads are daemons.
        System.exit(0);
    }

    /** What each writer prepares. */
    @FunctionalInterface
    private interface Writer<T> {
        Callable<T> prepare(int writer) throws Exception;
    }

    /** Lets all writers go when all are ready. */
    private static <T> List<T> at(ExecutorService threads, Writer<T> writer) throws Exception {
        CountDownLatch ready = new CountDownLatch(WRITERS);
        List<Future<T>> all = new ArrayList<>();
        for (int number = 0; number < WRITERS; number++) {
            Callable<T> prepared = writer.prepare(number);
            all.add(threads.submit(() -> {
                ready.countDown();
                ready.await();
                return prepared.call();
            }));
        }
        List<T> results = new ArrayList<>();
        for (Future<T> one : all) {
            results.add(one.get());
        }
        return results;
    }
}
