package org.bitdgdm.model;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A dictionary of a pickle, in insertion order; also an OrderedDict or defaultdict. Equality is identity, so that one
 * that holds itself can be a value like any other.
 */
final class PickledDict {
    /** Text, number or truth keys as themselves; any other key as something equal only to itself. */
    private final Map<Object, Object> entries = new LinkedHashMap<>(2);

    private static final class OtherKey {
        @Override
        public String toString() {
            return "a key that is no text, number or truth value";
        }
    }

    void put(Object key, Object value) {
        boolean plain = key instanceof String || key instanceof Number || key instanceof Boolean;
        // Hashing a container would follow its contents, as deep as the file likes.
        entries.put(plain ? key : new OtherKey(), value);
    }

    /** The value of a key; null if there is none, or if it is None. */
    Object get(Object key) {
        return entries.get(key);
    }

    boolean has(Object key) {
        return entries.containsKey(key);
    }

    Map<Object, Object> entries() {
        return Collections.unmodifiableMap(entries);
    }

    Collection<Object> values() {
        return Collections.unmodifiableCollection(entries.values());
    }

    @Override
    public String toString() {
        return "dictionary of " + entries.size();
    }
}
