package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A page of {@code docs/} that is made from the code, and so never says what is not so. */
public final class MadePage {
    private MadePage() {
    }

    /** Fails where the page is not as it is made now; with {@code -Dpages=write} it is written instead. */
    public static void check(String name, String text) throws IOException {
        Path page = Path.of("..", "docs", name);
        if ("write".equals(System.getProperty("pages"))) {
            Files.writeString(page, text);
        }
        assertThat(Files.exists(page) ? Files.readString(page) : "")
            .as("docs/" + name + " is made from the code: ./mvnw -pl job -am test -Dtest='*PageTest' -Dpages=write"
                + " -Dsurefire.failIfNoSpecifiedTests=false makes it again").isEqualTo(text);
    }
}
