/**
 * Pretrained models: files of others (PyTorch-Lightning checkpoints, safetensors) in, our own model bundle out and in.
 *
 * <p>Every file is treated as hostile: lengths are checked against the bytes there are before anything is allocated,
 * nothing that a file names is ever looked up as a class, and what is wrong is told as one
 * {@link org.bitdgdm.conf.InputException}. Not here: quantized bundles, reference sets of molecules, sampling.
 */
package org.bitdgdm.model;
