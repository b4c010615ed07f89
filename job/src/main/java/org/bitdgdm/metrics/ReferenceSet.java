package org.bitdgdm.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.Canonicaliser;

/**
 * What is kept of a training set: sorted distinct 64-bit hashes of its canonical SMILES, for novelty, and its
 * distributions, for charts. Never its molecules.
 *
 * <p>In a folder: {@code reference.json} (format version, who wrote the SMILES and how, counts, distributions, SHA-256 of
 * the hashes) and {@code reference.hashes} (the hashes, 8 bytes little-endian each, ascending as signed numbers).
 */
public final class ReferenceSet {
    /** File of everything but the hashes. */
    public static final String FACTS_FILE = "reference.json";
    /** File of the hashes. */
    public static final String HASHES_FILE = "reference.hashes";
    /**
     * The version written, and the only one read. Version 1 lacks scaffolds and has wider bins; 2 has the logP of spellings
     * rather than of molecules. Both are to be built again.
     */
    public static final int FORMAT = 3;
    private static final long MAX_FACTS_BYTES = 16 << 20;
    private static final long MAX_HASHES_BYTES = Integer.MAX_VALUE - 64;
    private static final JsonMapper JSON = MetricJson.MAPPER;

    private final String source;
    private final long molecules;
    private final long[] hashes;
    private final Distributions distributions;

    /**
     * A reference set over given hashes.
     *
     * @param source        name of the file it was made from, for readers only
     * @param molecules     molecules read, equal ones counted each
     * @param hashes        ascending, distinct; not copied
     * @param distributions of the molecules read
     */
    ReferenceSet(String source, long molecules, long[] hashes, Distributions distributions) {
        for (int k = 1; k < hashes.length; k++) {
            if (hashes[k] <= hashes[k - 1]) {
                throw new IllegalArgumentException("hashes must ascend, found " + hashes[k - 1] + " before " + hashes[k]);
            }
        }
        this.source = source;
        this.molecules = molecules;
        this.hashes = hashes;
        this.distributions = distributions;
    }

    /**
     * The reference set of a path: a folder that {@link #save} wrote, or a file of SMILES, one a line, plain or gzip.
     *
     * @throws InputException where there is none or it cannot be used
     */
    public static ReferenceSet of(Path path, Vocabulary vocabulary) {
        return Files.isDirectory(path) ? load(path) : new ReferenceSetBuilder(vocabulary).build(path);
    }

    /** Whether a folder holds a reference set. */
    public static boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(FACTS_FILE));
    }

    /** Whether a canonical SMILES is in the training set; wrongly true for one of 2⁶⁴ ÷ {@link #distinct} others. */
    public boolean contains(String smiles) {
        return contains(hashes, smiles);
    }

    static boolean contains(long[] hashes, String smiles) {
        return Arrays.binarySearch(hashes, StableHash.of(smiles)) >= 0;
    }

    /** The hashes, ascending; not to be changed. */
    long[] hashes() {
        return hashes;
    }

    /** Name of the file it was made from. */
    public String source() {
        return source;
    }

    /** Molecules read, equal ones counted each. */
    public long molecules() {
        return molecules;
    }

    /** Different molecules. */
    public int distinct() {
        return hashes.length;
    }

    /** SHA-256 of the hashes, which says whether two sets judge novelty alike. */
    public String sha256() {
        return sha256(bytes());
    }

    private byte[] bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(hashes.length, Long.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(hashes);
        return bytes.array();
    }

    /** Distributions of the molecules read. */
    public Distributions distributions() {
        return distributions;
    }

    /**
     * Writes both files into an existing folder.
     *
     * @throws InputException where the folder cannot be written
     */
    public void save(Path folder) {
        byte[] bytes = bytes();
        ObjectNode json = JSON.createObjectNode();
        json.put("format", FORMAT);
        json.put("toolkit", Canonicaliser.TOOLKIT);
        json.put("toolkit_version", Canonicaliser.TOOLKIT_VERSION);
        json.put("smiles_flavour", Canonicaliser.FLAVOUR);
        json.put("hash", StableHash.NAME);
        json.put("source", source);
        json.put("molecules", molecules);
        json.put("distinct", hashes.length);
        json.put("sha256", sha256(bytes));
        json.set("distributions", JSON.valueToTree(distributions));
        try {
            Files.write(folder.resolve(HASHES_FILE), bytes);
            Files.writeString(folder.resolve(FACTS_FILE), json.toPrettyString() + "\n");
        } catch (IOException e) {
            throw new InputException("cannot write the reference set into " + folder + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws InputException where a file is missing or damaged, or the SMILES were written by another canonicaliser
     */
    public static ReferenceSet load(Path folder) {
        Path factsFile = folder.resolve(FACTS_FILE);
        Path hashesFile = folder.resolve(HASHES_FILE);
        if (!Files.isRegularFile(factsFile) || !Files.isRegularFile(hashesFile)) {
            throw new InputException("no reference set in " + folder + ": it must be a folder with " + FACTS_FILE + " and "
                + HASHES_FILE + ", or give a file of SMILES");
        }
        try {
            JsonNode json = JSON.readTree(bounded(factsFile, MAX_FACTS_BYTES));
            require(factsFile, json, "format", String.valueOf(FORMAT));
            require(factsFile, json, "toolkit", Canonicaliser.TOOLKIT);
            require(factsFile, json, "toolkit_version", Canonicaliser.TOOLKIT_VERSION);
            require(factsFile, json, "smiles_flavour", Canonicaliser.FLAVOUR);
            require(factsFile, json, "hash", StableHash.NAME);
            byte[] bytes = bounded(hashesFile, MAX_HASHES_BYTES);
            long[] hashes = new long[bytes.length / Long.BYTES];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(hashes);
            long stated = json.path("distinct").asLong() * Long.BYTES;
            if (stated != bytes.length || !json.path("sha256").asText().equals(sha256(bytes))) {
                throw new InputException(hashesFile + " has " + bytes.length + " bytes with SHA-256 " + sha256(bytes)
                    + " where " + FACTS_FILE + " says " + stated + " and " + json.path("sha256").asText()
                    + "; the reference set is damaged, build it again");
            }
            return new ReferenceSet(json.path("source").asText(), json.path("molecules").asLong(), hashes,
                JSON.treeToValue(json.path("distributions"), Distributions.class));
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new InputException(factsFile + " is not a reference set: " + e.getMessage().lines().findFirst().orElse(""),
                e);
        } catch (IOException e) {
            throw new InputException("cannot read the reference set in " + folder + ": " + e.getMessage(), e);
        }
    }

    private static void require(Path file, JsonNode json, String key, String wanted) {
        String found = json.path(key).asText();
        if (!found.equals(wanted)) {
            throw new InputException(file + " has " + key + " '" + found + "' where this program has '" + wanted
                + "', so its hashes cannot be compared; build it again from the training molecules with --reference");
        }
    }

    private static byte[] bounded(Path file, long most) throws IOException {
        long size = Files.size(file);
        if (size > most) {
            throw new InputException(file + " has " + size + " bytes, more than the " + most + " of any reference set");
        }
        return Files.readAllBytes(file);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
