package org.bitdgdm.family;

import java.util.List;

/**
 * A few graphs of a run, always those with the lowest ids, so that the choice flatters nobody and never changes.
 *
 * @param shown   to be drawn
 * @param refused graphs that are none of the family's
 */
public record Examples(List<Example> shown, List<Refused> refused) {

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
