package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

import org.bitdgdm.metrics.Distributions;
import org.bitdgdm.metrics.Histogram;
import org.bitdgdm.metrics.PlainGraphMetrics;
import org.junit.jupiter.api.Test;

class DistributionSectionTest {
    private static final Pattern TEXT = Pattern.compile("<text[^>]*>([^<]*)</text>");

    /** Degrees 0 to n − 1. */
    private static ReportPage.Figure degrees(int n) {
        Map<String, Long> counts = new LinkedHashMap<>();
        for (int degree = 0; degree < n; degree++) {
            counts.put(Integer.toString(degree), (long) n - degree);
        }
        Map<String, Histogram> all = new LinkedHashMap<>();
        for (String name : List.of("sizes", "degree", "clustering")) {
            all.put(name, new Histogram(name, "", 1, counts));
        }
        return DistributionSection.figures(new Distributions(all), Optional.of(new Distributions(all)), null,
            PlainGraphMetrics.DISTRIBUTIONS).get(1);
    }

    private static List<String> texts(ReportPage.Figure figure) {
        return TEXT.matcher(figure.svg()).results().map((MatchResult found) -> found.group(1)).toList();
    }

    @Test
    void fewWholeNumbersAreWrittenBelowTheirBars() {
        ReportPage.Figure figure = degrees(9);
        assertThat(texts(figure)).contains("0", "1", "2", "3", "4", "5", "6", "7", "8");
        assertThat(figure.columns()).hasSize(1).first().asString().isEqualToIgnoringCase("degree");
        assertThat(figure.rows()).extracting(ReportPage.ShareRow::name).startsWith("0", "1").hasSize(9);
    }

    @Test
    void manyWholeNumbersGetAnAxisThatCanBeRead() {
        ReportPage.Figure figure = degrees(35);
        assertThat(texts(figure)).contains("0", "10", "20", "30").doesNotContain("1", "33").noneMatch(text -> text.contains("…")
            || text.contains("..."));
        assertThat(figure.rows()).extracting(ReportPage.ShareRow::name).startsWith("0", "1").endsWith("34").hasSize(35);
        assertThat(degrees(187).rows()).extracting(ReportPage.ShareRow::name).startsWith("0 to 4", "5 to 9").hasSize(38);
        assertThat(degrees(187).caption()).contains("total variation distance from the reference 0");
    }
}
