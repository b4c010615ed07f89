package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.bitdgdm.conf.InputException;

/**
 * A file of {@code torch.save} (PyTorch 1.6 and later), such as a PyTorch-Lightning checkpoint: a zip archive of one
 * folder with a pickle {@code data.pkl} and the numbers of each storage in {@code data/<key>}.
 *
 * <p>An archive in which every checksum is 0 has none ({@code torch.utils.serialization.config.save.compute_crc32 = False});
 * in any other, a checksum that does not match is damage.
 *
 * <p>Entries must be stored uncompressed, as {@code torch.save} does, so no entry can unfold to more than the file has;
 * and all tensors read from one file together may have no more elements than the file has bytes, so neither can views
 * that repeat or share a storage.
 */
final class CheckpointReader implements AutoCloseable {
    private static final String PICKLE = "data.pkl";
    private static final int MAX_PICKLE_BYTES = 32 << 20;
    /** So many elements may be read from any file, however small. */
    private static final long FREE_ELEMENTS = 1 << 16;
    private static final String REMEDY = "; get the file again from a source you trust";

    private final Path file;
    private final ZipFile zip;
    private final boolean checksums;
    private final String folder;
    private final Pickled.Dict root;
    private long elementsLeft;
    private String lastKey;
    private ByteBuffer lastStorage;

    private CheckpointReader(Path file, ZipFile zip) throws IOException {
        this.file = file;
        this.zip = zip;
        elementsLeft = Math.max(Files.size(file), FREE_ELEMENTS);
        checksums = zip.stream().anyMatch(entry -> entry.getCrc() != 0);
        folder = folder();
        requireLittleEndian();
        Object value;
        try {
            value = PickleReader.read(entry(PICKLE, MAX_PICKLE_BYTES));
        } catch (IllegalArgumentException e) {
            throw refusal(PICKLE + ": " + e.getMessage(), e);
        }
        if (!(value instanceof Pickled.Dict)) {
            throw refusal(PICKLE + " holds no dictionary of a checkpoint", null);
        }
        root = (Pickled.Dict) value;
    }

