package org.bitdgdm.quantize;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.model.PretrainedModel;

/**
 * A quantized model on disk: the files of a model bundle, and beside them {@code packed.bdgm} (what is broadcast),
 * {@code recipe.json} (how it was made, from what, and its hash) and {@code quantization.csv}. It loads bit-identically,
 * without quantizing again and without reading the full-precision tensors.
 *
 * @param quantized    model and reports
 * @param recipe       settings of the quantization
 * @param seed         seed that the calibration was derived from
 * @param sourceSha256 SHA-256 of the full-precision tensors it was made from
 * @param <M>          form of the model
 */
public record QuantizedBundle<M extends PackedNetwork>(QuantizedModel<M> quantized, QuantizeConf recipe, long seed,
                                                       String sourceSha256) {
    /** File of the packed model, {@link PackedModelFormat}. */
    public static final String PACKED_FILE = "packed.bdgm";
    /** File of the recipe. */
    public static final String RECIPE_FILE = "recipe.json";
    /** File of the reports. */
    public static final String CSV_FILE = "quantization.csv";
    /** The version written, and the only one read. */
    private static final int FORMAT = 1;
    private static final long MAX_RECIPE_BYTES = 64 << 20;
    private static final long MAX_PACKED_BYTES = Integer.MAX_VALUE - 64;

    /** What {@code recipe.json} holds. */
    private record Description(int format, String sourceSha256, String packedSha256, long seed, QuantizeConf recipe,
                               double seconds, List<LayerReport> layers) {
    }

    /**
     * Writes the bundle; a reader sees all of it or nothing.
     *
     * @param folder new, empty, or holding a model bundle, which is replaced
     * @param source what was quantized
     * @param beside writes what else belongs to the bundle of {@code source}
     * @throws InputException if the folder cannot be written
     */
    public void save(Path folder, PretrainedModel source, ModelBundle.Companion beside) {
        if (!source.sha256().equals(sourceSha256)) {
            throw new IllegalArgumentException("quantized from tensors of SHA-256 " + sourceSha256 + ", not of "
                + source.sha256());
        }
        source.save(folder, staging -> {
            for (Map.Entry<String, byte[]> file : files().entrySet()) {
                Files.write(staging.resolve(file.getKey()), file.getValue());
            }
            QuantizationCsv.write(staging.resolve(CSV_FILE), quantized.layers());
            beside.write(staging);
        });
    }

    /** The packed model and its recipe as bytes, by file name. */
    public Map<String, byte[]> files() throws IOException {
        byte[] packed = PackedModelFormat.toBytes(quantized.model());
        Description description = new Description(FORMAT, sourceSha256, Sha256.of(packed), seed, recipe,
            quantized.seconds(), quantized.layers());
        return Map.of(PACKED_FILE, packed, RECIPE_FILE, Json.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(description));
    }

    /** Whether a folder holds a quantized model. */
    public static boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(PACKED_FILE));
    }

    /** The bundle of a model of graphs, see {@link #load(Path, Function)}. */
    public static QuantizedBundle<PackedModel> load(Path folder) {
        return load(folder, PackedModelFormat::fromBytes);
    }

    /**
     * Reads a bundle, checking version and hash.
     *
     * @param unpack the packed model, of the form that is expected
     * @throws InputException saying what is wrong with the folder
     */
    public static <M extends PackedNetwork> QuantizedBundle<M> load(Path folder, Function<byte[], M> unpack) {
        Path recipeFile = folder.resolve(RECIPE_FILE);
        Path packedFile = folder.resolve(PACKED_FILE);
        if (!Files.isRegularFile(recipeFile) || !Files.isRegularFile(packedFile)) {
            throw new InputException("no quantized model in " + folder + ": it must be a folder with " + RECIPE_FILE
                + " and " + PACKED_FILE + "; quantize the model again");
        }
        try {
            return read(bytes(recipeFile, MAX_RECIPE_BYTES), bytes(packedFile, MAX_PACKED_BYTES), folder.toString(), unpack);
        } catch (IOException e) {
            throw new InputException("cannot read the quantized model in " + folder + ": " + e.getMessage()
                + "; check the folder and its permissions", e);
        }
    }

    private static byte[] bytes(Path file, long most) throws IOException {
        if (Files.size(file) > most) {
            throw new InputException(file + " has " + Files.size(file) + " bytes, at most " + most
                + " can be read; quantize the model again");
        }
        return Files.readAllBytes(file);
    }

    /** Hash of the packed model that a recipe belongs to; empty where its bytes are no recipe. */
    public static Optional<String> packedSha256(byte[] recipe) {
        try {
            return Optional.ofNullable(Json.value(recipe, Description.class).packedSha256());
        } catch (IOException damaged) {
            return Optional.empty();
        }
    }

    /**
     * A bundle from the bytes of {@link #files}, checking version and hash.
     *
     * @param where  folder they come from, for messages
     * @param unpack the packed model, of the form that is expected
     * @throws InputException saying what is wrong with them
     */
    public static <M extends PackedNetwork> QuantizedBundle<M> read(byte[] recipe, byte[] packed, String where,
                                                                    Function<byte[], M> unpack) {
        String recipeFile = RECIPE_FILE + " in " + where;
        String packedFile = PACKED_FILE + " in " + where;
        try {
            Description description = Json.value(recipe, Description.class);
            if (description.format() != FORMAT) {
                throw new InputException(recipeFile + " has format version " + description.format()
                    + ", this program reads version " + FORMAT + "; quantize the model again");
            }
            String sha256 = Sha256.of(packed);
            if (!sha256.equals(description.packedSha256())) {
                throw new InputException(packedFile + " has SHA-256 " + sha256 + " where " + RECIPE_FILE + " says "
                    + description.packedSha256() + "; the bundle is damaged, quantize the model again");
            }
            M model = unpack.apply(packed);
            return new QuantizedBundle<>(new QuantizedModel<>(model, description.layers(), description.seconds()),
                description.recipe(), description.seed(), description.sourceSha256());
        } catch (JsonProcessingException e) {
            throw new InputException(recipeFile + " is no recipe: " + e.getOriginalMessage()
                + "; quantize the model again", e);
        } catch (IOException e) {
            throw new InputException(recipeFile + " cannot be read: " + e.getMessage() + "; quantize the model again", e);
        } catch (IllegalArgumentException e) {
            throw new InputException(packedFile + " " + e.getMessage(), e);
        }
    }
}
