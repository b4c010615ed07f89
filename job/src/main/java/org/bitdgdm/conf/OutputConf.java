package org.bitdgdm.conf;

import java.util.List;

/**
 * Where results go and how they are judged.
 *
 * @param out       folder of the result, a path or a Hadoop URI; relative to the current folder
 * @param require   bounds that the metrics must meet at the end
 * @param reference file of training molecules for novelty; empty: the reference set of the model
 * @param tests     file of molecules, or of plain graphs, that a benchmark compares with; empty: none
 * @param scaffolds another such file, of molecules with scaffolds that the training set lacks; empty: none
 * @param chemNet   ONNX file of the network that the Fréchet ChemNet distance is taken by; empty: none
 * @param protocol  {@code digress}, {@code moses} or {@code guacamol}: what the headline ratios divide by
 */
public record OutputConf(String out, List<Requirement> require, String reference, String tests, String scaffolds,
                         String chemNet, String protocol) {

    /** Protocols this version knows. */
    public static final List<String> PROTOCOLS = List.of("digress", "moses", "guacamol");

    public OutputConf {
        Check.that(!out.isBlank(), "out", "must name the folder of the result", "");
        require = List.copyOf(require);
        Check.oneOf("protocol", PROTOCOLS, protocol);
        Check.that(chemNet.isBlank() || !protocol.equals(PROTOCOLS.get(0)), "chemnet",
            "must come with --protocol moses or guacamol, whose benchmark it belongs to", protocol);
    }

    /** Results that no benchmark compares with a test set. */
    public OutputConf(String out, List<Requirement> require, String reference, String protocol) {
        this(out, require, reference, "", "", "", protocol);
    }

    static OutputConf of(Settings settings) {
        return new OutputConf(settings.text(Option.OUT),
            settings.list(Option.REQUIRE).stream().map(Requirement::parse).toList(),
            settings.text(Option.REFERENCE), settings.text(Option.TEST_SET), settings.text(Option.SCAFFOLD_TEST_SET),
            settings.text(Option.CHEMNET), settings.text(Option.PROTOCOL));
    }
}
