/**
 * Denoisers of discrete graph diffusion models and what they take: packed models, graph batches, times.
 *
 * <p>Here: the {@link org.bitdgdm.kernels.Denoiser} seam, its backends (plain Java reference, native CPU, CUDA), the list of a
 * network's layers, the packed model, a sampler's steps, counter-based randomness, and extra features, those of molecules
 * among them. Not here: checkpoints, quantizers, Spark, and what classes stand for: valences, elements, validity.
 */
package org.bitdgdm.kernels;
