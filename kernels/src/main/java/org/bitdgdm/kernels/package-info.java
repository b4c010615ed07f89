/**
 * Denoisers of discrete graph diffusion models and what they take: packed models, graph batches, times.
 *
 * <p>Here: the {@link org.bitdgdm.kernels.Denoiser} seam, its backends (plain Java reference, native CPU), the packed
 * model, counter-based randomness, extra features, the posterior. Not here: checkpoints, quantizers, Spark, chemistry.
 */
package org.bitdgdm.kernels;
