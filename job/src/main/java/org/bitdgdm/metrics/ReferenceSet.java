package org.bitdgdm.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.graph.IsomorphismClass;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.Canonicaliser;
import org.bitdgdm.molecule.GraphReader;

/**
 * What is kept of a training set: sorted distinct 64-bit hashes of the names of its graphs, for novelty, and its
 * distributions, for charts. Never its graphs. The name of a molecule is its canonical SMILES, that of a plain graph its
 * {@link IsomorphismClass}.
 *
 * <p>In a folder: {@code reference.json} (format version, who wrote the names and how, counts, distributions, SHA-256 of
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
    /** The name of {@link #hash} in files. */
    static final String HASH = "sha256-first-64-bits";
    private static final long MAX_FACTS_BYTES = 16 << 20;
    private static final long MAX_HASHES_BYTES = Integer.MAX_VALUE - 64;
    private static final JsonMapper JSON = MetricReport.JSON;

    private final Family family;
    private final String source;
    private final long molecules;
    private final long[] hashes;
    private final Distributions distributions;

    /**
     * A reference set over given hashes.
     *
     * @param family        what kind of graphs they are
     * @param source        name of the file it was made from, for readers only
     * @param molecules     graphs read, equal ones counted each
     * @param hashes        ascending, distinct; not copied
     * @param distributions of the graphs read
     */
    ReferenceSet(Family family, String source, long molecules, long[] hashes, Distributions distributions) {
        for (int k = 1; k < hashes.length; k++) {
            if (hashes[k] <= hashes[k - 1]) {
                throw new IllegalArgumentException("hashes must ascend, found " + hashes[k - 1] + " before " + hashes[k]);
            }
        }
        this.family = family;
        this.source = source;
        this.molecules = molecules;
        this.hashes = hashes;
        this.distributions = distributions;
    }

    /**
     * The reference set of a path: a folder that {@link #save} wrote, a file of SMILES, one a line, or for plain graphs a file
     * that {@link GraphReader} opens; plain or gzip.
     *
     * @throws InputException where there is none or it cannot be used
     */
    public static ReferenceSet of(Path path, Vocabulary vocabulary) {
        if (Files.isDirectory(path)) {
            return load(path).of(vocabulary.family(), path);
        }
        return vocabulary.family() == Family.GRAPHS ? ofGraphs(path, vocabulary) : new ReferenceSetBuilder(vocabulary).build(path);
    }

    /** The same, where executors read a file of SMILES. */
    public static ReferenceSet of(Path path, Vocabulary vocabulary, JavaSparkContext spark) {
        return vocabulary.family() == Family.GRAPHS || Files.isDirectory(path) ? of(path, vocabulary)
            : new ReferenceSetBuilder(vocabulary).build(path, spark);
    }

    private static ReferenceSet ofGraphs(Path file, Vocabulary vocabulary) {
        PlainGraphTally tally = new PlainGraphTally(0);
        List<Long> hashes = new ArrayList<>();
        try (GraphReader graphs = GraphReader.open(file, vocabulary)) {
            while (graphs.hasNext()) {
                Graph graph = graphs.next().graph();
                if (graph.nodes().length == 0) {
                    throw new InputException(file + ": a graph of a training set must have nodes, found none in that of position "
                        + graph.id());
                }
                tally.count(graph);
                hashes.add(hash(IsomorphismClass.of(graph)));
            }
        }
        if (hashes.isEmpty()) {
            throw new InputException(file + " holds no graphs; a reference set needs at least one");
        }
        return new ReferenceSet(Family.GRAPHS, String.valueOf(file.getFileName()), hashes.size(),
            hashes.stream().mapToLong(Long::longValue).sorted().distinct().toArray(), tally.distributions());
    }

    /**
     * This set, where it is of the family asked for.
     *
     * @param path where it lies, for messages
     * @throws InputException if it is of another one
     */
    public ReferenceSet of(Family wanted, Path path) {
        if (family != wanted) {
            throw new InputException("the reference set in " + path + " is of " + family.label() + ", and the model makes "
                + wanted.label() + "; give --reference a file of the model's training " + wanted.label());
        }
        return this;
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
        return Arrays.binarySearch(hashes, hash(smiles)) >= 0;
    }

    /** The hashes, ascending; not to be changed. */
    long[] hashes() {
        return hashes;
    }

    /** Name of the file it was made from. */
    public String source() {
        return source;
    }

    /** Graphs read, equal ones counted each. */
    public long molecules() {
        return molecules;
    }

    /** Different graphs. */
    public int distinct() {
        return hashes.length;
    }

    /** SHA-256 of the hashes, which says whether two sets judge novelty alike. */
    public String sha256() {
        return Sha256.of(bytes());
    }

    private byte[] bytes() {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(hashes.length, Long.BYTES)).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asLongBuffer().put(hashes);
        return bytes.array();
    }

    /** Distributions of the graphs read. */
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
        names(family).forEach(json::put);
        json.put("hash", HASH);
        json.put("source", source);
        json.put("molecules", molecules);
        json.put("distinct", hashes.length);
        json.put("sha256", Sha256.of(bytes));
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
            JsonNode json = Json.tree(bounded(factsFile, MAX_FACTS_BYTES));
            require(factsFile, json, "format", String.valueOf(FORMAT));
            // Sets of molecules do not name their family; they were there first.
            Family family = json.has("family") ? Family.GRAPHS : Family.MOLECULES;
            names(family).forEach((key, wanted) -> require(factsFile, json, key, wanted));
            require(factsFile, json, "hash", HASH);
            byte[] bytes = bounded(hashesFile, MAX_HASHES_BYTES);
            long[] hashes = new long[bytes.length / Long.BYTES];
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(hashes);
            long stated = json.path("distinct").asLong() * Long.BYTES;
            if (stated != bytes.length || !json.path("sha256").asText().equals(Sha256.of(bytes))) {
                throw new InputException(hashesFile + " has " + bytes.length + " bytes with SHA-256 " + Sha256.of(bytes)
                    + " where " + FACTS_FILE + " says " + stated + " and " + json.path("sha256").asText()
                    + "; the reference set is damaged, build it again");
            }
            if (!json.path("distributions").isObject()) {
                throw new InputException(factsFile + " has no distributions; the reference set is damaged, build it again");
            }
            return new ReferenceSet(family, json.path("source").asText(), json.path("molecules").asLong(), hashes,
                JSON.treeToValue(json.path("distributions"), Distributions.class));
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new InputException(factsFile + " is not a reference set: " + e.getMessage().lines().findFirst().orElse(""),
                e);
        } catch (IOException e) {
            throw new InputException("cannot read the reference set in " + folder + ": " + e.getMessage(), e);
        }
    }

    /** Who names the graphs of a family, and how. */
    private static Map<String, String> names(Family family) {
        Map<String, String> names = new LinkedHashMap<>();
        if (family == Family.MOLECULES) {
            names.put("toolkit", Canonicaliser.TOOLKIT);
            names.put("toolkit_version", Canonicaliser.TOOLKIT_VERSION);
            names.put("smiles_flavour", Canonicaliser.FLAVOUR);
        } else {
            names.put("family", family.label());
            names.put("class_flavour", IsomorphismClass.FLAVOUR);
        }
        return names;
    }

    private static void require(Path file, JsonNode json, String key, String wanted) {
        String found = json.path(key).asText();
        if (!found.equals(wanted)) {
            throw new InputException(file + " has " + key + " '" + found + "' where this program has '" + wanted
                + "', so its hashes cannot be compared; build it again from the training set with --reference");
        }
    }

    private static byte[] bounded(Path file, long most) throws IOException {
        long size = Files.size(file);
        if (size > most) {
            throw new InputException(file + " has " + size + " bytes, more than the " + most + " of any reference set");
        }
        return Files.readAllBytes(file);
    }

    /** The 64-bit hash of the name of a graph: the first 8 bytes of the SHA-256 of its UTF-8 bytes, big-endian. */
    static long hash(String name) {
        return ByteBuffer.wrap(Sha256.bytes(name.getBytes(StandardCharsets.UTF_8))).getLong();
    }
}
