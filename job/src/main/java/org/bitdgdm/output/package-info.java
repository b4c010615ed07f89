/**
 * What a run leaves behind: the output folder and its fingerprint, shards of molecules in Parquet, metrics, run.json, the
 * report.
 *
 * <p>Here: everything that writes under {@code --out}, so that no reader ever sees a part of a file. Not here: how graphs
 * are sampled, judged or counted.
 */
package org.bitdgdm.output;
