package org.bitdgdm.conf;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bitdgdm.MadePage;
import org.junit.jupiter.api.Test;

/** {@code docs/options.md}, made from the table of options, and what pages say of flags and of each other. */
class OptionsPageTest {
    private static final Path HOME = Path.of("..");
    /** A command of the job on a page, up to Spark's own flags. */
    private static final Pattern COMMAND = Pattern.compile("submit\\.sh (generate|sweep|evaluate|import)([^`#\\n]*)");
    private static final Pattern FLAG = Pattern.compile("--[a-z][a-z-]+");
    /** A SMILES as code, whose brackets look like those of a link. */
    private static final Pattern CODE = Pattern.compile("`[^` \n]*\\]\\([^` \n]*`");
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:|#)([^)#]+)(#[^)]*)?\\)");

    @Test
    void everyOptionIsDocumentedAndNoneThatIsGone() throws IOException {
        Map<Option, String> comments = ConfFile.defaults().comments();
        Map<Option, String> defaults = ConfFile.defaults().texts();
        StringBuilder page = new StringBuilder("""
            # Options

            Made from the table of options in the code and `conf/bitdgdm.conf`, which holds every key with its default. Each is
            a flag of the commands named, and a key of a HOCON file: `--config FILE` lays another file over the defaults (it
            may `include` files of its own folder, nothing from elsewhere), and flags win. `./submit.sh COMMAND --help` says
            the same.

            *Decides*: `rows`, the graphs themselves or how they lie in files, so that a finished folder is another run's with
            another value; `evaluation`, metrics and report only; nothing. *Varies*: `layers`, also between layers, in
            `--override` and `--candidate`, and between cells of a sweep; `cells`, between cells of a sweep only.
            """);
        for (String section : Arrays.stream(Option.values()).map(OptionsPageTest::section).distinct().toList()) {
            page.append("\n## ").append(section.isEmpty() ? "General" : "`" + section + "`").append("\n\n")
                .append("| flag | default | meaning | commands | decides | varies |\n|---|---|---|---|---|---|\n");
            for (Option option : Option.values()) {
                if (section(option).equals(section)) {
                    assertThat(comments.get(option)).as(option.flag()).isNotEmpty();
                    String flag = "`" + option.flag() + " " + option.label() + "`";
                    page.append("| ").append(String.join(" | ", flag.replace("|", "\\|"), value(defaults.get(option)),
                        comments.get(option).replace("|", "\\|"), commands(option), decides(option), option.perLayer() ? "layers"
                            : Option.axes().contains(option) ? "cells" : "")).append(" |\n");
                }
            }
        }
        MadePage.check("options.md", page.toString());
    }

    private static String section(Option option) {
        int dot = option.key().indexOf('.');
        return dot < 0 ? "" : option.key().substring(0, dot);
    }

    private static String value(String text) {
        return text.isEmpty() ? "" : text.length() > 40 ? "see `conf/bitdgdm.conf`" : "`" + text + "`";
    }

    private static String commands(Option option) {
        return Arrays.stream(Command.values()).filter(option::of).map(Command::label).collect(Collectors.joining(", "));
    }

    private static String decides(Option option) {
        return switch (option.decides()) {
            case ROWS -> "rows";
            case EVALUATION -> "evaluation";
            case NOTHING -> "";
        };
    }

    @Test
    void commandsOnPagesHaveTheFlagsThatTheyAreGiven() throws IOException {
        Set<String> unknown = new TreeSet<>();
        int found = 0;
        for (Path page : pages()) {
            Matcher commands = COMMAND.matcher(Files.readString(page));
            while (commands.find()) {
                Command command = Command.valueOf(commands.group(1).toUpperCase(Locale.ROOT));
                Matcher flags = FLAG.matcher(commands.group(2).split(" --spark")[0]);
                while (flags.find()) {
                    String flag = flags.group();
                    found++;
                    if (!List.of("--config", "--help").contains(flag)
                        && Option.all(command).stream().noneMatch(option -> option.flag().equals(flag))) {
                        unknown.add(page + ": " + command.label() + " " + flag);
                    }
                }
            }
        }
        assertThat(found).isGreaterThan(10);
        assertThat(unknown).isEmpty();
    }

    @Test
    void linksBetweenPagesLeadSomewhere() throws IOException {
        Set<String> broken = new TreeSet<>();
        for (Path page : pages()) {
            Matcher links = LINK.matcher(CODE.matcher(Files.readString(page)).replaceAll(""));
            while (links.find()) {
                if (!Files.exists(page.resolveSibling(links.group(1)))) {
                    broken.add(page + ": " + links.group(1));
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.walk(HOME.resolve("docs"))) {
            return Stream.concat(Stream.of(HOME.resolve("README.md"), HOME.resolve("kernels/benchmarks/cpu.md"),
                HOME.resolve("kernels/benchmarks/cuda.md")), docs.filter(page -> page.toString().endsWith(".md"))).toList();
        }
    }
}
