package org.bitdgdm.output;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import org.bitdgdm.family.Examples;
import org.bitdgdm.family.ResultFamily;
import org.bitdgdm.metrics.Distributions;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.quantize.LayerReport;

/**
 * All that {@link RunReport} shows, as plain values: it reads nothing from Spark or from disk.
 *
 * @param title      what ran, for example the model and its recipe
 * @param subtitle   how it ran: graphs, steps, seed, backend
 * @param run        the tree of {@code run.json}, see {@link RunRecord#json()}; parts that it lacks are left out
 * @param metrics    numbers and distributions of the run
 * @param reference  distributions of the reference set; empty where none is known
 * @param family     of the graphs
 * @param examples   graphs to draw, and some that are refused
 * @param layers     a report for every linear layer; empty where nothing was quantized
 * @param noDrawings what {@link ResultFamily#noDrawings()} said before sampling
 */
public record ReportInput(
    String title, String subtitle, JsonNode run, MetricReport metrics, Optional<Distributions> reference,
    ResultFamily family, Examples examples, List<LayerReport> layers, Optional<String> noDrawings) {

    public ReportInput {
        layers = List.copyOf(layers);
    }
}
