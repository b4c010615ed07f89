package org.bitdgdm.protein;

import java.io.Serializable;
import java.util.List;
import java.util.regex.Pattern;
import org.bitdgdm.conf.FoldConf;

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
 * @param held      ranges of {@code --fix} that hold a residue of it
 * @param reason    why it is refused; null where it is not
 */
public record SurveyedChain(String file, String structure, String chain, int place, int length, int models, String sha256,
                            List<FoldConf.Fixed> held, String reason) implements Serializable {
    private static final Pattern PLACE = Pattern.compile("(?<= and|\\b(?:residues?|atom|line)) -?\\d+\\S*");

    /** A file that is refused as a whole. */
    public static SurveyedChain unreadable(String file, String structure, String sha256, String reason) {
        return new SurveyedChain(file, structure, "", 0, 0, 1, sha256, List.of(), reason);
    }

    /** The kind of a reason: without the numbers of residues, atoms and lines, which tell places; other numbers stay. */
    public static String kind(String reason) {
        return PLACE.matcher(reason).replaceAll(" N");
    }

    /** Whether it is refused. */
    public boolean refused() {
        return reason != null;
    }

    /** The same under another name of its structure. */
    public SurveyedChain named(String name) {
        return new SurveyedChain(file, name, chain, place, length, models, sha256, held, reason);
    }
}
