package org.bitdgdm.conf;

import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The root of the repository (or of an installation laid out like it), which holds {@code conf/}. {@code submit.sh} tells
 * it as {@code BITDGDM_HOME}; the system property {@code bitdgdm.home} wins; with neither, the jar stands alone.
 */
public final class Home {
    private Home() {
    }

    /** The root, if known. */
    public static Optional<Path> path() {
        String home = System.getProperty("bitdgdm.home", System.getenv("BITDGDM_HOME"));
        return home == null || home.isBlank() ? Optional.empty() : Optional.of(Path.of(home));
    }

    /**
     * Finds a folder that the user named: a relative name is looked up in the current folder, then in the root.
     *
     * @param option the flag's name, for the message
     * @throws InputException if it is in neither, or is a file
     */
    static Path folder(String option, String name) {
        try {
            Path here = LocalPath.of(name);
            if (Files.isDirectory(here)) {
                return here;
            }
            Optional<Path> home = here.isAbsolute() ? Optional.empty() : path();
            Path there = home.map(h -> h.resolve(here)).orElse(here);
            Check.that(Files.isDirectory(there), option, "must name an existing folder", name + " (looked for "
                + here.toAbsolutePath().normalize() + (home.isEmpty() || there.normalize().equals(here.toAbsolutePath().normalize())
                ? "" : " and " + there.normalize()) + ")");
            return there;
        } catch (InvalidPathException e) {
            throw new InputException("--" + option + " must name a folder, found '" + name + "': " + e.getReason(), e);
        }
    }

    /** A file that the user named: in the current folder, else in the root; as it was named where neither has it. */
    public static Path file(String name) {
        Path here = LocalPath.of(name);
        return here.isAbsolute() || Files.exists(here) ? here
            : path().map(home -> home.resolve(here)).filter(Files::exists).orElse(here);
    }
}
