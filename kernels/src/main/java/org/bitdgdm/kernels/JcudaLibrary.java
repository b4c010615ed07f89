package org.bitdgdm.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import jcuda.driver.JCudaDriver;

/**
 * Loads JCuda's native library once per JVM. JCuda unpacks it under a fixed name into {@code java.io.tmpdir} and takes
 * whatever lies there already, so that property points at a private folder while JCuda initialises. Another thread may make
 * a temporary file of its own there meanwhile, which stays.
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
                + (directory == null ? before : directory) + ": " + e + "; " + NativeLibrary.REMEDY, e);
        }
        System.setProperty(TEMPORARY, folder.toString());
        try {
            // The first use of the class loads the library.
            JCudaDriver.setExceptionsEnabled(false);
            loaded = true;
        } catch (LinkageError e) {
            failure = explanation(e, folder);
            throw new KernelException(failure, e);
        } finally {
            System.setProperty(TEMPORARY, before);
            NativeLibrary.delete(folder, name -> name.contains("JCuda"));
        }
    }

    private static String explanation(LinkageError error, Path folder) {
        String said = String.valueOf(error.getMessage());
        if (said.contains("libcuda.so")) {
            return "backend cuda: no NVIDIA driver here: libcuda.so.1 was looked for in the library path and not found;"
                + " install the driver, give the container access to the GPU, or use --backend cpu";
        }
        // Of two attempts JCuda tells with their stack traces; the first looked in the library path.
        List<String> lines = said.lines().toList();
        int unpacked = lines.indexOf("Stack trace from the attempt to load the library as a resource:");
        return "backend cuda: cannot load JCuda's native library from " + folder + " on " + System.getProperty("os.name") + " "
            + System.getProperty("os.arch") + " (" + lines.get(Math.min(unpacked + 1, lines.size() - 1)) + "); if that folder"
            + " is on a file system that is full or mounted noexec, " + NativeLibrary.REMEDY + ", or use --backend cpu";
    }
}
