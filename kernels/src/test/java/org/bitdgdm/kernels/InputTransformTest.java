package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The parts of a transform, counted by hand, and what makes no transform. */
class InputTransformTest {

    @Test
    void partsApplyInOrder() {
        float[] swap = new float[9];
        swap[1] = 1;
        swap[3] = 1;
        swap[8] = 1;
        float[] twice = new float[9];
        twice[0] = 2;
        twice[4] = 2;
        twice[8] = 2;
        InputTransform transform = new InputTransform(3, new float[] {1, 10, 100}, 16, swap, new int[] {2, 0, 1}, twice);
        // Scaled (1, 20, 300); first two swapped (20, 1, 300); place c takes channel p[c]: (300, 20, 1); doubled.
        assertThat(transform.apply(new float[] {1, 2, 3, 0, 0, 1}, 2)).containsExactly(600, 40, 2, 200, 0, 0);
        assertThat(transform.multiplyAdds()).isEqualTo(3 + 9 + 9);
        assertThat(transform.bytes()).isEqualTo(3 * 4 + 9 * 2 + 3 * 2 + 9 * 2);
    }

    @Test
    void blocksDoNotMix() {
        Random random = new Random(4);
        int width = 16 + 5;
        float[] rotation = TestModels.gaussians(random, InputTransform.rotationSize(width, 16), 1);
        for (int at = 0; at < rotation.length; at++) {
            rotation[at] = Bfloat16.round(rotation[at]);
        }
        InputTransform transform = new InputTransform(width, new float[0], 16, rotation, new int[0], new float[0]);
        float[] input = new float[width];
        input[17] = 1;
        float[] output = transform.apply(input, 1);
        for (int c = 0; c < width; c++) {
            assertThat(output[c]).isEqualTo(c < 16 ? 0 : rotation[256 + 5 + c - 16]);
        }
    }

    @Test
    void contradictionsAreRefused() {
        refused("a scale for each of 4 channels, found 3", new float[3], 0, new float[0], new int[0]);
        refused("positive finite scales, found 0.0", new float[4], 0, new float[0], new int[0]);
        refused("a multiple of 16", new float[0], 8, new float[16], new int[0]);
        refused("16 entries of R1, found 15", new float[0], 16, new float[15], new int[0]);
        refused("each channel once in P, found 1", new float[0], 0, new float[0], new int[] {0, 1, 1, 2});
        refused("rounded to bfloat16", new float[0], 16, TestModels.gaussians(new Random(1), 16, 1), new int[0]);
    }

    private static void refused(String words, float[] scale, int block, float[] first, int[] permutation) {
        assertThatIllegalArgumentException().isThrownBy(() ->
            new InputTransform(4, scale, block, first, permutation, new float[0])).withMessageContaining(words);
    }

    @Test
    void roundingToSixteenBitsTiesToEven() {
        assertThat(Bfloat16.round(1 + 0x1p-8f)).isEqualTo(1);
        assertThat(Bfloat16.round(1 + 3 * 0x1p-8f)).isEqualTo(1 + 0x1p-6f);
        assertThat(Bfloat16.round(-1 - 0x1.8p-8f)).isEqualTo(-1 - 0x1p-7f);
        assertThat(Bfloat16.round(Float.MAX_VALUE)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(Bfloat16.round(Float.NaN)).isNaN();
        for (float value : TestModels.gaussians(new Random(2), 1000, 3)) {
            assertThat(Math.abs(Bfloat16.round(value) - value)).isLessThanOrEqualTo(Math.abs(value) * 0x1p-8f);
        }
    }
}
