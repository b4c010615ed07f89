package org.bitdgdm.output;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.column.statistics.LongStatistics;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.ColumnPath;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Sha256;

/**
 * The files of {@code molecules/}, one for each shard. A shard is committed when a file of its name is listed; whether the
 * file is whole is another question, since disks fill, machines lose power and people copy folders.
 */
final class ShardFiles {
    private static final Pattern NAME = Pattern.compile("shard-(\\d{6,9})\\.parquet");
    private static final byte[] MAGIC = {'P', 'A', 'R', '1'};
    /** Magic at both ends and the length of the footer. */
    private static final int LEAST_BYTES = 12;
    private static final ColumnPath IDS = ColumnPath.get("graph_id");
    private static final int THREADS = 16;

    private final FileSystem files;
    private final Path folder;

    ShardFiles(FileSystem files, Path folder) {
        this.files = files;
        this.folder = folder;
    }

    /** File name of a shard. */
    static String name(int shard) {
        return String.format(Locale.ROOT, "shard-%06d.parquet", shard);
    }

    private FileStatus[] entries() throws IOException {
        try {
            return files.listStatus(folder);
        } catch (FileNotFoundException none) {
            return new FileStatus[0];
        }
    }

    /** Committed shards by number. */
    SortedMap<Integer, FileStatus> committed() throws IOException {
        SortedMap<Integer, FileStatus> committed = new TreeMap<>();
        for (FileStatus file : entries()) {
            Matcher name = NAME.matcher(file.getPath().getName());
            if (name.matches() && name(Integer.parseInt(name.group(1))).equals(name.group())) {
                committed.put(Integer.parseInt(name.group(1)), file);
            }
        }
        return committed;
    }

    /** Names that readers of the folder would take for a part of it and that are none of these shards. */
    List<String> strangers(Collection<Integer> shards) throws IOException {
        List<String> strangers = new ArrayList<>();
        for (FileStatus entry : entries()) {
            String name = entry.getPath().getName();
            Matcher shard = NAME.matcher(name);
            boolean known = shard.matches() && shards.contains(Integer.parseInt(shard.group(1)));
            if (!known && !name.startsWith("_") && !name.startsWith(".")) {
                strangers.add(name);
            }
        }
        Collections.sort(strangers);
        return strangers;
    }

    /**
     * Reads files from end to end: length, magic, footer, number and ids of rows, checksums of the file system and of
     * every page.
     *
     * @param wanted what committed shards must hold, by number
     * @return what is wrong, by number of the shard; whole ones are absent
     * @throws IOException if a file cannot be read, which says nothing about what it holds
     */
    SortedMap<Integer, String> damage(Map<Integer, ShardContent> wanted) throws IOException {
        return each(wanted.keySet(), (shard, file) -> damage(file, wanted.get(shard)));
    }

    /**
     * SHA-256 of committed shards.
     *
     * @param wanted numbers of shards
     * @return hashes by number; none where the shards are not on a local disk: other file systems know of damage themselves
     */
    SortedMap<Integer, String> hashes(Collection<Integer> wanted) throws IOException {
        if (wanted.isEmpty() || !files.exists(folder) || DiskSync.local(files, folder).isEmpty()) {
            return new TreeMap<>();
        }
        return each(wanted, (shard, file) -> {
            try (InputStream in = Files.newInputStream(DiskSync.local(files, file.getPath()).orElseThrow())) {
                return Optional.of(Sha256.of(in));
            }
        });
    }

    /** What is found out about a committed shard. */
    @FunctionalInterface
    private interface Question {
        Optional<String> ask(int shard, FileStatus file) throws IOException;
    }

    /** Asks several shards at once, those of the wanted that are committed; answers by number. */
    private SortedMap<Integer, String> each(Collection<Integer> wanted, Question question) throws IOException {
        SortedMap<Integer, FileStatus> committed = committed();
        committed.keySet().retainAll(wanted);
        SortedMap<Integer, String> answers = new TreeMap<>();
        if (committed.isEmpty()) {
            return answers;
        }
        ExecutorService threads = Executors.newFixedThreadPool(Math.min(THREADS, committed.size()), task -> {
            Thread thread = new Thread(task, "shard-check");
            thread.setDaemon(true);
            return thread;
        });
        try {
            Map<Integer, Future<Optional<String>>> checks = new TreeMap<>();
            committed.forEach((shard, file) ->
                checks.put(shard, threads.submit((Callable<Optional<String>>) () -> question.ask(shard, file))));
            for (Map.Entry<Integer, Future<Optional<String>>> check : checks.entrySet()) {
                check.getValue().get().ifPresent(what -> answers.put(check.getKey(), what));
            }
            return answers;
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof IOException unreadable ? unreadable : new IOException(failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while shards were checked", interrupted);
        } finally {
            threads.shutdownNow();
        }
    }

    private Optional<String> damage(FileStatus file, ShardContent wanted) throws IOException {
        if (!file.isFile()) {
            return Optional.of("is no file");
        }
        if (file.getLen() < LEAST_BYTES) {
            return Optional.of(file.getLen() + " bytes");
        }
        try {
            if (!hasMagic(file)) {
                return Optional.of("no Parquet at both ends of its " + file.getLen() + " bytes");
            }
            return otherRows(file, wanted);
        } catch (ChecksumException | EOFException damaged) {
            return Optional.of(InputException.oneLine(damaged));
        } catch (IOException failed) {
            // Parquet's own complaints of a footer are wrapped ones of its parser; those of the file system are not.
            if (failed.getCause() == null || failed.getCause() instanceof IOException) {
                throw failed;
            }
            return Optional.of(InputException.oneLine(failed));
        } catch (RuntimeException damaged) {
            return Optional.of(InputException.oneLine(damaged));
        }
    }

    private boolean hasMagic(FileStatus file) throws IOException {
        byte[] start = new byte[MAGIC.length];
        byte[] end = new byte[MAGIC.length];
        try (var in = files.open(file.getPath())) {
            in.readFully(0, start);
            in.readFully(file.getLen() - MAGIC.length, end);
        }
        return Arrays.equals(start, MAGIC) && Arrays.equals(end, MAGIC);
    }

    private Optional<String> otherRows(FileStatus file, ShardContent wanted) throws IOException {
        HadoopInputFile input = HadoopInputFile.fromStatus(file, files.getConf());
        var options = HadoopReadOptions.builder(files.getConf(), file.getPath()).usePageChecksumVerification(true).build();
        try (ParquetFileReader reader = ParquetFileReader.open(input, options)) {
            long rows = 0;
            long first = Long.MAX_VALUE;
            long last = Long.MIN_VALUE;
            for (BlockMetaData block : reader.getFooter().getBlocks()) {
                rows += block.getRowCount();
                for (ColumnChunkMetaData column : block.getColumns()) {
                    if (column.getPath().equals(IDS) && column.getStatistics() instanceof LongStatistics ids
                        && ids.hasNonNullValue()) {
                        first = Math.min(first, ids.getMin());
                        last = Math.max(last, ids.getMax());
                    }
                }
            }
            if (rows != wanted.rows()) {
                return Optional.of(rows + " rows instead of " + wanted.rows());
            }
            if (rows > 0 && (first != wanted.firstId() || last != wanted.lastId())) {
                return Optional.of("ids " + first + " to " + last + " instead of " + wanted.firstId() + " to "
                    + wanted.lastId());
            }
            // For the checksums alone.
            for (var group = reader.readNextRowGroup(); group != null; group = reader.readNextRowGroup()) {
                group.close();
            }
            return Optional.empty();
        }
    }
}
