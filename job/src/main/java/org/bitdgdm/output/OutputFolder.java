package org.bitdgdm.output;

import java.io.BufferedWriter;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.conf.StoppedException;
import org.bitdgdm.kernels.Sha256;

/**
 * The folder of {@code --out}, on any file system that Hadoop knows (file:, hdfs:, s3a:).
 *
 * <p>It belongs to one run, named by a {@link Fingerprint}: the same run started again makes what is missing, a finished one
 * does nothing, another one is refused. No reader sees a part of a file: everything is written under {@code _run/}, which
 * Spark's readers skip, and then renamed into place, or uploaded in one piece ({@link WholeFiles}).
 *
 * <pre>
 * _SUCCESS                     the run is finished; as JSON its evaluation settings and what it has left
 * _run/fingerprint.json        whose folder this is
 * _run/lock.json, epoch-000003 which driver writes it now, and how many have
 * _run/timings.json            what its starts have taken
 * _run/staging/000003/         files being written; removed by the next start
 * molecules/shard-000012.parquet
 * metrics/, metrics.json, quantization.csv, run.json, report.html
 * </pre>
 *
 * <p>Nothing is created before {@link #lock}, which keeps two drivers from writing the same run at the same time. From then on
 * nothing is written, removed or put into place that has not been preceded by a look whether the lock is still held.
 */
public final class OutputFolder {
    /** Folder of the molecules. */
    public static final String MOLECULES = "molecules";

    private static final String RUN = "_run";
    private static final String STAGING = RUN + "/staging";
    private static final int FORMAT = 1;
    private static final String FINGERPRINT = "fingerprint";
    /** What a fingerprint calls the command; that of graphs of a model has none. */
    private static final String COMMAND = "command";
    private static final String GENERATE = "generate";
    private static final String EVALUATION = "evaluation";
    /** Folder of the cells of a sweep, runs of their own. */
    private static final String DETAILS = "details";
    /** In {@code _SUCCESS}: what the run has left, with its identity by name, and its shards. */
    private static final String RESULTS = "results";
    /** A name in a folder, neither hidden nor of a way out of it. */
    private static final Pattern RESULT = Pattern.compile("[^/:._][^/:]*");
    private static final String SHARDS = "shards";
    /** Where the SHA-256 stands in what is recorded of a shard. */
    private static final int HASH = 6;
    private static final int NAMED_SHARDS = 3;

    private final String named;
    /** A file system that is shared may have been made with another. */
    private final Configuration hadoop;
    private final FileSystem files;
    private final Path folder;
    private final Path molecules;
    private final ShardFiles shards;
    /** What the molecules of the run are, once they are complete. */
    private final SortedMap<Integer, ShardContent> complete = new TreeMap<>();
    /** Shards that are not what they were when the run was finished, and why; none before it is begun again. */
    private final SortedMap<Integer, String> changed = new TreeMap<>();
    /** Of the lock under which it is written; none before it is taken. */
    private RunLock.Fence fence;

    /** What a folder holds of the run asked for. */
    public enum State {
        /** Nothing. */
        NEW,
        /** A part: missing shards, metrics or report are to be made. */
        UNFINISHED,
        /** All of it. */
        FINISHED
    }

    private OutputFolder(String named, Configuration hadoop, FileSystem files, Path folder, Path molecules) {
        this.named = named;
        this.hadoop = hadoop;
        this.files = files;
        this.folder = folder;
        this.molecules = molecules;
        shards = new ShardFiles(files, molecules);
    }

    /**
     * Names a folder; creates nothing.
     *
     * @param out    path or URI; without a scheme, on the default file system of {@code hadoop}
     * @param hadoop configuration of Spark's session
     * @throws InputException if no file system answers for it
     */
    public static OutputFolder of(String out, Configuration hadoop) {
        return of(out, hadoop, MOLECULES);
    }

