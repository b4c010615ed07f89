package org.bitdgdm.kernels;

/** The parts that a packed model may be made of besides full-precision layers: what a backend must know how to run. */
public enum PackedForm {
    /** {@link PackedLinear#left} and {@link PackedLinear#right}. */
    FACTORS("low-bit factors"),
    /** {@link PackedLinear#residual}. */
    RESIDUAL("a low-bit residual"),
    /** Entries of {@link PackedLinear#sparse}. */
    SPARSE("sparse weights"),
    /** {@link PackedLinear#transform}. */
    TRANSFORM("transformed inputs"),
    /** {@link PackedLinear#branch}. */
    BRANCH("a 16-bit low-rank branch"),
    /** {@link PackedLinear#codebook}. */
    CODEBOOK("codebooks"),
    /** More than one range of {@link PackedModel#stepRanges}. */
    STEP_RANGES("thresholds per range of steps");

    private final String words;

    PackedForm(String words) {
        this.words = words;
    }

    /** What it is, in the words of a message. */
    public String words() {
        return words;
    }
}
