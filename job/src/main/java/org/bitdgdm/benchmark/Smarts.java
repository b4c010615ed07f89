package org.bitdgdm.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.isomorphism.DfPattern;
import org.openscience.cdk.isomorphism.matchers.QueryAtomContainer;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

/** One SMARTS, compiled. Molecules have ring and aromatic flags already. Not thread-safe. */
final class Smarts {
    private final DfPattern pattern;

    /** Compiles a SMARTS of ours. */
    Smarts(String smarts) {
        QueryAtomContainer query = new QueryAtomContainer(SilentChemObjectBuilder.getInstance());
        if (!org.openscience.cdk.smarts.Smarts.parse(query, smarts)) {
            throw new IllegalStateException("a pattern must be SMARTS, found " + smarts);
        }
        pattern = DfPattern.findSubstructure(query);
    }

    /** Whether a molecule has it anywhere. */
    boolean matches(IAtomContainer molecule) {
        return pattern.matches(molecule);
    }

    /** Whether its first atom can be this one. */
    boolean matchesAt(IAtom atom) {
        return pattern.matchesRoot(atom);
    }

    /** Atoms that can be its first one. */
    int count(IAtomContainer molecule) {
        int count = 0;
        for (IAtom atom : molecule.atoms()) {
            count += matchesAt(atom) ? 1 : 0;
        }
        return count;
    }

    /** Lines of a table of this package. */
    static List<String> lines(String name) {
        try (InputStream bytes = Smarts.class.getResourceAsStream(name)) {
            if (bytes == null) {
                throw new IllegalStateException("the application jar must hold " + name + " of " + Smarts.class.getPackageName());
            }
            return new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8)).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
