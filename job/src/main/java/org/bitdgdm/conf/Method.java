package org.bitdgdm.conf;

import static org.bitdgdm.conf.Option.ACTIVATION_BITS;
import static org.bitdgdm.conf.Option.ACTIVATION_SCALE;
import static org.bitdgdm.conf.Option.ALPHA;
import static org.bitdgdm.conf.Option.CROSS_TERM;
import static org.bitdgdm.conf.Option.FACTORS;
import static org.bitdgdm.conf.Option.INTERMEDIATE_BITS;
import static org.bitdgdm.conf.Option.METHOD;
import static org.bitdgdm.conf.Option.OUTER_BITS;
import static org.bitdgdm.conf.Option.RANK;
import static org.bitdgdm.conf.Option.RANK_LEFT;
import static org.bitdgdm.conf.Option.RESIDUAL;
import static org.bitdgdm.conf.Option.THRESHOLD_BUCKETS;
import static org.bitdgdm.conf.Option.THRESHOLD_PERCENTILE;
import static org.bitdgdm.conf.Option.WEIGHT_BITS;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.bitdgdm.conf.QuantizeConf.Factors;

/** A quantization method as it is asked for: its word, its title, the options that it looks at and what it refuses. */
public enum Method {
    FP32("fp32", "FP32") {
        @Override
        public Set<Option> uses(QuantizeConf recipe) {
            return EnumSet.noneOf(Option.class);
        }

        @Override
        String title(QuantizeConf recipe) {
            return recipe.nothing() ? title() : "settings of each layer";
        }
    },
    RTN("rtn", "RTN"),
    GPTQ("gptq", "GPTQ") {
        @Override
        void check(QuantizeConf recipe) {
            Check.that(recipe.weightBits() <= 8, "weight-bits",
                "must be in 2..8 for method gptq, which does nothing but choose codes of weights", recipe.weightBits());
        }
    },
    SQUEEZELLM("squeezellm", "SqueezeLLM", ALPHA) {
        @Override
        void check(QuantizeConf recipe) {
            Check.that(recipe.weightBits() <= 8, "weight-bits",
                "must be in 2..8 for method squeezellm, which does nothing but put weights into tables", recipe.weightBits());
            Check.that(recipe.activationBits() > 8, "activation-bits",
                "must be 16 or 32 for method squeezellm, which looks weights up and computes in full precision",
                recipe.activationBits());
        }
    },
    SVDQUANT("svdquant", "SVDQuant", RANK),
    DUQUANT("duquant", "DuQuant"),
    BIT_DGDM("bit-dgdm", "Bit-DGDM", RANK, RANK_LEFT, FACTORS, OUTER_BITS, ALPHA, RESIDUAL, INTERMEDIATE_BITS, CROSS_TERM),
    BIT_DGDM_DENSE_ACTIVATIONS("bit-dgdm-dense-activations", "Bit-DGDM dense activations", RANK, RANK_LEFT, FACTORS, OUTER_BITS,
        ALPHA, RESIDUAL, INTERMEDIATE_BITS, CROSS_TERM) {
        @Override
        public Set<Option> uses(QuantizeConf recipe) {
            Set<Option> used = super.uses(recipe);
            used.remove(THRESHOLD_PERCENTILE);
            return used;
        }

        @Override
        void check(QuantizeConf recipe) {
            checkSparseDense(recipe);
        }
    },
    BIT_DGDM_THRESHOLD("bit-dgdm-threshold", "Bit-DGDM threshold", ALPHA, CROSS_TERM),
    BIT_DGDM_MINUS("bit-dgdm-minus", "Bit-DGDM minus", RANK, RANK_LEFT, FACTORS, OUTER_BITS, ALPHA, RESIDUAL,
        INTERMEDIATE_BITS) {
        @Override
        void check(QuantizeConf recipe) {
            checkSparseDense(recipe);
        }
    };

    private final String word;
    private final String title;
    private final List<Option> own;

    Method(String word, String title, Option... own) {
        this.word = word;
        this.title = title;
        this.own = List.of(own);
    }

    /**
     * The method of a word.
     *
     * @throws InputException if there is none
     */
    public static Method of(String word) {
        Check.oneOf("method", Arrays.stream(values()).map(Method::toString).toList(), word);
        return Arrays.stream(values()).filter(method -> method.word.equals(word)).findFirst().orElseThrow();
    }

    /** The word of options and files, for example {@code bit-dgdm}. */
    @Override
    public String toString() {
        return word;
    }

    /** The name for people, for example {@code Bit-DGDM}. */
    public String title() {
        return title;
    }

    /** The options that decide what this method makes of a recipe. */
    public Set<Option> uses(QuantizeConf recipe) {
        Set<Option> used = EnumSet.of(METHOD, WEIGHT_BITS, ACTIVATION_BITS);
        used.addAll(own);
        if (recipe.factors() == Factors.WEIGHT) {
            used.remove(OUTER_BITS);
        }
        if (!recipe.ranksByLayer()) {
            used.remove(RANK_LEFT);
        }
        if (recipe.activationBits() <= 8) {
            used.add(ACTIVATION_SCALE);
        }
        if (recipe.hasThreshold()) {
            used.add(THRESHOLD_PERCENTILE);
        } else {
            used.remove(CROSS_TERM);
        }
        if (recipe.hasThreshold() && recipe.thresholdBuckets() > 1) {
            used.add(THRESHOLD_BUCKETS);
        }
        return used;
    }

    /** A recipe of this method in a few words. */
    String title(QuantizeConf recipe) {
        StringBuilder text = new StringBuilder(title).append(" W").append(recipe.weightBits()).append('A')
            .append(recipe.activationBits());
        if (own.contains(FACTORS) && recipe.factors() == Factors.WEIGHT) {
            text.insert(title.length(), " as published,");
        }
        if (own.contains(RANK)) {
            boolean byLayer = own.contains(RANK_LEFT) && recipe.ranksByLayer();
            text.append(byLayer ? ", rank up to " : ", rank ").append(recipe.rank());
            if (byLayer) {
                text.append(" (").append(percent(recipe.rankLeft())).append(" left)");
            }
        }
        if (own.contains(ALPHA)) {
            text.append(", α ").append(percent(recipe.alpha()));
        }
        if (own.contains(RESIDUAL)) {
            text.append(recipe.residualBits() == 0 ? ", no residual" : ", " + recipe.residualBits() + "-bit residual");
        }
        return text.toString();
    }

    private static String percent(double share) {
        return BigDecimal.valueOf(share).movePointRight(2).stripTrailingZeros().toPlainString() + "%";
    }

    /**
     * Refuses what the method cannot do.
     *
     * @throws InputException naming the option
     */
    void check(QuantizeConf recipe) {
    }

    private static void checkSparseDense(QuantizeConf recipe) {
        Check.that(recipe.hasThreshold(), "method", "must be another than one that takes away a part of sparse-dense"
            + " activations where those are off (activation-bits " + recipe.activationBits() + ", activation-scale "
            + recipe.activationScale() + ")", recipe.method());
    }
}
