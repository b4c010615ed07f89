package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class OptionTest {
    /** Another value than the default, for every option of a recipe. */
    private static final Map<Option, Object> OTHERS = new HashMap<>(Map.of(Option.METHOD, "svdquant",
        Option.WEIGHT_BITS, 5, Option.ACTIVATION_BITS, 6, Option.RANK, 7, Option.ALPHA, 0.3,
        Option.THRESHOLD_PERCENTILE, 95.0, Option.THRESHOLD_BUCKETS, 3, Option.RESIDUAL, 3, Option.INTERMEDIATE_BITS, 5,
        Option.ACTIVATION_SCALE, "row"));

    static {
        OTHERS.put(Option.RANK_LEFT, 0.02);
        OTHERS.put(Option.FACTORS, "aware");
        OTHERS.put(Option.OUTER_BITS, 6);
        OTHERS.put(Option.CROSS_TERM, false);
        OTHERS.put(Option.CALIBRATION_GRAPHS, 3);
        OTHERS.put(Option.CALIBRATION_STEPS, 9);
        OTHERS.put(Option.OVERRIDE, List.of("*.q:method=fp32"));
    }

    /** The whole recipe, option by option: forgetting one in {@link QuantizeConf} fails here. */
    @Test
    void aRecipeCarriesEveryOptionOfItsSectionAndChangesWithEach() {
        QuantizeConf recipe = TestRecipes.recipe("");
        Set<Option> search = EnumSet.of(Option.RECIPE, Option.BUDGET, Option.CANDIDATE);
        List<Option> section = Arrays.stream(Option.values())
            .filter(option -> option.key().startsWith("quantize.") && !search.contains(option)).toList();
        assertThat(recipe.values().keySet()).containsExactlyElementsOf(section);
        for (Option option : section) {
            assertThat(OTHERS).as("a test value").containsKey(option);
            QuantizeConf other = recipe.with(Map.of(option, OTHERS.get(option)));
            assertThat(other).as(option.key()).isNotEqualTo(recipe);
            assertThat(other.values()).as(option.key()).containsEntry(option, OTHERS.get(option));
            assertThat(other.with(Map.of(option, recipe.values().get(option)))).as(option.key()).isEqualTo(recipe);
        }
    }

    @Test
    void whatDiffersBetweenLayersDecidesRowsAndIsAnAxisOfSweeps() {
        for (Option option : Option.values()) {
            if (option.perLayer()) {
                assertThat(Option.axes()).contains(option);
                assertThat(option.decides()).as(option.key()).isEqualTo(Option.Decides.ROWS);
                assertThat(TestRecipes.recipe("").values()).containsKey(option);
            }
        }
    }

    /** Two cells that are other runs must have other folders. */
    @Test
    void everyAxisIsInTheNameOfACell() {
        Settings base = Settings.load(Optional.empty(), Map.of(Option.OUT, List.of("out")));
        Map<Option, Object> others = new HashMap<>(OTHERS);
        others.putAll(Map.of(Option.FACTORS, "weight", Option.STEPS, 7, Option.SCHEDULE, "noise", Option.SEED, 9L, Option.RECIPE, "auto"));
        others.putAll(Map.of(Option.SAMPLER, "flow", Option.ETA, 50.0, Option.OMEGA, 0.5, Option.DISTORTION, "polydec",
            Option.STOCHASTICITY, "column:x_1", Option.NUM_ATOMS, "5-7",
            Option.SCAFFOLD, "C1=CC1"));
        for (Option axis : Option.axes()) {
            Map<Option, Settings.Setting> common = axis == Option.BUDGET || axis == Option.RECIPE
                ? Map.of(Option.RECIPE, set("auto"), Option.BUDGET, set(0.5)) : Map.of();
            Object other = axis == Option.BUDGET ? (Object) 0.25 : others.get(axis);
            SweepCell one = SweepCell.of(JobConf.ofCell(base.with(axis == Option.RECIPE ? Map.of() : common)));
            SweepCell two = SweepCell.of(JobConf.ofCell(base.with(common).with(Map.of(axis, set(other)))));
            assertThat(two.name()).as(axis.key()).isNotEqualTo(one.name());
        }
    }

    private static Settings.Setting set(Object value) {
        return new Settings.Setting(value, "a test");
    }

    @Test
    void methodsHaveWordsTitlesAndOptionsOfTheirOwn() {
        assertThat(Method.values()).extracting(Method::toString).doesNotHaveDuplicates();
        for (Method method : Method.values()) {
            assertThat(Method.of(method.toString())).isEqualTo(method);
            QuantizeConf recipe = TestRecipes.recipe("method=" + method
                + (method == Method.SQUEEZELLM ? ",activation-bits=16" : ""));
            assertThat(recipe.title()).startsWith(method.title());
            assertThat(method.uses(recipe).isEmpty()).as(method.toString()).isEqualTo(recipe.nothing());
        }
        assertThat(TestRecipes.recipe("residual=0,alpha=0.05").title())
            .isEqualTo("Bit-DGDM as published, W4A4, rank 16, α 5%, no residual");
        assertThat(TestRecipes.recipe("residual=0,factors=aware").title())
            .isEqualTo("Bit-DGDM W4A4, rank 16, α 1%, no residual");
        assertThat(TestRecipes.recipe("method=rtn").title()).isEqualTo("RTN W4A4");
    }
}
