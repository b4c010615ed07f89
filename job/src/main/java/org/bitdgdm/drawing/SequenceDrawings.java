package org.bitdgdm.drawing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.metrics.Counts;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** Drawings of sequences: designs beside native chains with the logo of their samples, and what is counted of residues. */
public final class SequenceDrawings {
    private static final String SVG = "http://www.w3.org/2000/svg";
    private static final String MONO = "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace";
    /** Residues of a line. */
    private static final int LINE = 60;
    private static final int CELL = 11;
    private static final int MARGIN = 74;
    private static final int LOGO = 46;
    private static final int ROW = 14;
    private static final int GAP = 14;
    /** Height of a capital letter ÷ size of its font. */
    private static final double CAPITAL = 0.73;
    /** Classes of residues by their side chains, each in one colour. */
    private static final Map<String, String> COLOURS = Map.of("DE", "var(--atom-o)", "KRH", "var(--atom-n)",
        "STNQ", "var(--atom-halogen)", "CGP", "var(--atom-s)");
    private static final int BAR_WIDTH = 420;
    private static final int BAR_HEIGHT = 170;

    private SequenceDrawings() {
    }

    /**
     * A design below its native chain, line by line; above, the logo of the samples where there are several. Residues that were
     * given are grey, have no logo, and count nowhere.
     *
     * @param wanted  native residues
     * @param found   designed ones
     * @param states  secondary structure, {@code ?} where it is not known
     * @param fixed   a 1 for each residue that was given, a 0 for each other; empty where none was
     * @param samples sequences of the samples
     */
    public static String alignment(String wanted, String found, String states, String fixed, List<String> samples) {
        int logo = samples.size() > 1 ? LOGO : 0;
        int block = logo + 3 * ROW + GAP;
        int lines = (wanted.length() + LINE - 1) / LINE;
        Element svg = svg(MARGIN + LINE * CELL + 40, lines * block);
        IntPredicate given = i -> !fixed.isEmpty() && fixed.charAt(i) == '1';
        int held = (int) IntStream.range(0, wanted.length()).filter(given).count();
        int same = 0;
        for (int line = 0; line < lines; line++) {
            int from = line * LINE;
            int to = Math.min(wanted.length(), from + LINE);
            int top = line * block;
            for (int i = from; i < to; i++) {
                int x = MARGIN + (i - from) * CELL;
                if (given.test(i)) {
                    add(svg, "rect", null, "x", x, "y", top + logo + 2, "width", CELL, "height", 2 * ROW, "style",
                        "fill:var(--muted);opacity:.2");
                    continue;
                }
                if (logo > 0) {
                    stack(svg, samples, i, x, top + logo);
                }
                if (wanted.charAt(i) == found.charAt(i)) {
                    same++;
                    add(svg, "rect", null, "x", x, "y", top + logo + 2, "width", CELL, "height", 2 * ROW, "style",
                        "fill:var(--generated);opacity:.45");
                }
            }
            letters(svg, "native", wanted, from, to, given, top + logo + ROW - 1);
            letters(svg, "designed", found, from, to, given, top + logo + 2 * ROW - 1);
            letters(svg, "structure", states, from, to, i -> true, top + logo + 3 * ROW - 1);
            add(svg, "text", Integer.toString(to), "x", MARGIN + (to - from) * CELL + 6, "y", top + logo + ROW - 1, "style",
                "fill:var(--muted);font-size:10px;" + MONO);
        }
        return InlineSvg.markup(svg, "sequence", "design beside native chain", same + " of " + (wanted.length() - held)
            + " designed residues are the same" + (held == 0 ? "" : ", " + held + " were given"));
    }

    /** @param grey which letters are */
    private static void letters(Element svg, String name, String all, int from, int to, IntPredicate grey, int y) {
        add(svg, "text", name, "x", 0, "y", y, "style", "fill:var(--muted);font-size:10px;" + MONO);
        for (boolean muted : new boolean[] {false, true}) {
            int[] some = IntStream.range(from, to).filter(i -> grey.test(i) == muted).toArray();
            if (some.length > 0) {
                add(svg, "text", Arrays.stream(some).mapToObj(i -> String.valueOf(all.charAt(i))).collect(Collectors.joining()),
                    "x", Arrays.stream(some).mapToObj(i -> Integer.toString(MARGIN + (i - from) * CELL + 2))
                        .collect(Collectors.joining(" ")), "y", y, "style", "fill:" + (muted ? "var(--muted)" : "var(--text)")
                        + ";font-size:12px;" + MONO);
            }
        }
    }

    /** The letters of one residue, the most frequent on top, together as high as they tell: log₂ 20 bits at most. */
    private static void stack(Element svg, List<String> samples, int residue, int x, int bottom) {
        Map<Character, Integer> counts = new TreeMap<>();
        samples.forEach(sample -> counts.merge(sample.charAt(residue), 1, Integer::sum));
        double entropy = 0;
        for (int count : counts.values()) {
            double share = count / (double) samples.size();
            entropy -= share * Math.log(share);
        }
        double most = Math.log(ProteinGraph.LETTERS.length());
        double height = (LOGO - 4) * (most - entropy) / most;
        double y = bottom;
        List<Map.Entry<Character, Integer>> rising = new ArrayList<>(counts.entrySet());
        rising.sort(Comparator.comparingInt(Map.Entry::getValue));
        for (Map.Entry<Character, Integer> one : rising) {
            double own = height * one.getValue() / samples.size();
            if (own >= 1) {
                add(svg, "text", String.valueOf(one.getKey()), "transform", String.format(Locale.ROOT,
                    "matrix(1.35 0 0 %.3f %d %.2f)", own / (12 * CAPITAL), x + 1, y), "style", "fill:" + colour(one.getKey())
                        + ";font-size:12px;font-weight:700;" + MONO);
            }
            y -= own;
        }
    }

