package org.bitdgdm.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.model.PretrainedModel;
import org.bitdgdm.quantize.QuantizedBundle;

/**
 * Quantized models that runs share, in a folder of any file system that Hadoop knows: one folder for each model, named by the
 * hash of all that decides its bytes, with the files of {@link QuantizedBundle}.
 *
 * <p>An entry is read as a whole or not at all: a file appears under its name when it is complete, the packed model last, and
 * what is read must have the hash that its recipe says. Of two runs that make the same entry at once either may win: both
 * have the same packed bytes. The cache is no part of a run: what cannot be read is made again and what cannot be written is
 * left, each with one sentence.
 *
 * <p>It is bounded: whoever keeps a model removes those that were not used for longest, as long as all together take more than
 * {@value #MOST_BYTES} bytes. Where a file system keeps no time that can be set, an entry is as old as its making.
 */
public final class ModelCache {
    /** Value of {@code --cache} that switches it off. */
    private static final String NONE = "none";
    /** Where the folder of a user is told, besides {@code --cache}. */
    private static final String VARIABLE = "BITDGDM_CACHE";
    /** Hundreds of models of molecules. */
    static final long MOST_BYTES = 4L << 30;
    /** Names of entries; whatever else lies in the folder is not ours. */
    private static final Pattern ENTRY = Pattern.compile("[0-9a-f]{64}");
    /** Leaves the time of last access as it is. */
    private static final long UNCHANGED = -1;

    private final String named;
    private final FileSystem files;
    private final Path folder;
    private final PrintStream console;

    private ModelCache(String named, FileSystem files, Path folder, PrintStream console) {
        this.named = named;
        this.files = files;
        this.folder = folder;
        this.console = console;
    }

    /**
     * Names a folder; creates nothing.
     *
     * @param asked   path or URI; {@code none}: empty; nothing: the environment's {@code BITDGDM_CACHE}, else the user's own
     * @param hadoop  configuration of Spark's session
     * @param console is told what the cache gives, and what it cannot
     * @throws InputException if no file system answers for it
     */
    public static Optional<ModelCache> of(String asked, Configuration hadoop, PrintStream console) {
        String wanted = asked.isBlank() ? System.getenv().getOrDefault(VARIABLE, "") : asked;
        String named = wanted.isBlank() ? ofUser() : wanted;
        if (named.equals(NONE)) {
            return Optional.empty();
        }
        try {
            Path path = new Path(named);
            FileSystem files = path.getFileSystem(hadoop);
            return Optional.of(new ModelCache(named, files, files.makeQualified(path), console));
        } catch (IOException | IllegalArgumentException failed) {
            throw new InputException("--cache " + named + " cannot be used: " + InputException.oneLine(failed)
                + "; give another folder, or none", failed);
        }
    }

    /** As a URI, whatever Spark's default file system is; none where the user has no home. */
    private static String ofUser() {
        String base = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
        java.nio.file.Path folder = base.isBlank() ? java.nio.file.Path.of(System.getProperty("user.home"), ".cache")
            : java.nio.file.Path.of(base);
        return folder.isAbsolute() ? "file://" + folder.resolve("bitdgdm") : NONE;
    }

