package org.bitdgdm.output;

import org.bitdgdm.quantize.QuantizedBundle;

/** Names of what runs and sweeps leave in {@code --out}, each once; those of rows are the family's. */
public final class RunFiles {
    /** Folder of the table of metrics. */
    public static final String METRICS = "metrics";
    /** All numbers of a run. */
    public static final String METRICS_JSON = "metrics.json";
    /** Configuration, versions, hashes, timings. */
    public static final String RUN_JSON = "run.json";
    /** The page of a run. */
    public static final String REPORT = "report.html";
    /** What quantization did to each layer. */
    public static final String QUANTIZATION_CSV = QuantizedBundle.CSV_FILE;
    /** The recipe that {@code --recipe auto} has chosen. */
    public static final String RECIPE = "recipe.conf";
    /** Folder of the table of a sweep's cells. */
    public static final String CELLS = "cells";
    /** The page of a sweep. */
    public static final String SWEEP_PAGE = "sweep.html";
    /** The table of a sweep in Markdown. */
    public static final String SWEEP_TABLE = "sweep.md";
    /** Tells that all is there. */
    public static final String SUCCESS = "_SUCCESS";
    /** Folder of the quantized model that a run keeps, files of {@link QuantizedBundle}. */
    public static final String KEPT_MODEL = "_run/model";
    /** Where the shards of an evaluated table of Parquet come from. */
    public static final String PIECES = "_run/pieces.json";

    private RunFiles() {
    }
}
