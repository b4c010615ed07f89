package org.bitdgdm;

import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bitdgdm.conf.Command;
import org.bitdgdm.conf.ConfFile;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.LocalPath;
import org.bitdgdm.conf.Nearest;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.Settings;
import org.bitdgdm.metrics.MoleculeMetrics;
import org.bitdgdm.metrics.PlainGraphMetrics;
import org.bitdgdm.metrics.SequenceMetrics;
import org.bitdgdm.output.Versions;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * One command line: a {@link Command} and the flags that were given. Commands and flags are made from the table
 * {@link Option}, their help from the comments of {@code conf/bitdgdm.conf}. All values stay text here; {@link Settings}
 * gives them types, so that flags and files share their errors.
 *
 * @param command what to do
 * @param config  file of {@code --config}
 * @param flags   values of each given flag, several only for repeatable ones
 */
record CommandLineArguments(Command command, Optional<Path> config, Map<Option, List<String>> flags) {
    private static final String CONFIG = "--config";
    private static final String HELP = "--help";
    private static final String PROGRAM = "./submit.sh";
    /** Flags of spark-submit that are most easily put in the wrong place. */
    private static final Set<String> SPARK = Set.of("--master", "--deploy-mode", "--conf", "-c", "--properties-file",
        "--driver-memory", "--driver-java-options", "--executor-memory", "--executor-cores", "--num-executors",
        "--total-executor-cores", "--jars", "--files", "--packages");

    /**
     * Reads a command line.
     *
     * @return empty if it asked for help or version, which is printed
     * @throws InputException for an unknown command or flag, a missing value, a flag given twice
     */
    static Optional<CommandLineArguments> parse(String[] args, PrintStream out) {
        String first = args.length == 0 ? "help" : args[0];
        switch (first) {
            case "help", HELP, "-h" -> {
                if (args.length > 1) {
                    commandLine(command(args[1])).usage(out);
                } else {
                    overview().usage(out);
                }
                return Optional.empty();
            }
            case "version", "--version", "-V" -> {
                out.println("bitdgdm " + Versions.own());
                return Optional.empty();
            }
            default -> {
                return parse(command(first), Arrays.copyOfRange(args, 1, args.length), out);
            }
        }
    }

    /** All options of the run, from files and flags. */
    Settings settings() {
        return Settings.load(config, flags);
    }

    private static Command command(String word) {
        return Arrays.stream(Command.values()).filter(c -> c.label().equals(word)).findFirst().orElseThrow(() -> {
            List<String> known = new ArrayList<>(Arrays.stream(Command.values()).map(Command::label).toList());
            known.addAll(List.of("help", "version"));
            return new InputException("unknown command '" + word + "'; the nearest known one is "
                + Nearest.of(word, known) + ", all are " + String.join(", ", known));
        });
    }

    private static Optional<CommandLineArguments> parse(Command command, String[] args, PrintStream out) {
        CommandLine line = commandLine(command);
        // Before picocli, which would take an unknown flag for the value of the flag before it.
        for (String arg : args) {
            if (arg.startsWith("--") && !line.getCommandSpec().optionsMap().containsKey(name(arg))) {
                throw new InputException(unknown(command, arg));
            }
        }
        ParseResult result;
        try {
            result = line.parseArgs(args);
        } catch (CommandLine.UnmatchedArgumentException e) {
            throw new InputException(unknown(command, e.getUnmatched().get(0)), e);
        } catch (CommandLine.ParameterException e) {
            throw new InputException(command.label() + ": " + e.getMessage(), e);
        }
        if (result.isUsageHelpRequested()) {
            line.usage(out);
            return Optional.empty();
        }
        Map<Option, List<String>> flags = new EnumMap<>(Option.class);
        for (Option option : Option.all(command)) {
            if (result.hasMatchedOption(option.flag())) {
                List<String> values = result.matchedOption(option.flag()).stringValues();
                flags.put(option, values.isEmpty() ? List.of("true") : List.copyOf(values));
            }
        }
        return Optional.of(new CommandLineArguments(command, configFile(result), flags));
    }

    private static Optional<Path> configFile(ParseResult result) {
        if (!result.hasMatchedOption(CONFIG)) {
            return Optional.empty();
        }
        String file = result.matchedOption(CONFIG).stringValues().get(0);
        try {
            return Optional.of(LocalPath.of(file));
        } catch (InvalidPathException e) {
            throw new InputException(CONFIG + " must name a file, found '" + file + "': " + e.getReason(), e);
        }
    }