    /**
     * Opens a checkpoint and reads its pickle; the numbers are read on demand.
     *
     * @throws InputException if the file is not such an archive
     */
    static CheckpointReader open(Path file) {
        try {
            ZipFile zip = new ZipFile(file.toFile());
            try {
                return new CheckpointReader(file, zip);
            } catch (IOException | RuntimeException e) {
                zip.close();
                throw e;
            }
        } catch (ZipException e) {
            throw new InputException(file + " is no whole zip archive, as a PyTorch checkpoint is (" + e.getMessage()
                + "); it may be truncated, copy it again", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    /** The top of the pickle: {@code state_dict}, {@code hyper_parameters} and so on. */
    Pickled.Dict root() {
        return root;
    }

    /**
     * The tensors of the model, in the order of the file.
     *
     * @throws InputException if there are none
     */
    Map<String, StoredTensor> tensors() {
        return tensors(root.has("state_dict") ? root.get("state_dict") : root);
    }

    /**
     * The tensors of a state_dict that the pickle holds, in its order.
     *
     * @throws InputException if there are none, or it holds something else
     */
    Map<String, StoredTensor> tensors(Object found) {
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        if (found instanceof Pickled.Dict stateDict) {
            for (Map.Entry<Object, Object> entry : stateDict.entries().entrySet()) {
                if (!(entry.getKey() instanceof String name) || !(entry.getValue() instanceof Pickled.View tensor)) {
                    throw refusal("entry '" + excerpt(entry.getKey().toString())
                        + "' of its state_dict is no tensor that lies densely in a storage, found "
                        + kind(entry.getValue()), null);
                }
                tensors.put(name, stored(name, tensor));
            }
        }
        if (tensors.isEmpty()) {
            throw refusal(PICKLE + " has no state_dict with tensors", null);
        }
        return tensors;
    }

    private static String kind(Object value) {
        return value == null ? "None" : value instanceof Pickled.Instance object ? excerpt(object.toString())
            : value instanceof Pickled.Dict ? "a dictionary" : value instanceof List<?> ? "a list"
            : "a " + value.getClass().getSimpleName();
    }

    private StoredTensor stored(String name, Pickled.View tensor) {
        requireKnown(name, tensor.storage());
        return new StoredTensor(name, tensor.storage().type(), tensor.shape(), () -> values(name, tensor));
    }

    private void requireKnown(String name, Pickled.Storage storage) {
        if (storage.type() == null) {
            throw refusal("tensor " + excerpt(name) + " is kept in the unknown storage " + excerpt(storage.typeName()),
                null);
        }
    }

    /** The numbers of a tensor in row-major order, whatever its strides. */
    float[] values(String name, Pickled.View tensor) {
        requireKnown(name, tensor.storage());
        long size = tensor.size();
        elementsLeft -= size;
        if (elementsLeft < 0) {
            throw refusal("tensor " + excerpt(name) + " of " + size
                + " elements repeats numbers, so that all tensors have more of them than the file has bytes", null);
        }
        float[] values = new float[(int) size];
        if (values.length == 0) {
            return values;
        }
        StoredTensor.ElementType type = tensor.storage().type();
        ByteBuffer storage = storage(name, tensor.storage());
        int[] index = new int[tensor.shape().length];
        long at = tensor.offset();
        for (int i = 0; i < values.length; i++) {
            values[i] = type.get(storage, Math.toIntExact(at * type.bytes()));
            for (int axis = index.length - 1; axis >= 0; axis--) {
                at += tensor.stride()[axis];
                if (++index[axis] < tensor.shape()[axis]) {
                    break;
                }
                at -= tensor.stride()[axis] * index[axis];
                index[axis] = 0;
            }
        }
        return values;
    }

    private ByteBuffer storage(String name, Pickled.Storage storage) {
        if (!storage.key().equals(lastKey)) {
            try {
                lastStorage = ByteBuffer.wrap(entry("data/" + storage.key(), Integer.MAX_VALUE - Long.BYTES))
                    .order(ByteOrder.LITTLE_ENDIAN);
            } catch (ZipException e) {
                throw refusal("the numbers of tensor " + excerpt(name) + " cannot be read (" + e.getMessage() + ")", e);
            } catch (IOException e) {
                throw unreadable(file, e);
            }
            lastKey = storage.key();
        }
        int bytesEach = storage.type().bytes();
        if (lastStorage.capacity() % bytesEach != 0 || lastStorage.capacity() / bytesEach != storage.size()) {
            throw refusal("the numbers of tensor " + excerpt(name) + " have " + lastStorage.capacity() + " bytes where "
                + storage.size() + " of type " + storage.type() + ", " + bytesEach + " bytes each, belong", null);
        }
        return lastStorage;
    }

    /** The one folder that holds everything. */
    private String folder() {
        List<String> pickles = zip.stream().map(ZipEntry::getName)
            .filter(name -> name.endsWith("/" + PICKLE) && name.indexOf('/') == name.length() - PICKLE.length() - 1)
            .limit(2).toList();
        if (pickles.size() != 1) {
            throw refusal("it has " + (pickles.isEmpty() ? "no" : "more than one") + " entry */" + PICKLE
                + ", which torch.save writes once", null);
        }
        return pickles.get(0).substring(0, pickles.get(0).length() - PICKLE.length());
    }

    private void requireLittleEndian() throws IOException {
        if (zip.getEntry(folder + "byteorder") != null) {
            String order = new String(entry("byteorder", 16), StandardCharsets.US_ASCII).strip();
            if (!order.equals("little")) {
                throw new InputException(file + " has the byte order '" + excerpt(order)
                    + "', only little is read; save it again on a little-endian machine");
            }
        }
    }

    /** The bytes of an entry, checked against its size and checksum. */
    private byte[] entry(String name, int maxBytes) throws IOException {
        ZipEntry entry = zip.getEntry(folder + name);
        if (entry == null) {
            throw refusal("it has no entry " + excerpt(folder + name), null);
        }
        if (entry.getMethod() != ZipEntry.STORED || entry.getSize() != entry.getCompressedSize()) {
            throw new InputException(file + ": entry " + excerpt(entry.getName()) + " is compressed ("
                + entry.getCompressedSize() + " bytes that claim to become " + entry.getSize()
                + "), which torch.save never does; save the checkpoint again with torch.save");
        }
        if (entry.getSize() > maxBytes || entry.getSize() > Files.size(file)) {
            throw refusal("entry " + excerpt(entry.getName()) + " claims " + entry.getSize() + " bytes, at most "
                + Math.min(maxBytes, Files.size(file)) + " are possible", null);
        }
        byte[] bytes;
        try (InputStream in = zip.getInputStream(entry)) {
            bytes = in.readNBytes((int) entry.getSize());
        }
        CRC32 checksum = new CRC32();
        checksum.update(bytes);
        if (bytes.length != entry.getSize() || checksums && checksum.getValue() != entry.getCrc()) {
            throw refusal("entry " + excerpt(entry.getName()) + " has another length or checksum than the archive says",
                null);
        }
        return bytes;
    }

    private InputException refusal(String found, Throwable cause) {
        return new InputException(file + " is no checkpoint that can be read: " + found + REMEDY, cause);
    }

    private static InputException unreadable(Path file, IOException e) {
        return new InputException("cannot read " + file + ": " + e.getMessage() + "; check the path and its permissions", e);
    }

    @Override
    public void close() {
        try {
            zip.close();
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }
}
