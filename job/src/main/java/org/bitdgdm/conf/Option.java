package org.bitdgdm.conf;

import static org.bitdgdm.conf.Command.EVALUATE;
import static org.bitdgdm.conf.Command.GENERATE;
import static org.bitdgdm.conf.Command.IMPORT;
import static org.bitdgdm.conf.Command.SWEEP;
import static org.bitdgdm.conf.Option.Decides.EVALUATION;
import static org.bitdgdm.conf.Option.Decides.NOTHING;
import static org.bitdgdm.conf.Option.Decides.ROWS;
import static org.bitdgdm.conf.Option.Varies.BY_CELL;
import static org.bitdgdm.conf.Option.Varies.BY_LAYER;
import static org.bitdgdm.conf.Option.Varies.NEVER;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The one table of options: key of the HOCON file, flag, type, what it decides, where it may vary, and commands. Default and
 * meaning stand in {@code conf/bitdgdm.conf}, from which the help takes them too. Fingerprints, sweeps and settings of layers
 * derive from it.
 */
public enum Option {
    MODEL("model", Kind.TEXT, "DIR", ROWS, NEVER, GENERATE, SWEEP, EVALUATE),
    VERBOSE("verbose", Kind.SWITCH, "BOOL", NOTHING, NEVER, GENERATE, SWEEP, EVALUATE, IMPORT),
    CACHE("cache", Kind.TEXT, "DIR", NOTHING, NEVER, GENERATE, SWEEP),
    PARALLEL("parallel", Kind.WHOLE, "N", NOTHING, NEVER, SWEEP),

    METHOD("quantize.method", Kind.TEXT, "NAME", ROWS, BY_LAYER, GENERATE, SWEEP),
    WEIGHT_BITS("quantize.weight-bits", Kind.WHOLE, "BITS", ROWS, BY_LAYER, GENERATE, SWEEP),
    ACTIVATION_BITS("quantize.activation-bits", Kind.WHOLE, "BITS", ROWS, BY_LAYER, GENERATE, SWEEP),
    RANK("quantize.rank", Kind.WHOLE, "N", ROWS, BY_LAYER, GENERATE, SWEEP),
    RANK_LEFT("quantize.rank-left", Kind.NUMBER, "SHARE", ROWS, BY_LAYER, GENERATE, SWEEP),
    FACTORS("quantize.factors", Kind.TEXT, "NAME", ROWS, BY_LAYER, GENERATE, SWEEP),
    OUTER_BITS("quantize.outer-bits", Kind.WHOLE, "BITS", ROWS, BY_CELL, GENERATE, SWEEP),
    ALPHA("quantize.alpha", Kind.NUMBER, "SHARE", ROWS, BY_LAYER, GENERATE, SWEEP),
    THRESHOLD_PERCENTILE("quantize.threshold-percentile", Kind.NUMBER, "PERCENT", ROWS, BY_LAYER, GENERATE, SWEEP),
    THRESHOLD_BUCKETS("quantize.threshold-buckets", Kind.WHOLE, "K", ROWS, BY_CELL, GENERATE, SWEEP),
    RESIDUAL("quantize.residual", Kind.WHOLE, "BITS", ROWS, BY_LAYER, GENERATE, SWEEP),
    INTERMEDIATE_BITS("quantize.intermediate-bits", Kind.WHOLE, "BITS", ROWS, BY_LAYER, GENERATE, SWEEP),
    ACTIVATION_SCALE("quantize.activation-scale", Kind.TEXT, "NAME", ROWS, BY_LAYER, GENERATE, SWEEP),
    CROSS_TERM("quantize.cross-term", Kind.SWITCH, "BOOL", ROWS, BY_LAYER, GENERATE, SWEEP),
    CALIBRATION_GRAPHS("quantize.calibration-graphs", Kind.WHOLE, "N", ROWS, NEVER, GENERATE, SWEEP),
    CALIBRATION_STEPS("quantize.calibration-steps", Kind.WHOLE, "N", ROWS, NEVER, GENERATE, SWEEP),
    OVERRIDE("quantize.override", Kind.LIST, "PATTERN:KEY=VALUE,...", ROWS, NEVER, GENERATE, SWEEP),
    RECIPE("quantize.recipe", Kind.TEXT, "auto|FILE", ROWS, BY_CELL, GENERATE, SWEEP),
    BUDGET("quantize.budget", Kind.NUMBER, "KL", ROWS, BY_CELL, GENERATE, SWEEP),
    CANDIDATE("quantize.candidate", Kind.LIST, "KEY=VALUE,...", ROWS, NEVER, GENERATE, SWEEP),

