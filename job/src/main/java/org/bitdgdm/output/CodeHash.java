package org.bitdgdm.output;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Sha256;

/**
 * A hash of this project's own code as it runs: classes, resources and native libraries. Two builds of one version differ
 * in it, so that no run is finished by other kernels or rules than began it.
 */
final class CodeHash {
    /** What is ours in a jar that holds libraries too. */
    private static final List<String> OWN = List.of("org/bitdgdm", "native", "cuda");
    private static final int DIGITS = 16;
    private static final String VALUE = ofRunning();

    private CodeHash() {
    }

    /** The first hexadecimal digits of the SHA-256. */
    static String value() {
        return VALUE;
    }

    private static String ofRunning() {
        try {
            Set<Path> places = new LinkedHashSet<>();
            for (Class<?> part : List.of(CodeHash.class, Denoiser.class)) {
                places.add(Path.of(part.getProtectionDomain().getCodeSource().getLocation().toURI()));
            }
            return of(places);
        } catch (IOException failed) {
            throw new UncheckedIOException("the code of this job cannot be read", failed);
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** The hash of our files in jars or folders of classes; how they are spread over those makes no difference. */
    static String of(Set<Path> places) throws IOException {
        Map<String, byte[]> hashes = new TreeMap<>();
        for (Path place : places) {
            if (Files.isDirectory(place)) {
                collect(place, hashes);
            } else {
                try (FileSystem jar = FileSystems.newFileSystem(place)) {
                    collect(jar.getPath("/"), hashes);
                }
            }
        }
        MessageDigest all = Sha256.digest();
        hashes.forEach((name, hash) -> {
            all.update(name.getBytes(StandardCharsets.UTF_8));
            all.update(hash);
        });
        return HexFormat.of().formatHex(all.digest()).substring(0, DIGITS);
    }

    private static void collect(Path root, Map<String, byte[]> hashes) throws IOException {
        for (String own : OWN) {
            Path folder = root.resolve(own);
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
                    hashes.put(root.relativize(file).toString(), Sha256.bytes(Files.readAllBytes(file)));
                }
            }
        }
    }
}
