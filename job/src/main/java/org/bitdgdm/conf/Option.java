package org.bitdgdm.conf;

import static org.bitdgdm.conf.Command.EVALUATE;
import static org.bitdgdm.conf.Command.GENERATE;
import static org.bitdgdm.conf.Command.IMPORT;
import static org.bitdgdm.conf.Command.SWEEP;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The one table of options: key of the HOCON file, flag, type and commands. Default and meaning stand in
 * {@code conf/bitdgdm.conf}, from which the help takes them too.
 */
public enum Option {
    MODEL("model", Kind.TEXT, "DIR", GENERATE, SWEEP, EVALUATE),
    VERBOSE("verbose", Kind.SWITCH, "BOOL", GENERATE, SWEEP, EVALUATE, IMPORT),
    PARALLEL("parallel", Kind.WHOLE, "N", SWEEP),

    METHOD("quantize.method", Kind.TEXT, "NAME", GENERATE, SWEEP),
    WEIGHT_BITS("quantize.weight-bits", Kind.WHOLE, "BITS", GENERATE, SWEEP),
    ACTIVATION_BITS("quantize.activation-bits", Kind.WHOLE, "BITS", GENERATE, SWEEP),
    RANK("quantize.rank", Kind.WHOLE, "N", GENERATE, SWEEP),
    ALPHA("quantize.alpha", Kind.NUMBER, "SHARE", GENERATE, SWEEP),
    THRESHOLD_PERCENTILE("quantize.threshold-percentile", Kind.NUMBER, "PERCENT", GENERATE, SWEEP),
    THRESHOLD_BUCKETS("quantize.threshold-buckets", Kind.WHOLE, "K", GENERATE, SWEEP),
    RESIDUAL("quantize.residual", Kind.WHOLE, "BITS", GENERATE, SWEEP),
    INTERMEDIATE_BITS("quantize.intermediate-bits", Kind.WHOLE, "BITS", GENERATE, SWEEP),
    ACTIVATION_SCALE("quantize.activation-scale", Kind.TEXT, "NAME", GENERATE, SWEEP),
    CROSS_TERM("quantize.cross-term", Kind.SWITCH, "BOOL", GENERATE, SWEEP),
    CALIBRATION_GRAPHS("quantize.calibration-graphs", Kind.WHOLE, "N", GENERATE, SWEEP),
    CALIBRATION_STEPS("quantize.calibration-steps", Kind.WHOLE, "N", GENERATE, SWEEP),
    OVERRIDE("quantize.override", Kind.LIST, "PATTERN:KEY=VALUE,...", GENERATE, SWEEP),
    RECIPE("quantize.recipe", Kind.TEXT, "auto|FILE", GENERATE, SWEEP),
    BUDGET("quantize.budget", Kind.NUMBER, "KL", GENERATE, SWEEP),
    CANDIDATE("quantize.candidate", Kind.LIST, "KEY=VALUE,...", GENERATE, SWEEP),

    COUNT("sample.count", Kind.LONG, "N", GENERATE, SWEEP),
    STEPS("sample.steps", Kind.WHOLE, "N", GENERATE, SWEEP),
    SCHEDULE("sample.schedule", Kind.TEXT, "NAME", GENERATE, SWEEP),
    SEED("sample.seed", Kind.SEED, "SEED", GENERATE, SWEEP),
    BATCH_SIZE("sample.batch-size", Kind.WHOLE, "N", GENERATE, SWEEP),
    SHARD_SIZE("sample.shard-size", Kind.WHOLE, "N", GENERATE, SWEEP),
    BACKEND("sample.backend", Kind.TEXT, "NAME", GENERATE, SWEEP, EVALUATE),
    CPU_ISA("sample.cpu-isa", Kind.TEXT, "NAME", GENERATE, SWEEP, EVALUATE),
    CUDA_PRECISION("sample.cuda-precision", Kind.TEXT, "NAME", GENERATE, SWEEP, EVALUATE),
    NATIVE_DIRECTORY("sample.native-directory", Kind.TEXT, "DIR", GENERATE, SWEEP, EVALUATE),

