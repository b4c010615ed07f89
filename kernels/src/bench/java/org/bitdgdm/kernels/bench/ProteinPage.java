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

    private static final double GIGA = 1e9;
    private static final double MEGA = 1e6;
    private static final double MILLIS = 1e3;

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
        bounds(begin);
        for (JsonNode line : ResultLines.of(lines, ResultLines.PEER)) {
            if (line.has("note")) {
                text.line("");
                text.line("%s", line.path("note").asText());
            }
        }
    }

    /** Lines of an earlier benchmark do not have them. */
    private void bounds(JsonNode begin) {
        List<JsonNode> works = ResultLines.of(lines, ProteinBench.WORK);
        if (works.isEmpty()) {
            return;
        }
        double floatPeak = begin.path("float_peak").asDouble();
        double integerPeak = begin.path("integer_peak").asDouble();
        text.line("");
        text.line("## What bounds an evaluation");
        text.line("");
        text.line("Its products at the peaks that %d threads have in registers, %s and %s G operations per second in FP32 and"
            + " in codes, measured before the rest. Edges, and their columns of the first layer of the messages, are known; the"
            + " columns of receiver and sender are met once for each residue, with a scale for each row once for each edge, and"
            + " there all columns of those edges whose scale is that of a residue. SiLU and the making of codes come on top.",
            begin.path("threads").asInt(), Markdown.significant(floatPeak / GIGA), Markdown.significant(integerPeak / GIGA));
        text.line("");
        text.table("", "multiply-adds in FP32, M", "in codes, M", "SiLU, M", "ms at the peaks",
            "ms as measured, " + begin.path("samples").asInt() + " samples", "share");
        for (JsonNode line : works) {
            ProteinWork work = ProteinWork.of(line);
            double bound = work.seconds(floatPeak, integerPeak);
            double found = ours(line.path("setting").asText(), ProteinBench.MANY).map(rate -> 1 / spread(rate).median())
                .orElse(Double.NaN);
            text.row(line.path("setting").asText(), work.floats() / MEGA, work.integers() / MEGA, work.silus() / MEGA,
                bound * MILLIS, found * MILLIS, Markdown.percent(bound / found));
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
