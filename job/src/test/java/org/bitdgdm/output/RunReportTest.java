package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.family.Molecules;
import org.bitdgdm.family.PlainGraphs;
import org.bitdgdm.metrics.BesideSet;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.Graphs;
import org.junit.jupiter.api.Test;
import org.openscience.cdk.exception.CDKException;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class RunReportTest {
    private static final Pattern SVG = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL);
    private static final String DRAWN = "<svg class=\"molecule\"></svg>";

    private static String render(RunReport.Input input) {
        return RunReport.render(input, smiles -> DRAWN);
    }

    private static String text(String page) {
        return page.substring(page.indexOf("<body>")).replaceAll("<[^>]*>", " ").replaceAll("\\s+", " ");
    }

    @Test
    void hasEverySection() {
        String page = render(ReportFixture.generated());
        assertThat(page).containsSubsequence("<h1>qm9-digress, Bit-DGDM W4A4</h1>", ">Metrics</h2>", ">Distributions</h2>",
            ">Molecules</h2>", ">Not valid</h3>", ">Quantization</h2>", ">Timings</h2>",
            ">Configuration and provenance</h2>", ">How things are counted</h2>");
        assertThat(text(page)).contains("Bit-DGDM · generate · 2026-01-02 03:04 UTC", "100 graphs in 50 steps");
    }

    @Test
    void headlineHasIntervalsAndCounts() {
        String text = text(render(ReportFixture.generated()));
        assertThat(text).contains("Validity 97.0% 91.5–99.0%, 97 of 100", "Relaxed validity 98.0%", "Uniqueness 98.0%",
            "96 of 98", "Novelty 39.6%", "38 of 96", "Graphs 100 40 of them from an earlier start of this run",
            "Graphs per second 5.93 while sampling", "Time 2 min 30 s 16.9 s of it sampling",
            "Model size 17.6 → 3.10 MB FP32 → as sampled, 5.7 times smaller");
    }

    @Test
    void metricsSayWhatTheyDivide() {
        assertThat(text(render(ReportFixture.generated()))).contains("Ratios as DiGress defines them",
            "Uniqueness different molecules ÷ relaxed-valid graphs 98.0%", "Fragments per graph components of all graphs ÷ "
                + "graphs, lines that are no molecule among them 1.010 0.990–1.03 101 / 100");
        assertThat(text(render(ReportFixture.evaluated()))).contains("Ratios as GuacaMol defines them",
            "Uniqueness different molecules ÷ graphs asked for 96.0%");
        for (Protocol protocol : Protocol.values()) {
            assertThat(new Molecules(Graphs.QM9).registry(protocol).all())
                .allSatisfy(metric -> assertThat(metric.meaning()).as(metric.name()).isNotEmpty());
        }
        GraphFamily plain = new PlainGraphs(Vocabulary.ofGraphs(1, 2));
        assertThat(plain.registry(Protocol.DIGRESS).all())
            .allSatisfy(metric -> assertThat(metric.meaning()).as(metric.name()).isNotEmpty());
    }

    @Test
    void publishedValuesStandBesideOnesOwnAndSayWhoseTheyAre() {
        String text = text(render(ReportFixture.evaluated()));
        assertThat(text).contains("Beside published values", "published elsewhere and not measured here",
            "Metric This run DiGress, paper DeFoG, paper Cometh, paper Validity 97.0% 85.2% 99.0% 94.4%",
            "FCD score not computed 0.680 0.738 0.674", "DeFoG, paper: Qin et al., ICML 2025");
        assertThat(text(render(ReportFixture.generated()))).doesNotContain("Beside published values");
    }

    @Test
    void moleculesAreDrawnBesideTheNearestOfTheSetTheyAreComparedWith() {
        RunReport.Input input = ReportFixture.evaluated();
        BesideSet beside = new BesideSet("training set", Map.of("sizes", input.metrics().distributions().of("sizes")),
            List.of(new BesideSet.Neighbour(7, "CCO", "CCCO", 0.5)));
        String page = render(new RunReport.Input(input.title(), input.subtitle(), input.run(), input.metrics().beside(beside),
            input.reference(), input.family(), input.examples(), input.layers(), Optional.empty()));
        assertThat(text(page)).contains("Nearest of the training set", "graph 7: CCO", "nearest, 0.50: CCCO",
            "total variation distance from the training set 0.");
        assertThat(page).contains("</span>training set</li>");
    }

    @Test
    void withoutReferenceSetNothingIsCompared() {
        String page = render(ReportFixture.evaluated());
        assertThat(text(page)).contains("Novelty not available no training set is known",
            "no reference set known: nothing to compare with", "895 counted; no reference set known.");
        assertThat(page).doesNotContain("swatch line", "stroke:var(--reference)");
        assertThat(render(ReportFixture.generated())).contains("swatch line", "stroke:var(--reference)")
            .doesNotContain("no reference set known");
    }

    @Test
    void whatARunDidNotDoIsSaid() {
        String text = text(render(ReportFixture.evaluated()));
        assertThat(text).contains("Graphs 100", "No valid molecule.", "None among the graphs looked at.",
            "Nothing was sampled or quantized: these graphs existed before.", "Timings not available")
            .doesNotContain("Graphs per second 0", "NaN", "null", "Infinity");
    }

    @Test
    void textIsEscaped() {
        String hostile = "\"><script>alert(1)</script><img src=x onerror='a'>{{title}}&amp;";
        RunReport.Input input = ReportFixture.generated();
        RunReport.Input attacked = new RunReport.Input(hostile, hostile, input.run().deepCopy(), input.metrics(),
            input.reference(),
            input.family(), new GraphFamily.Examples(List.of(new GraphFamily.Examples.Example(0, hostile, hostile)),
                List.of(new GraphFamily.Examples.Refused(1, hostile, hostile))),
            input.layers(), Optional.of(hostile));
        ((ObjectNode) attacked.run().path("configuration")).put(hostile, hostile);
        ((ObjectNode) attacked.run().path("timings")).put(hostile, 1);
        String page = render(attacked);
        assertThat(page).doesNotContain("<script", "<img", "onerror='").contains("&lt;script&gt;alert(1)&lt;/script&gt;",
            "{{title}}&amp;amp;");
    }

    @Test
    void namesInsideDrawingsAreEscaped() {
        String svg = Charts.classes("<script>", "\"&", List.of("</text><script>", "&"), new double[] {0.5, 0.5}, null);
        assertThat(svg).doesNotContain("<script").contains("&lt;script&gt;");
    }

    @Test
    void opensOffline() {
        String page = RunReport.render(ReportFixture.generated());
        assertThat(page.replace("http://www.w3.org/2000/svg", "").replace("http://www.w3.org/XML/1998/namespace", ""))
            .doesNotContain("http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link", "<!ENTITY");
        assertThat(page).contains("default-src 'none'");
    }

    @Test
    void drawingsAreNamedAndHaveNoIds() throws Exception {
        Matcher drawings = SVG.matcher(RunReport.render(ReportFixture.generated()));
        int found = 0;
        while (drawings.find()) {
            Element svg = DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder()
                .parse(new InputSource(new StringReader(drawings.group()))).getDocumentElement();
            assertThat(svg.getAttribute("role")).isEqualTo("img");
            assertThat(svg.getAttribute("aria-label")).isNotBlank();
            assertThat(svg.getFirstChild().getNodeName()).isEqualTo("title");
            assertThat(svg.getFirstChild().getTextContent()).isNotBlank();
            assertThat(svg.getAttribute("viewBox")).isNotBlank();
            assertThat(drawings.group()).doesNotContain(" id=", "NaN", "#000000");
            found++;
        }
        assertThat(found).as("six distributions, two layer charts, two molecules").isEqualTo(10);
    }

    @Test
    void sameInputSamePage() {
        assertThat(RunReport.render(ReportFixture.generated())).isEqualTo(RunReport.render(ReportFixture.generated()));
    }

    @Test
    void withoutFontsMoleculesAreTextAndChartsStay() {
        RunReport.Input input = ReportFixture.with(ReportFixture.generated(), ReportFixture.examples(),
            Optional.of("no drawings: this machine has no fonts"));
        String page = RunReport.render(input, smiles -> {
            throw new AssertionError("draws without fonts");
        });
        assertThat(text(page)).contains("no drawings: this machine has no fonts", "CCO c1cc[nH]c1");
        assertThat(SVG.matcher(page).results().count()).isEqualTo(8);
    }

    @Test
    void aMoleculeThatCannotBeDrawnKeepsItsPlace() {
        String page = RunReport.render(ReportFixture.generated(), smiles -> {
            if (smiles.equals("CCO")) {
                throw new CDKException("no layout");
            }
            return DRAWN;
        });
        assertThat(text(page)).contains("CCO not drawn: no layout c1cc[nH]c1");
        assertThat(page).containsOnlyOnce(DRAWN);
    }

    @Test
    void layersInNumbers() {
        String text = text(render(ReportFixture.generated()));
        assertThat(text).contains("3 of 4 linear layers are quantized, 12.0 → 6.00 kB; the largest error of an output is "
                + "4.00%, in tf_layers.1.self_attn.q.",
            "Error of a layer&#39;s output . ‖XW − Y‖ ÷ ‖XW‖ on recorded inputs that were held out, a dot per layer. "
                + "Median 3.00%, largest 4.00%.",
            "Median 6.00%, largest 7.00%.", "mlp_in_X.0 fp32 12 × 34",
            "tf_layers.0.self_attn.q bit-dgdm 12 × 34 2.00% 5.00% 16 4 / 4 / 4 56 7 "
                + "3.10 → 2.90 2.50 1.00% 3.00 → 1.00 kB 0.250",
            "tf_layers.0.lin_y1 bit-dgdm 12 × 34 – 7.00%");
    }

    @Test
    void configurationAndTimingsAreComplete() {
        String page = render(ReportFixture.generated());
        assertThat(text(page)).contains("Run command generate", "backend cpu (avx2)", "quantize.rank 16",
            "output.require [&quot;validity&gt;&#x3D;0.9&quot;]", "spark 4.1.0", "model 0123abcd", "Quantize 38.3 s", "Sampling 16.9 s", "Total 2 min 30 s");
        assertThat(page).contains("<i style=\"width:100.0%\"></i>", "<i style=\"width:25.4%\"></i>");
    }
}
