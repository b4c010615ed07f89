package org.bitdgdm.conf;

import java.util.List;
import java.util.Map;

/**
 * Whether settings are chosen for each layer by the job, and from what.
 *
 * @param recipe     empty: the settings of {@link QuantizeConf} hold as they are; {@code auto}: they are chosen; else the
 *                   file that they have come from
 * @param budget     largest divergence from full precision that a chosen recipe may have, in nats per graph and step: the
 *                   upper end of its 95% interval
 * @param candidates settings to choose from, each as key → value of {@link QuantizeConf} over those of the run
 */
public record RecipeConf(String recipe, double budget, List<Map<String, String>> candidates) {
    /** The word that asks for a search. */
    public static final String AUTO = "auto";

    public RecipeConf {
        Check.that(budget >= 0, "budget", "must be a divergence above 0", budget);
        Check.that(!recipe.equals(AUTO) || budget > 0, "budget", "must be given with --recipe auto: the largest divergence"
            + " from full precision, in nats per graph and step, such as 0.02", budget);
        Check.that(!recipe.equals(AUTO) || !candidates.isEmpty(), "candidate", "must name settings to choose from", "none");
        candidates = List.copyOf(candidates);
    }

    static RecipeConf of(Settings settings) {
        return new RecipeConf(settings.text(Option.RECIPE).strip(), settings.number(Option.BUDGET),
            Overrides.candidates(settings.list(Option.CANDIDATE)));
    }

    /** The same without a budget, which only a search looks at. */
    RecipeConf withoutBudget() {
        return new RecipeConf(recipe, 0, candidates);
    }

    /** Nothing chosen, and no file. */
    RecipeConf none() {
        return new RecipeConf("", 0, candidates);
    }

    /** Whether the job chooses. */
    public boolean auto() {
        return recipe.equals(AUTO);
    }

    /** A candidate as it is written. */
    public static String text(Map<String, String> candidate) {
        return Overrides.text(candidate);
    }
}
