package org.bitdgdm.kernels;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * The native library of the {@code cpu} backend: unpacked from the jar into a private folder, loaded once per JVM,
 * deleted as soon as it is loaded, and refused unless it is the build that belongs to these classes.
 */
final class NativeLibrary {
    private static final String NAME = "libbitdgdm.so";
    static final String REMEDY = "set another folder with --native-directory";
    private static boolean loaded;

    private NativeLibrary() {
    }

    /**
     * Loads the library unless this JVM has it already.
     *
     * @param directory folder to unpack into; null: the JVM's temporary folder
     * @throws KernelException if there is no library for this platform, or it cannot be unpacked or loaded
     */
    static synchronized void load(Path directory) {
        if (loaded) {
            return;
        }
        String platform = System.getProperty("os.name").toLowerCase(Locale.ROOT) + "-" + System.getProperty("os.arch");
        byte[] library = resource("/native/" + platform + "/" + NAME, platform);
        String buildId = new String(resource("/native/" + platform + "/build-id", platform), StandardCharsets.UTF_8).strip();
        unpackAndLoad(library, directory == null ? Path.of(System.getProperty("java.io.tmpdir")) : directory);
        if (!buildId.equals(CpuNative.buildId())) {
            throw new KernelException("the native library that was loaded is build " + CpuNative.buildId()
                + ", these classes belong to build " + buildId + "; rebuild with ./mvnw clean package");
        }
        loaded = true;
    }

    /** Whether this JVM has it. */
    static synchronized boolean isLoaded() {
        return loaded;
    }

    private static byte[] resource(String name, String platform) {
        try (InputStream in = NativeLibrary.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new KernelException("this build has no native library for " + platform + " (looked for " + name
                    + "); build on such a machine, or use --backend reference");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new KernelException("cannot read " + name + " from the jar: " + e.getMessage(), e);
        }
    }

    private static void unpackAndLoad(byte[] library, Path directory) {
        Path folder;
        try {
            folder = Files.createTempDirectory(directory, "bitdgdm-",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new KernelException("cannot unpack the native library into " + directory + " (" + e + "); " + REMEDY, e);
        }
        Path file = folder.resolve(NAME);
        try {
            Files.write(file, library);
            System.load(file.toAbsolutePath().toString());
        } catch (IOException e) {
            throw new KernelException("cannot unpack the native library into " + folder + " (" + e + "); " + REMEDY, e);
        } catch (UnsatisfiedLinkError e) {
            throw new KernelException("cannot load the native library from " + folder + " (" + e.getMessage()
                + "); if that folder is on a file system mounted noexec, " + REMEDY, e);
        } finally {
            delete(folder, NAME::equals);
        }
    }

    /**
     * Deletes libraries of a folder, and the folder unless others hold something in it: a loaded library needs its file no
     * more. What cannot be deleted now, as on file systems that keep a file while it is used, goes when the JVM ends; it is
     * nothing that a run should fail for.
     */
    static void delete(Path folder, Predicate<String> own) {
        // Asked for first, done last.
        List<File> left = new ArrayList<>(List.of(folder.toFile()));
        String[] names = folder.toFile().list();
        for (String name : names == null ? new String[0] : names) {
            File file = new File(folder.toFile(), name);
            if (own.test(name) && !file.delete()) {
                left.add(file);
            }
        }
        if (!folder.toFile().delete()) {
            left.forEach(File::deleteOnExit);
        }
    }
}
