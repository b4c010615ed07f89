package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Counters as Linux shows them, in a folder of our own. */
class PackageEnergyTest {
    @TempDir
    Path powercap;

    private Path zone(String folder, String name, long microjoules) throws IOException {
        Path zone = Files.createDirectories(powercap.resolve(folder));
        Files.writeString(zone.resolve("name"), name + "\n");
        Files.writeString(zone.resolve("max_energy_range_uj"), "1000000000\n");
        Files.writeString(zone.resolve("energy_uj"), microjoules + "\n");
        return zone;
    }

    private static void count(Path zone, long microjoules) throws IOException {
        Files.writeString(zone.resolve("energy_uj"), microjoules + "\n");
    }

    @Test
    void packagesAreAddedUpAndTheirPartsAreNot() throws IOException {
        Path one = zone("intel-rapl:0", "package-0", 5_000_000);
        Path part = zone("intel-rapl:0:0", "core", 1_000_000);
        Path other = zone("intel-rapl:1", "package-1", 7_000_000);
        Path platform = zone("intel-rapl:2", "psys", 9_000_000);
        PackageEnergy energy = new PackageEnergy(powercap);
        count(one, 8_500_000);
        count(part, 3_000_000);
        count(other, 8_000_000);
        count(platform, 20_000_000);
        energy.look();
        assertThat(energy.joules()).isCloseTo(4.5, within(1e-9));
    }

    @Test
    void aCounterThatBeginsAnewGoesOn() throws IOException {
        Path one = zone("intel-rapl:0", "package-0", 900_000_000);
        PackageEnergy energy = new PackageEnergy(powercap);
        count(one, 50_000_000);
        energy.look();
        count(one, 60_000_000);
        energy.look();
        assertThat(energy.joules()).isCloseTo(160, within(1e-9));
    }

    @Test
    void withoutCountersOrWithOneThatCannotBeReadNothingIsKnown() throws IOException {
        PackageEnergy none = new PackageEnergy(powercap.resolve("absent"));
        none.look();
        assertThat(none.joules()).isNaN();
        Path one = zone("intel-rapl:0", "package-0", 1);
        PackageEnergy lost = new PackageEnergy(powercap);
        Files.delete(one.resolve("energy_uj"));
        lost.look();
        assertThat(lost.joules()).isNaN();
        assertThat(new PackageEnergy(powercap).joules()).isNaN();
    }
}
