package org.bitdgdm.conf;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A HOCON file of options, or the copy of {@code conf/bitdgdm.conf} in the jar that holds all defaults. Every key must be
 * one of {@link Option}; every value must have its type. Ranges are the records' business.
 */
public final class ConfFile {
    private static final String DEFAULTS = "/bitdgdm.conf";
    /** The section that is a grid instead of values, see {@link SweepGrid}. */
    private static final String SWEEP = "sweep";

    private final String name;
    private final Config config;

    private ConfFile(String name, Config config) {
        this.name = name;
        this.config = config;
    }

    /** The file inside the jar: every key with its default. */
    public static ConfFile defaults() {
        try (InputStream in = ConfFile.class.getResourceAsStream(DEFAULTS)) {
            if (in == null) {
                throw new IllegalStateException("the jar holds no " + DEFAULTS + "; build it with ./mvnw package");
            }
            String name = "the jar's " + DEFAULTS.substring(1);
            return new ConfFile(name, ConfigFactory.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8),
                ConfigParseOptions.defaults().setOriginDescription(name)).resolve());
        } catch (IOException e) {
            throw new IllegalStateException("cannot read the jar's " + DEFAULTS, e);
        }
    }

    /**
     * Reads a file of the user.
     *
     * @param below the file that {@code ${...}} of this one may refer to besides itself and the environment
     * @throws InputException if it cannot be read or is not HOCON
     */
    public static ConfFile read(Path file, ConfFile below) {
        return read("--config", file, below);
    }

    /** Reads the file of {@code --recipe}. */
    static ConfFile recipe(Path file) {
        return read("--recipe", file, defaults());
    }

    private static ConfFile read(String flag, Path file, ConfFile below) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new InputException(flag + " must name a readable file, found " + file);
        }
        try {
            Config parsed = HoconFile.parse(file);
            return new ConfFile(file.toString(), parsed.resolveWith(parsed.withFallback(below.config)));
        } catch (ConfigException e) {
            throw new InputException("cannot read " + file + " as HOCON: " + firstLine(e.getMessage()), e);
        }
    }

    /**
     * What the file sets.
     *
     * @throws InputException for the first unknown key or value of the wrong type, with file, line and key
     */
    Map<Option, Settings.Setting> settings() {
        Map<Option, Settings.Setting> settings = new EnumMap<>(Option.class);
        collect(config.root(), "", settings);
        return settings;
    }

    /**
     * The section {@code sweep}.
     *
     * @throws InputException if there is none
     */
    ConfigObject sweep() {
        if (!config.root().containsKey(SWEEP)) {
            throw new InputException("sweep needs a section sweep { ... }, found none in " + name);
        }
        ConfigValue value = config.root().get(SWEEP);
        if (!(value instanceof ConfigObject section)) {
            throw new InputException("sweep must be a section { ... }, found " + value.unwrapped() + " in " + where(value));
        }
        return section;
    }

    /** Key → comment right above it, joined to one line: the one line of meaning of each option. */
    public Map<Option, String> comments() {
        Map<Option, String> comments = new EnumMap<>(Option.class);
        for (Option option : Option.values()) {
            List<String> lines = config.getValue(option.key()).origin().comments();
            comments.put(option, lines.stream().map(String::strip).collect(Collectors.joining(" ")));
        }
        return comments;
    }

    /** Key → value as the file writes it, lists joined by blanks. */
    public Map<Option, String> texts() {
        Map<Option, String> texts = new EnumMap<>(Option.class);
        settings().forEach((option, setting) -> texts.put(option, setting.value() instanceof List<?> list
            ? list.stream().map(String::valueOf).collect(Collectors.joining(" "))
            : config.getString(option.key())));
        return texts;
    }

    private void collect(ConfigObject section, String prefix, Map<Option, Settings.Setting> settings) {
        section.forEach((part, value) -> {
            String key = prefix + part;
            if (key.equals(SWEEP)) {
                // Other commands share files with sweeps, as they do with each other.
                return;
            }
            if (Option.ofKey(key).isPresent()) {
                Option option = Option.ofKey(key).get();
                settings.put(option, new Settings.Setting(read(option, value), where(value)));
            } else if (Arrays.stream(Option.values()).noneMatch(o -> o.key().startsWith(key + "."))) {
                throw new InputException("unknown key " + key + " in " + where(value) + "; the nearest known one is "
                    + Nearest.of(key, known(value)));
            } else if (value instanceof ConfigObject inner) {
                collect(inner, key + ".", settings);
            } else {
                throw new InputException(key + " must be a section { ... }, found " + value.unwrapped() + " in "
                    + where(value));
            }
        });
    }

    private static List<String> known(ConfigValue value) {
        Stream<String> keys = Arrays.stream(Option.values()).map(Option::key);
        return value instanceof ConfigObject
            ? keys.filter(k -> k.contains(".")).map(k -> k.substring(0, k.indexOf('.'))).distinct().toList()
            : keys.toList();
    }

    /** The value of an option, of its type. */
    Object read(Option option, ConfigValue value) {
        if (option.kind() == Option.Kind.LIST) {
            List<?> elements = value.unwrapped() instanceof List<?> list ? list : List.of(value.unwrapped());
            if (value.valueType() == ConfigValueType.NULL || !elements.stream().allMatch(String.class::isInstance)) {
                throw wrong(option, value, null);
            }
            return elements.stream().map(String.class::cast).toList();
        }
        if (value.valueType() == ConfigValueType.OBJECT || value.valueType() == ConfigValueType.LIST
            || value.valueType() == ConfigValueType.NULL) {
            throw wrong(option, value, null);
        }
        try {
            // As written: a seed above 2^63 or 0.1 must not go through a double of the parser.
            return option.kind().read(value.atKey("value").getString("value"));
        } catch (IllegalArgumentException e) {
            throw wrong(option, value, e);
        }
    }

    private InputException wrong(Option option, ConfigValue value, Throwable cause) {
        return new InputException(option.key() + " " + option.kind().rule() + ", found " + value.unwrapped() + " in "
            + where(value), cause);
    }

    /** File and line of a value. */
    String where(ConfigValue value) {
        ConfigOrigin origin = value.origin();
        String file = origin.filename() == null ? name : origin.filename();
        return origin.lineNumber() > 0 ? file + " line " + origin.lineNumber() : file;
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("");
    }
}
