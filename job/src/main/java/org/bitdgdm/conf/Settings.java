package org.bitdgdm.conf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The options of one run, merged: flags over the file of {@code --config} over {@code conf/bitdgdm.conf} over the jar's
 * copy of it. Remembers where each value came from, so that an error can say so.
 */
public final class Settings {

    /**
     * One value and its source.
     *
     * @param value of the type of the option's {@link Option.Kind}; {@code List<String>} for a list
     * @param where file and line; null for a flag
     */
    record Setting(Object value, String where) {
    }

    private final Map<Option, Setting> settings;
    /** Options that this run's user has set, by flags or the file of {@code --config}; not by conf/bitdgdm.conf. */
    private final Set<Option> given;
    /** What the jar says. */
    private final Map<Option, Setting> defaults;

    private Settings(Map<Option, Setting> settings, Set<Option> given, Map<Option, Setting> defaults) {
        this.settings = settings;
        this.given = given;
        this.defaults = defaults;
    }

    /**
     * Merges all sources.
     *
     * @param file  the file of {@code --config}
     * @param flags values of each flag as typed; more than one only for lists, where they replace the file's
     * @throws InputException for an unreadable file, an unknown key or a value of the wrong type
     */
    public static Settings load(Optional<Path> file, Map<Option, List<String>> flags) {
        ConfFile below = ConfFile.defaults();
        Map<Option, Setting> defaults = below.settings();
        Map<Option, Setting> settings = new EnumMap<>(defaults);
        Home.path().map(home -> home.resolve("conf/bitdgdm.conf")).filter(Files::exists)
            .ifPresent(installed -> settings.putAll(ConfFile.read(installed, below).settings()));
        Map<Option, Setting> given = new EnumMap<>(Option.class);
        file.ifPresent(path -> given.putAll(ConfFile.read(path, below).settings()));
        flags.forEach((option, values) -> given.put(option, new Setting(read(option, values), null)));
        settings.putAll(given);
        return new Settings(settings, given.keySet(), defaults);
    }

    /** These, with the values of one point of a grid or of the file of a recipe over those of files; flags stay. */
    Settings with(Map<Option, Setting> point) {
        Map<Option, Setting> merged = new EnumMap<>(settings);
        point.forEach((option, setting) -> {
            if (!isFlag(option)) {
                merged.put(option, setting);
            }
        });
        return new Settings(merged, given, defaults);
    }

    boolean isFlag(Option option) {
        return settings.get(option).where() == null;
    }

    /** Whether a flag or the file of {@code --config} has set it. */
    boolean isGiven(Option option) {
        return given.contains(option);
    }

    /** Flags of those that the user has set to anything but what the jar says. */
    List<String> changed(List<Option> options) {
        return options.stream().filter(option -> isGiven(option) && !isAsInTheJar(option)).map(Option::flag).toList();
    }

    /** Whether nobody has set it to anything but what the jar says. */
    boolean isDefault(Option option) {
        return !isGiven(option) && isAsInTheJar(option);
    }

    private boolean isAsInTheJar(Option option) {
        return defaults.get(option).value().equals(get(option));
    }

    private static Object read(Option option, List<String> values) {
        if (option.kind() == Option.Kind.LIST) {
            return List.copyOf(values);
        }
        String value = values.get(0);
        try {
            return option.kind().read(value);
        } catch (IllegalArgumentException e) {
            throw new InputException(option.flag() + " " + option.kind().rule() + ", found '" + value + "'", e);
        }
    }

    /** The value as its kind has it. */
    Object get(Option option) {
        return settings.get(option).value();
    }

    public String text(Option option) {
        return (String) settings.get(option).value();
    }

    int whole(Option option) {
        return (Integer) settings.get(option).value();
    }

    /** The value of an option of kind LONG or SEED. */
    long big(Option option) {
        return (Long) settings.get(option).value();
    }

    double number(Option option) {
        return (Double) settings.get(option).value();
    }

    /** Whether a switch is on. */
    public boolean on(Option option) {
        return (Boolean) settings.get(option).value();
    }

    @SuppressWarnings("unchecked")
    List<String> list(Option option) {
        return (List<String>) settings.get(option).value();
    }

    /** Builds a record, and blames a broken rule on the key and line of the file where the value came from one. */
    <T> T blamed(Supplier<T> record) {
        try {
            return record.get();
        } catch (Check.OptionException e) {
            Option option = Option.ofName(e.option()).orElseThrow();
            String where = settings.get(option).where();
            // What nobody has set is missed on the command line, not in the file that lists it.
            if (where == null || where.startsWith("the jar's") || isDefault(option)) {
                throw e;
            }
            throw new InputException(option.key() + " " + e.rule() + " in " + where, e);
        }
    }
}
