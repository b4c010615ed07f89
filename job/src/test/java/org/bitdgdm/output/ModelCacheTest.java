package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.ReferenceDenoiser;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.quantize.Calibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.QuantizedBundle;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCacheTest {
    private static final ModelBundle SOURCE = ModelBundle.load(Path.of("../conf/models/qm9"));
    private static final QuantizeConf RECIPE = TestRecipes.recipe("method=rtn,activation-bits=8,calibration-graphs=1,"
        + "calibration-steps=1");
    private static QuantizedBundle<PackedModel> bundle;

    @TempDir
    private Path temporary;
    private final ByteArrayOutputStream told = new ByteArrayOutputStream();

    @BeforeAll
    static void quantize() {
        bundle = new QuantizedBundle<>(Quantization.quantize(new Calibrations(SOURCE.packed(), 0, ReferenceDenoiser::new),
            RECIPE), RECIPE, 0, SOURCE.sha256());
    }

    private ModelCache cache(String folder) {
        return ModelCache.of(folder, new Configuration(), new PrintStream(told, true, StandardCharsets.UTF_8)).orElseThrow();
    }

    private String told() {
        String lines = told.toString(StandardCharsets.UTF_8);
        told.reset();
        return lines;
    }

    private static Optional<QuantizedBundle<PackedModel>> find(ModelCache cache, String key, String source) {
        return cache.find(key, source, PackedModelFormat::fromBytes);
    }

    private static byte[] packed(QuantizedBundle<PackedModel> of) throws IOException {
        return of.files().get(QuantizedBundle.PACKED_FILE);
    }

    @Test
    void givesBackWhatItKeepsAndNothingElse() throws IOException {
        ModelCache cache = cache(temporary.resolve("models").toString());
        assertThat(find(cache, "key", SOURCE.sha256())).isEmpty();
        cache.keep("key", bundle);
        assertThat(told()).isEmpty();
        Optional<QuantizedBundle<PackedModel>> found = find(cache, "key", SOURCE.sha256());
        assertThat(packed(found.orElseThrow())).isEqualTo(packed(bundle));
        assertThat(found.get().recipe()).isEqualTo(RECIPE);
        assertThat(told()).startsWith("quantized before: taken from ").contains("models/key").hasLineCount(1);
        assertThat(find(cache, "other", SOURCE.sha256())).isEmpty();
        assertThat(told()).isEmpty();
        try (Stream<Path> left = Files.list(temporary.resolve("models/key"))) {
            assertThat(left.map(file -> file.getFileName().toString()).filter(name -> !name.endsWith(".crc")))
                .containsExactlyInAnyOrder(QuantizedBundle.PACKED_FILE, QuantizedBundle.RECIPE_FILE);
        }
    }

    private static String key(char digit) {
        return String.valueOf(digit).repeat(64);
    }

    private void use(String key, long millis) throws IOException {
        Files.setLastModifiedTime(temporary.resolve("models").resolve(key).resolve(QuantizedBundle.PACKED_FILE),
            FileTime.fromMillis(millis));
    }

    @Test
    void whatWasNotUsedForLongestMakesRoom() throws IOException {
        ModelCache cache = cache(temporary.resolve("models").toString());
        Path stranger = Files.createDirectories(temporary.resolve("models/my model"));
        Files.writeString(stranger.resolve(QuantizedBundle.PACKED_FILE), "a bundle that somebody keeps here");
        long one = bundle.files().values().stream().mapToLong(content -> content.length).sum();
        for (char digit : new char[] {'a', 'b', 'c'}) {
            cache.keep(key(digit), bundle);
        }
        use(key('a'), 1_000);
        use(key('b'), 2_000);
        use(key('c'), 3_000);
        assertThat(find(cache, key('a'), SOURCE.sha256())).as("used now").isPresent();
        cache.keep(key('d'), bundle, 3 * one);
        assertThat(temporary.resolve("models").resolve(key('b'))).doesNotExist();
        for (char digit : new char[] {'a', 'c', 'd'}) {
            assertThat(find(cache, key(digit), SOURCE.sha256())).as("%s", digit).isPresent();
        }
        cache.keep(key('e'), bundle, 1);
        try (Stream<Path> left = Files.list(temporary.resolve("models"))) {
            assertThat(left.map(path -> path.getFileName().toString())).as("never the one that is kept, nor strangers")
                .containsExactlyInAnyOrder(key('e'), "my model");
        }
    }

    /** With the checksum of Hadoop beside the file, and without. */
    @Test
    void aBrokenEntryIsToldAndMadeAgain() throws IOException {
        ModelCache cache = cache(temporary.resolve("models").toString());
        cache.keep("key", bundle);
        for (String file : new String[] {QuantizedBundle.PACKED_FILE, QuantizedBundle.RECIPE_FILE}) {
            for (boolean checksum : new boolean[] {true, false}) {
                for (boolean cut : new boolean[] {true, false}) {
                    Path broken = temporary.resolve("models/key").resolve(file);
                    byte[] bytes = Files.readAllBytes(broken);
                    bytes[bytes.length / 3] ^= 1;
                    Files.write(broken, cut ? Arrays.copyOf(bytes, bytes.length / 2) : bytes);
                    if (!checksum) {
                        Files.delete(temporary.resolve("models/key/." + file + ".crc"));
                    }
                    Optional<QuantizedBundle<PackedModel>> found = find(cache, "key", SOURCE.sha256());
                    // A changed digit of a time in the recipe changes no model.
                    if (found.isEmpty()) {
                        assertThat(told()).startsWith("quantizing again, since the model in the cache is broken: ")
                            .hasLineCount(1);
                    } else {
                        assertThat(packed(found.get())).isEqualTo(packed(bundle));
                        assertThat(checksum).isFalse();
                        assertThat(file).isEqualTo(QuantizedBundle.RECIPE_FILE);
                    }
                    told();
                    cache.keep("key", bundle);
                    assertThat(packed(find(cache, "key", SOURCE.sha256()).orElseThrow())).isEqualTo(packed(bundle));
                    told();
                }
            }
        }
        Files.delete(temporary.resolve("models/key").resolve(QuantizedBundle.RECIPE_FILE));
        assertThat(find(cache, "key", SOURCE.sha256())).isEmpty();
        assertThat(told()).contains("is broken").hasLineCount(1);
        assertThat(find(cache, "key", "another")).isEmpty();
    }

    @Test
    void aFolderThatCannotBeWrittenCostsASentence() throws IOException {
        Path file = Files.writeString(temporary.resolve("file"), "x");
        ModelCache cache = cache(file.toString());
        assertThat(find(cache, "key", SOURCE.sha256())).isEmpty();
        cache.keep("key", bundle);
        assertThat(told()).contains("is not kept for other runs, since").contains("--cache names another folder");
        assertThat(Files.readString(file)).isEqualTo("x");
    }

    @Test
    void noneSwitchesItOffAndAnUnknownFileSystemIsRefused() {
        assertThat(ModelCache.of("none", new Configuration(), System.out)).isEmpty();
        assertThatThrownBy(() -> cache("nosuch://bucket/models")).isInstanceOf(InputException.class)
            .hasMessageStartingWith("--cache nosuch://bucket/models cannot be used: ").hasMessageContaining("none");
    }

    @Test
    void everythingThatDecidesTheModelDecidesItsName() throws IOException {
        SparkContext spark = SparkContext.getOrCreate(new SparkConf().setMaster("local[1]").setAppName("keys"));
        Set<String> keys = new HashSet<>();
        keys.add(ModelCache.key(SOURCE, RECIPE, 0, "cpu", spark));
        assertThat(ModelCache.key(SOURCE, RECIPE, 0, "cpu", spark)).isIn(keys);
        keys.add(ModelCache.key(SOURCE, RECIPE, 1, "cpu", spark));
        keys.add(ModelCache.key(SOURCE, RECIPE, 0, "reference", spark));
        keys.add(ModelCache.key(SOURCE, TestRecipes.recipe("method=rtn,activation-bits=7,calibration-graphs=1,"
            + "calibration-steps=1"), 0, "cpu", spark));
        assertThat(keys).hasSize(4);
    }
}