    /**
     * The name of a quantized model: a hash of the full-precision model, the recipe, this code and what calibrates.
     *
     * @param seed    of the calibration
     * @param backend that calibrates, see {@link org.bitdgdm.sample.BackendOpener#identity}, and what it calibrates on where
     *                that is given
     */
    public static String key(PretrainedModel bundle, QuantizeConf recipe, long seed, String backend, SparkContext spark)
        throws IOException {
        Map<String, Object> parts = new TreeMap<>(Versions.ofRows(spark));
        parts.put("tensors", bundle.sha256());
        parts.put("model", Sha256.of(PackedModelFormat.toBytes(bundle.packed())));
        parts.put("recipe", recipe);
        parts.put("seed", seed);
        parts.put("backend", backend);
        return Sha256.of(Json.MAPPER.writeValueAsString(parts).getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The model of a name; empty if there is none, or what is there is broken.
     *
     * @param unpack the packed model, of the form that is expected
     */
    public <M extends PackedNetwork> Optional<QuantizedBundle<M>> find(String key, String sourceSha256,
                                                                        Function<byte[], M> unpack) {
        Path entry = new Path(folder, key);
        try {
            if (!files.exists(new Path(entry, QuantizedBundle.PACKED_FILE))) {
                return Optional.empty();
            }
            QuantizedBundle<M> found = QuantizedBundle.read(read(new Path(entry, QuantizedBundle.RECIPE_FILE)),
                read(new Path(entry, QuantizedBundle.PACKED_FILE)), entry.toString(), unpack);
            if (!found.sourceSha256().equals(sourceSha256)) {
                throw new InputException(entry + " was quantized from tensors of SHA-256 " + found.sourceSha256() + ", not "
                    + sourceSha256);
            }
            console.println("quantized before: taken from " + entry);
            used(entry);
            return Optional.of(found);
        } catch (IOException | InputException broken) {
            console.println("quantizing again, since the model in the cache is broken: " + InputException.oneLine(broken));
            return Optional.empty();
        }
    }

    /** Tells the time of the last use; whoever may only read the cache cannot. */
    private void used(Path entry) {
        try {
            files.setTimes(new Path(entry, QuantizedBundle.PACKED_FILE), System.currentTimeMillis(), UNCHANGED);
        } catch (IOException notAllowed) {
            // An entry that seems unused goes first, and is made again by whom it is missing.
        }
    }

    /** Keeps a model under a name, in the place of what is there, and what fits beside it. */
    public void keep(String key, QuantizedBundle<?> bundle) {
        keep(key, bundle, MOST_BYTES);
    }

    void keep(String key, QuantizedBundle<?> bundle, long mostBytes) {
        Path entry = new Path(folder, key);
        try {
            Map<String, byte[]> content = bundle.files();
            for (String name : new String[] {QuantizedBundle.RECIPE_FILE, QuantizedBundle.PACKED_FILE}) {
                put(new Path(entry, name), content.get(name));
            }
        } catch (IOException failed) {
            console.println("the quantized model is not kept for other runs, since " + named + " cannot be written: "
                + InputException.oneLine(failed) + "; --cache names another folder, or none");
            return;
        }
        makeRoom(key, mostBytes);
    }

    /**
     * An entry as it lies there.
     *
     * @param bytes of its files
     * @param used  milliseconds of the epoch of its last use
     */
    private record Entry(Path folder, long bytes, long used) {
    }

    /** Removes entries of other names, those that were not used for longest first, until the rest is small enough. */
    private void makeRoom(String key, long mostBytes) {
        try {
            List<Entry> entries = entries();
            entries.sort(Comparator.comparingLong(Entry::used));
            long all = entries.stream().mapToLong(Entry::bytes).sum();
            for (Entry oldest : entries) {
                if (all > mostBytes && !oldest.folder().getName().equals(key)) {
                    files.delete(oldest.folder(), true);
                    all -= oldest.bytes();
                }
            }
        } catch (IOException failed) {
            console.println("models that were not used for long stay in " + named + ", which cannot be cleared: "
                + InputException.oneLine(failed));
        }
    }

    private List<Entry> entries() throws IOException {
        List<Entry> entries = new ArrayList<>();
        for (FileStatus status : files.listStatus(folder)) {
            if (!status.isDirectory() || !ENTRY.matcher(status.getPath().getName()).matches()) {
                continue;
            }
            try {
                long bytes = 0;
                long used = status.getModificationTime();
                for (FileStatus file : files.listStatus(status.getPath())) {
                    bytes += file.getLen();
                    used = file.getPath().getName().equals(QuantizedBundle.PACKED_FILE) ? file.getModificationTime() : used;
                }
                entries.add(new Entry(status.getPath(), bytes, used));
            } catch (FileNotFoundException cleared) {
                // By another run, which clears as well.
            }
        }
        return entries;
    }

    private void put(Path target, byte[] bytes) throws IOException {
        WholeFiles whole = WholeFiles.of(files, folder);
        if (whole.uploads()) {
            whole.upload(target, bytes);
            return;
        }
        Path staged = new Path(target.getParent(), "." + UUID.randomUUID());
        try {
            try (FSDataOutputStream out = files.create(staged, false)) {
                out.write(bytes);
            }
            DiskSync.content(files, staged);
            // A rename onto a broken file of that name is refused by some file systems.
            files.delete(target, false);
            if (!files.rename(staged, target) && !files.exists(target)) {
                throw new IOException("cannot rename " + staged + " to " + target);
            }
        } finally {
            files.delete(staged, false);
        }
    }

    private byte[] read(Path file) throws IOException {
        try (FSDataInputStream in = files.open(file)) {
            return in.readAllBytes();
        }
    }
}
