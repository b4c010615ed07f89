package org.bitdgdm.model;

/**
 * A reference of a pickle to numbers stored beside it.
 *
 * @param type     how they are written; null where the type is none of ours, which only matters if they are read
 * @param typeName Python's name of the storage, for messages
 * @param key      name of the archive entry under {@code data/}
 * @param size     how many numbers there are
 */
record PickledStorage(ElementType type, String typeName, String key, long size) {
}