    COUNT("sample.count", Kind.LONG, "N", ROWS, NEVER, GENERATE, SWEEP),
    STEPS("sample.steps", Kind.WHOLE, "N", ROWS, BY_CELL, GENERATE, SWEEP),
    SCHEDULE("sample.schedule", Kind.TEXT, "NAME", ROWS, BY_CELL, GENERATE, SWEEP),
    SAMPLER("sample.sampler", Kind.TEXT, "NAME", ROWS, BY_CELL, GENERATE, SWEEP),
    ETA("sample.eta", Kind.NUMBER, "RATE", ROWS, BY_CELL, GENERATE, SWEEP),
    OMEGA("sample.omega", Kind.NUMBER, "RATE", ROWS, BY_CELL, GENERATE, SWEEP),
    DISTORTION("sample.distortion", Kind.TEXT, "NAME", ROWS, BY_CELL, GENERATE, SWEEP),
    STOCHASTICITY("sample.stochasticity", Kind.TEXT, "NAME", ROWS, BY_CELL, GENERATE, SWEEP),
    NUM_ATOMS("sample.num-atoms", Kind.TEXT, "N|FROM-TO", ROWS, BY_CELL, GENERATE, SWEEP),
    SCAFFOLD("sample.scaffold", Kind.TEXT, "SMILES", ROWS, BY_CELL, GENERATE, SWEEP),
    SEED("sample.seed", Kind.SEED, "SEED", ROWS, BY_CELL, GENERATE, SWEEP),
    BATCH_SIZE("sample.batch-size", Kind.WHOLE, "N", NOTHING, NEVER, GENERATE, SWEEP),
    SHARD_SIZE("sample.shard-size", Kind.WHOLE, "N", ROWS, NEVER, GENERATE, SWEEP),
    BACKEND("sample.backend", Kind.TEXT, "NAME", ROWS, NEVER, GENERATE, SWEEP, EVALUATE),
    CPU_ISA("sample.cpu-isa", Kind.TEXT, "NAME", NOTHING, NEVER, GENERATE, SWEEP, EVALUATE),
    CUDA_PRECISION("sample.cuda-precision", Kind.TEXT, "NAME", ROWS, NEVER, GENERATE, SWEEP, EVALUATE),
    NATIVE_DIRECTORY("sample.native-directory", Kind.TEXT, "DIR", NOTHING, NEVER, GENERATE, SWEEP, EVALUATE),

    STRUCTURES("fold.structures", Kind.TEXT, "PATH", ROWS, NEVER, GENERATE, SWEEP, EVALUATE),
    CHAINS("fold.chains", Kind.TEXT, "ID,...", ROWS, NEVER, GENERATE, SWEEP, EVALUATE),
    SAMPLES("fold.samples", Kind.WHOLE, "N", ROWS, NEVER, GENERATE, SWEEP),
    TRANSITION("fold.transition", Kind.TEXT, "NAME", ROWS, NEVER, GENERATE, SWEEP),
    DIVERSE("fold.diverse", Kind.SWITCH, "BOOL", ROWS, NEVER, GENERATE, SWEEP),
    FIX("fold.fix", Kind.LIST, "CHAIN:FROM-TO", ROWS, NEVER, GENERATE, SWEEP),
    LOG_PROBABILITIES("fold.log-probabilities", Kind.SWITCH, "BOOL", ROWS, NEVER, GENERATE, SWEEP),

    FIDELITY("measure.fidelity", Kind.WHOLE, "N", EVALUATION, NEVER, GENERATE, SWEEP, EVALUATE),
    FIDELITY_STEPS("measure.fidelity-steps", Kind.WHOLE, "N", EVALUATION, NEVER, GENERATE, SWEEP, EVALUATE),
    SENSITIVITY("measure.sensitivity", Kind.WHOLE, "N", EVALUATION, NEVER, GENERATE, SWEEP),
    SENSITIVITY_STEPS("measure.sensitivity-steps", Kind.WHOLE, "N", EVALUATION, NEVER, GENERATE, SWEEP),
    LIKELIHOOD("measure.likelihood", Kind.TEXT, "FILE", EVALUATION, NEVER, GENERATE, SWEEP, EVALUATE),
    LIKELIHOOD_TIMES("measure.likelihood-times", Kind.WHOLE, "N", EVALUATION, NEVER, GENERATE, SWEEP, EVALUATE),

