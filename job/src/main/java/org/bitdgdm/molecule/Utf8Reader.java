package org.bitdgdm.molecule;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/**
 * Text of UTF-8 bytes. What ends it too early, bytes that are none or a stream that cannot be read on, is thrown behind all
 * characters before it, so that whoever counts lines knows where it is; Java's own reader drops those that it has just read.
 */
final class Utf8Reader extends Reader {
    private static final int BUFFER = 1 << 16;

    private final InputStream in;
    /** A decoder of its own reports bytes that are not UTF-8 instead of replacing them. */
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER).flip();
    private final CharBuffer decoded = CharBuffer.allocate(BUFFER).flip();
    private boolean begun;
    private boolean utf16;
    private boolean ended;
    private IOException failure;

    Utf8Reader(InputStream in) {
        this.in = in;
    }

    /** Whether bytes were none because the text begins with the byte order mark of UTF-16, neither byte of which is in UTF-8. */
    boolean isUtf16() {
        return utf16;
    }

    @Override
    public int read(char[] to, int offset, int length) throws IOException {
        while (!decoded.hasRemaining()) {
            if (failure != null) {
                throw failure;
            }
            if (ended && !bytes.hasRemaining()) {
                return -1;
            }
            decode();
        }
        int read = Math.min(length, decoded.remaining());
        decoded.get(to, offset, read);
        return read;
    }

    private void decode() {
        try {
            bytes.compact();
            int read = in.read(bytes.array(), bytes.position(), bytes.remaining());
            ended = read < 0;
            bytes.position(bytes.position() + Math.max(0, read));
        } catch (IOException e) {
            failure = e;
        }
        bytes.flip();
        decoded.clear();
        CoderResult result = decoder.decode(bytes, decoded, ended);
        decoded.flip();
        if (result.isError()) {
            utf16 = !begun && bytes.position() == 0 && bytes.remaining() > 1 && (bytes.get(0) & bytes.get(1) & 0xff) == 0xfe
                && bytes.get(0) != bytes.get(1);
            try {
                result.throwException();
            } catch (CharacterCodingException e) {
                failure = e;
            }
        }
        begun = true;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
