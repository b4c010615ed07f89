package org.bitdgdm.sample;

import org.apache.spark.TaskContext;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;

/** How an executor opens its denoiser of graphs. */
public interface DenoiserOpener extends ModelOpener<PackedModel, Denoiser> {

    @Override
    default PackedModel unpack(byte[] packed) {
        return PackedModelFormat.fromBytes(packed);
    }

    @Override
    default DenoiserOpener forTask(TaskContext task) {
        return this;
    }
}