    OUT("output.out", Kind.TEXT, "DIR", NOTHING, NEVER, GENERATE, SWEEP, EVALUATE, IMPORT),
    SAVE_MODEL("output.save-model", Kind.TEXT, "DIR", NOTHING, NEVER, GENERATE),
    REQUIRE("output.require", Kind.LIST, "METRIC>=VALUE", NOTHING, NEVER, GENERATE, EVALUATE),
    REFERENCE("output.reference", Kind.TEXT, "FILE", EVALUATION, NEVER, GENERATE, SWEEP, EVALUATE, IMPORT),
    TEST_SET("output.test-set", Kind.TEXT, "FILE", EVALUATION, NEVER, GENERATE, SWEEP, EVALUATE),
    SCAFFOLD_TEST_SET("output.scaffold-test-set", Kind.TEXT, "FILE", EVALUATION, NEVER, GENERATE, SWEEP, EVALUATE),
    CHEMNET("output.chemnet", Kind.TEXT, "FILE", EVALUATION, NEVER, GENERATE, SWEEP, EVALUATE),
    PROTOCOL("output.protocol", Kind.TEXT, "NAME", EVALUATION, NEVER, GENERATE, SWEEP, EVALUATE),

    INPUT("evaluate.input", Kind.TEXT, "PATH", ROWS, NEVER, EVALUATE),
    SMILES_COLUMN("evaluate.smiles-column", Kind.TEXT, "NAME", ROWS, NEVER, EVALUATE),
    AGAINST("evaluate.against", Kind.TEXT, "RUN", EVALUATION, NEVER, EVALUATE),

    CHECKPOINT("import.checkpoint", Kind.TEXT, "FILE", NOTHING, NEVER, IMPORT),
    VARIANT("import.variant", Kind.TEXT, "NAME", NOTHING, NEVER, IMPORT),
    FACTS("import.facts", Kind.TEXT, "FILE", NOTHING, NEVER, IMPORT),
    NAME("import.name", Kind.TEXT, "NAME", NOTHING, NEVER, IMPORT);

    /** What of a run an option decides. */
    public enum Decides {
        /** The graphs, or how they lie in files: a rerun with another value is another run. */
        ROWS,
        /** Metrics and report only: a rerun with another value keeps the graphs. */
        EVALUATION,
        /** Nothing of a run: speed, place or words of it, or what {@code import} makes. */
        NOTHING
    }

    /** Where an option may have several values. */
    public enum Varies {
        /** From layer to layer of a model, in overrides and candidates, and from cell to cell of a sweep. */
        BY_LAYER,
        /** From cell to cell of a sweep. */
        BY_CELL,
        NEVER
    }

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
    private final Decides decides;
    private final Varies varies;
    private final Set<Command> commands;

    Option(String key, Kind kind, String label, Decides decides, Varies varies, Command... commands) {
        this.key = key;
        this.kind = kind;
        this.label = label;
        this.decides = decides;
        this.varies = varies;
        this.commands = Set.of(commands);
    }

    /** Path of the key in the HOCON file, for example {@code quantize.weight-bits}. */
    public String key() {
        return key;
    }

    /** The flag: two dashes and the last part of the key, for example {@code --weight-bits}. */
    public String flag() {
        return "--" + word();
    }

    /** The last part of the key, for example {@code weight-bits}. */
    public String word() {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    /** The column of a table of cells, for example {@code weight_bits}. */
    public String column() {
        return this == THRESHOLD_PERCENTILE ? "percentile" : word().replace('-', '_');
    }

    /** What of a run it decides. */
    public Decides decides() {
        return decides;
    }

    /** Whether it may differ between layers. */
    public boolean perLayer() {
        return varies == BY_LAYER;
    }

    /** The options in which cells of a sweep may differ, in the order of the table. */
    public static List<Option> axes() {
        return Arrays.stream(values()).filter(option -> option.varies != NEVER).toList();
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
        return Arrays.stream(values()).filter(o -> o.word().equals(name)).findFirst();
    }
}
