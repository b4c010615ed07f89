package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.List;

/** The instruction sets of the cpu backend that this machine can run, and how many it cannot. */
final class CpuIsas {

    private CpuIsas() {
    }

    /** Supported sets, scalar first; the missing ones are printed, so that a log shows what was not tested. */
    static List<String> supported() {
        NativeLibrary.load(null);
        List<String> supported = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        for (String isa : BackendOptions.CPU_ISAS) {
            if (!isa.equals("auto")) {
                try {
                    CpuNative.requireIsa(isa);
                    supported.add(isa);
                } catch (KernelException e) {
                    missing.add(isa);
                }
            }
        }
        if (!missing.isEmpty()) {
            System.out.println(missing.size() + " instruction sets not tested on this processor: " + missing);
        }
        return supported;
    }
}
