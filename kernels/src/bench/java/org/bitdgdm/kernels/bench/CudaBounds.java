package org.bitdgdm.kernels.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The part of the report that needs no GPU: what a step takes at least, term by term, by the rates of data sheets. */
final class CudaBounds {
    private static final double MICRO = 1e6;

    private CudaBounds() {
    }

    static String title(BenchModel model) {
        return "## Bounds: " + model.name();
    }

    /** Fills the section of one model. */
    static void write(CudaReport report, CudaModel model) {
        CudaReport.Section section = report.begin(title(model.bench));
        section.line("µs of one graph and step, derived from the model's operations and the rates of data sheets, not"
            + " measured; features as %.0f times fewer instructions than one warp for a graph takes. Total: the larger of memory"
            + " and the sum of the others.", CudaBudget.featureOverhead(model.bench.nodes()));
        for (CudaBudget.Gpu gpu : CudaBudget.Gpu.ALL) {
            section.line("");
            section.line("| %s | %s | total | graph-steps/s at most |", gpu.name(), String.join(" | ", CudaBudget.TERMS));
            section.line("|---|%s---|---|", "---|".repeat(CudaBudget.TERMS.size()));
            for (Setting setting : Setting.ALL) {
                for (CudaDevice.Products products : CudaBench.products(setting)) {
                    section.line(row(CudaBench.label(setting, products), budget(model, setting, products, gpu)));
                }
            }
        }
    }

    /** The bounds of a setting on a GPU. */
    static CudaBudget budget(CudaModel model, Setting setting, CudaDevice.Products products, CudaBudget.Gpu gpu) {
        return CudaBudget.of(model.work(setting), model.packed(setting), model.bench.nodes(),
            products == CudaDevice.Products.BF16, gpu);
    }

    private static String row(String label, CudaBudget budget) {
        StringBuilder cells = new StringBuilder();
        for (double seconds : budget.seconds().values()) {
            cells.append(String.format(Locale.ROOT, " %.4f |", MICRO * seconds));
        }
        return String.format(Locale.ROOT, "| %s |%s %.4f | %,.0f |", label, cells, MICRO * budget.total(),
            1 / budget.total());
    }

    /** A table of times by term beside their bounds, one row for each setting that was timed. */
    static String termsHead() {
        return "| setting | " + String.join(" | ", CudaTerms.BOUNDS.keySet())
            + " | sum | step as captured | bound of memory |\n|---|" + "---|".repeat(CudaTerms.BOUNDS.size())
            + "---|---|---|";
    }

    /**
     * @param terms    seconds by term of a step of the whole batch
     * @param captured seconds of the whole batch's step
     */
    static String termsRow(String label, Map<String, Double> terms, double captured, int batch, CudaBudget budget) {
        StringBuilder cells = new StringBuilder();
        double sum = 0;
        for (Map.Entry<String, List<String>> term : CudaTerms.BOUNDS.entrySet()) {
            double found = terms.get(term.getKey());
            double bound = term.getValue().stream().mapToDouble(budget.seconds()::get).sum();
            sum += found;
            cells.append(String.format(Locale.ROOT, " %.4f / %.4f |", MICRO * found / batch, MICRO * bound));
        }
        return String.format(Locale.ROOT, "| %s |%s %.4f | %.4f | %.4f |", label, cells, MICRO * sum / batch,
            MICRO * captured / batch, MICRO * budget.seconds().get("memory"));
    }
}
