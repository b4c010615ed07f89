package org.bitdgdm.conf;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.bitdgdm.kernels.Variant;

/**
 * All that {@code import} is asked to do.
 *
 * @param checkpoint file to read, {@code .ckpt} or {@code .safetensors}
 * @param variant    branch of DiGress's published code the checkpoint was trained with; empty where none is named
 * @param reference  file of training molecules for the bundle's reference set
 * @param facts      JSON file with facts that the checkpoint lacks
 * @param name       name of the model in reports; empty: what the checkpoint says
 * @param out        folder of the new bundle
 * @param verbose    whether errors show their stack trace
 */
public record ImportConf(Path checkpoint, Optional<Variant> variant, Optional<Path> reference, Optional<Path> facts, String name,
                         Path out, boolean verbose) {

    /**
     * Validates the merged options for {@code import}.
     *
     * @throws InputException naming the option, its value and, if a file set it, file and line
     */
    public static ImportConf of(Settings settings) {
        return settings.blamed(() -> {
            String checkpoint = settings.text(Option.CHECKPOINT);
            Check.that(!checkpoint.isBlank(), "checkpoint", "must name the file to import", "");
            String variant = settings.text(Option.VARIANT);
            if (!variant.isBlank()) {
                requireVariant(variant);
            }
            String out = settings.text(Option.OUT);
            Check.that(!out.isBlank(), "out", "must name the folder of the new bundle", "");
            Path file = LocalPath.of(checkpoint);
            String name = settings.text(Option.NAME);
            return new ImportConf(file, variant.isBlank() ? Optional.empty() : Optional.of(Variant.of(variant)),
                path(settings.text(Option.REFERENCE)),
                path(settings.text(Option.FACTS)), name, LocalPath.of(out),
                settings.on(Option.VERBOSE));
        });
    }

    private static void requireVariant(String found) {
        Check.oneOf("variant", Arrays.stream(Variant.values()).map(Variant::label).toList(), found);
    }

    /**
     * The variant, which a checkpoint of DiGress needs.
     *
     * @throws InputException if none is named
     */
    public Variant requiredVariant() {
        if (variant.isEmpty()) {
            requireVariant("");
        }
        return variant.orElseThrow();
    }

    private static Optional<Path> path(String text) {
        return text.isBlank() ? Optional.empty() : Optional.of(LocalPath.of(text));
    }
}
