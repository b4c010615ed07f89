package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.bitdgdm.kernels.ProteinArchitecture.StructureAt;
import org.junit.jupiter.api.Test;

/** Models of proteins as bytes. */
class PackedProteinFormatTest {
    private static PackedProteinModel model(StructureAt structureAt, TestLayers.Form form) {
        PackedProteinModel full = TestProteins.model(
            new ProteinArchitecture(2, structureAt != StructureAt.NOWHERE, true, structureAt, 50), 10, 7, 5, 3);
        if (form == null) {
            return full;
        }
        Random random = new Random(2);
        List<PackedLinear> linears = new ArrayList<>();
        for (PackedLinear linear : full.linears()) {
            linears.add(full.spec().layer(linear.name).quantized() ? TestLayers.quantized(linear, form, random) : linear);
        }
        return full.withRanges(List.of(linears));
    }

    @Test
    void aModelIsReadAsItWasWritten() {
        for (StructureAt structureAt : StructureAt.values()) {
            for (TestLayers.Form form : Arrays.asList(null, TestLayers.LOW_BIT)) {
                PackedProteinModel model = model(structureAt, form);
                byte[] bytes = PackedModelFormat.toBytes(model);
                PackedProteinModel read = PackedModelFormat.proteinOf(bytes);
                assertThat(read.architecture()).isEqualTo(model.architecture());
                assertThat(read.diffusion().trained()).isEqualTo(model.diffusion().trained());
                assertThat(read.diffusion().temperatures()).isEqualTo(model.diffusion().temperatures());
                assertThat(PackedModelFormat.toBytes(read)).isEqualTo(bytes);
            }
        }
    }

    @Test
    void damageAndModelsOfOtherFamiliesAreRefused() {
        byte[] bytes = PackedModelFormat.toBytes(model(StructureAt.OUTPUT, TestLayers.LOW_BIT));
        assertThatIllegalArgumentException().isThrownBy(() -> PackedModelFormat.fromBytes(bytes))
            .withMessageContaining("version must be in 1..3 or 5, found 4");
        byte[] graphs = PackedModelFormat.toBytes(TestModels.tiny(Variant.MAIN, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> PackedModelFormat.proteinOf(graphs))
            .withMessageContaining("version must be 4 for a model of proteins");
        for (int at = 16; at < bytes.length; at += 97) {
            byte[] damaged = bytes.clone();
            damaged[at] ^= 4;
            assertThatIllegalArgumentException().isThrownBy(() -> PackedModelFormat.proteinOf(damaged))
                .withMessageContaining("SHA-256");
        }
        assertThatIllegalArgumentException()
            .isThrownBy(() -> PackedModelFormat.proteinOf(Arrays.copyOf(bytes, bytes.length - 9)))
            .withMessageContaining("bytes long");
    }
}
