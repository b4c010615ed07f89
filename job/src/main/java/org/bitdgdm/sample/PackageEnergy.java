package org.bitdgdm.sample;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Energy that the processor packages of this machine have used since this object was made: the counters of RAPL, as Linux
 * shows those of Intel and AMD in {@code /sys/class/powercap}. Reading them needs permission, most often root's; where one of
 * them cannot be read, or there is none, nothing is known. They count the whole machine, idle cores and other users too.
 */
final class PackageEnergy {
    private static final Path POWERCAP = Path.of("/sys/class/powercap");
    private static final double MICRO = 1e-6;

    /** Counters of packages, in microjoules, as last read. */
    private final Map<Path, Long> last = new TreeMap<>();
    private double microjoules;
    private boolean known;

    /** Of this machine. */
    PackageEnergy() {
        this(POWERCAP);
    }

    PackageEnergy(Path powercap) {
        try {
            for (Path counter : packages(powercap)) {
                last.put(counter, number(counter.resolve("energy_uj")));
            }
            known = !last.isEmpty();
        } catch (IOException | NumberFormatException unreadable) {
            known = false;
        }
    }

    /** Folders of whole packages: neither their parts, such as {@code intel-rapl:0:1}, nor the platform around them. */
    private static List<Path> packages(Path powercap) throws IOException {
        List<Path> packages = new ArrayList<>();
        if (Files.isDirectory(powercap)) {
            try (DirectoryStream<Path> zones = Files.newDirectoryStream(powercap, "intel-rapl:*")) {
                for (Path zone : zones) {
                    if (zone.getFileName().toString().matches("intel-rapl:\\d+")
                        && Files.readString(zone.resolve("name")).startsWith("package")) {
                        packages.add(zone);
                    }
                }
            }
        }
        return packages;
    }

    private static long number(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).strip());
    }

    /** Adds what was used since the last look; to be called more often than counters begin anew, which is every few minutes. */
    synchronized void look() {
        try {
            for (Map.Entry<Path, Long> counter : last.entrySet()) {
                long now = number(counter.getKey().resolve("energy_uj"));
                long used = now - counter.getValue();
                microjoules += used >= 0 ? used : used + number(counter.getKey().resolve("max_energy_range_uj"));
                counter.setValue(now);
            }
        } catch (IOException | NumberFormatException unreadable) {
            known = false;
        }
    }

    /** Joules up to the last look; NaN if they are not known. */
    synchronized double joules() {
        return known ? microjoules * MICRO : Double.NaN;
    }
}