    private static String name(String argument) {
        return argument.contains("=") ? argument.substring(0, argument.indexOf('=')) : argument;
    }

    private static String unknown(Command command, String argument) {
        if (!argument.startsWith("-")) {
            // Of a setting its key only: the value may be a secret.
            return command.label() + " takes flags only, found '" + name(argument) + (argument.contains("=") ? "=…" : "")
                + "'; " + PROGRAM + " " + command.label() + " " + HELP + " lists them";
        }
        String flag = name(argument);
        Optional<Command> owner = Arrays.stream(Command.values())
            .filter(c -> Option.all(c).stream().anyMatch(o -> o.flag().equals(flag))).findFirst();
        if (owner.isPresent()) {
            return command.label() + " has no flag " + flag + "; it is one of " + owner.get().label();
        }
        if (SPARK.contains(flag)) {
            return command.label() + " has no flag " + flag + "; it is one of Spark's, which come after --spark";
        }
        List<String> known = new ArrayList<>(Option.all(command).stream().map(Option::flag).toList());
        known.addAll(List.of(CONFIG, HELP));
        return "unknown flag " + flag + " of " + command.label() + "; the nearest known one is "
            + Nearest.of(flag, known);
    }

    private static CommandLine commandLine(Command command) {
        Map<Option, String> comments = ConfFile.defaults().comments();
        Map<Option, String> defaults = ConfFile.defaults().texts();
        CommandSpec spec = CommandSpec.create().name(PROGRAM + " " + command.label());
        spec.usageMessage().description("It " + command.summary() + ".").optionListHeading("%n").sortOptions(false)
            .abbreviateSynopsis(true).width(100)
            .footer("%nEvery flag is also a key of a HOCON file: conf/bitdgdm.conf lists them all." + metrics(command));
        for (Option option : Option.all(command)) {
            String shown = defaults.get(option).isEmpty() ? "" : " [" + defaults.get(option) + "]";
            OptionSpec.Builder flag = OptionSpec.builder(option.flag()).paramLabel(option.label())
                .description((comments.get(option) + shown).replace("%", "%%"));
            switch (option.kind()) {
                case SWITCH -> flag.type(String.class).arity("0..1").fallbackValue("true");
                case LIST -> flag.type(List.class).auxiliaryTypes(String.class).arity("1");
                default -> flag.type(String.class).arity("1");
            }
            spec.addOption(flag.build());
        }
        spec.addOption(OptionSpec.builder(CONFIG).paramLabel("FILE").type(String.class).arity("1")
            .description("HOCON file of keys, read over conf/bitdgdm.conf; flags win").build());
        spec.addOption(OptionSpec.builder(HELP, "-h").usageHelp(true).arity("0").type(boolean.class)
            .description("show this help").build());
        return new CommandLine(spec).setExpandAtFiles(false);
    }

    /** What {@code --require} can bound, but for comparisons, which {@code docs/metrics.md} has too. */
    private static String metrics(Command command) {
        return Option.REQUIRE.of(command) ? "%nMetrics of " + Option.REQUIRE.flag() + ", of molecules: "
            + String.join(", ", MoleculeMetrics.names()) + "; of plain graphs: " + String.join(", ", PlainGraphMetrics.names())
            + "; of sequences: " + String.join(", ", SequenceMetrics.names())
            + "; docs/metrics.md defines them, and comparisons of models and runs." : "";
    }

    private static CommandLine overview() {
        CommandSpec spec = CommandSpec.create().name(PROGRAM);
        spec.usageMessage().width(100).customSynopsis(PROGRAM + " COMMAND [FLAGS] [--spark SPARK-FLAGS]")
            .description("Generation and evaluation of molecules with quantized graph diffusion models on Spark.")
            .commandListHeading("%n")
            .footer("%n" + PROGRAM + " COMMAND --help lists the flags of a command.");
        for (Command command : Command.values()) {
            CommandSpec inner = CommandSpec.create();
            inner.usageMessage().description(command.summary());
            spec.addSubcommand(command.label(), inner);
        }
        CommandSpec version = CommandSpec.create();
        version.usageMessage().description("prints the version");
        spec.addSubcommand("version", version);
        return new CommandLine(spec);
    }
}
