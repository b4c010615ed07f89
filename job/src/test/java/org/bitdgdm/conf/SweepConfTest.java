package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepConfTest {
    @TempDir
    private Path folder;

    private List<SweepCell> cells(String hocon, Map<Option, List<String>> flags) throws IOException {
        Path file = folder.resolve("sweep.conf");
        Files.writeString(file, "output.out = x\n" + hocon);
        return SweepConf.of(Settings.load(Optional.of(file), flags), Optional.of(file)).cells();
    }

    private List<String> names(String hocon) throws IOException {
        return cells(hocon, Map.of()).stream().map(SweepCell::name).toList();
    }

    @Test
    void everyCombinationIsACellAndEqualRunsAreOne() throws IOException {
        assertThat(names("sweep { method = [fp32, rtn], weight-bits = [8, 4], activation-bits = 4, steps = [5, 10] }"))
            .containsExactly("fp32-t5-s0", "fp32-t10-s0", "rtn-w8a4-p99.9-t5-s0", "rtn-w8a4-p99.9-t10-s0",
                "rtn-w4a4-p99.9-t5-s0", "rtn-w4a4-p99.9-t10-s0");
    }

    @Test
    void cellsThatAreRunAlikeAreOne() throws IOException {
        Path file = folder.resolve("sweep.conf");
        Files.writeString(file, "output.out = x\nsweep { method = fp32, steps = [5, 10, 20] }");
        SweepConf sweep = SweepConf.of(Settings.load(Optional.of(file), Map.of()), Optional.of(file));
        JobConf other = sweep.cells().get(0).conf();
        assertThat(sweep.settled(conf -> conf.sample().steps() == 10 ? other : conf).cells()).extracting(SweepCell::name)
            .containsExactly("fp32-t5-s0", "fp32-t20-s0");
    }

    @Test
    void gridsOfCellsLieOverTheKeysBesideThem() throws IOException {
        List<SweepCell> cells = cells("""
            sweep {
              count = 7, seed = [1, 18446744073709551615], alpha = 0.05
              cells = [ { method = fp32, seed = 3 }, { method = bit-dgdm, rank = [2, 4], percentile = 98.5 } ]
            }""", Map.of());
        assertThat(cells).extracting(SweepCell::name).containsExactly("fp32-t500-s3",
            "bit-dgdm-w4a8-r2-aware-o8-a0.05-e0-h8-p98.5-t500-s1", "bit-dgdm-w4a8-r2-aware-o8-a0.05-e0-h8-p98.5-t500-s18446744073709551615",
            "bit-dgdm-w4a8-r4-aware-o8-a0.05-e0-h8-p98.5-t500-s1", "bit-dgdm-w4a8-r4-aware-o8-a0.05-e0-h8-p98.5-t500-s18446744073709551615");
        assertThat(cells).allMatch(cell -> cell.conf().sample().count() == 7);
        assertThat(cells.get(1).conf().quantize().thresholdPercentile()).isEqualTo(98.5);
        assertThat(cells.get(1).used()).containsEntry("rank", 2).containsEntry("cross_term", true);
        assertThat(cells.get(0).used()).isEmpty();
    }

    @Test
    void namesLeaveOutWhatAMethodDoesNotLookAt() throws IOException {
        assertThat(names("sweep { activation-scale = row, cells = [ { method = gptq }, { method = bit-dgdm-threshold } ] }"))
            .containsExactly("gptq-w4a8-row-t500-s0", "bit-dgdm-threshold-w4a8-a0.01-row-t500-s0");
        assertThat(names("sweep { method = [bit-dgdm-minus, bit-dgdm-dense-activations], factors = weight }"))
            .containsExactly("bit-dgdm-minus-w4a8-r32-a0.01-e0-h8-p99.9-t500-s0",
                "bit-dgdm-dense-activations-w4a8-r32-a0.01-e0-h8-t500-s0");
    }

    @Test
    void flagsWinOverTheGrid() throws IOException {
        List<SweepCell> cells = cells("sweep { method = fp32, steps = [5, 10], count = 100 }",
            Map.of(Option.STEPS, List.of("7"), Option.COUNT, List.of("3")));
        assertThat(cells).singleElement().satisfies(cell -> {
            assertThat(cell.name()).isEqualTo("fp32-t7-s0");
            assertThat(cell.conf().sample().count()).isEqualTo(3);
        });
    }

    @Test
    void badGridsAreRefusedWithTheirLine() {
        assertThatThrownBy(() -> names("sweep.ranks = [1]")).isInstanceOf(InputException.class)
            .hasMessageContaining("unknown key sweep.ranks").hasMessageContaining("line 2").hasMessageContaining("rank");
        assertThatThrownBy(() -> names("sweep.rank = []")).isInstanceOf(InputException.class)
            .hasMessageContaining("sweep.rank must have at least one value");
        assertThatThrownBy(() -> names("sweep.rank = [many]")).isInstanceOf(InputException.class)
            .hasMessageContaining("quantize.rank must be a whole number, found many in").hasMessageContaining("line 2");
        assertThatThrownBy(() -> names("sweep { method = gptq, weight-bits = [4, 16] }")).isInstanceOf(InputException.class)
            .hasMessageContaining("quantize.weight-bits must be in 2..8 for method gptq").hasMessageContaining("line 2");
        assertThatThrownBy(() -> names("sweep.cells = [3]")).isInstanceOf(InputException.class)
            .hasMessageContaining("sweep.cells must be a list of sections");
        assertThatThrownBy(() -> names("sweep.cells = [{ count = 3 }]")).isInstanceOf(InputException.class)
            .hasMessageContaining("unknown key sweep.count");
        assertThatThrownBy(() -> names("sweep = 3")).isInstanceOf(InputException.class)
            .hasMessageContaining("sweep must be a section");
        assertThatThrownBy(() -> names("")).isInstanceOf(InputException.class).hasMessageContaining("found none in");
        String many = "[" + "1,".repeat(40) + "2]";
        assertThatThrownBy(() -> names("sweep { rank = " + many + ", seed = " + many + " }"))
            .isInstanceOf(InputException.class).hasMessageContaining("at most 1000 cells");
        assertThatThrownBy(() -> SweepConf.of(Settings.load(Optional.empty(), Map.of()), Optional.empty()))
            .isInstanceOf(InputException.class).hasMessageContaining("sweep needs --config FILE");
    }

    @Test
    void differentCellsOfOneNameAreRefused() throws IOException {
        Path one = Files.createDirectories(folder.resolve("one")).resolve("r.conf");
        Path two = Files.createDirectories(folder.resolve("two")).resolve("r.conf");
        Files.writeString(one, "quantize.rank = 3");
        Files.writeString(two, "quantize.rank = 3");
        String files = "sweep.recipe = [\"" + one + "\", \"" + two + "\"]";
        assertThat(names(files)).as("equal recipes").containsExactly("recipe-r-t500-s0");
        Files.writeString(two, "quantize.rank = 4");
        assertThatThrownBy(() -> names(files)).isInstanceOf(InputException.class)
            .hasMessageStartingWith("sweep must have cells of different names, found two different ones named"
                + " recipe-r-t500-s0;");
        assertThatThrownBy(() -> names("sweep { recipe = auto, budget = 0.5, rank = [8, 16] }"))
            .isInstanceOf(InputException.class).hasMessageContaining("two different ones named auto-b0.5-t500-s0");
        assertThat(names("sweep { budget = [0.5, 0.1], cells = [ { method = fp32 }, { recipe = auto } ] }"))
            .containsExactly("fp32-t500-s0", "auto-b0.5-t500-s0", "auto-b0.1-t500-s0");
        assertThatThrownBy(() -> names("sweep { method = fp32, budget = 0.5 }")).isInstanceOf(InputException.class)
            .hasMessageContaining("--budget must be left out where no cell has recipe = auto");
    }

    @Test
    void cellsRunOneAfterAnotherUnlessAskedOtherwise() throws IOException {
        Path file = Files.writeString(folder.resolve("p.conf"), "output.out = x, sweep { method = fp32, parallel = 2 }");
        assertThat(SweepConf.of(Settings.load(Optional.of(file), Map.of()), Optional.of(file)).parallel()).isEqualTo(2);
        Settings flag = Settings.load(Optional.of(file), Map.of(Option.PARALLEL, List.of("0")));
        assertThatThrownBy(() -> SweepConf.of(flag, Optional.of(file))).isInstanceOf(InputException.class)
            .hasMessage("--parallel must be at least 1, found 0");
        Path plain = Files.writeString(folder.resolve("q.conf"), "output.out = x, sweep.method = fp32");
        assertThat(SweepConf.of(Settings.load(Optional.of(plain), Map.of()), Optional.of(plain)).parallel()).isEqualTo(1);
        assertThatThrownBy(() -> names("sweep.cells = [{ parallel = 2 }]")).isInstanceOf(InputException.class)
            .hasMessageContaining("unknown key sweep.parallel");
    }
}
