package org.bitdgdm.kernels;

/** The parts that a packed model may be made of besides full-precision layers. */
public enum PackedForm {
    /** {@link PackedLinear#left} and {@link PackedLinear#right}. */
    FACTORS,
    /** {@link PackedLinear#residual}. */
    RESIDUAL,
    /** Entries of {@link PackedLinear#sparse}. */
    SPARSE,
    /** {@link PackedLinear#transform}. */
    TRANSFORM,
    /** {@link PackedLinear#branch}. */
    BRANCH,
    /** {@link PackedLinear#codebook}. */
    CODEBOOK,
    /** More than one range of {@link PackedModel#stepRanges}. */
    STEP_RANGES
}
