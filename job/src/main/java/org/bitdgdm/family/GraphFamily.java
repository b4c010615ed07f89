package org.bitdgdm.family;

import java.util.List;
import org.apache.spark.sql.Row;
import org.bitdgdm.kernels.FixedPart;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.GraphEntry;

/** A kind of graphs of classes of nodes and edges, and all that depends on it. */
public sealed interface GraphFamily extends ResultFamily permits Molecules, PlainGraphs {

    /**
     * The family of a vocabulary.
     *
     * @throws org.bitdgdm.conf.InputException if it has classes that nothing here can judge
     */
    static GraphFamily of(Vocabulary vocabulary) {
        return switch (vocabulary.family()) {
            case MOLECULES -> new Molecules(vocabulary);
            case GRAPHS -> new PlainGraphs(vocabulary);
        };
    }

    /** What the classes of the model stand for. */
    Vocabulary vocabulary();

    /**
     * The part that all graphs hold.
     *
     * @param text as {@code --scaffold} gives it
     * @throws org.bitdgdm.conf.InputException if this family, or its vocabulary, has no such part
     */
    FixedPart part(String text);

    /**
     * The same family with rows that say which nodes are of such a part.
     *
     * @param nodes how many it has, the first ones of each graph
     */
    GraphFamily around(int nodes);

    /** Name of the column of node classes. */
    String nodesColumn();

    /** Name of the column of edge classes. */
    String edgesColumn();

    /** A judge of graphs, for one task. */
    Scorer scorer();

    /**
     * What pages and consoles say of graphs of a family.
     *
     * @param many         what they are called, such as molecules
     * @param introduction what the metrics have in common
     * @param none         said where there is nothing to draw
     * @param shown        what the drawn ones are, after their number
     * @param refused      title of those that are refused
     * @param refusedNote  which they are
     * @param kept         title of what was kept of them; empty where nothing ever is
     * @param definitions  how things are counted: a term and its meaning each
     */
    record Words(
        String many, String introduction, String none, String shown, String refused, String refusedNote, String kept,
        List<List<String>> definitions) {
    }

    /** Judges graphs, one row each. May hold what is not thread-safe: one instance per task. */
    interface Scorer {
        /**
         * The row of a graph. What is no graph of the family is a row with a reason, never an exception.
         *
         * @param graphId id, or position in the input of an evaluation
         * @param nodes   (n) node classes
         * @param edges   (n(n−1)/2) edge classes, upper triangle i &lt; j, row-major
         */
        Row row(long graphId, byte[] nodes, byte[] edges);

        /** The row of a graph of a file. */
        Row row(GraphEntry entry);
    }

    /**
     * A few graphs of a run, always those with the lowest ids, so that the choice flatters nobody and never changes.
     *
     * @param shown   to be drawn
     * @param refused graphs that are none of the family's
     */
    record Examples(List<Example> shown, List<Refused> refused) {

        public Examples {
            shown = List.copyOf(shown);
            refused = List.copyOf(refused);
        }

        /**
         * A graph to be drawn.
         *
         * @param graphId id
         * @param caption what stands below it
         * @param drawn   what {@link GraphFamily#draw} makes a picture of
         */
        public record Example(long graphId, String caption, String drawn) {
        }

        /**
         * A graph that is refused.
         *
         * @param kept what was kept of it, as text; null where nothing was
         */
        public record Refused(long graphId, String reason, String kept) {
        }
    }
}