    private static String colour(char letter) {
        return COLOURS.entrySet().stream().filter(one -> one.getKey().indexOf(letter) >= 0).map(Map.Entry::getValue).findFirst()
            .orElse("var(--text)");
    }

    /** Shares of recovered residues as bars, with their percents and numbers of residues. */
    public static String rates(String title, List<Counts.OfSequences.Rate> rates) {
        List<Counts.OfSequences.Rate> seen = rates.stream().filter(rate -> rate.residues() > 0).toList();
        double most = seen.stream().mapToDouble(SequenceDrawings::share).max().orElse(0);
        Element svg = svg(BAR_WIDTH, BAR_HEIGHT);
        double width = BAR_WIDTH / (double) Math.max(1, seen.size());
        int bottom = BAR_HEIGHT - 34;
        boolean crowded = seen.size() > 10;
        StringBuilder text = new StringBuilder();
        for (int k = 0; k < seen.size(); k++) {
            Counts.OfSequences.Rate rate = seen.get(k);
            double height = most == 0 ? 0 : (bottom - 20) * share(rate) / most;
            double middle = (k + 0.5) * width;
            add(svg, "rect", null, "x", number(k * width + width * 0.1), "y", number(bottom - height), "width",
                number(width * 0.8), "height", number(height), "style", "fill:var(--generated)");
            label(svg, middle, bottom - height - 5, String.format(Locale.ROOT, crowded ? "%.0f" : "%.1f%%", 100 * share(rate)),
                "var(--text)");
            if (!crowded || k % 4 == 0) {
                label(svg, crowded ? k * width + 14 : middle, bottom + 14,
                    crowded ? rate.kind().replaceFirst("–.*", "%") : rate.kind(), "var(--text)");
            }
            if (!crowded) {
                label(svg, middle, bottom + 28, String.format(Locale.ROOT, "%,d", rate.residues()), "var(--muted)");
            }
            text.append(rate.kind()).append(": ").append(String.format(Locale.ROOT, "%.1f%%", 100 * share(rate))).append("; ");
        }
        add(svg, "path", null, "d", "M0 " + bottom + "H" + BAR_WIDTH, "style", "stroke:var(--axis);fill:none");
        return InlineSvg.markup(svg, "chart", title, text.toString());
    }

    private static double share(Counts.OfSequences.Rate rate) {
        return rate.recovered() / (double) rate.residues();
    }

    private static void label(Element svg, double x, double y, String text, String colour) {
        add(svg, "text", text, "x", number(x), "y", number(y), "style", "fill:" + colour
            + ";font-size:10.5px;text-anchor:middle;font-family:system-ui,sans-serif");
    }

    /**
     * Which residues stand in the place of which.
     *
     * @param counts (20, 20) native by designed residues
     */
    public static String confusion(List<List<Long>> counts) {
        int cell = 20;
        int n = counts.size();
        Element svg = svg((n + 1) * cell, (n + 1) * cell);
        for (int row = 0; row < n; row++) {
            String letter = String.valueOf(ProteinGraph.LETTERS.charAt(row));
            label(svg, cell * 0.5, (row + 1.7) * cell, letter, "var(--text)");
            label(svg, (row + 1.5) * cell, cell * 0.7, letter, "var(--text)");
            long all = counts.get(row).stream().mapToLong(Long::longValue).sum();
            for (int column = 0; column < n && all > 0; column++) {
                double share = counts.get(row).get(column) / (double) all;
                if (share > 0) {
                    add(svg, "rect", null, "x", (column + 1) * cell + 1, "y", (row + 1) * cell + 1, "width", cell - 2, "height",
                        cell - 2, "style", String.format(Locale.ROOT, "fill:var(--accent);opacity:%.2f",
                            0.1 + 0.65 * Math.sqrt(share)));
                }
                if (share >= 0.005) {
                    label(svg, (column + 1.5) * cell, (row + 1.7) * cell, String.format(Locale.ROOT, "%.0f", 100 * share),
                        "var(--text)");
                }
            }
        }
        return InlineSvg.markup(svg, "chart", "native by designed residues", "");
    }

    private static Element svg(int width, int height) {
        try {
            Document document = DocumentBuilderFactory.newDefaultNSInstance().newDocumentBuilder().newDocument();
            Element svg = document.createElementNS(SVG, "svg");
            svg.setAttribute("viewBox", "0 0 " + width + " " + height);
            return svg;
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("every JDK can make an XML document", e);
        }
    }

    private static void add(Element svg, String name, String text, Object... attributes) {
        Element element = svg.getOwnerDocument().createElementNS(SVG, name);
        for (int k = 0; k < attributes.length; k += 2) {
            element.setAttribute((String) attributes[k], attributes[k + 1].toString());
        }
        if (text != null) {
            element.setTextContent(text);
        }
        svg.appendChild(element);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
