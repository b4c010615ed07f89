package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recipes as files: what is written comes back, and nothing else decides. */
class RecipeFileTest {
    @TempDir
    Path folder;

    private JobConf load(String config, Map<Option, List<String>> flags) throws IOException {
        Path file = folder.resolve("given.conf");
        Files.writeString(file, "output.out = out\n" + config);
        return JobConf.of(Settings.load(Optional.of(file), flags));
    }

    @Test
    void aWrittenRecipeComesBackWhateverOtherFilesSay() throws IOException {
        Map<String, Map<String, String>> layers = new LinkedHashMap<>();
        layers.put("tf_layers.0.self_attn.q", Map.of("method", "rtn", "weight-bits", "8"));
        layers.put("tf_layers.1.linX1", Map.of("method", "fp32"));
        QuantizeConf recipe = TestRecipes.recipe("weight-bits=5,activation-bits=6,rank=7,alpha=0.0125,"
            + "threshold-percentile=99.5,residual=3,intermediate-bits=16,activation-scale=row,"
            + "cross-term=false,calibration-graphs=9,calibration-steps=11")
            .ofLayers(layers);
        Path file = folder.resolve("recipe.conf");
        Files.writeString(file, RecipeFile.text(recipe, List.of("for \"people\"", "two lines")));
        assertThat(Files.readString(file)).startsWith("# for \"people\"\n# two lines\nquantize {\n  method = \"fp32\"\n")
            .contains("\"tf_layers.0.self_attn.q:");
        JobConf found = load("quantize { rank = 3, alpha = 0.5 }", Map.of(Option.RECIPE, List.of(file.toString())));
        assertThat(found.quantize()).isEqualTo(recipe);
        assertThat(found.recipe().auto()).isFalse();

        Files.writeString(file, "quantize.method = rtn");
        assertThat(load("quantize { rank = 3 }", Map.of(Option.RECIPE, List.of(file.toString()))).quantize().rank())
            .as("the default, not the other file's").isEqualTo(32);
    }

    @Test
    void refusesWhatIsNoRecipe() throws IOException {
        Path file = folder.resolve("recipe.conf");
        Files.writeString(file, "sample.steps = 3");
        Map<Option, List<String>> flags = new EnumMap<>(Map.of(Option.RECIPE, List.of(file.toString())));
        assertThatThrownBy(() -> load("", flags)).isInstanceOf(InputException.class)
            .hasMessageContaining("section quantize only, found sample.steps");
        Files.writeString(file, "quantize.method = rtn");
        flags.put(Option.RANK, List.of("8"));
        assertThatThrownBy(() -> load("", flags)).isInstanceOf(InputException.class).hasMessageContaining("leave out --rank");
        assertThatThrownBy(() -> load("", Map.of(Option.RECIPE, List.of("none.conf")))).isInstanceOf(InputException.class)
            .hasMessage("--recipe must name a readable file, found none.conf");
    }

    @Test
    void aBudgetIsNotIgnored() throws IOException {
        assertThatThrownBy(() -> load("", Map.of(Option.BUDGET, List.of("0.1")))).isInstanceOf(InputException.class)
            .hasMessage("--budget must be left out without --recipe auto, which alone has one, found 0.1");
        assertThatThrownBy(() -> load("measure.fidelity = 1", Map.of(Option.RECIPE, List.of("auto"), Option.BUDGET,
            List.of("0.1")))).isInstanceOf(InputException.class)
            .hasMessageContaining("measure.fidelity must be at least 2 with --recipe auto");
    }

    @Test
    void aSearchNeedsABudgetAndCandidatesThatExist() throws IOException {
        assertThatThrownBy(() -> load("", Map.of(Option.RECIPE, List.of("auto")))).isInstanceOf(InputException.class)
            .hasMessageContaining("must be given with --recipe auto");
        assertThat(load("", Map.of(Option.RECIPE, List.of("auto"), Option.BUDGET, List.of("0.1"))).recipe().candidates())
            .hasSizeGreaterThan(3).contains(Map.of("method", "rtn", "weight-bits", "8", "activation-bits", "8",
                "activation-scale", "row"));
        Path file = folder.resolve("given.conf");
        assertThatThrownBy(() -> load("quantize.candidate = [\"rnk=3\"]", Map.of())).isInstanceOf(InputException.class)
            .hasMessage("quantize.candidate 'rnk=3' has the unknown key rnk; the nearest known one is rank in " + file
                + " line 2");
        assertThatThrownBy(() -> load("", Map.of(Option.CANDIDATE, List.of("method=rtn", "weight-bits=9"))))
            .hasMessage("--candidate 'weight-bits=9': weight-bits must be in 2..8, or 16 or 32 for off, found 9");
        assertThatThrownBy(() -> load("", Map.of(Option.CANDIDATE, List.of("rank"))))
            .hasMessage("--candidate must look like key=value,..., found 'rank'");
        assertThatThrownBy(() -> load("quantize.override = [\"*:rnk=3\"]", Map.of())).isInstanceOf(InputException.class)
            .hasMessageContaining("quantize.override of '*' has the unknown key rnk");
        assertThatThrownBy(() -> load("quantize.override = [\"*:rank=3\"]", Map.of(Option.RECIPE, List.of("auto"),
            Option.BUDGET, List.of("0.1")))).isInstanceOf(InputException.class).hasMessageContaining("must be left out");
    }
}
