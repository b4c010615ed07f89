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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.SparkContext;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Sha256;
import org.openscience.cdk.CDK;

/** Versions of what took part in a run. */
public final class Versions {
    /** Said where the classes do not come from a packaged jar. */
    private static final String UNPACKAGED = "unpackaged";

    private Versions() {
    }

    /** This job's own version, from the manifest of its jar. */
    public static String own() {
        String version = Versions.class.getPackage().getImplementationVersion();
        return version == null ? UNPACKAGED : version;
    }

    /** Versions that decide rows: they are part of the fingerprint. */
    public static Map<String, String> ofRows(SparkContext spark) {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("bitdgdm", own());
        versions.put("code", CodeHash.value());
        versions.put("spark", spark.version());
        versions.put("cdk", CDK.getVersion());
        return versions;
    }

    /** All versions, for {@code run.json}. */
    public static Map<String, String> all(SparkContext spark) {
        Map<String, String> versions = ofRows(spark);
        versions.put("scala", scala.util.Properties.versionNumberString());
        versions.put("java", Runtime.version().toString());
        versions.put("java_vm", System.getProperty("java.vm.name"));
        versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
            + System.getProperty("os.arch"));
        return versions;
    }

    /**
     * A hash of this project's own code as it runs: classes, resources and native libraries. Two builds of one version differ
     * in it, so that no run is finished by other kernels or rules than began it.
     */
    static final class CodeHash {
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
}
