package org.bitdgdm.drawing;

import java.util.Locale;
import java.util.Random;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.bitdgdm.kernels.Graph;
import org.jgrapht.alg.drawing.FRLayoutAlgorithm2D;
import org.jgrapht.alg.drawing.model.Box2D;
import org.jgrapht.alg.drawing.model.MapLayoutModel2D;
import org.jgrapht.alg.drawing.model.Point2D;
import org.jgrapht.graph.DefaultEdge;
import org.jgrapht.graph.SimpleGraph;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/** Drawings of plain graphs: places by forces (Fruchterman and Reingold, Software: Practice and Experience 21, 1991). */
public final class GraphDrawings {
    private static final String SVG = "http://www.w3.org/2000/svg";
    private static final int SIDE = 180;
    private static final int MARGIN = 6;
    private static final int ITERATIONS = 200;
    /** The same graph looks the same on every page. */
    private static final long SEED = 1;

    private GraphDrawings() {
    }

    /** A graph as nodes and straight edges. */
    public static String draw(Graph graph) {
        SimpleGraph<Integer, DefaultEdge> drawn = new SimpleGraph<>(DefaultEdge.class);
        int[][] neighbours = graph.neighbours();
        int n = neighbours.length;
        for (int node = 0; node < n; node++) {
            drawn.addVertex(node);
        }
        for (int node = 0; node < n; node++) {
            for (int other : neighbours[node]) {
                drawn.addEdge(node, other);
            }
        }
        MapLayoutModel2D<Integer> places = new MapLayoutModel2D<>(new Box2D(1, 1));
        new FRLayoutAlgorithm2D<Integer, DefaultEdge>(ITERATIONS, FRLayoutAlgorithm2D.DEFAULT_NORMALIZATION_FACTOR,
            new Random(SEED)).layout(drawn, places);
        return svg(graph, neighbours, fitted(places, n));
    }

    /** (n)(2) places in the picture, which the graph fills. */
    private static double[][] fitted(MapLayoutModel2D<Integer> places, int n) {
        double[] low = {Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY};
        double[] high = {Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY};
        double[][] fitted = new double[n][];
        for (int node = 0; node < n; node++) {
            Point2D place = places.get(node);
            fitted[node] = new double[] {place.getX(), place.getY()};
            for (int axis = 0; axis < 2; axis++) {
                low[axis] = Math.min(low[axis], fitted[node][axis]);
                high[axis] = Math.max(high[axis], fitted[node][axis]);
            }
        }
        for (double[] place : fitted) {
            for (int axis = 0; axis < 2; axis++) {
                double width = high[axis] - low[axis];
                place[axis] = MARGIN + (SIDE - 2 * MARGIN) * (width > 0 ? (place[axis] - low[axis]) / width : 0.5);
            }
        }
        return fitted;
    }

    private static String svg(Graph graph, int[][] neighbours, double[][] places) {
        try {
            Document document = DocumentBuilderFactory.newDefaultNSInstance().newDocumentBuilder().newDocument();
            Element svg = document.createElementNS(SVG, "svg");
            svg.setAttribute("viewBox", "0 0 " + SIDE + " " + SIDE);
            int edges = 0;
            StringBuilder path = new StringBuilder();
            for (int node = 0; node < places.length; node++) {
                for (int other : neighbours[node]) {
                    if (node < other) {
                        edges++;
                        path.append('M').append(number(places[node][0])).append(' ').append(number(places[node][1]))
                            .append('L').append(number(places[other][0])).append(' ').append(number(places[other][1]));
                    }
                }
            }
            add(svg, "path", "d", path.toString(), "style", "fill:none;stroke:var(--axis);stroke-width:.8");
            double radius = Math.max(1.2, Math.min(4, 24 / Math.sqrt(places.length + 1.0)));
            for (double[] place : places) {
                add(svg, "circle", "cx", number(place[0]), "cy", number(place[1]), "r", number(radius), "style",
                    "fill:var(--accent)");
            }
            return InlineSvg.markup(svg, "molecule", "graph " + graph.id(), places.length + " nodes, " + edges + " edges");
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("every JDK can make an XML document", e);
        }
    }

    private static void add(Element svg, String name, String... attributes) {
        Element element = svg.getOwnerDocument().createElementNS(SVG, name);
        for (int k = 0; k < attributes.length; k += 2) {
            element.setAttribute(attributes[k], attributes[k + 1]);
        }
        svg.appendChild(element);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
