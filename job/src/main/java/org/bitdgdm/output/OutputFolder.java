package org.bitdgdm.output;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.bitdgdm.conf.InputException;

/**
 * The folder of {@code --out}, on any file system that Hadoop knows (file:, hdfs:, s3a:).
 *
 * <p>It belongs to one run, named by a {@link Fingerprint}: the same run started again makes what is missing, a finished one
 * does nothing, another one is refused. No reader sees a part of a file: everything is written under {@code _run/}, which
 * Spark's readers skip, and then renamed into place, or uploaded in one piece ({@link WholeFiles}).
 *
 * <pre>
 * _SUCCESS                     the run is finished; its evaluation settings as JSON
 * _run/fingerprint.json        whose folder this is
 * _run/lock.json               which driver writes it now
 * _run/timings.json            what its starts have taken
 * _run/staging/                files being written; removed by the next start
 * molecules/shard-000012.parquet
 * metrics/, metrics.json, quantization.csv, run.json, report.html
 * </pre>
 *
 * <p>Nothing is created before {@link #lock}, which keeps two drivers from writing the same run at the same time: each would
 * remove the other's unfinished files.
 */
public final class OutputFolder {
    /** Folder of the molecules. */
    public static final String MOLECULES = "molecules";

    private static final String RUN = "_run";
    private static final String SUCCESS = "_SUCCESS";
    private static final int FORMAT = 1;
    private static final String FINGERPRINT = "fingerprint";
    private static final String EVALUATION = "evaluation";
    /** In {@code _SUCCESS}: names of what the run has left, and the number of its shards. */
    private static final String RESULTS = "results";
    private static final String SHARDS = "shards";
    private static final Pattern SHARD = Pattern.compile("shard-(\\d{6,})\\.parquet");
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String named;
    private final FileSystem files;
    private final Path folder;
    private final Path molecules;

    /** What a folder holds of the run asked for. */
    public enum State {
        /** Nothing. */
        NEW,
        /** A part: missing shards, metrics or report are to be made. */
        UNFINISHED,
        /** All of it. */
        FINISHED
    }

