/**
 * How closely a quantized model follows its full-precision original: divergence of what both predict along trajectories of
 * the original, and agreement of what both draw with the same random numbers. It sees losses far below those that the
 * validity of some thousand molecules can show.
 *
 * <p>Not here: anything about molecules (molecule, metrics), the error of single layers (quantize).
 */
package org.bitdgdm.fidelity;
