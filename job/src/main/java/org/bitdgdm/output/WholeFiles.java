package org.bitdgdm.output;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.UUID;

import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.Utils;

/**
 * Files that appear under their names whole, in the way that their file system has for it.
 *
 * <p>A file system proper (local, HDFS) shows a file while it is written, and renames in one step: files are written in a
 * hidden folder of it, then renamed. An object store (s3a) shows an object when its upload is complete, and knows no rename,
 * only copies: files are uploaded under their own names, and what a task writes lies on its machine's disk until its commit,
 * so that a task that fails has shown nothing and nothing is copied. The file system itself says which kind it is: streams
 * that can be aborted, with nothing to be seen of them, are those of an object store.
 *
 * <p>Where the store has conditional writes, the first of several writers of one name wins. Where neither those nor renames
 * that refuse an existing name are to be had, the last one does: writers of a shard bring the same bytes.
 */
final class WholeFiles {
    private final FileSystem files;
    private final boolean uploads;
    private final boolean conditional;

    private WholeFiles(FileSystem files, boolean uploads, boolean conditional) {
        this.files = files;
        this.uploads = uploads;
        this.conditional = conditional;
    }

    /** Files of a folder, which need not exist. */
    static WholeFiles of(FileSystem files, Path folder) throws IOException {
        return new WholeFiles(files, files.hasPathCapability(folder, CommonPathCapabilities.ABORTABLE_STREAM),
            files.hasPathCapability(folder, Options.CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE));
    }

    /** Whether they are uploaded, not renamed. */
    boolean uploads() {
        return uploads;
    }

    /**
     * Where a task writes a file before {@link #commit}.
     *
     * @param hidden folder of the file system for files that are not committed
     * @param name   unique in it
     */
    Path staged(Path hidden, String name) throws IOException {
        if (!uploads) {
            return new Path(hidden, name);
        }
        java.nio.file.Path disk = java.nio.file.Path.of(Utils.getLocalDir(SparkEnv.get().conf()));
        return new Path(Files.createDirectories(disk).resolve(UUID.randomUUID() + "-" + name).toUri());
    }

    /**
     * Gives a staged file its name, unless there is a file of that name.
     *
     * @return whether it was this one
     */
    boolean commit(Path staged, Path target) throws IOException {
        if (!uploads) {
            DiskSync.content(files, staged);
            if (!files.exists(target) && files.rename(staged, target)) {
                DiskSync.names(files, target.getParent());
                return true;
            }
            if (!files.exists(target)) {
                throw new IOException("cannot rename " + staged + " to " + target);
            }
            files.delete(staged, false);
            return false;
        }
        FileSystem disk = staged.getFileSystem(files.getConf());
        boolean first;
        try (InputStream in = disk.open(staged)) {
            first = upload(target, in, false);
        }
        disk.delete(staged, false);
        return first;
    }

    /**
     * Makes a small file, unless there is one of that name. On an object store without conditional writes two writers of the
     * same moment may both believe that they were first: read it again to know.
     *
     * @return whether it was this one
     */
    boolean create(Path target, byte[] bytes) throws IOException {
        if (uploads) {
            return upload(target, new ByteArrayInputStream(bytes), false);
        }
        FSDataOutputStream created;
        try {
            created = files.create(target, false);
        } catch (IOException refused) {
            // HDFS has a refusal of its own for a file that another one is still writing.
            if (!files.exists(target)) {
                throw refused;
            }
            return false;
        }
        try (FSDataOutputStream out = created) {
            out.write(bytes);
        }
        return true;
    }

    /** Makes a small file on an object store, or replaces the one of that name in one step. */
    void upload(Path target, byte[] bytes) throws IOException {
        upload(target, new ByteArrayInputStream(bytes), true);
    }

    private boolean upload(Path target, InputStream content, boolean replace) throws IOException {
        if (!replace && files.exists(target)) {
            return false;
        }
        FSDataOutputStreamBuilder<?, ?> builder = files.createFile(target).overwrite(replace);
        if (!replace && conditional) {
            // Not a must: a file system that only hands on to this one (viewfs) knows no such option.
            builder.opt(Options.CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE, true);
        }
        FSDataOutputStream out = builder.build();
        try {
            content.transferTo(out);
        } catch (IOException | RuntimeException cut) {
            // Closing it would complete the upload of a part.
            out.abort();
            throw cut;
        }
        try {
            out.close();
        } catch (IOException refused) {
            // Another one was first, or this one, whose answer was lost and who asked again.
            if (replace || !conditional || !files.exists(target)) {
                throw refused;
            }
            return false;
        }
        return true;
    }
}
