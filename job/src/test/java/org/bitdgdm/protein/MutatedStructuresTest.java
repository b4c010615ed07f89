package org.bitdgdm.protein;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.bitdgdm.Mutations;
import org.bitdgdm.conf.InputException;
import org.junit.jupiter.api.Test;

/** Structure files, changed. */
class MutatedStructuresTest {
    private static final int ATOMS = 120;

    @Test
    void structures() throws Exception {
        String pdb = Files.readString(Path.of("../conf/structures/4dn4.M.pdb")).lines().filter(line -> line.startsWith("ATOM"))
            .limit(ATOMS).collect(Collectors.joining("\n", "MODEL        1\n", "\nTER\nENDMDL\nEND\n"));
        String cif = StructureFileTest.cif(pdb, "");
        Mutations.check("structures", List.of(pdb.getBytes(StandardCharsets.UTF_8), cif.getBytes(StandardCharsets.UTF_8)),
            List.of("MODEL        2\n", "TER\n", "HETATM", "UNK", "data_", "loop_\n", "_atom_site.", "save_", "'", "\"", "\n;", "?",
                "https://files.rcsb.org/", "1e38", "NaN", "../../x", "\u202e"), input -> {
                    StructureFile file = StructureFile.read(input);
                    for (StructureFile.Found found : file.chains()) {
                        if (found.chain() == null) {
                            throw new InputException(found.reason());
                        }
                        SecondaryStructure.of(found.chain());
                        AccessibleArea.of(found.chain());
                    }
                });
    }
}
