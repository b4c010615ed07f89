package org.bitdgdm.conf;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;

/**
 * A HOCON file of the user, parsed as data: it includes files of its own folder and the folders below only, and nothing
 * from the network; files nested or unfolding without end are refused before the parser, which recurses, sees them.
 */
public final class HoconFile implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
    private static final int MAX_BYTES = 1 << 20;
    private static final int MAX_FILES = 50;
    /** Brackets within brackets, or parts of one key. The parser's stack holds some 1,000. */
    private static final int MAX_DEPTH = 100;
    /** Bytes that a file may have once what it refers to is put in. */
    private static final long MAX_UNFOLDED = 1 << 27;
    private static final List<String> EXTENSIONS = List.of(".conf", ".json", ".properties");

    /** What a file and all that it includes have together. */
    private static final class Total {
        private long bytes;
        private int references;
        private int files;
    }

    private final Path file;
    private final Path root;
    private final Total total;

    private HoconFile(Path file, Path root, Total total) {
        this.file = file;
        this.root = root;
        this.total = total;
    }

    /**
     * Parses a file; what it refers to is not put in yet.
     *
     * @throws InputException  if it is too large or too deep, or includes what it may not
     * @throws ConfigException if it is not HOCON
     */
    public static Config parse(Path file) {
        try {
            return new HoconFile(file, folder(file.toRealPath()), new Total()).parse(false);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static Path folder(Path real) {
        return real.getParent() == null ? real : real.getParent();
    }

    private static InputException unreadable(Path file, IOException e) {
        return new InputException(file + " cannot be read (" + e.getClass().getSimpleName() + "); check its permissions", e);
    }

    private Config parse(boolean allowMissing) throws IOException {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = in.readNBytes(MAX_BYTES + 1);
        }
        total.bytes += bytes.length;
        require(total.bytes <= MAX_BYTES, "has more than " + MAX_BYTES + " bytes");
        require(++total.files <= MAX_FILES, "includes more than " + MAX_FILES + " files");
        scan(new String(bytes, StandardCharsets.UTF_8));
        // A text can refer to one that refers to others: n references, in threes, are 3^(n/3) times the text at most.
        double unfolded = total.bytes * Math.pow(3, total.references / 3.0);
        require(unfolded <= MAX_UNFOLDED, "refers to itself " + total.references + " times, by which it could unfold to "
            + "more than " + MAX_UNFOLDED + " bytes");
        return ConfigFactory.parseFile(file.toFile(),
            ConfigParseOptions.defaults().setAllowMissing(allowMissing).setIncluder(this));
    }

    /** Counts references and measures the depth, outside of quotes and comments. */
    private void scan(String text) {
        int depth = 0;
        int dots = 0;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at = endOfQuoted(text, at);
            } else if (c == '#' || text.startsWith("//", at)) {
                int end = text.indexOf('\n', at);
                at = end < 0 ? text.length() : end;
                dots = 0;
            } else if (c == '{' || c == '[') {
                total.references += at > 0 && text.charAt(at - 1) == '$' ? 1 : 0;
                require(++depth <= MAX_DEPTH, "is nested more than " + MAX_DEPTH + " deep");
                dots = 0;
            } else if (c == '}' || c == ']') {
                depth = Math.max(0, depth - 1);
                dots = 0;
            } else if (c == '.') {
                require(++dots <= MAX_DEPTH, "has a key of more than " + MAX_DEPTH + " parts");
            } else if (c == '+' && text.startsWith("+=", at)) {
                total.references++;
            } else if (c == '\n' || c == ',' || c == '=' || c == ':') {
                dots = 0;
            }
        }
    }

    private static int endOfQuoted(String text, int start) {
        String three = "\"\"\"";
        if (text.startsWith(three, start)) {
            int end = text.indexOf(three, start + three.length());
            return end < 0 ? text.length() : end + three.length() - 1;
        }
        int at = start + 1;
        while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\n') {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        return at;
    }

    private void require(boolean holds, String found) {
        if (!holds) {
            throw new InputException(file + " " + found + "; write it plainly");
        }
    }

    private ConfigObject included(String name, boolean allowMissing) {
        Path named;
        Path real;
        try {
            named = folder(file.toAbsolutePath()).resolve(name);
            if (!Files.exists(named)) {
                require(allowMissing, "includes '" + name + "', which is not there");
                return ConfigFactory.empty().root();
            }
            real = named.toRealPath();
        } catch (InvalidPathException e) {
            throw new InputException(file + " includes '" + name + "', which cannot name a file; correct it", e);
        } catch (IOException e) {
            throw unreadable(file, e);
        }
        if (!real.startsWith(root) || !Files.isRegularFile(real)) {
            throw new InputException(file + " includes '" + name + "', which is no file in its folder " + root
                + "; copy it there");
        }
        try {
            return new HoconFile(named, root, total).parse(allowMissing).root();
        } catch (IOException e) {
            throw unreadable(named, e);
        }
    }

    /** {@code include "name"}: a file beside this one, with or without its extension; never an address. */
    @Override
    public ConfigObject include(ConfigIncludeContext context, String what) {
        if (what.matches("[A-Za-z][A-Za-z0-9+.-]+:(?s:.*)")) {
            throw address(what);
        }
        boolean missing = context.parseOptions().getAllowMissing();
        if (EXTENSIONS.stream().anyMatch(what::endsWith)) {
            return included(what, missing);
        }
        ConfigObject all = ConfigFactory.empty().root();
        boolean found = false;
        for (String extension : EXTENSIONS) {
            ConfigObject one = included(what + extension, true);
            found |= !one.isEmpty();
            all = all.withFallback(one);
        }
        require(found || missing, "includes '" + what + "', which is not there");
        return all;
    }

    @Override
    public ConfigObject includeFile(ConfigIncludeContext context, File what) {
        return included(what.getPath(), context.parseOptions().getAllowMissing());
    }

    @Override
    public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
        throw address(what.toString());
    }

    private InputException address(String what) {
        return new InputException(file + " includes the address '" + what + "'; nothing is fetched, copy what is there into a "
            + "file beside it");
    }

    @Override
    public ConfigObject includeResources(ConfigIncludeContext context, String what) {
        return ConfigFactory.parseResources(HoconFile.class.getClassLoader(), what, context.parseOptions()).root();
    }

    @Override
    public ConfigIncluder withFallback(ConfigIncluder fallback) {
        return this;
    }
}
