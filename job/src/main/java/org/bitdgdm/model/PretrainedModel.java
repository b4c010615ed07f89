package org.bitdgdm.model;

import java.nio.file.Path;
import org.bitdgdm.kernels.PackedNetwork;

/** A pretrained model in full precision, as kept in a folder: a {@link ModelBundle} or a {@link ProteinBundle}. */
public interface PretrainedModel {
    /** Name of the model. */
    String name();

    /** SHA-256 of its tensors, lower-case hexadecimal. */
    String sha256();

    /** The whole network in full precision, as backends and quantizers take it. */
    PackedNetwork packed();

    /** Writes it to a folder, see {@link ModelBundle#save(Path, ModelBundle.Companion)}. */
    void save(Path folder, ModelBundle.Companion companion);
}
