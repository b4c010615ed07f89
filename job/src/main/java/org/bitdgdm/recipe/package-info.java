/**
 * Which settings each layer gets: cost of a layer on a backend, divergence that it alone causes, and the cheapest choice
 * within a budget of divergence, verified on the whole model.
 *
 * <p>Not here: how a layer is quantized (quantize), how divergence is measured (fidelity).
 */
package org.bitdgdm.recipe;
