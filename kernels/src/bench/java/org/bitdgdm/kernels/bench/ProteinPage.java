package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The text of {@code proteins.md}: the lines that {@link ProteinBench} has measured. */
final class ProteinPage {
    private static final Comparator<JsonNode> FASTER = Comparator.comparingDouble(line -> spread(line).median());

    private final List<JsonNode> lines;
    private final Markdown text = new Markdown();

    private ProteinPage(List<JsonNode> lines) {
        this.lines = lines;
    }

    /** Writes the page of a file of lines. */
    static void write(Path page, Path source) throws IOException {
        Files.writeString(page, text(ResultLines.read(source), source.getFileName().toString()));
    }

    /** @param source name of the file of the lines */
    static String text(List<JsonNode> lines, String source) {
        ProteinPage page = new ProteinPage(lines);
        page.tables(source);
        return page.text.toString();
    }

    private void tables(String source) {
        JsonNode begin = ResultLines.of(lines, ResultLines.BEGIN).get(0);
        JsonNode end = ResultLines.of(lines, ResultLines.END).stream().findFirst()
            .orElse(ResultLines.line(ResultLines.END));
        text.line("# Proteins");
        text.line("");
        text.line("Made of %s, which `./submit.sh bench --levels proteins` wrote on %s. GraDe-IF's network in the published"
            + " configuration (%d layers, %d wide, weights by a formula) on %d residues with 10 neighbours each, %s, %d"
            + " threads, commit %s; evaluations of a sequence per second, medians of %d repeats with their range. Edges depend on the"
            + " backbone alone: the cpu backend computes them once for a protein, PyTorch once for a call, as published, the"
            + " others never, since their network holds them. Each peer is at its best batch and its best layout, ÷ is of the"
            + " fastest of them.",
            source, begin.path("date").asText(), begin.path("layers").asInt(), begin.path("width").asInt(),
            begin.path("residues").asInt(), begin.path("cpu").asText(), begin.path("threads").asInt(),
            begin.path("commit").asText(), begin.path("repeats").asInt());
        text.line("");
        text.line("%s%n", Machine.quietness(begin.path("others_share").asDouble(Double.NaN),
            end.path("others_share").asDouble(Double.NaN)));
        int samples = begin.path("samples").asInt();
        text.table("", samples + " samples, 1 evaluation", "÷ peer", "1 sample, " + samples + " evaluations", "÷ peer");
        ResultLines.of(lines, ProteinBench.KIND).stream().map(line -> line.path("setting").asText()).distinct()
            .forEach(setting -> text.row(setting, rate(ours(setting, ProteinBench.MANY)),
                times(ours(setting, ProteinBench.MANY), fastest(ProteinBench.MANY)), rate(ours(setting, ProteinBench.ONE)),
                times(ours(setting, ProteinBench.ONE), fastest(ProteinBench.ONE))));
        ResultLines.of(lines, ResultLines.PEER).stream().filter(line -> line.has("version"))
            .map(line -> line.path("version").asText()).distinct().forEach(version -> {
                Optional<JsonNode> many = peer(version, ProteinBench.MANY);
                Optional<JsonNode> one = peer(version, ProteinBench.ONE);
                text.row(version + " FP32", rate(many) + many.map(ProteinPage::layout).orElse(""), "",
                    rate(one) + one.map(ProteinPage::layout).orElse(""), "");
            });
        for (JsonNode line : ResultLines.of(lines, ResultLines.PEER)) {
            if (line.has("note")) {
                text.line("");
                text.line("%s", line.path("note").asText());
            }
        }
    }

    private static String layout(JsonNode line) {
        return ", " + line.path("callers").asInt() + " × " + line.path("threads").asInt() + ", batch "
            + line.path("batch").asInt();
    }

    private Optional<JsonNode> ours(String setting, String work) {
        return ResultLines.of(lines, ProteinBench.KIND).stream().filter(line -> line.path("work").asText().equals(work)
            && line.path("setting").asText().equals(setting)).findFirst();
    }

    /** The best batch size and layout of a peer. */
    private Optional<JsonNode> peer(String version, String work) {
        return peers(work).filter(line -> line.path("version").asText().equals(version)).max(FASTER);
    }

    /** The best of the best. */
    private Optional<JsonNode> fastest(String work) {
        return peers(work).max(FASTER);
    }

    private Stream<JsonNode> peers(String work) {
        return ResultLines.of(lines, ResultLines.PEER).stream().filter(line -> line.path("work").asText().equals(work));
    }

    private static Spread spread(JsonNode line) {
        return Spread.of(line.path("evaluations_per_second"));
    }

    private static String rate(Optional<JsonNode> line) {
        return line.map(found -> {
            Spread rate = spread(found);
            return Markdown.significant(rate.median()) + " (" + Markdown.significant(rate.low()) + "–"
                + Markdown.significant(rate.high()) + ")";
        }).orElse("not measured");
    }

    private static String times(Optional<JsonNode> line, Optional<JsonNode> peer) {
        return line.isPresent() && peer.isPresent()
            ? String.format(Locale.ROOT, "%.2f×", spread(line.get()).median() / spread(peer.get()).median()) : "";
    }
}
