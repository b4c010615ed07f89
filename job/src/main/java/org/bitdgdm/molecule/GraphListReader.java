package org.bitdgdm.molecule;

import static org.bitdgdm.conf.InputException.excerpt;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.nio.file.Path;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Json;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.model.Vocabulary;

/**
 * Plain graphs as JSON, in one list or one after another. A graph is {@code [n, [[i, j], …]]} or
 * {@code {"n": n, "edges": [[i, j], …]}}, nodes counted from 0, with the class of the edge after i and j where it is not 1; or
 * its matrix of edge classes, {@code [[0, 1], [1, 0]]}. An object may have {@code "nodes"}, the class of each node; else all are
 * of class 0.
 */
final class GraphListReader extends GraphReader {
    /** Graphs may come one after another. */
    private static final JsonMapper JSON =
        Json.MAPPER.rebuild().disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();
    private static final String FORMS = "[n, [[i, j], ...]], {\"n\": n, \"edges\": [[i, j], ...]} or a matrix of edge classes";

    private final Path file;
    private final Vocabulary vocabulary;
    private final JsonParser parser;
    /** Whether graphs are elements of one list. */
    private boolean listed;
    /** An element read to tell what the first bracket opens; null once it is used. */
    private JsonNode first;

    GraphListReader(Path file, Vocabulary vocabulary) {
        super(file);
        this.file = file;
        this.vocabulary = vocabulary;
        try {
            parser = JSON.createParser(lines.rest());
        } catch (IOException e) {
            throw new InputException(file + " cannot be read (" + e.getMessage() + ")", e);
        }
    }

    @Override
    GraphEntry read(long graphId) {
        try {
            JsonNode graph = next(graphId == 0);
            return graph == null ? null : graph(graphId, graph);
        } catch (JsonProcessingException e) {
            throw malformed("no JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw lines.unreadable(e, parser.currentLocation().getLineNr());
        }
    }

    private JsonNode next(boolean atStart) throws IOException {
        if (first != null) {
            JsonNode element = first;
            first = null;
            return element;
        }
        JsonToken token = parser.nextToken();
        if (token == null || listed && token == JsonToken.END_ARRAY) {
            return end();
        }
        if (listed || token != JsonToken.START_ARRAY) {
            return parser.readValueAsTree();
        }
        ArrayNode value = JSON.createArrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            value.add(parser.<JsonNode>readValueAsTree());
            if (atStart && value.size() == 1 && isGraph(value.get(0))) {
                listed = true;
                return value.get(0);
            }
        }
        // A list of no graphs.
        listed = atStart && value.isEmpty();
        return listed ? end() : value;
    }

    /** After a list nothing may come that would be left out in silence. */
    private JsonNode end() throws IOException {
        if (parser.nextToken() != null) {
            throw malformed("graphs must be in one list, or one after another, found more after the end of the list");
        }
        return null;
    }

    /** Whether the first element of a bracket is a graph, so that the bracket is a list of them. */
    private static boolean isGraph(JsonNode element) {
        return element.isObject() || element.path(0).isArray() || element.path(1).isArray();
    }

    private GraphEntry graph(long graphId, JsonNode graph) {
        if (graph.isObject()) {
            JsonNode size = graph.has("n") ? graph.get("n") : graph.path("num_nodes");
            return listed(graphId, size, graph.path("edges"), graph.path("nodes"));
        }
        if (graph.isArray() && graph.path(0).isNumber() && graph.size() == 2) {
            return listed(graphId, graph.get(0), graph.get(1), JSON.missingNode());
        }
        if (graph.isArray() && !graph.isEmpty() && graph.get(0).isArray()) {
            return matrix(graphId, graph);
        }
        throw malformed("a graph must be " + FORMS + ", found " + excerpt(graph.toString()));
    }

