/**
 * Measures the cpu backend on the machine it runs on and writes {@code kernels/benchmarks/cpu.md}, or the cuda backend and
 * {@code kernels/benchmarks/cuda.md}.
 *
 * <p>Here: the peaks of a core, the pieces of the backend beside them, whole denoising steps beside the ceiling that the
 * peaks allow, PyTorch and the Spark job as other programs. Everything is compared with the scalar kernels or the
 * reference before it is timed. Not here: correctness tests, tuning, quantizers (the forms of {@code PackedForms} have
 * the cost of a quantized layer, not its quality). Compiled with the tests, so that it follows every change; not shipped.
 */
package org.bitdgdm.kernels.bench;
