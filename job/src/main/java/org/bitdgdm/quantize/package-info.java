/**
 * From a full-precision model to a quantized one, once, on the driver: calibration on the model's own samples, weight
 * decomposition, scales and codes, per-layer report, the saved bundle.
 *
 * <p>A method is a {@link org.bitdgdm.quantize.Quantizer}: one layer's weight and recorded inputs in, one packed layer
 * out. Everything here gives the same bits whatever the threads and whatever the driver's machine.
 *
 * <p>Not here: reading checkpoints (model), running a packed layer (kernels), Spark jobs (sample).
 */
package org.bitdgdm.quantize;
