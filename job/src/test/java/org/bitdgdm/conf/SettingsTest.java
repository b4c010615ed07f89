package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bitdgdm.conf.Option.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SettingsTest {
    @TempDir
    Path folder;

    @Test
    void theDefaultFileHasEveryKeyWithOneLineOfMeaning() {
        ConfFile defaults = ConfFile.defaults();
        assertThat(defaults.settings().keySet()).containsExactlyInAnyOrder(Option.values());
        assertThat(defaults.comments()).allSatisfy((option, comment) -> assertThat(comment).isNotBlank());
    }

    @Test
    void theFileInTheRepositoryIsTheOneInTheJar() throws IOException {
        try (var resource = ConfFile.class.getResourceAsStream("/bitdgdm.conf")) {
            assertThat(Path.of("../conf/bitdgdm.conf")).hasBinaryContent(resource.readAllBytes());
        }
    }

    @Test
    void noTwoOptionsShareAFlag() {
        assertThat(Arrays.stream(Option.values()).map(Option::flag)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource
    void everyOptionIsBothAFlagAndAKey(Option option) throws IOException {
        String text = sample(option);
        Object fromFlag = load("", Map.of(option, List.of(text))).get(option);
        Object fromFile = load(option.key() + " = \"" + text + "\"", Map.of()).get(option);
        assertThat(fromFlag).isEqualTo(fromFile).isNotEqualTo(load("", Map.of()).get(option));
    }

    @ParameterizedTest
    @EnumSource
    void flagsWinOverTheFile(Option option) throws IOException {
        String other = option.kind() == Kind.SWITCH ? load("", Map.of()).get(option).toString() : "7";
        Settings settings = load(option.key() + " = \"" + sample(option) + "\"", Map.of(option, List.of(other)));
        assertThat(settings.get(option)).isEqualTo(load("", Map.of(option, List.of(other))).get(option));
    }

    @Test
    void aFileMayUseSectionsNumbersAndItsOwnKeys() throws IOException {
        Settings settings = load("quantize { rank = 8, alpha = 0.05 }, sample { steps = 25, batch-size = ${quantize.rank},"
            + " shard-size = ${sample.count} }, output.require = [\"validity>=0.9\"]", Map.of());
        assertThat(settings.whole(Option.RANK)).isEqualTo(8);
        assertThat(settings.number(Option.ALPHA)).isEqualTo(0.05);
        assertThat(settings.whole(Option.BATCH_SIZE)).isEqualTo(8);
        assertThat(settings.whole(Option.SHARD_SIZE)).isEqualTo(256);
        assertThat(settings.list(Option.REQUIRE)).containsExactly("validity>=0.9");
    }

    @ParameterizedTest
    @CsvSource({"18446744073709551615, -1", "-9223372036854775808, -9223372036854775808",
        "9007199254740993, 9007199254740993"})
    void aSeedHas64Bits(String text, long seed) throws IOException {
        assertThat(load("sample.seed = " + text, Map.of()).big(Option.SEED)).isEqualTo(seed);
        assertThat(load("", Map.of(Option.SEED, List.of(text))).big(Option.SEED)).isEqualTo(seed);
    }

    @ParameterizedTest
    @CsvSource({
        "quantize.weigth-bits = 3, quantize.weigth-bits, quantize.weight-bits",
        "rank = 3, rank, quantize.rank",
        "sample.rank = 3, sample.rank, quantize.rank",
        "quantise.rank = 3, quantise, quantize",
        "modle = x, modle, model",
        "output.output = x, output.output, output.out"})
    void anUnknownKeyNamesFileLineAndTheNearestKnownOne(String line, String key, String nearest) {
        assertThatThrownBy(() -> load("\n" + line, Map.of())).isInstanceOf(InputException.class)
            .hasMessage("unknown key " + key + " in " + folder.resolve("job.conf") + " line 2; the nearest known one is "
                + nearest);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "sample.count = many | sample.count must be a whole number, found many",
        "sample.count = 1.5 | sample.count must be a whole number, found 1.5",
        "sample.steps = 5000000000 | sample.steps must be a whole number, found 5000000000",
        "sample.seed = 18446744073709551616 | sample.seed must be a whole number of 64 bits",
        "quantize.alpha = NaN | quantize.alpha must be a number, found NaN",
        "quantize.cross-term = yes | quantize.cross-term must be true or false, found yes",
        "output.require = [3] | output.require must be a list of texts, found [3]",
        "model = { a = 1 } | model must be text, found",
        "model = null | model must be text, found null",
        "quantize = 3 | quantize must be a section { ... }, found 3"})
    void aValueOfTheWrongTypeNamesKeyValueFileAndLine(String line, String sentence) {
        assertThatThrownBy(() -> load(line, Map.of())).isInstanceOf(InputException.class)
            .hasMessageStartingWith(sentence).hasMessageEndingWith(" in " + folder.resolve("job.conf") + " line 1");
    }

    @Test
    void aBrokenRuleIsBlamedOnTheKeyOfTheFileOrOnTheFlag() throws IOException {
        Settings file = load("output.out = x\nquantize.alpha = 1.5", Map.of());
        assertThatThrownBy(() -> JobConf.of(file)).isInstanceOf(InputException.class)
            .hasMessage("quantize.alpha must be in 0..1, found 1.5 in " + folder.resolve("job.conf") + " line 2");
        Settings flag = load("output.out = x\nquantize.alpha = 0.5", Map.of(Option.ALPHA, List.of("1.5")));
        assertThatThrownBy(() -> JobConf.of(flag)).isInstanceOf(InputException.class)
            .hasMessage("--alpha must be in 0..1, found 1.5");
    }

    @ParameterizedTest
    @CsvSource({"COUNT, 0", "RANK, -1", "ALPHA, 1.5", "ALPHA, -0.1", "STEPS, 0", "WEIGHT_BITS, 1", "WEIGHT_BITS, 9",
        "ACTIVATION_BITS, 0", "RESIDUAL, 1", "INTERMEDIATE_BITS, 1", "THRESHOLD_PERCENTILE, 0",
        "THRESHOLD_PERCENTILE, 100.5", "METHOD, rtm", "ACTIVATION_SCALE, column", "CALIBRATION_GRAPHS, -1",
        "CALIBRATION_STEPS, 0", "BATCH_SIZE, 0", "SHARD_SIZE, -1", "BACKEND, gpu", "CPU_ISA, sse", "CUDA_PRECISION, fp16", "PROTOCOL, rdkit",
        "REQUIRE, validity", "REQUIRE, validity>=high", "OVERRIDE, rank=3", "OVERRIDE, *.q:rank", "OVERRIDE, *.q:rank=0",
        "OVERRIDE, *.q:rnak=3", "OVERRIDE, *.q:weight-bits=four", "OVERRIDE, *.q:calibration-steps=3"})
    void aValueOutOfRangeIsOneSentenceThatStartsWithTheFlag(Option option, String value) throws IOException {
        Settings settings = load("output.out = x", Map.of(option, List.of(value)));
        assertThatThrownBy(() -> JobConf.of(settings)).isInstanceOf(InputException.class)
            .hasMessageStartingWith(option.flag() + " ").message().doesNotContain("\n");
    }

    @Test
    void outInputAndCheckpointMustBeGiven() throws IOException {
        Settings nothing = load("", Map.of());
        assertThatThrownBy(() -> JobConf.of(nothing)).hasMessage("--out must name the folder of the result, found nothing");
        assertThatThrownBy(() -> EvaluateConf.of(load("output.out = x", Map.of())))
            .hasMessage("--input must name the graphs to score, found nothing");
        assertThatThrownBy(() -> ImportConf.of(nothing))
            .hasMessage("--checkpoint must name the file to import, found nothing");
        assertThatThrownBy(() -> ImportConf.of(load("import.checkpoint = a.ckpt", Map.of())))
            .hasMessage("--out must name the folder of the new bundle, found nothing");
    }

    @Test
    void importLeavesTheNameToTheCheckpointUnlessOneIsGiven() throws IOException {
        String common = "import { checkpoint = dir/qm9.v2.ckpt, variant = main }, output.out = x";
        assertThat(ImportConf.of(load(common, Map.of())).name()).isEmpty();
        assertThat(ImportConf.of(load(common + ", import.name = mine", Map.of())).name()).isEqualTo("mine");
    }

    @Test
    void overridesKeepTheirOrderAndTheFirstMatchWins() throws IOException {
        Settings settings = load("output.out = x", Map.of(Option.OVERRIDE, List.of("*.self_attn.q:rank=4,method=rtn",
            "tf_layers.0.*:weight-bits=8", "mlp_in_?.0:alpha=0")));
        QuantizeConf quantize = JobConf.of(settings).quantize();
        assertThat(quantize.overrides().keySet())
            .containsExactly("*.self_attn.q", "tf_layers.0.*", "mlp_in_?.0");
        assertThat(quantize.forLayer("tf_layers.0.self_attn.q")).extracting(QuantizeConf::rank, QuantizeConf::method,
            QuantizeConf::weightBits).containsExactly(4, Method.RTN, 4);
        assertThat(quantize.forLayer("tf_layers.0.linX1")).extracting(QuantizeConf::rank, QuantizeConf::weightBits)
            .containsExactly(32, 8);
        assertThat(quantize.forLayer("tf_layersX0.linX1").weightBits()).isEqualTo(4);
        assertThat(quantize.overrides("mlp_in_X.0")).isTrue();
        assertThat(quantize.overrides("mlp_in_XY.0")).isFalse();
    }

    @Test
    void theConfigurationOfARunReadsBackAsTheSameConfiguration() throws IOException {
        Map<Option, List<String>> flags = new LinkedHashMap<>();
        Option.all(Command.GENERATE).stream().filter(o -> o.kind() == Kind.LONG || o.kind() == Kind.WHOLE)
            .forEach(o -> flags.put(o, List.of("7")));
        flags.put(Option.OUT, List.of("out/a b"));
        flags.put(Option.SEED, List.of("18446744073709551615"));
        flags.put(Option.REQUIRE, List.of("validity>=0.9", "kl_node<0.01"));
        flags.put(Option.OVERRIDE, List.of("*.q:rank=4,method=rtn", "a:alpha=0"));
        JobConf conf = JobConf.of(load("", flags));
        assertThat(conf.values().keySet())
            .containsExactlyElementsOf(Option.all(Command.GENERATE).stream().map(Option::key).toList());
        Map<Option, List<String>> again = new LinkedHashMap<>();
        conf.values().forEach((key, value) -> again.put(Option.ofKey(key).orElseThrow(),
            value instanceof List<?> list ? list.stream().map(String::valueOf).toList() : List.of(value.toString())));
        assertThat(JobConf.of(load("", again)).values()).isEqualTo(conf.values());
    }

    @Test
    void aFileThatCannotBeReadIsOneSentence() throws IOException {
        assertThatThrownBy(() -> Settings.load(Optional.of(folder), Map.of())).isInstanceOf(InputException.class)
            .hasMessage("--config must name a readable file, found " + folder);
        assertThatThrownBy(() -> load("quantize { rank = ", Map.of())).isInstanceOf(InputException.class)
            .hasMessageStartingWith("cannot read " + folder.resolve("job.conf") + " as HOCON: ")
            .message().doesNotContain("\n");
        assertThatThrownBy(() -> load("model = ${nowhere}", Map.of())).isInstanceOf(InputException.class)
            .hasMessageContaining("nowhere");
    }

    private Settings load(String file, Map<Option, List<String>> flags) throws IOException {
        Path path = Files.writeString(folder.resolve("job.conf"), file);
        return Settings.load(Optional.of(path), flags);
    }

    /** A value that is not its default. */
    private String sample(Option option) throws IOException {
        return switch (option.kind()) {
            case SWITCH -> Boolean.toString(!(Boolean) load("", Map.of()).get(option));
            case TEXT, LIST -> "other";
            default -> "3";
        };
    }
}