    private OutputFolder(String named, FileSystem files, Path folder, Path molecules) {
        this.named = named;
        this.files = files;
        this.folder = folder;
        this.molecules = molecules;
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
            return new OutputFolder(out, files, folder, new Path(folder, rows));
        } catch (IOException | IllegalArgumentException failed) {
            throw new InputException("--out " + out + " cannot be used: " + oneLine(failed)
                + "; give another folder", failed);
        }
    }

    /**
     * The folder of one cell of a sweep, a run of its own within this folder: {@code details/<cell>/}, its molecules beside
     * those of the other cells in {@code molecules/cell=<cell>/}, which Spark reads as one table with a column {@code cell}.
     */
    public OutputFolder cell(String cell) {
        String details = "details/" + cell;
        return new OutputFolder(named + "/" + details, files, new Path(folder, details),
            new Path(molecules, "cell=" + cell));
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
            Path success = new Path(folder, SUCCESS);
            if (!files.exists(success)) {
                return State.UNFINISHED;
            }
            JsonNode found = read(success, EVALUATION);
            return entries(found.get(EVALUATION)).equals(asked.evaluation()) && holdsResults(found)
                ? State.FINISHED : State.UNFINISHED;
        } catch (IOException failed) {
            throw new InputException("--out " + named + " cannot be read: " + oneLine(failed)
                + "; check its permissions or give another folder", failed);
        }
    }

    /** Whether all is still there that {@link #finish} has seen; what somebody has deleted is made again. */
    private boolean holdsResults(JsonNode success) throws IOException {
        for (JsonNode name : success.path(RESULTS)) {
            if (!files.exists(new Path(folder, name.asText()))) {
                return false;
            }
        }
        return committedShards().size() >= success.path(SHARDS).asInt();
    }

    private void requireSame(Map<String, String> there, Fingerprint asked) {
        String difference = Fingerprint.difference(there, asked.rows());
        if (!difference.isEmpty()) {
            throw new InputException("--out " + named + " holds another run, which differs in " + difference
                + "; give another folder, or the options of that run to finish it");
        }
    }

    private static Map<String, String> entries(JsonNode node) {
        return JSON.convertValue(node, new TypeReference<Map<String, String>>() {
        });
    }

    private JsonNode read(Path path, String key) throws IOException {
        byte[] bytes = read(path);
        try {
            JsonNode root = JSON.readTree(bytes);
            if (root == null || root.path("format").asInt() != FORMAT || !root.path(key).isObject()) {
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
            return RunLock.take(files, new Path(folder, RUN + "/lock.json"), named);
        } catch (IOException failed) {
            throw new InputException("--out " + named + " cannot be written: " + oneLine(failed)
                + "; check its permissions or give another folder", failed);
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
            files.delete(staging(), true);
            files.delete(new Path(folder, SUCCESS), false);
            if (!files.mkdirs(staging())) {
                throw new IOException("cannot create " + staging());
            }
            if (state == State.NEW) {
                // Those of a cell lie elsewhere and may be what is left of another one.
                clearMolecules();
                publish(RUN + "/fingerprint.json", bytes(json(FINGERPRINT, run.rows())));
            }
        } catch (IOException failed) {
            throw new InputException("--out " + named + " cannot be written: " + oneLine(failed)
                + "; check its permissions or give another folder", failed);
        }
    }

    private static ObjectNode json(String key, Map<String, String> entries) {
        ObjectNode root = JSON.createObjectNode().put("format", FORMAT);
        root.set(key, JSON.valueToTree(entries));
        return root;
    }

    private static byte[] bytes(ObjectNode root) throws IOException {
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    }

    /** Shards that are complete; each is one file of {@code molecules/}. */
    public Set<Integer> committedShards() throws IOException {
        Set<Integer> committed = new TreeSet<>();
        if (files.exists(molecules())) {
            for (FileStatus file : files.listStatus(molecules())) {
                Matcher name = SHARD.matcher(file.getPath().getName());
                if (name.matches()) {
                    committed.add(Integer.parseInt(name.group(1)));
                }
            }
        }
        return committed;
    }

    /** File name of a shard. */
    static String shardName(int shard) {
        return String.format(java.util.Locale.ROOT, "shard-%06d.parquet", shard);
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
        WholeFiles whole = WholeFiles.of(files, folder);
        if (whole.uploads()) {
            whole.upload(target, bytes);
            return;
        }
        Path staged = new Path(staging(), UUID.randomUUID().toString());
        try (OutputStream out = files.create(staged, false)) {
            out.write(bytes);
        }
        place(staged, target);
    }

    /**
     * Writes a small table as a folder with one Parquet file and puts it into place, replacing one of that name.
     *
     * @param name for example {@code metrics}
     */
    public void publishTable(String name, Dataset<Row> table) throws IOException {
        Path staged = new Path(staging(), name + "-" + UUID.randomUUID());
        table.coalesce(1).write().parquet(staged.toString());
        if (!WholeFiles.of(files, folder).uploads()) {
            place(staged, new Path(folder, name));
            return;
        }
        for (FileStatus file : files.listStatus(staged)) {
            if (file.getPath().getName().startsWith("part-")) {
                files.delete(path(name), true);
                publish(name + "/part-00000.parquet", read(file.getPath()));
            }
        }
        files.delete(staged, true);
    }

    private void place(Path staged, Path target) throws IOException {
        // Deleted first: rename onto a folder would move into it, and a local rename keeps the old file's checksum a while.
        files.delete(target, true);
        files.mkdirs(target.getParent());
        if (!files.rename(staged, target)) {
            throw new IOException("cannot rename " + staged + " to " + target);
        }
    }

    /** Whether a file was published. */
    public boolean exists(String name) throws IOException {
        return files.exists(new Path(folder, name));
    }

    /** Removes all shards; for runs whose shards cannot be told apart from those of an earlier start. */
    public void clearMolecules() throws IOException {
        files.delete(molecules(), true);
    }

    /** Tells readers of {@code molecules/} that all shards are there. */
    public void completeMolecules() throws IOException {
        publish(new Path(molecules, SUCCESS), new byte[0]);
    }

    /**
     * Gives the folder up: for a start that finds its input wrong after {@link #begin}, and before anything that is worth
     * keeping was made. Files of others stay.
     */
    public void discard() throws IOException {
        clearMolecules();
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
        ObjectNode success = json(EVALUATION, run.evaluation()).put(SHARDS, committedShards().size());
        ArrayNode results = success.putArray(RESULTS);
        for (FileStatus entry : files.listStatus(folder)) {
            String name = entry.getPath().getName();
            if (!name.startsWith("_")) {
                results.add(name);
            }
        }
        publish(SUCCESS, bytes(success));
        files.delete(staging(), true);
    }

    /** The folder of the molecules. */
    public Path molecules() {
        return molecules;
    }

    /** Where files are written before they are renamed into place; on the same file system. */
    Path staging() {
        return new Path(folder, RUN + "/staging");
    }

    /** Full path of the folder or of something in it. */
    public Path path(String name) {
        return name.isEmpty() ? folder : new Path(folder, name);
    }

    @Override
    public String toString() {
        return named;
    }

    private static String oneLine(Exception failed) {
        String message = failed.getMessage() == null ? failed.getClass().getSimpleName() : failed.getMessage();
        return message.lines().findFirst().orElse("").strip();
    }
}