    /**
     * The same, with another name for the folder of the rows.
     *
     * @param rows name of that folder
     */
    public static OutputFolder of(String out, Configuration hadoop, String rows) {
        try {
            Path path = new Path(out);
            FileSystem files = path.getFileSystem(hadoop);
            Path folder = files.makeQualified(path);
            return new OutputFolder(out, hadoop, files, folder, new Path(folder, rows));
        } catch (IOException | IllegalArgumentException failed) {
            throw new InputException("--out " + out + " cannot be used: " + InputException.oneLine(failed)
                + "; give another folder", failed);
        }
    }

    /**
     * The folder of one cell of a sweep, a run of its own within this folder: {@code details/<cell>/}, its molecules beside
     * those of the other cells in {@code molecules/cell=<cell>/}, which Spark reads as one table with a column {@code cell}.
     */
    public OutputFolder cell(String cell) {
        String details = DETAILS + "/" + cell;
        OutputFolder ofCell = new OutputFolder(named + "/" + details, hadoop, files, new Path(folder, details),
            new Path(molecules, "cell=" + cell));
        ofCell.fence = fence;
        return ofCell;
    }

    /**
     * Looks whose folder this is; changes nothing.
     *
     * @throws InputException if it holds another run, or files that are not of a run, or cannot be read
     */
    public State state(Fingerprint asked) {
        try {
            FileStatus[] entries;
            try {
                entries = files.listStatus(folder);
            } catch (FileNotFoundException absent) {
                return State.NEW;
            }
            if (entries.length == 1 && entries[0].isFile() && entries[0].getPath().equals(folder)) {
                throw new InputException("--out " + named + " is a file; give a folder");
            }
            Path fingerprint = new Path(folder, RUN + "/fingerprint.json");
            if (!files.exists(fingerprint)) {
                for (FileStatus entry : entries) {
                    if (!entry.getPath().getName().equals(RUN)) {
                        throw new InputException("--out " + named + " is not empty and holds no run of this job (found "
                            + entry.getPath().getName() + "); give an empty or new folder");
                    }
                }
                return State.NEW;
            }
            requireSame(entries(read(fingerprint, FINGERPRINT).get(FINGERPRINT)), asked);
            return isFinished(asked) ? State.FINISHED : State.UNFINISHED;
        } catch (IOException failed) {
            throw new InputException("--out " + named + " cannot be read: " + InputException.oneLine(failed)
                + "; check its permissions or give another folder", failed);
        }
    }

    /** Whether all is still there as {@link #finish} has seen it; what is deleted, cut short or changed is made again. */
    private boolean isFinished(Fingerprint asked) throws IOException {
        JsonNode success;
        Map<String, String> results;
        try {
            if (!exists(RunFiles.SUCCESS)) {
                return false;
            }
            success = read(new Path(folder, RunFiles.SUCCESS), EVALUATION);
            if (!entries(success.get(EVALUATION)).equals(asked.evaluation())) {
                return false;
            }
            results = results(success);
        } catch (InputException | ChecksumException broken) {
            return false;
        }
        for (Map.Entry<String, String> result : results.entrySet()) {
            if (!isAsRecorded(result)) {
                return false;
            }
        }
        return holdsShards(success.path(SHARDS));
    }

