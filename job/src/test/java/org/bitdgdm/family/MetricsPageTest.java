package org.bitdgdm.family;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitdgdm.MadePage;
import org.bitdgdm.metrics.Distribution;
import org.bitdgdm.metrics.MetricDefinition;
import org.bitdgdm.metrics.MetricRegistry;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.MoleculeProperty;
import org.junit.jupiter.api.Test;

/** {@code docs/metrics.md}, made from the registries of the families. */
class MetricsPageTest {
    private static final List<ResultFamily> FAMILIES = List.of(
        new Molecules(new Vocabulary(Family.MOLECULES, List.of("H", "C", "N", "O", "F"), Vocabulary.MOLECULE_BONDS, true,
            false)),
        new PlainGraphs(Vocabulary.ofGraphs(1, 2)), new Proteins());
    private static final Map<String, String> TITLES = Map.of("molecules", "Molecules", "graphs", "Plain graphs", "sequences",
        "Sequences for backbones");

    private static final List<String> HEAD = List.of("name", "counts", "unit", "needs", "source");

    @Test
    void saysAllThatTheRegistriesHold() throws IOException {
        StringBuilder page = new StringBuilder("""
            # Metrics

            Made from the definitions in the code. Each metric is a row of `metrics/` and an entry of `metrics.json`, under the
            name given here, with its counts and a 95% interval where one is known, or with the reason why it is absent; a bound
            for `--require`; and a column of a sweep's table `cells/`. Ratios are 0 to 1 in
            files and percent on pages. The protocol (`--protocol`) says what is divided by what.
            """);
        for (ResultFamily family : FAMILIES) {
            page.append("\n## ").append(TITLES.get(family.folder())).append("\n\n");
            page.append(metrics(family));
            page.append("\nDistributions, counted in `metrics.json`").append(family instanceof GraphFamily
                ? " beside those of the training set in a reference set:\n\n" : ":\n\n")
                .append(table(List.of("name", "what", "unit", "bin"), distributions(family).stream().map(one -> List.of(
                    code(one.name()), one.title() + (one.axis().isEmpty() ? "" : ", " + one.axis()), one.unit(),
                    one.binWidth() == 0 ? "classes" : number(one.binWidth()))).toList()));
            if (family instanceof Molecules) {
                page.append("\nProperties, a column of `molecules/` each, of the largest fragment of relaxed-valid graphs:\n\n")
                    .append(table(List.of("column", "what", "unit", "source"), Stream.of(MoleculeProperty.values()).map(one ->
                        List.of(code(one.column()), one.meaning(), one.unit(), one.source())).toList()));
            }
        }
        page.append("\n## Comparisons of models\n\nOf any graphs.\n\n").append(comparisons(FAMILIES.get(0)))
            .append("\nOf sequences.\n\n").append(comparisons(new Proteins()));
        MadePage.check("metrics.md", page.toString());
    }

    private static String comparisons(ResultFamily family) {
        MetricRegistry any = family.registry(Protocol.DIGRESS);
        return table(HEAD, any.comparisons().stream().map(name -> cells(any.find(name).orElseThrow(),
            List.of(Protocol.values()))).toList());
    }

    /** Every definition once, with the protocols under which it holds. */
    private static String metrics(ResultFamily family) {
        Map<List<String>, List<Protocol>> protocols = new LinkedHashMap<>();
        Map<List<String>, MetricDefinition<?>> definitions = new LinkedHashMap<>();
        List<Protocol> known = family instanceof Molecules ? List.of(Protocol.values()) : List.of(Protocol.DIGRESS);
        for (Protocol protocol : known) {
            MetricRegistry registry = family.registry(protocol);
            for (MetricDefinition<?> metric : registry.all()) {
                if (!registry.comparisons().contains(metric.name())) {
                    List<String> key = List.of(metric.name(), metric.meaning());
                    protocols.computeIfAbsent(key, absent -> new ArrayList<>()).add(protocol);
                    definitions.putIfAbsent(key, metric);
                }
            }
        }
        return table(HEAD, definitions.keySet().stream().map(key -> cells(definitions.get(key),
            protocols.get(key).size() == known.size() ? List.of(Protocol.values()) : protocols.get(key))).toList());
    }

    private static List<String> cells(MetricDefinition<?> metric, List<Protocol> protocols) {
        String only = protocols.size() == Protocol.values().length ? "" : " (" + protocols.stream().map(Protocol::label)
            .collect(Collectors.joining(", ")) + ")";
        assertThat(metric.meaning()).as(metric.name()).isNotEmpty();
        String hydrogens = metric.name().endsWith("_stability") ? " (where hydrogens are nodes)" : "";
        return List.of(code(metric.name()) + only + hydrogens, metric.meaning(),
            metric.form() == MetricDefinition.Form.SHARE ? "share" : metric.unit(),
            metric.needs().stream().map(MetricDefinition.Need::label).sorted().collect(Collectors.joining(", ")),
            metric.source());
    }

    private static List<Distribution> distributions(ResultFamily family) {
        return family.registry(Protocol.DIGRESS).distributions();
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    private static String code(String name) {
        return "`" + name + "`";
    }

    private static String table(List<String> head, List<List<String>> rows) {
        return Stream.concat(Stream.of(head, head.stream().map(cell -> "---").toList()), rows.stream())
            .map(cells -> "| " + String.join(" | ", cells) + " |\n").collect(Collectors.joining());
    }
}
