package org.bitdgdm.protein;

import java.io.Serializable;

/**
 * A chain of a file as it was found before sampling, or what was found in its place.
 *
 * @param file      full path
 * @param structure name of the structure, unique among those of a run
 * @param chain     of its author; empty where the whole file is refused
 * @param place     place of the chain in its file
 * @param length    residues; 0 where it is refused
 * @param models    models of the file, of which the first counts
 * @param sha256    of the file
 * @param reason    why it is refused; null where it is not
 */
public record SurveyedChain(String file, String structure, String chain, int place, int length, int models, String sha256,
                            String reason) implements Serializable {

    /** Whether it is refused. */
    public boolean refused() {
        return reason != null;
    }

    /** The same under another name of its structure. */
    public SurveyedChain named(String name) {
        return new SurveyedChain(file, name, chain, place, length, models, sha256, reason);
    }

    /** The same, refused. */
    public SurveyedChain because(String why) {
        return new SurveyedChain(file, structure, chain, place, 0, models, sha256, why);
    }
}
