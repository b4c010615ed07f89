package org.bitdgdm.metrics;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bitdgdm.Mutations;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.molecule.Graphs;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reference sets, changed. */
class MutatedReferenceSetTest {
    private static final List<String> JSON = List.of("null", "{}", "[]", "[[[[[[[[", "\"", "\"x\":1", "\"counts\":null", "-5",
        "\"format\": 2", "\"distinct\": 9223372036854775807", "\"C\": -1", "\"\": 1", "\n", "\u202e", "1e400", "NaN");
    @TempDir
    private Path folder;

    private byte[] facts;
    private byte[] hashes;

    @BeforeEach
    void build() throws IOException {
        Path molecules = Files.writeString(folder.resolve("train.smi"), "CCO\nC1CC1\nCC.O\nc1ccccc1O\nC#N\n");
        ReferenceSet.of(molecules, Graphs.QM9).save(folder);
        facts = Files.readAllBytes(folder.resolve(ReferenceSet.FACTS_FILE));
        hashes = Files.readAllBytes(folder.resolve(ReferenceSet.HASHES_FILE));
    }

    private static void load(Path set) {
        ReferenceSet read = ReferenceSet.load(set);
        read.contains("CCO");
        read.distributions().of("sizes").counts();
        read.sha256();
    }

    @Test
    void facts() throws Exception {
        Path set = Files.createDirectory(folder.resolve("mutated"));
        Files.write(set.resolve(ReferenceSet.HASHES_FILE), hashes);
        Mutations.check("reference.json", List.of(facts), JSON, input -> {
            Files.write(set.resolve(ReferenceSet.FACTS_FILE), input);
            load(set);
        });
    }

    /** With the hash of the hashes made right again. */
    @Test
    void hashes() throws Exception {
        Path set = Files.createDirectory(folder.resolve("mutated"));
        ObjectMapper json = new ObjectMapper();
        ObjectNode described = (ObjectNode) json.readTree(facts);
        Mutations.check("reference.hashes", List.of(hashes), List.of(), input -> {
            Files.write(set.resolve(ReferenceSet.HASHES_FILE), input);
            described.put("distinct", input.length / Long.BYTES).put("sha256", Sha256.of(input));
            Files.write(set.resolve(ReferenceSet.FACTS_FILE), json.writeValueAsBytes(described));
            load(set);
        });
    }
}
