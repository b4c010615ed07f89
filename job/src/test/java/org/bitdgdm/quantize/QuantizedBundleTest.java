package org.bitdgdm.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.model.ModelBundle;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On the shipped model, quantized by round to nearest, since that takes no time. */
class QuantizedBundleTest {
    private static final ModelBundle SOURCE = ModelBundle.load(Path.of("../conf/models/qm9"));
    private static QuantizedBundle<PackedModel> bundle;

    @BeforeAll
    static void quantize() {
        QuantizeConf recipe = TestRecipes.recipe("method=rtn,activation-bits=8,alpha=0.29,threshold-percentile=99.9,"
            + "calibration-graphs=1,calibration-steps=1", Map.of("*.lin_y?", Map.of("method", "fp32")));
        bundle = new QuantizedBundle<>(Quantization.quantize(new Calibrations(SOURCE.packed(), 7, ReferenceDenoiser::new),
            recipe), recipe, 7, SOURCE.sha256());
    }

    @Test
    void loadsWhatWasSaved(@TempDir Path folder) throws IOException {
        Path saved = folder.resolve("quantized");
        bundle.save(saved, SOURCE, staging -> Files.writeString(staging.resolve("beside.txt"), "x"));
        QuantizedBundle<PackedModel> loaded = QuantizedBundle.load(saved);
        assertThat(PackedModelFormat.toBytes(loaded.quantized().model()))
            .isEqualTo(PackedModelFormat.toBytes(bundle.quantized().model()));
        assertThat(loaded.recipe()).isEqualTo(bundle.recipe());
        assertThat(loaded.quantized().layers()).isEqualTo(bundle.quantized().layers());
        assertThat(loaded.seed()).isEqualTo(7);
        assertThat(loaded.sourceSha256()).isEqualTo(SOURCE.sha256());
        assertThat(loaded.quantized().bytesBefore()).isEqualTo(SOURCE.packed().bytes());
        assertThat(Files.readString(saved.resolve(QuantizedBundle.CSV_FILE)))
            .isEqualTo(QuantizationCsv.toCsv(bundle.quantized().layers()));
        assertThat(saved.resolve("beside.txt")).isNotEmptyFile();
        // It is a model bundle as well.
        assertThat(ModelBundle.load(saved).sha256()).isEqualTo(SOURCE.sha256());
    }

    /** Recipes of the first release knew one way to fit factors, and left other layers alone. */
    @Test
    void recipesKeepTheirWordsAndThoseWithoutLaterSettingsAreRead(@TempDir Path folder) throws IOException {
        Path saved = folder.resolve("quantized");
        bundle.save(saved, SOURCE, staging -> { });
        Path file = saved.resolve(QuantizedBundle.RECIPE_FILE);
        String text = Files.readString(file);
        assertThat(text).contains("\"method\" : \"rtn\"", "\"activationScale\" : \"static\"", "\"factors\" : \"weight\"");
        Files.writeString(file, text.replace("\"factors\" : \"weight\",", "").replace("\"outerBits\" : 32,", ""));
        assertThat(Files.readString(file)).doesNotContain("factors", "outerBits");
        assertThat(QuantizedBundle.load(saved).recipe()).isEqualTo(bundle.recipe());
    }

    @Test
    void loadingNeedsNoTensorsInFullPrecision(@TempDir Path folder) throws IOException {
        Path saved = folder.resolve("quantized");
        bundle.save(saved, SOURCE, staging -> { });
        Files.delete(saved.resolve(ModelBundle.TENSORS_FILE));
        assertThat(QuantizedBundle.load(saved).quantized().layers()).hasSize(120);
    }

    @Test
    void damageIsFound(@TempDir Path folder) throws IOException {
        Path saved = folder.resolve("quantized");
        bundle.save(saved, SOURCE, staging -> { });
        byte[] packed = Files.readAllBytes(saved.resolve(QuantizedBundle.PACKED_FILE));
        packed[packed.length / 2] ^= 1;
        Files.write(saved.resolve(QuantizedBundle.PACKED_FILE), packed);
        assertThatThrownBy(() -> QuantizedBundle.load(saved)).isInstanceOf(InputException.class)
            .hasMessageContaining("SHA-256").hasMessageContaining("damaged");

        Path recipe = saved.resolve(QuantizedBundle.RECIPE_FILE);
        String json = Files.readString(recipe);
        Files.writeString(recipe, json.replaceFirst("\"format\" : 1", "\"format\" : 2"));
        assertThatThrownBy(() -> QuantizedBundle.load(saved)).isInstanceOf(InputException.class)
            .hasMessageContaining("format version 2");
        Files.writeString(recipe, json.substring(0, json.length() / 2));
        assertThatThrownBy(() -> QuantizedBundle.load(saved)).isInstanceOf(InputException.class)
            .hasMessageContaining(QuantizedBundle.RECIPE_FILE).hasMessageContaining("no recipe");
        assertThatThrownBy(() -> QuantizedBundle.load(folder)).isInstanceOf(InputException.class)
            .hasMessageContaining("no quantized model");
    }
}
