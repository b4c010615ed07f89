package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.bitdgdm.conf.Command;
import org.bitdgdm.conf.Option;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The command line as far as it goes without running a command. */
class BitDgdmJobTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "generte | error: unknown command 'generte'; the nearest known one is generate, all are generate, sweep, evaluate,"
            + " import, help, version",
        "generate --weigth-bits 4 | error: unknown flag --weigth-bits of generate; the nearest known one is --weight-bits",
        "generate --weigth-bits=4 | error: unknown flag --weigth-bits of generate; the nearest known one is --weight-bits",
        "evaluate --count 4 | error: evaluate has no flag --count; it is one of generate",
        "generate --master local | error: generate has no flag --master; it is one of Spark's, which come after --spark",
        "generate --out x stray | error: generate takes flags only, found 'stray'; ./submit.sh generate --help lists them",
        "generate --out x spark.my.secret=y | error: generate takes flags only, found 'spark.my.secret=…'; ./submit.sh generate"
            + " --help lists them",
        "generate --out | error: generate: Missing required parameter for option '--out' (DIR)",
        "generate --rank --alpha 1 | error: generate: Expected parameter for option '--rank' but found '--alpha'",
        "generate --rank --alhpa 1 | error: unknown flag --alhpa of generate; the nearest known one is --alpha",
        "generate --count 1 --count 2 | error: generate: option '--count' (N) should be specified only once",
        "generate --count 0 --out x | error: --count must be at least 1, found 0",
        "generate --rank -1 --out x | error: --rank must be at least 1, found -1",
        "generate --seed 0x7 --out x | error: --seed must be a whole number of 64 bits, found '0x7'",
        "generate --cross-term=maybe --out x | error: --cross-term must be true or false, found 'maybe'",
        "generate --config missing.conf --out x | error: --config must name a readable file, found missing.conf",
        "import --checkpoint a.ckpt --variant dev --out x | error: --variant must be one of main, fixed_bug, found dev"})
    void badInputIsOneSentenceAndExitCode2(String line, String sentence) {
        assertThat(run(line)).isEqualTo(2);
        assertThat(err()).isEqualTo(sentence + System.lineSeparator());
        assertThat(out()).isEmpty();
    }

    @Test
    void verboseShowsTheStackTrace() {
        assertThat(run("generate --count 0 --out x --verbose")).isEqualTo(2);
        assertThat(err()).contains("--count must be at least 1, found 0").contains("\tat org.bitdgdm.");
    }

    @ParameterizedTest
    @EnumSource
    void everyCommandHasExactlyItsFlagsAndTheirHelp(Command command) {
        assertThat(run(command.label() + " --help")).isZero();
        for (Option option : Option.values()) {
            assertThat(Arrays.stream(out().split("[^a-z-]+")).anyMatch(option.flag()::equals))
                .as(option.flag()).isEqualTo(option.of(command));
        }
        assertThat(run("help " + command.label())).isZero();
    }

    @Test
    void helpAndVersionNeedNoCommand() {
        for (String line : List.of("", "help", "--help", "-h")) {
            assertThat(run(line)).isZero();
        }
        assertThat(out()).contains("generate", "evaluate", "import");
        assertThat(run("version")).isZero();
        assertThat(out()).contains("bitdgdm ");
    }

    @Test
    void repeatableFlagsKeepAllValuesAndSwitchesNeedNone() {
        CommandLineArguments arguments = parse("generate --require validity>=0.9 --require novelty>0.1 --override a:rank=1"
            + " --verbose --cross-term false --out=o --seed -3");
        assertThat(arguments.command()).isEqualTo(Command.GENERATE);
        assertThat(arguments.flags()).containsOnlyKeys(Option.REQUIRE, Option.OVERRIDE, Option.VERBOSE, Option.CROSS_TERM,
            Option.OUT, Option.SEED);
        assertThat(arguments.flags().get(Option.REQUIRE)).containsExactly("validity>=0.9", "novelty>0.1");
        assertThat(arguments.flags().get(Option.VERBOSE)).containsExactly("true");
        assertThat(arguments.flags().get(Option.CROSS_TERM)).containsExactly("false");
        assertThat(arguments.flags().get(Option.SEED)).containsExactly("-3");
    }

    @ParameterizedTest
    @EnumSource
    void everyOptionIsAFlagOfItsCommands(Option option) {
        String value = option.kind() == Option.Kind.SWITCH ? "true" : "5";
        for (Command command : Command.values()) {
            if (option.of(command)) {
                CommandLineArguments arguments = parse(command.label() + " " + option.flag() + " " + value);
                assertThat(arguments.flags().get(option)).containsExactly(value);
            }
        }
    }

    private CommandLineArguments parse(String line) {
        Optional<CommandLineArguments> arguments = CommandLineArguments.parse(line.split(" "), print(out));
        return arguments.orElseThrow();
    }

    private int run(String line) {
        out.reset();
        err.reset();
        return BitDgdmJob.run(line.isEmpty() ? new String[0] : line.split(" "), print(out), print(err));
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }
}