    /**
     * What a finished run has left: identities by name. Names lead nowhere but into this folder, since what is not as
     * recorded is removed.
     *
     * @throws InputException if one would lead elsewhere
     */
    private Map<String, String> results(JsonNode success) {
        Map<String, String> results = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> result : success.path(RESULTS).properties()) {
            String name = result.getKey();
            String kept = RunFiles.KEPT_MODEL + "/";
            if (!RESULT.matcher(name.startsWith(kept) ? name.substring(kept.length()) : name).matches()) {
                throw new InputException("--out " + named + " has a broken " + RunFiles.SUCCESS + "; give another folder");
            }
            results.put(name, result.getValue().asText());
        }
        return results;
    }

    private boolean isAsRecorded(Map.Entry<String, String> result) throws IOException {
        try {
            return identity(files.getFileStatus(path(result.getKey()))).equals(result.getValue());
        } catch (FileNotFoundException | ChecksumException changed) {
            return false;
        }
    }

    /** Removes what has changed since the run was finished, so that it is made again; of shards {@link #wholeShards} does. */
    private void removeChanged() throws IOException {
        try {
            if (exists(RunFiles.SUCCESS)) {
                JsonNode success = read(path(RunFiles.SUCCESS), EVALUATION);
                for (Map.Entry<String, String> result : results(success).entrySet()) {
                    if (!isAsRecorded(result)) {
                        files.delete(path(result.getKey()), true);
                    }
                }
                changed.putAll(changedShards(success.path(SHARDS)));
            }
        } catch (InputException | ChecksumException broken) {
            // Nobody knows what has changed: all is made again from what lies in _run and in molecules.
        }
    }

    /** What tells a result from a changed one: of a file its bytes, of a table the size of its files. */
    private String identity(FileStatus result) throws IOException {
        if (result.isFile()) {
            return Sha256.of(read(result.getPath()));
        }
        if (List.of(molecules.getName(), DETAILS).contains(result.getPath().getName())) {
            return "folder";
        }
        long size = 0;
        int count = 0;
        for (FileStatus file : files.listStatus(result.getPath())) {
            size += file.getLen();
            count++;
        }
        return count + " files, " + size + " bytes";
    }

    /** Whether all recorded shards are there as they were, and nothing beside them. */
    private boolean holdsShards(JsonNode recorded) throws IOException {
        Set<Integer> known = new TreeSet<>();
        recorded.forEach(shard -> known.add(shard.path(0).asInt()));
        return known.isEmpty() || shards.committed().keySet().containsAll(known) && shards.strangers(known).isEmpty()
            && changedShards(recorded).isEmpty();
    }

    /**
     * Shards that are there and are not as recorded. On a local disk their bytes say so. Elsewhere a file of the same size and
     * time is the same, and any other is read from end to end.
     *
     * @return what is wrong, by number
     */
    private SortedMap<Integer, String> changedShards(JsonNode recorded) throws IOException {
        SortedMap<Integer, FileStatus> committed = shards.committed();
        Map<Integer, String> hashes = new TreeMap<>();
        recorded.forEach(shard -> {
            if (!shard.path(HASH).asText().isEmpty()) {
                hashes.put(shard.path(0).asInt(), shard.path(HASH).asText());
            }
        });
        SortedMap<Integer, String> found = shards.hashes(hashes.keySet());
        SortedMap<Integer, String> wrong = new TreeMap<>();
        Map<Integer, ShardContent> others = new TreeMap<>();
        for (JsonNode shard : recorded) {
            int number = shard.path(0).asInt();
            FileStatus file = committed.get(number);
            if (found.containsKey(number)) {
                if (!found.get(number).equals(hashes.get(number))) {
                    wrong.put(number, "other bytes than when the run was finished");
                }
            } else if (file != null
                && (file.getLen() != shard.path(4).asLong() || file.getModificationTime() != shard.path(5).asLong())) {
                others.put(number, new ShardContent(shard.path(1).asLong(), shard.path(2).asLong(), shard.path(3).asLong()));
            }
        }
        wrong.putAll(shards.damage(others));
        return wrong;
    }

    private void requireSame(Map<String, String> there, Fingerprint asked) {
        String command = there.getOrDefault(COMMAND, GENERATE);
        if (!command.equals(asked.rows().getOrDefault(COMMAND, GENERATE))) {
            throw new InputException("--out " + named + " holds a run of " + command + "; give another folder");
        }
        String difference = Fingerprint.difference(there, asked.rows());
        if (!difference.isEmpty()) {
            throw new InputException("--out " + named + " holds another run, which differs in " + difference
                + "; give another folder, or the options of that run to finish it");
        }
    }

    private static Map<String, String> entries(JsonNode node) {
        return Json.MAPPER.convertValue(node, new TypeReference<Map<String, String>>() {
        });
    }

    private JsonNode read(Path path, String key) throws IOException {
        byte[] bytes = read(path);
        try {
            JsonNode root = Json.tree(bytes);
            if (root.path("format").asInt() != FORMAT || !root.path(key).isObject()) {
                throw new InputException("--out " + named + " has a " + path.getName() + " that this version cannot read"
                    + " (format " + FORMAT + " expected); give another folder");
            }
            entries(root.get(key));
            return root;
        } catch (JacksonException | IllegalArgumentException broken) {
            throw new InputException("--out " + named + " has a broken " + path.getName() + "; give another folder", broken);
        }
    }

    /**
     * Keeps other drivers out until it is closed.
     *
     * @throws InputException if another driver is writing the folder, or it cannot be written
     */
    public RunLock lock() {
        try {
            RunLock lock = RunLock.take(files, path(RUN), named, RunLock.timeout(hadoop));
            fence = lock.fence();
            return lock;
        } catch (IOException failed) {
            throw unwritable(failed);
        }
    }

    private RuntimeException unwritable(IOException failed) {
        return FullDisk.of(failed, named).map(RuntimeException.class::cast).orElseGet(() -> new InputException("--out " + named
            + " cannot be written: " + InputException.oneLine(failed)
            + "; check its permissions or give another folder", failed));
    }

    /** Of the lock; empty where none was taken. */
    Optional<RunLock.Fence> fence() {
        return Optional.ofNullable(fence);
    }

    /** Before everything that changes the folder. */
    private void requireHeld() throws IOException {
        if (fence != null) {
            fence.requireHeld(files);
        }
    }

    /**
     * Takes the folder for a run: creates it where it is new, removes what a killed start left half-written and, where the
     * run was finished with another evaluation, its {@code _SUCCESS}. Does nothing where the run is finished.
     *
     * @throws InputException as {@link #state} does, or if the folder cannot be written
     */
    public void begin(Fingerprint run) {
        State state = state(run);
        if (state == State.FINISHED) {
            return;
        }
        try {
            requireHeld();
            removeStaging();
            removeChanged();
            files.delete(new Path(folder, RunFiles.SUCCESS), false);
            if (!files.mkdirs(staging())) {
                throw new IOException("cannot create " + staging());
            }
            if (state == State.NEW) {
                // Those of a cell lie elsewhere and may be what is left of another one.
                clearMolecules();
                publish(RUN + "/fingerprint.json", bytes(json(FINGERPRINT, run.rows())));
            }
        } catch (IOException failed) {
            throw unwritable(failed);
        }
    }

    /** Takes back that the run is finished, for a part of it that lies in folders of its own. */
    public void reopen() throws IOException {
        requireHeld();
        files.delete(path(RunFiles.SUCCESS), false);
    }

    /** Removes what this driver and those before it have staged; never what a successor has. */
    private void removeStaging() throws IOException {
        Path all = path(STAGING);
        if (files.exists(all)) {
            for (FileStatus staged : files.listStatus(all)) {
                if (fence == null || staged.getPath().getName().compareTo(staging().getName()) <= 0) {
                    files.delete(staged.getPath(), true);
                }
            }
        }
    }

    private static ObjectNode json(String key, Map<String, String> entries) {
        ObjectNode root = Json.MAPPER.createObjectNode().put("format", FORMAT);
        root.set(key, Json.MAPPER.valueToTree(entries));
        return root;
    }

    private static byte[] bytes(ObjectNode root) throws IOException {
        return Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    /** Shards that are committed; each is one file of {@code molecules/}. */
    public Set<Integer> committedShards() throws IOException {
        return shards.committed().keySet();
    }

    /**
     * Looks through the shards that earlier starts have left, and removes those that are not whole: they count as missing.
     *
     * @param wanted  shards of the run
     * @param console is told of those that are made again
     * @return numbers of the whole ones
     */
    public Set<Integer> wholeShards(Map<Integer, ShardContent> wanted, PrintStream console) throws IOException {
        SortedMap<Integer, String> damage = shards.damage(wanted);
        for (int shard : wanted.keySet()) {
            String since = changed.remove(shard);
            if (since != null) {
                damage.putIfAbsent(shard, since);
            }
        }
        for (int shard : damage.keySet()) {
            requireHeld();
            files.delete(new Path(molecules, ShardFiles.name(shard)), true);
        }
        if (!damage.isEmpty()) {
            List<String> named = new ArrayList<>();
            damage.entrySet().stream().limit(NAMED_SHARDS)
                .forEach(one -> named.add(ShardFiles.name(one.getKey()) + " (" + one.getValue() + ")"));
            boolean one = damage.size() == 1;
            console.printf("%s in %s %s damaged and %s made again: %s%s%n", Amount.of(damage.size(), "shard"), this,
                one ? "is" : "are", one ? "is" : "are", String.join(", ", named), damage.size() > named.size() ? ", …" : "");
        }
        Set<Integer> whole = new TreeSet<>(committedShards());
        whole.retainAll(wanted.keySet());
        return whole;
    }

    /**
     * Refuses files that readers of {@code molecules/} would take for shards.
     *
     * @param known all shards of the run
     * @throws InputException naming the first
     */
    void requireNoStrangers(Set<Integer> known) throws IOException {
        List<String> strangers = shards.strangers(known);
        if (!strangers.isEmpty()) {
            throw new InputException("--out " + named + " has " + strangers.get(0) + " in " + molecules.getName()
                + ", which is no shard of this run and would be read as one; remove it");
        }
    }

    /**
     * Puts a small file into the folder, replacing one of that name; a reader sees the old file, none, or the new one.
     *
     * @param name relative path, for example {@code metrics.json}
     */
    public void publish(String name, byte[] bytes) throws IOException {
        publish(new Path(folder, name), bytes);
    }

    private void publish(Path target, byte[] bytes) throws IOException {
        requireHeld();
        WholeFiles whole = WholeFiles.of(files, folder);
        if (whole.uploads()) {
            whole.upload(target, bytes);
            return;
        }
        Path staged = new Path(staging(), UUID.randomUUID().toString());
        try (FSDataOutputStream out = files.create(staged, false)) {
            out.write(bytes);
            if (out.hasCapability(StreamCapabilities.HSYNC)) {
                out.hsync();
            }
        }
        place(staged, target);
    }

    /**
     * Writes a small table as a folder with one Parquet file and puts it into place, replacing one of that name.
     *
     * @param name for example {@code metrics}
     */
    public void publishTable(String name, Dataset<Row> table) throws IOException {
        requireHeld();
        Path staged = new Path(staging(), name + "-" + UUID.randomUUID());
        table.coalesce(1).write().parquet(staged.toString());
        if (!WholeFiles.of(files, folder).uploads()) {
            place(staged, new Path(folder, name));
            return;
        }
        for (FileStatus file : files.listStatus(staged)) {
            if (file.getPath().getName().startsWith("part-")) {
                requireHeld();
                files.delete(path(name), true);
                publish(name + "/part-00000.parquet", read(file.getPath()));
            }
        }
        files.delete(staged, true);
    }

    /**
     * Writes a file of text and puts it into place, replacing one of that name.
     *
     * @param name  for example {@code sequences.fasta}
     * @param lines in their order, without line ends
     */
    public void publishText(String name, Iterator<String> lines) throws IOException {
        requireHeld();
        files.mkdirs(staging());
        Path staged = new Path(staging(), UUID.randomUUID().toString());
        try (Writer out = new BufferedWriter(new OutputStreamWriter(files.create(staged, false), StandardCharsets.UTF_8))) {
            while (lines.hasNext()) {
                out.write(lines.next());
                out.write('\n');
            }
        }
        place(staged, path(name));
    }

    private void place(Path staged, Path target) throws IOException {
        // Deleted first: rename onto a folder would move into it, and a local rename keeps the old file's checksum a while.
        DiskSync.content(files, staged);
        requireHeld();
        files.delete(target, true);
        files.mkdirs(target.getParent());
        if (!files.rename(staged, target)) {
            requireHeld();
            throw new IOException("cannot rename " + staged + " to " + target);
        }
        DiskSync.names(files, target.getParent());
    }

    /** Whether a file was published. */
    public boolean exists(String name) throws IOException {
        return files.exists(new Path(folder, name));
    }

    /** Removes all shards; for runs whose shards cannot be told apart from those of an earlier start. */
    public void clearMolecules() throws IOException {
        requireHeld();
        files.delete(molecules(), true);
    }

    /**
     * Tells readers of {@code molecules/} that all shards are there.
     *
     * @param run all shards of the run
     * @throws InputException    if there are other files, which would be read as shards
     * @throws StoppedException if one is not there
     */
    public void completeMolecules(Map<Integer, ShardContent> run) throws IOException {
        requireNoStrangers(run.keySet());
        Set<Integer> missing = new TreeSet<>(run.keySet());
        missing.removeAll(committedShards());
        if (!missing.isEmpty()) {
            throw new StoppedException("--out " + named + " has lost " + missing.size() + " of " + run.size()
                + " shards while the run went on, the first is " + ShardFiles.name(missing.iterator().next())
                + "; the same command makes them again");
        }
        complete.clear();
        complete.putAll(run);
        publish(new Path(molecules, RunFiles.SUCCESS), new byte[0]);
    }

    /**
     * Gives the folder up: for a start that finds its input wrong after {@link #begin}, and before anything that is worth
     * keeping was made. Files of others stay.
     */
    public void discard() throws IOException {
        clearMolecules();
        requireHeld();
        files.delete(path(RUN), true);
        if (files.listStatus(folder).length == 0) {
            files.delete(folder, false);
        }
    }

    /** Reads a file that was published; for a finished run, which computes nothing again. */
    public byte[] read(String name) throws IOException {
        return read(new Path(folder, name));
    }

    private byte[] read(Path path) throws IOException {
        try (var in = files.open(path)) {
            return in.readAllBytes();
        }
    }

    /** Declares the run finished: nothing is written after this. */
    public void finish(Fingerprint run) throws IOException {
        ObjectNode success = json(EVALUATION, run.evaluation());
        ObjectNode results = success.putObject(RESULTS);
        for (FileStatus entry : files.listStatus(folder)) {
            String name = entry.getPath().getName();
            if (RESULT.matcher(name).matches()) {
                results.put(name, identity(entry));
            }
        }
        if (exists(RunFiles.KEPT_MODEL)) {
            for (FileStatus kept : files.listStatus(path(RunFiles.KEPT_MODEL))) {
                results.put(RunFiles.KEPT_MODEL + "/" + kept.getPath().getName(), identity(kept));
            }
        }
        ArrayNode list = success.putArray(SHARDS);
        SortedMap<Integer, FileStatus> committed = shards.committed();
        SortedMap<Integer, String> hashes = shards.hashes(complete.keySet());
        complete.forEach((shard, content) -> list.addArray().add(shard).add(content.rows()).add(content.firstId())
            .add(content.lastId()).add(committed.get(shard).getLen()).add(committed.get(shard).getModificationTime())
            .add(hashes.getOrDefault(shard, "")));
        publish(RunFiles.SUCCESS, bytes(success));
        requireHeld();
        removeStaging();
        if (files.exists(path(STAGING)) && files.listStatus(path(STAGING)).length == 0) {
            files.delete(path(STAGING), false);
        }
    }

    /** The folder of the molecules. */
    public Path molecules() {
        return molecules;
    }

    /** Where files are written before they are renamed into place; on the same file system. */
    Path staging() {
        return fence == null ? path(STAGING) : new Path(path(STAGING), String.format(Locale.ROOT, "%06d", fence.epoch()));
    }

    /** Full path of the folder or of something in it. */
    public Path path(String name) {
        return name.isEmpty() ? folder : new Path(folder, name);
    }

    @Override
    public String toString() {
        return named;
    }
}
