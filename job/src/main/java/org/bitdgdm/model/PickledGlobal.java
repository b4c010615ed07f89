package org.bitdgdm.model;

/**
 * The name of a Python class or function, as a pickle writes it. Only a name: it is compared with the few names that
 * {@code torch.save} needs, and never looked up.
 */
record PickledGlobal(String module, String name) {

    boolean is(String otherModule, String otherName) {
        return module.equals(otherModule) && name.equals(otherName);
    }

    @Override
    public String toString() {
        return module + "." + name;
    }
}
