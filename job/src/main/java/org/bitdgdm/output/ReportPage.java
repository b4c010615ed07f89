package org.bitdgdm.output;

import java.util.List;
import org.bitdgdm.family.ResultFamily;

/**
 * The words of {@code report.mustache}: every component is a name that the template uses, already as text. Only components
 * called {@code svg} are markup.
 */
record ReportPage(
    String title, String kicker, String subtitle, List<Tile> headline,
    String metricsNote, List<String> notes, List<MetricRow> metrics, PublishedTable published,
    List<String> divergenceHeads, List<DivergenceRow> divergence, boolean hasDivergence, String divergenceNote,
    List<Figure> figures, boolean hasReference, String referenceLegend, String generatedLegend, String generatedLabel,
    List<ResultFamily.Picture> pictures, boolean hasPictures, String unit, String rowTitle, String rowsClass,
    String examplesTitle, String noExamples, List<Drawing> examples, boolean hasExamples, String examplesNote,
    List<Neighbours> neighbours,
    List<String> noDrawings, String refusedTitle, List<String> keptTitle, List<RefusedRow> refused, boolean hasRefused,
    String refusedNote,
    List<LayerRow> layers, boolean hasLayers, String layersSummary, String layerCount, List<String> layerColumns,
    List<LayerFigure> layerFigures, String noLayers,
    List<Timing> timings, boolean hasTimings,
    List<Table> tables, List<Definition> definitions, String footer) {

    /** One headline number. */
    record Tile(String label, String value, String detail, String valueClass) {
        static Tile of(String label, String value, String detail) {
            return new Tile(label, value, detail, "value");
        }

        static Tile absent(String label, String detail) {
            return new Tile(label, "not available", detail, "absent");
        }
    }

    record MetricRow(String label, String value, String interval, String counts, String meaning) {
    }

    /** Values of others beside ours: of each metric one, and one of each model, empty where it has none. */
    record PublishedTable(List<String> models, List<PublishedRow> rows, List<String> sources) {
        boolean known() {
            return !rows.isEmpty();
        }
    }

    record PublishedRow(String label, String value, List<String> cells) {
    }

    /** Molecules of the run, each followed by the nearest one of a set. */
    record Neighbours(String title, String note, List<Drawing> pairs) {
    }

    /** Divergence over a range of steps, each number with its standard error. */
    record DivergenceRow(String times, List<String> estimates) {
    }

    /** {@code columns} is the head of the first column; empty where there are no numbers to show. */
    record Figure(String label, String svg, String caption, List<String> columns, List<ShareRow> rows) {
    }

    record ShareRow(String name, String generated, String reference) {
    }

    /** A graph; {@code svg} is empty where it could not be drawn. */
    record Drawing(String caption, String svg, List<String> problem) {
    }

    record RefusedRow(String graph, String reason, List<String> kept) {
    }

    record LayerFigure(String label, String svg, String caption) {
    }

    record LayerRow(String name, List<String> cells) {
    }

    record Timing(String name, String time, String percent) {
    }

    /** Key and value pairs that unfold. */
    record Table(String name, List<KeyValue> rows) {
    }

    record KeyValue(String name, String value) {
    }

    record Definition(String name, String text) {
    }
}