    FIDELITY("measure.fidelity", Kind.WHOLE, "N", GENERATE, SWEEP, EVALUATE),
    FIDELITY_STEPS("measure.fidelity-steps", Kind.WHOLE, "N", GENERATE, SWEEP, EVALUATE),
    SENSITIVITY("measure.sensitivity", Kind.WHOLE, "N", GENERATE, SWEEP),
    SENSITIVITY_STEPS("measure.sensitivity-steps", Kind.WHOLE, "N", GENERATE, SWEEP),
    LIKELIHOOD("measure.likelihood", Kind.TEXT, "FILE", GENERATE, SWEEP, EVALUATE),
    LIKELIHOOD_TIMES("measure.likelihood-times", Kind.WHOLE, "N", GENERATE, SWEEP, EVALUATE),

    OUT("output.out", Kind.TEXT, "DIR", GENERATE, SWEEP, EVALUATE, IMPORT),
    SAVE_MODEL("output.save-model", Kind.TEXT, "DIR", GENERATE),
    REQUIRE("output.require", Kind.LIST, "METRIC>=VALUE", GENERATE, EVALUATE),
    REFERENCE("output.reference", Kind.TEXT, "FILE", GENERATE, SWEEP, EVALUATE, IMPORT),
    PROTOCOL("output.protocol", Kind.TEXT, "NAME", GENERATE, SWEEP, EVALUATE),

    INPUT("evaluate.input", Kind.TEXT, "PATH", EVALUATE),
    AGAINST("evaluate.against", Kind.TEXT, "RUN", EVALUATE),

    CHECKPOINT("import.checkpoint", Kind.TEXT, "FILE", IMPORT),
    VARIANT("import.variant", Kind.TEXT, "NAME", IMPORT),
    FACTS("import.facts", Kind.TEXT, "FILE", IMPORT),
    NAME("import.name", Kind.TEXT, "NAME", IMPORT);

    /** The type of a value; {@link #read} is the only place where text becomes a value. */
    public enum Kind {
        TEXT("must be text"),
        WHOLE("must be a whole number") {
            @Override
            Object read(String text) {
                return Integer.valueOf(text);
            }
        },
        LONG("must be a whole number") {
            @Override
            Object read(String text) {
                return Long.valueOf(text);
            }
        },
        /** 64 bits, written signed or unsigned. */
        SEED("must be a whole number of 64 bits") {
            @Override
            Object read(String text) {
                return text.startsWith("-") ? Long.parseLong(text) : Long.parseUnsignedLong(text);
            }
        },
        NUMBER("must be a number") {
            @Override
            Object read(String text) {
                double value = Double.parseDouble(text);
                if (!Double.isFinite(value)) {
                    throw new NumberFormatException(text);
                }
                return value;
            }
        },
        SWITCH("must be true or false") {
            @Override
            Object read(String text) {
                if (!text.equals("true") && !text.equals("false")) {
                    throw new IllegalArgumentException(text);
                }
                return Boolean.valueOf(text);
            }
        },
        LIST("must be a list of texts");

        private final String rule;

        Kind(String rule) {
            this.rule = rule;
        }

        /** What a value of this kind must be, as the predicate of a sentence. */
        String rule() {
            return rule;
        }

        /**
         * The value that a text stands for; for a list, that of one element.
         *
         * @throws IllegalArgumentException if the text breaks the rule
         */
        Object read(String text) {
            return text;
        }
    }

    private final String key;
    private final Kind kind;
    private final String label;
    private final Set<Command> commands;

    Option(String key, Kind kind, String label, Command... commands) {
        this.key = key;
        this.kind = kind;
        this.label = label;
        this.commands = Set.of(commands);
    }

    /** Path of the key in the HOCON file, for example {@code quantize.weight-bits}. */
    public String key() {
        return key;
    }

    /** The flag: two dashes and the last part of the key, for example {@code --weight-bits}. */
    public String flag() {
        return "--" + name(key);
    }

    /** The type of its value. */
    public Kind kind() {
        return kind;
    }

    /** What the help shows in the place of a value. */
    public String label() {
        return label;
    }

    /** Whether the command has this flag; a file may hold the keys of all commands. */
    public boolean of(Command command) {
        return commands.contains(command);
    }

    /** The options of a command in the order of the table. */
    public static List<Option> all(Command command) {
        return Arrays.stream(values()).filter(o -> o.of(command)).toList();
    }

    static Optional<Option> ofKey(String key) {
        return Arrays.stream(values()).filter(o -> o.key.equals(key)).findFirst();
    }

    static Optional<Option> ofName(String name) {
        return Arrays.stream(values()).filter(o -> name(o.key).equals(name)).findFirst();
    }

    private static String name(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }
}
