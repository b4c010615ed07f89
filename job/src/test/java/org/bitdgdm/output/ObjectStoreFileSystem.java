package org.bitdgdm.output;

import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.hadoop.fs.Abortable;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.Options.CreateFileOptionKeys;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk under another scheme, as an object store: a file appears when its stream is closed, a stream can be aborted,
 * a write can be conditional, and there is no rename.
 */
public final class ObjectStoreFileSystem extends RawLocalFileSystem {
    /** Hadoop's setting: whether writes can be conditional. */
    static final String CONDITIONAL = "fs.store.conditional";
    /** Uploads that were not aborted, and those that were. */
    static final AtomicInteger UPLOADS = new AtomicInteger();
    static final AtomicInteger ABORTED = new AtomicInteger();

    private static final URI NAME = URI.create("store:///");

    @Override
    public URI getUri() {
        return NAME;
    }

    @Override
    public String getScheme() {
        return NAME.getScheme();
    }

    @Override
    public boolean hasPathCapability(Path path, String capability) throws IOException {
        return switch (capability) {
            case CommonPathCapabilities.ABORTABLE_STREAM -> true;
            case CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE -> getConf().getBoolean(CONDITIONAL, true);
            default -> super.hasPathCapability(path, capability);
        };
    }

    @Override
    public boolean rename(Path from, Path to) {
        throw new UnsupportedOperationException("copies " + from + " to " + to);
    }

    @Override
    public FSDataOutputStream create(Path path, FsPermission permission, boolean overwrite, int bufferSize, short replication,
                                     long blockSize, Progressable progress) throws IOException {
        if (!overwrite && exists(path)) {
            throw new FileAlreadyExistsException(path.toString());
        }
        return new FSDataOutputStream(new Upload(path, false), null);
    }

    @Override
    public FSDataOutputStreamBuilder<?, ?> createFile(Path path) {
        return new Builder(path);
    }

    private final class Builder extends FSDataOutputStreamBuilder<FSDataOutputStream, Builder> {
        private final Path path;

        Builder(Path path) {
            super(ObjectStoreFileSystem.this, path);
            this.path = path;
        }

        @Override
        public Builder getThisBuilder() {
            return this;
        }

        @Override
        public FSDataOutputStream build() {
            return new FSDataOutputStream(new Upload(path,
                getOptions().getBoolean(CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE, false)), null);
        }
    }

    private final class Upload extends ByteArrayOutputStream implements Abortable {
        private final java.nio.file.Path file;
        private final boolean conditional;
        private boolean over;

        Upload(Path path, boolean conditional) {
            file = pathToFile(path).toPath();
            this.conditional = conditional;
        }

        @Override
        public AbortableResult abort() {
            over = true;
            ABORTED.incrementAndGet();
            return null;
        }

        @Override
        public void close() throws IOException {
            if (over) {
                return;
            }
            over = true;
            synchronized (ObjectStoreFileSystem.class) {
                if (conditional && Files.exists(file)) {
                    throw new IOException("412, precondition failed");
                }
                Files.createDirectories(file.getParent());
                try (OutputStream out = new FileOutputStream(file.toFile())) {
                    writeTo(out);
                }
                UPLOADS.incrementAndGet();
            }
        }
    }
}
