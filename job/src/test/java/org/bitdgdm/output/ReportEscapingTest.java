package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bitdgdm.conf.Json;
import org.bitdgdm.family.GraphFamily.Examples;
import org.bitdgdm.metrics.BesideSet;
import org.bitdgdm.metrics.Distributions;
import org.bitdgdm.metrics.Histogram;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.quantize.LayerReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts of a report that come from inputs, all of them markup at once: the page has the elements that it always has. */
class ReportEscapingTest {
    /** An element, also inside of a comment, with its value in quotes or none, or the end of one. */
    private static final Pattern ELEMENT = Pattern.compile("<(/?[A-Za-z!][A-Za-z0-9-]*)([^>]*)>?");
    private static final Pattern ATTRIBUTE = Pattern.compile("\\s([A-Za-z:-]+)\\s*=");

    private static final Template ESCAPED = Mustache.compiler().escapeHTML(true).compile("{{.}}");

    private static Set<String> elements(String page) {
        Set<String> elements = new TreeSet<>();
        // Style sheets and the text between tags are no markup.
        Matcher found = ELEMENT.matcher(page.replaceAll("(?s)<style>.*?</style>", ""));
        while (found.find()) {
            elements.add(found.group(1));
            Matcher attribute = ATTRIBUTE.matcher(found.group(2).replaceAll("\"[^\"]*\"", "\"\""));
            while (attribute.find()) {
                elements.add(found.group(1) + " " + attribute.group(1));
            }
        }
        return elements;
    }

    /** The same tree with a text in the place of each text, also of each key, which is told from the others by a number. */
    private static JsonNode hostile(JsonNode node, String text) {
        if (node.isObject()) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            node.properties().forEach(field -> object.set(field.getKey(), hostile(field.getValue(), text)));
            if (!object.isEmpty()) {
                object.put(text, text);
            }
            return object;
        }
        if (node.isArray()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            node.forEach(element -> array.add(hostile(element, text)));
            return array.add(text);
        }
        return node.isTextual() ? TextNode.valueOf(text) : node;
    }

    private static Histogram hostile(Histogram histogram, String text) {
        // Histograms of numbers have numbers; those of classes have what a vocabulary says.
        if (histogram.binWidth() != 0) {
            return histogram;
        }
        Map<String, Long> counts = new LinkedHashMap<>();
        histogram.counts().forEach((key, count) -> counts.put(key + text, count));
        return new Histogram(histogram.name(), histogram.unit(), 0, counts);
    }

    private static Distributions hostile(Distributions distributions, String text) {
        return Distributions.of(distributions.byName().values().stream().map(histogram -> hostile(histogram, text))
            .toList());
    }

    private static RunReport.Input hostile(RunReport.Input input, String text) {
        MetricReport metrics = input.metrics();
        Map<String, String> absent = new TreeMap<>(metrics.absent());
        absent.replaceAll((name, reason) -> text);
        List<LayerReport> layers = input.layers().stream().map(layer -> Json.MAPPER.convertValue(
            ((ObjectNode) Json.MAPPER.valueToTree(layer)).put("layer", layer.layer() + text).put("note", text),
            LayerReport.class)).toList();
        return new RunReport.Input(text, text, hostile(input.run(), text),
            new MetricReport(metrics.protocol(), metrics.counts(), metrics.metrics(), absent, List.of(text),
                hostile(metrics.distributions(), text), metrics.fidelity(), metrics.likelihood(), new BesideSet(text, Map.of(), List.of(
                    new BesideSet.Neighbour(0, text, "CCO", 0.5)))),
            input.reference().map(reference -> hostile(reference, text)), input.family(),
            new Examples(List.of(new Examples.Example(0, "CCO", text), new Examples.Example(1, text, "C" + text)),
                List.of(new Examples.Refused(2, text, text))),
            layers, Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onmouseover='alert(1)",
        "</title></svg></style><b>", "<!--", "{{{title}}}{{#metrics}}<i>", "]]><h1>", "&lt;u&gt;<s>", "x.smi<iframe src=//a>",
        "\u202e<a href=\"javascript:alert(1)\">"})
    void aPageHasNoElementOfAnInput(String text) {
        String usual = RunReport.render(ReportFixture.generated());
        String attacked = RunReport.render(hostile(ReportFixture.generated(), text));
        assertThat(elements(attacked)).isSubsetOf(elements(usual));
        assertThat(attacked).as("the text itself").contains(ESCAPED.execute(text));
        assertThat(RunReport.render(hostile(ReportFixture.evaluated(), text))).satisfies(page ->
            assertThat(elements(page)).isSubsetOf(elements(usual)));
    }

    @Test
    void recordsAreJsonWhateverTheirTextsAre() throws Exception {
        String text = "\"},\"command\":\"x\n\\u0022</script>\u2028";
        byte[] written = new RunRecord("generate").fact(text, text).toBytes();
        JsonNode read = Json.tree(written);
        assertThat(read.path("command").asText()).isEqualTo("generate");
        assertThat(read.path(text).asText()).isEqualTo(text);
    }
}
