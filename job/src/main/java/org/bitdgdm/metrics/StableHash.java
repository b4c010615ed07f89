package org.bitdgdm.metrics;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.bitdgdm.kernels.Sha256;

/** The 64-bit hash of a SMILES in reference sets: the first 8 bytes of the SHA-256 of its UTF-8 bytes, big-endian. */
final class StableHash {
    /** Name in files. */
    static final String NAME = "sha256-first-64-bits";

    private StableHash() {
    }

    static long of(String smiles) {
        return ByteBuffer.wrap(Sha256.bytes(smiles.getBytes(StandardCharsets.UTF_8))).getLong();
    }
}
