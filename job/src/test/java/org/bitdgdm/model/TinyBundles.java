package org.bitdgdm.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bitdgdm.kernels.Variant;

/** Bundles of tiny models for tests of whole commands. */
public final class TinyBundles {
    private TinyBundles() {
    }

    /** A checkpoint of plain graphs of up to 3 nodes, as PyTorch-Lightning writes it. */
    public static Path graphs(Path checkpoint) throws IOException {
        return TinyCheckpoint.ofGraphs().write(checkpoint);
    }

    /** A checkpoint of molecules of up to 3 atoms, as DeFoG writes it. */
    public static Path flow(Path checkpoint, String transition) throws IOException {
        return TinyCheckpoint.ofFlow(transition).write(checkpoint);
    }

    /** The same without aromatic bonds. */
    public static Path kekule(Path checkpoint) throws IOException {
        return TinyCheckpoint.ofFlow("marginal").withoutAromaticBonds().write(checkpoint);
    }

    /** A bundle of molecules of C and H whose hydrogens are nodes, or of C and O with a class of aromatic bonds. */
    public static Path molecules(Path folder, boolean hydrogens) throws IOException {
        TinyCheckpoint tiny = new TinyCheckpoint();
        if (hydrogens) {
            tiny.dataset.put("atom_decoder", List.of("C", "H"));
        } else {
            tiny.dataset.put("edge_types", tiny.tensor(new int[] {5}, 0.5f, 0.2f, 0.1f, 0.1f, 0.1f));
        }
        Path checkpoint = folder.resolveSibling(folder.getFileName() + ".ckpt");
        ModelImport.read(tiny.write(checkpoint), Variant.MAIN, null).save(folder);
        return folder;
    }
}
