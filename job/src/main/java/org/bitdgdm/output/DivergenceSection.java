package org.bitdgdm.output;

import java.util.List;
import org.bitdgdm.fidelity.Divergence;
import org.bitdgdm.fidelity.Estimate;
import org.bitdgdm.fidelity.FidelityReport;

/** How far the quantized model's predictions are from full precision, early and late in the denoising. */
final class DivergenceSection {
    private DivergenceSection() {
    }

    /** @param report null where models were not compared */
    static List<ReportPage.DivergenceRow> rows(FidelityReport report) {
        return report == null ? List.of() : report.ranges().stream().map(DivergenceSection::row).toList();
    }

    static String note(FidelityReport report) {
        return report == null ? "" : Numbers.count(report.graphs()) + " graphs of the full-precision model, "
            + Numbers.count(report.steps()) + " steps; mean KL in nats ± standard error. The same graphs whatever the run.";
    }

    private static ReportPage.DivergenceRow row(Divergence range) {
        return new ReportPage.DivergenceRow(range.from() + " to " + range.to(), text(range.node()), text(range.edge()),
            text(range.graph()));
    }

    private static String text(Estimate estimate) {
        if (estimate.value() == null) {
            return "–";
        }
        String value = Numbers.significant(estimate.value(), 3);
        return estimate.standardError() == null ? value : value + " ± " + Numbers.significant(estimate.standardError(), 2);
    }
}
