package org.bitdgdm.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/**
 * What {@code src/main/cuda/build.sh} left in the jar: the fatbin, and what it takes to run it.
 *
 * @param architectures compute capabilities of its machine code, for example 80 for 8.0; anything newer takes its PTX
 * @param minimumDriver smallest {@code cuDriverGetVersion} that loads the machine code, for example 13000
 * @param ptxDriver     smallest one that compiles the PTX, for example 13010
 * @param fatbin        the module
 */
record CudaBuild(List<Integer> architectures, int minimumDriver, int ptxDriver, byte[] fatbin) {
    private static final String FOLDER = "/cuda/";

    /**
     * Reads the build from the jar.
     *
     * @throws KernelException if the jar was built without nvcc
     */
    static CudaBuild read() {
        Properties facts = new Properties();
        try (InputStream in = CudaBuild.class.getResourceAsStream(FOLDER + "build.properties");
             InputStream module = CudaBuild.class.getResourceAsStream(FOLDER + "bitdgdm.fatbin")) {
            if (in == null || module == null) {
                throw new KernelException("backend cuda: this jar was built without CUDA (no nvcc was found in CUDA_HOME,"
                    + " PATH or /usr/local/cuda); build it where nvcc is, or use --backend cpu");
            }
            facts.load(in);
            return new CudaBuild(
                Arrays.stream(facts.getProperty("architectures").split(" ")).map(Integer::valueOf).toList(),
                Integer.parseInt(facts.getProperty("minimum-driver")), Integer.parseInt(facts.getProperty("ptx-driver")),
                module.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + FOLDER + " from the jar", e);
        }
    }

    /**
     * Checks a driver and a device before anything is uploaded.
     *
     * @param driverVersion {@code cuDriverGetVersion}
     * @param device        name of the device
     * @param capability    its compute capability, for example 90
     * @throws KernelException naming what does not fit, and the fix
     */
    void requireRunsOn(int driverVersion, String device, int capability) {
        boolean machineCode = architectures.stream()
            .anyMatch(built -> built / 10 == capability / 10 && built <= capability);
        int needed = machineCode ? minimumDriver : ptxDriver;
        if (!machineCode && capability < architectures.stream().mapToInt(Integer::intValue).max().orElseThrow()) {
            throw new KernelException("backend cuda: " + device + " has compute capability " + capability / 10 + "."
                + capability % 10 + ", this build runs on " + architectures.stream().map(a -> a / 10 + "." + a % 10).toList()
                + " and newer; use another GPU or --backend cpu");
        }
        if (driverVersion < needed) {
            throw new KernelException("backend cuda: the NVIDIA driver supports CUDA " + version(driverVersion)
                + ", this build needs " + version(needed) + " or newer on " + device + " (compute capability "
                + capability / 10 + "." + capability % 10 + (machineCode ? "" : ", for which it has PTX only")
                + "); update the driver, or build with an older nvcc");
        }
    }

    private static String version(int number) {
        return number / 1000 + "." + number % 1000 / 10;
    }
}
