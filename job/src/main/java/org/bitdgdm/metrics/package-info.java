/**
 * Numbers over many molecules: validity, uniqueness, novelty and distributions, with intervals, computed on Spark without
 * collecting rows; the reference set they are compared with; the gate that they must pass.
 *
 * <p>Here: what is counted and what is divided by what. Not here: the verdict on one molecule (molecule), charts and files
 * of a run (output).
 */
package org.bitdgdm.metrics;
