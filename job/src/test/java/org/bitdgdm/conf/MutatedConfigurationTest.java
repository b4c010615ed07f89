package org.bitdgdm.conf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bitdgdm.Mutations;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configurations, sweeps and recipes, changed. */
class MutatedConfigurationTest {
    private static final List<String> HOCON = List.of(
        "include \"mutated.conf\"\n", "include \"/etc/hostname\"\n", "include file(\"/etc/hostname\")\n",
        "include url(\"http://127.0.0.1:9/x\")\n", "include classpath(\"bitdgdm.conf\")\n", "include required(\"x\")\n",
        "${sample.steps}", "${?HOME}", "${model}${model}", "${x}", "+=", " = ", ":", "{", "}", "[", "]", "\"\"\"", "\"",
        "\n", ",", "#", "//", "\\u0000", "a.b.c.d", "null", "true", "[1, 2, 3]", "{a: 1}", "10 minutes", "1e400",
        "sweep { study = decomposition }\n", "*", "?", "*?*?*?*?*?*?", "PATTERN:rank=3", "override = [\"*:rank=x\"]",
        "\u202e", "\r", "quantize.override += \"*.lin*:method=fp32\"\n", "cells = [{rank = [1,2,3]}]",
        "threshold-percentile = 100.5", "..", "$");

    @TempDir
    private Path folder;

    private static List<byte[]> texts(String... texts) {
        return Stream.of(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Names that no file can have are told as such by the job. */
    private static void valid(Runnable read) {
        try {
            read.run();
        } catch (InvalidPathException e) {
            throw new InputException(e.getMessage(), e);
        }
    }

    @Test
    void configurations() throws Exception {
        Path file = folder.resolve("mutated.conf");
        List<byte[]> valid = new ArrayList<>(List.of(bytes(Path.of("../conf/bitdgdm.conf"))));
        valid.addAll(texts("model = conf/models/qm9\nsample { count = 10, seed = 3, steps = ${sample.count} }\n"
            + "output.out = \"out\"\nquantize.override = [\"*.lin_y?:method=fp32,rank=2\", \"tf_layers.0.*:weight-bits=8\"]\n"
            + "output.require = [\"validity>=0.9\"]\nevaluate.input = \"x.smi\"\n"
            + "import { checkpoint = a.ckpt, variant = main }\n",
            "{\"sample\": {\"count\": 5, \"seed\": 18446744073709551615}, \"quantize\": {\"method\": \"rtn\"}}"));
        Map<Option, List<String>> flags = Map.of(Option.OUT, List.of("out"), Option.INPUT, List.of("x.smi"),
            Option.CHECKPOINT, List.of("x.ckpt"), Option.VARIANT, List.of("main"));
        Mutations.check("configuration", valid, HOCON, input -> {
            Settings settings = Settings.load(Optional.of(Files.write(file, input)), flags);
            valid(() -> {
                JobConf conf = JobConf.of(settings);
                conf.values();
                conf.quantize().overrides("tf_layers.0.self_attn.q");
                EvaluateConf.of(settings);
                ImportConf.of(settings);
            });
        });
    }

    @Test
    void sweeps() throws Exception {
        Path file = folder.resolve("mutated.conf");
        List<byte[]> valid = new ArrayList<>();
        try (Stream<Path> shipped = Files.list(Path.of("../conf/sweeps"))) {
            // Recipes that they name are looked for in the root of the repository.
            shipped.sorted().map(MutatedConfigurationTest::bytes)
                .filter(text -> !new String(text, StandardCharsets.UTF_8).contains("recipes/")).forEach(valid::add);
        }
        valid.addAll(texts("sweep { method = [rtn, bit-dgdm], rank = [2, 4], alpha = [0.1], seed = [0, 1], count = 5\n"
            + "cells = [{ steps = [5, 10] }, { residual = [0, 4] }] }"));
        Mutations.check("sweep", valid, HOCON, input -> {
            Optional<Path> given = Optional.of(Files.write(file, input));
            Settings settings = Settings.load(given, Map.of(Option.OUT, List.of("out")));
            valid(() -> SweepConf.of(settings, given));
        });
    }

    @Test
    void recipes() throws Exception {
        Path file = folder.resolve("mutated.conf");
        Settings defaults = Settings.load(Optional.empty(), Map.of(Option.OUT, List.of("out")));
        String text = RecipeFile.text(JobConf.of(defaults).quantize(), List.of("a recipe"));
        Settings settings = Settings.load(Optional.empty(),
            Map.of(Option.OUT, List.of("out"), Option.RECIPE, List.of(file.toString())));
        Mutations.check("recipe", texts(text, text.replace("override = []", "override = [\"*.q:rank=3\", \"*:method=rtn\"]")),
            HOCON, input -> {
                Files.write(file, input);
                valid(() -> JobConf.of(settings).quantize().overrides("tf_layers.0.self_attn.q"));
            });
    }
}
