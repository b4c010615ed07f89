package org.bitdgdm.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;

/**
 * Loads JCuda's native library once per JVM. JCuda unpacks it under a fixed name into {@code java.io.tmpdir} and takes
 * whatever lies there already, so that property points at a private folder while JCuda initialises.
 */
final class JcudaLibrary {
    private static final String TEMPORARY = "java.io.tmpdir";
    private static boolean loaded;
    /** Why loading failed: a class that failed to initialise never says so again. */
    private static String failure;

    private JcudaLibrary() {
    }

    /**
     * Loads the library unless this JVM has it already.
     *
     * @param directory folder to unpack into; null: the JVM's temporary folder
     * @throws KernelException if there is no NVIDIA driver here, or the library cannot be unpacked
     */
    static synchronized void load(Path directory) {
        if (failure != null) {
            throw new KernelException(failure);
        }
        if (loaded) {
            return;
        }
        String before = System.getProperty(TEMPORARY);
        Path folder;
        try {
            folder = Files.createTempDirectory(directory == null ? Path.of(before) : directory, "bitdgdm-jcuda-",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException e) {
            throw new KernelException("backend cuda: cannot make a private folder for JCuda's library in "
                + (directory == null ? before : directory) + ": " + e + "; set another with --native-directory", e);
        }
        System.setProperty(TEMPORARY, folder.toString());
        try {
            // The first use of the class loads the library.
            JCudaDriver.setExceptionsEnabled(false);
            loaded = true;
        } catch (LinkageError e) {
            failure = explanation(e);
            throw new KernelException(failure, e);
        } finally {
            System.setProperty(TEMPORARY, before);
            delete(folder);
        }
    }

    private static String explanation(LinkageError error) {
        String said = String.valueOf(error.getMessage());
        if (said.contains("libcuda.so")) {
            return "backend cuda: no NVIDIA driver here: libcuda.so.1 was looked for in the library path and not found;"
                + " install the driver, give the container access to the GPU, or use --backend cpu";
        }
        return "backend cuda: JCuda's native library does not load on " + System.getProperty("os.name") + " "
            + System.getProperty("os.arch") + ": " + said.lines().findFirst().orElse("") + "; use --backend cpu";
    }

    /** A loaded library needs its file no more. */
    private static void delete(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new KernelException("backend cuda: cannot delete " + folder + ": " + e, e);
        }
    }
}
