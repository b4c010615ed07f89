package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Naming, opening and refusing backends; what needs a JVM of its own is in {@link NativeLibraryTest}. */
class DenoisersTest {

    @Test
    void opensWhatIsNamed() {
        PackedModel model = TestModels.tiny(Variant.MAIN, 1);
        BackendOptions options = new BackendOptions(2, "scalar", null);
        try (Denoiser reference = Denoisers.open(Backend.REFERENCE, model, options);
             Denoiser cpu = Denoisers.open(Backend.CPU, model, options);
             Denoiser auto = Denoisers.open(Backend.AUTO, model, BackendOptions.defaults())) {
            assertThat(reference).isInstanceOf(ReferenceDenoiser.class);
            assertThat(cpu.describe()).isEqualTo("cpu (scalar, 2 threads)");
            assertThat(auto.describe()).matches("cpu \\((scalar|avx2|avx512), 1 thread\\)|cuda \\(.*\\)");
        }
        assertThat(Denoisers.resolve(Backend.AUTO)).isIn(Backend.CPU, Backend.CUDA);
        assertThat(Denoisers.resolve(Backend.REFERENCE)).isEqualTo(Backend.REFERENCE);
    }

    @Test
    void cudaIsRefusedWithARemedy() {
        assumeFalse(Denoisers.resolve(Backend.AUTO) == Backend.CUDA, "a GPU can be used here");
        assertThatThrownBy(() -> Denoisers.open(Backend.CUDA, TestModels.tiny(Variant.MAIN, 1), BackendOptions.defaults()))
            .isInstanceOf(KernelException.class).hasMessageStartingWith("backend cuda: ")
            .hasMessageContaining("--backend cpu");
    }

    @Test
    void theTemporaryFolderIsLeftAsItWas(@TempDir Path folder) {
        String before = System.getProperty("java.io.tmpdir");
        try {
            JcudaLibrary.load(folder);
        } catch (KernelException withoutDriver) {
            assertThat(withoutDriver).hasMessageStartingWith("backend cuda: ");
        }
        assertThat(System.getProperty("java.io.tmpdir")).isEqualTo(before);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void namesAreChecked() {
        for (Backend backend : Backend.values()) {
            assertThat(Backend.of(backend.label())).isEqualTo(backend);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> Backend.of("gpu"))
            .withMessageContaining("'gpu'").withMessageContaining("auto, reference, cpu, cuda");
        assertThatIllegalArgumentException().isThrownBy(() -> new BackendOptions(0, "auto", null))
            .withMessageContaining("at least 1, found 0");
        assertThatIllegalArgumentException().isThrownBy(() -> new BackendOptions(1, "sse", null))
            .withMessageContaining("auto, scalar, avx2, avx512, found 'sse'");
    }
}
