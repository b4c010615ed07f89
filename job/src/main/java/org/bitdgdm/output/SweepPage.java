package org.bitdgdm.output;

import java.util.List;

/** The words of {@code sweep.mustache}, already as text; only components called {@code svg} are markup. */
record SweepPage(String title, String subtitle, String note, String quality, String difference, List<String> columns,
                 List<Row> rows, String speedLabel, List<Figure> figures, boolean hasFigures,
                 List<Failure> failures, boolean hasFailures) {

    /** One cell; {@code best} marks those that no other beats, by speed and by bytes. */
    record Row(String number, String cell, String judged, String gained, List<String> cells, String speed, String bytes,
               String best) {
    }

    record Figure(String label, String svg, String caption) {
    }

    record Failure(String cell, String error) {
    }
}
