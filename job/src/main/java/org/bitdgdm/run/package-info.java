/**
 * The story of a run, {@link org.bitdgdm.run.GenerateRun}, and the stages that commands make their plans of.
 *
 * <p>Here: what a run is given (session, model, reference set, input), its stages, and what is read back of one that is there.
 * Not here: what a stage computes, which stands in the packages before, and the commands, which stand in the root package.
 */
package org.bitdgdm.run;
