package org.bitdgdm.conf;

import java.util.Locale;

/** The commands of the job, each with its own choice of {@link Option}s. */
public enum Command {
    /** Quantizes a model and samples graphs from it. */
    GENERATE("quantizes a model, samples graphs from it with Spark, and reports on them"),
    /** Runs {@code generate} over a grid of settings. */
    SWEEP("runs a grid of settings as one application, and compares quality, speed and bytes"),
    /** Scores graphs that exist. */
    EVALUATE("scores graphs that already exist, without sampling"),
    /** Turns a checkpoint into a model bundle. */
    IMPORT("turns a checkpoint of DiGress, DeFoG or GraDe-IF into a model bundle");

    private final String summary;

    Command(String summary) {
        this.summary = summary;
    }

    /** The word on the command line. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What it does, in one line of the help. */
    public String summary() {
        return summary;
    }
}
