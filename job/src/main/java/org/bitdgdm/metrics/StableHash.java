package org.bitdgdm.metrics;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The 64-bit hash of a SMILES in reference sets: the first 8 bytes of the SHA-256 of its UTF-8 bytes, big-endian. */
final class StableHash {
    /** Name in files. */
    static final String NAME = "sha256-first-64-bits";

    private StableHash() {
    }

    static long of(String smiles) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(smiles.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(digest).getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
