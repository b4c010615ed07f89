package org.bitdgdm;

import java.io.PrintStream;
import java.util.Optional;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.ImportConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.model.ModelImport;
import org.bitdgdm.model.ProteinBundle;
import org.bitdgdm.model.ProteinImport;
import org.bitdgdm.run.References;

/** Checkpoint → model bundle, with the reference set of its training graphs if there is one. */
final class ImportModel {
    private ImportModel() {
    }

    static void run(ImportConf conf, PrintStream console) {
        if (ProteinImport.recognises(conf.checkpoint())) {
            runProtein(conf, console);
            return;
        }
        ModelBundle read = ModelImport.read(conf.checkpoint(), conf.variant(), conf::requiredVariant,
            conf.facts().orElse(null));
        ModelBundle bundle = conf.name().isBlank() ? read : read.named(conf.name());
        Optional<ReferenceSet> reference = conf.reference().map(file -> References.read(file, bundle.vocabulary(), console));
        bundle.save(conf.out(), folder -> reference.ifPresent(set -> set.save(folder)));
        PackedModel packed = bundle.packed();
        boolean nodes = packed.spec().states().contains(NetworkSpec.Rows.NODE);
        console.printf("model bundle %s: %s, %s, %s, extra features %s, trained for the sampler %s, %,d bytes of parameters%n",
            conf.out(), bundle.architecture().variant().label(), Amount.of(bundle.architecture().layers(), "layer"),
            nodes ? "nodes and edges diffuse" : "edges diffuse", packed.spec().features().label(),
            bundle.diffusion().schedule().linear() ? "flow" : "posterior", packed.bytes());
        reference.ifPresent(set -> console.printf("reference set: %,d %s, %,d distinct%n", set.molecules(),
            bundle.vocabulary().family().label(), set.distinct()));
    }

    private static void runProtein(ImportConf conf, PrintStream console) {
        if (conf.facts().isPresent() || conf.reference().isPresent()) {
            throw new InputException((conf.facts().isPresent() ? "--facts" : "--reference") + " must be left out for "
                + conf.checkpoint() + ", a checkpoint of GraDe-IF, which says all that a model of proteins needs; found "
                + conf.facts().or(conf::reference).orElseThrow());
        }
        conf.variant().ifPresent(variant -> console.println("--variant " + variant.label() + " is one of DiGress's and has no"
            + " meaning for this checkpoint"));
        ProteinBundle read = ProteinImport.read(conf.checkpoint());
        ProteinBundle bundle = conf.name().isBlank() ? read : read.named(conf.name());
        bundle.save(conf.out());
        console.printf("model bundle %s: %s, trained with %s noise, %d layers, %,d bytes of parameters%n", conf.out(),
            ProteinBundle.FAMILY, bundle.trained().label(), bundle.architecture().layers(), bundle.packed().bytes());
    }
}
