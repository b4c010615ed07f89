package org.bitdgdm.kernels;

import java.util.Arrays;
import java.util.List;

/**
 * Which jumps of a flow get the rate η p(j) that changes no distribution, but lets a graph correct itself
 * ({@code sample.rdb} and {@code sample.rdb_crit} of DeFoG, {@code src/flow_matching/rate_matrix.py}). With x the present
 * class and x₁ the class drawn from the prediction. Backends know it by its ordinal.
 */
public enum Stochasticity {
    /** All. */
    GENERAL("general"),
    /** Those to classes that noise holds more often than x. */
    MARGINAL("marginal"),
    /** Those to the class that noise holds most often; where x is that, all. So of all columns. */
    COLUMN_MAX_MARGINAL("column:max_marginal"),
    /** The column of x itself, which is all. */
    COLUMN_X_T("column:x_t"),
    /** The column of the last class. */
    COLUMN_ABS_STATE("column:abs_state"),
    /** The column of the most probable class of the prediction. */
    COLUMN_P_X1_G_XT("column:p_x1_g_xt"),
    /** The column of x₁. */
    COLUMN_X_1("column:x_1"),
    /** The column of the most probable class at the time, given x₁. */
    COLUMN_P_XT_G_X1("column:p_xt_g_x1"),
    /** The column of a class drawn from those probabilities. */
    COLUMN_XHAT_T("column:xhat_t"),
    /** Those between x₁ and class 0. The published code names this one and the next, and fails for both. */
    ENTRY_FIRST("entry:first"),
    /** Those between x₁ and the last class. */
    ENTRY_ABS_STATE("entry:abs_state");

    private final String label;

    Stochasticity(String label) {
        this.label = label;
    }

    /** As users write it. */
    public String label() {
        return label;
    }

    /** Labels of all. */
    public static List<String> labels() {
        return Arrays.stream(values()).map(Stochasticity::label).toList();
    }

    /**
     * The design of a label.
     *
     * @throws IllegalArgumentException naming the known ones
     */
    public static Stochasticity of(String label) {
        return Arrays.stream(values()).filter(design -> design.label.equals(label)).findFirst().orElseThrow(() ->
            new IllegalArgumentException("stochasticity must be one of " + String.join(", ", labels()) + ", found "
                + label));
    }
}
