package org.bitdgdm.conf;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Which molecules the model is asked the likelihood of.
 *
 * @param file  list of SMILES, or graphs in DiGress's text; empty: none
 * @param times times drawn for each molecule, one in each of so many equal parts of 1…T; 0: all of them
 */
public record LikelihoodConf(String file, int times) {
    public LikelihoodConf {
        Check.that(times >= 0, "likelihood-times", "must be at least 1, or 0 for all times of the model", times);
    }

    static LikelihoodConf of(Settings settings) {
        return new LikelihoodConf(settings.text(Option.LIKELIHOOD).strip(), settings.whole(Option.LIKELIHOOD_TIMES));
    }

    /**
     * The existing file.
     *
     * @throws InputException if there is none
     */
    public Path molecules() {
        Path path = LocalPath.of(file);
        if (!Files.isRegularFile(path)) {
            throw new InputException("--likelihood must name a file of molecules, found none at " + path);
        }
        return path;
    }

    /** Whether it is asked. */
    public boolean on() {
        return !file.isEmpty();
    }
}
