package org.bitdgdm.sample;

import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.CpuProteinDenoiser;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ReferenceProteinDenoiser;

/**
 * How an executor opens a model of proteins.
 *
 * @param backend of the run, {@code cpu} or {@code reference}
 */
public record ProteinOpener(BackendOpener backend) implements ModelOpener<PackedProteinModel, ProteinDenoiser> {

    @Override
    public ProteinDenoiser open(PackedProteinModel model, int threads) {
        return backend.backend() == Backend.REFERENCE ? new ReferenceProteinDenoiser(model)
            : new CpuProteinDenoiser(model, backend.options(threads));
    }

    @Override
    public PackedProteinModel unpack(byte[] packed) {
        return PackedModelFormat.proteinOf(packed);
    }

    @Override
    public String key() {
        return backend.key();
    }
}
