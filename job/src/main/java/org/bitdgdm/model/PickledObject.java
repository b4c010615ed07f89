package org.bitdgdm.model;

import java.util.List;

/**
 * What a pickle would make by calling Python code that is not on the reader's list: inert data. It keeps the name of
 * what would have been called, the arguments and the state, so that configuration objects can be read as data.
 */
final class PickledObject {
    /** Class or function that would have been called. */
    final PickledGlobal type;
    /** Arguments of the call. */
    final List<Object> arguments;
    /** What the object would have been given as its attributes, mostly a {@link PickledDict}; null if nothing. */
    Object state;
    /** Entries, where the object would be a kind of dictionary. */
    final PickledDict items = new PickledDict();

    PickledObject(PickledGlobal type, List<Object> arguments) {
        this.type = type;
        this.arguments = arguments;
    }

    /** An attribute or an entry; null if there is none of that name, or if it is None. */
    Object get(String name) {
        return state instanceof PickledDict attributes && attributes.has(name) ? attributes.get(name) : items.get(name);
    }

    @Override
    public String toString() {
        return "object of " + type;
    }
}
