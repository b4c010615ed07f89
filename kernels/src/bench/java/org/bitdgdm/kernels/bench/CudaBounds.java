package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** The results that need no GPU: what a step takes at least, term by term, by the rates of data sheets. */
final class CudaBounds {
    /** Of lines of results. */
    static final String KIND = "bound";

    private CudaBounds() {
    }

    /** Adds the bounds of every setting of one model on every GPU. */
    static void write(ResultLines results, CudaModel model) {
        for (CudaBudget.Gpu gpu : CudaBudget.Gpu.ALL) {
            for (Setting setting : Setting.ALL) {
                for (CudaDevice.Products products : CudaBench.products(setting)) {
                    CudaBudget budget = budget(model, setting, products, gpu);
                    ObjectNode line = ResultLines.line(KIND).put("model", model.bench.name()).put("nodes", model.bench.nodes())
                        .put("gpu", gpu.name()).put("setting", CudaBench.label(setting, products));
                    budget.seconds().forEach(line.putObject("seconds")::put);
                    results.add(line.put("total_seconds", budget.total()));
                }
            }
        }
    }

    /** The bounds of a setting on a GPU. */
    static CudaBudget budget(CudaModel model, Setting setting, CudaDevice.Products products, CudaBudget.Gpu gpu) {
        return CudaBudget.of(model.work(setting), model.packed(setting), model.bench.nodes(),
            products == CudaDevice.Products.BF16, gpu);
    }
}
