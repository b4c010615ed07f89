package org.bitdgdm.kernels.bench;

import java.util.ArrayList;
import java.util.List;
import org.bitdgdm.kernels.PackedModel;

/**
 * A way to quantize that is measured.
 *
 * @param name         as in tables
 * @param flags        the flags of {@code generate} that ask for it
 * @param bits         of weights and activations; 32 for full precision
 * @param rank         of the low-rank part; 0 for none
 * @param alpha        of the sparse part
 * @param residualBits 0 for none
 */
record Setting(String name, List<String> flags, int bits, int rank, double alpha, int residualBits) {
    /** Threshold of activations in all of them but the default. */
    static final double PERCENTILE = 99;

    private static final String PUBLISHED = "--method bit-dgdm --factors weight --threshold-percentile 99 ";

    static final Setting FP32 = new Setting("fp32", List.of("--method", "fp32"), 32, 0, 0, 0);
    static final Setting W8A8 = new Setting("rtn w8a8", List.of("--method", "rtn", "--weight-bits", "8",
        "--activation-bits", "8", "--activation-scale", "row"), 8, 0, 0, 8);
    static final Setting LITERAL = new Setting("bit-dgdm w4a4 literal",
        published("--residual", "0", "--alpha", "0.05"), 4, 16, 0.05, 0);
    static final Setting RESIDUAL = new Setting("bit-dgdm w4a4 + 4-bit residual",
        published("--residual", "4", "--alpha", "0.01"), 4, 16, 0.01, 4);
    /** Whatever {@code generate} does without flags; measured where the job can be asked. */
    static final Setting DEFAULT = new Setting("default of generate", List.of(), 4, 32, 0.01, 0);

    static final List<Setting> ALL = List.of(FP32, W8A8, LITERAL, RESIDUAL);

    /** What else the README compares; only steps of the shipped model as the job quantizes it are timed. */
    static final List<Setting> OTHERS = List.of(
        ofTheJob("rtn w4a4, scale per row", "--method rtn --activation-bits 4 --activation-scale row"),
        ofTheJob("rtn w4a4, static", "--method rtn --activation-bits 4 --threshold-percentile 99"),
        ofTheJob("gptq w4a8, static", "--method gptq --activation-bits 8 --threshold-percentile 99"),
        ofTheJob("bit-dgdm w4a8 + 4-bit residual", PUBLISHED + "--residual 4 --activation-bits 8"),
        ofTheJob("bit-dgdm w4a4 + 4-bit residual, rank 8", PUBLISHED + "--residual 4 --activation-bits 4 --rank 8"),
        ofTheJob("bit-dgdm w4a4 + 4-bit residual, rank 8, α 0", PUBLISHED
            + "--residual 4 --activation-bits 4 --rank 8 --alpha 0"),
        ofTheJob("recipe conf/recipes/qm9-cpu.conf", "--recipe conf/recipes/qm9-cpu.conf"));

    /** Factors of the weight, W4A4 at rank 16. */
    private static List<String> published(String... more) {
        List<String> flags = new ArrayList<>(List.of((PUBLISHED + "--activation-bits 4 --rank 16").split(" ")));
        flags.addAll(List.of(more));
        return List.copyOf(flags);
    }

    private static Setting ofTheJob(String name, String flags) {
        return new Setting(name, List.of(flags.split(" ")), 0, 0, 0, 0);
    }

    /** One scale per row of X instead of thresholds. */
    boolean perRow() {
        return rank == 0;
    }

    /** The name as one word, for kernel_bench. */
    String word() {
        return name.replace(' ', '~');
    }

    /** A model in this form. */
    record Packed(Setting setting, PackedModel model) {
    }
}