    private GraphEntry listed(long graphId, JsonNode size, JsonNode edges, JsonNode classes) {
        int n = whole(size, 0, MAX_NODES, "the number of nodes");
        if (!edges.isArray()) {
            throw malformed("graph " + graphId + " must have a list of edges, found " + excerpt(edges.toString()));
        }
        byte[] bonds = new byte[Graph.pairs(n)];
        for (JsonNode edge : edges) {
            if (!edge.isArray() || edge.size() < 2 || edge.size() > 3) {
                throw malformed("an edge of graph " + graphId + " must be [i, j] or [i, j, class], found "
                    + excerpt(edge.toString()));
            }
            int i = whole(edge.get(0), 0, n - 1, "the node of an edge of graph " + graphId);
            int j = whole(edge.get(1), 0, n - 1, "the node of an edge of graph " + graphId);
            int type = edge.size() == 2 ? 1 : whole(edge.get(2), 0, vocabulary.edges().size() - 1, "the class of an edge");
            if (i == j) {
                throw malformed("an edge of graph " + graphId + " must join two nodes, found " + edge);
            }
            int pair = Graph.pair(n, Math.min(i, j), Math.max(i, j));
            if (bonds[pair] != 0 && bonds[pair] != type) {
                throw malformed("the edge of nodes " + i + " and " + j + " of graph " + graphId + " is of class " + bonds[pair]
                    + " and of class " + type);
            }
            bonds[pair] = (byte) type;
        }
        return GraphEntry.of(graphId, nodes(graphId, n, classes), bonds);
    }

    private byte[] nodes(long graphId, int n, JsonNode classes) {
        byte[] nodes = new byte[n];
        if (classes.isMissingNode()) {
            return nodes;
        }
        if (!classes.isArray() || classes.size() != n) {
            throw malformed("graph " + graphId + " must have the class of each of " + n + " nodes, found "
                + excerpt(classes.toString()));
        }
        for (int k = 0; k < n; k++) {
            nodes[k] = (byte) whole(classes.get(k), 0, vocabulary.nodes().size() - 1, "the class of a node");
        }
        return nodes;
    }

    private GraphEntry matrix(long graphId, JsonNode rows) {
        int n = rows.size();
        if (n > MAX_NODES) {
            throw malformed("a graph must have at most " + MAX_NODES + " nodes, found " + n);
        }
        byte[] bonds = new byte[Graph.pairs(n)];
        for (int i = 0; i < n; i++) {
            if (!rows.get(i).isArray() || rows.get(i).size() != n) {
                throw malformed("row " + i + " of graph " + graphId + " must have " + n + " classes, found "
                    + excerpt(rows.get(i).toString()));
            }
            for (int j = 0; j < n; j++) {
                int type = whole(rows.get(i).get(j), 0, vocabulary.edges().size() - 1, "the class of an edge");
                if (i == j && type != 0) {
                    throw malformed("the edge of node " + i + " of graph " + graphId + " with itself must be 0, found " + type);
                }
                if (i < j) {
                    bonds[Graph.pair(n, i, j)] = (byte) type;
                } else if (i > j && bonds[Graph.pair(n, j, i)] != type) {
                    throw malformed("the edge of nodes " + i + " and " + j + " of graph " + graphId + " is " + type
                        + " here and " + bonds[Graph.pair(n, j, i)] + " in row " + j);
                }
            }
        }
        return GraphEntry.of(graphId, new byte[n], bonds);
    }

    private int whole(JsonNode value, int least, int most, String what) {
        // Matrices of floating-point numbers hold whole ones.
        boolean whole = value.isNumber() && value.doubleValue() == Math.rint(value.doubleValue());
        if (!whole || value.doubleValue() < least || value.doubleValue() > most) {
            throw malformed(what + " must be a whole number in " + least + ".." + most + ", found "
                + excerpt(value.toString()));
        }
        return value.intValue();
    }

    private InputException malformed(String what) {
        return TextLines.malformed(file, parser.currentLocation().getLineNr(), what);
    }
}
