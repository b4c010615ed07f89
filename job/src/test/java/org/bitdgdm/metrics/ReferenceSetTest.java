package org.bitdgdm.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.molecule.Graphs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceSetTest {
    private static final Path SHIPPED = Path.of("..", "conf", "models", "qm9");
    private static final Path TRAINING = Path.of("..", "..", "shared", "data", "qm9-train.smi.gz");

    @TempDir
    private Path folder;

    @Test
    void countsDifferentMolecules() throws IOException {
        ReferenceSet set = built("CCO ethanol\nOCC again\nc1ccccc1\nC1=CC=CC=C1\n\nC[C@H](F)O\nC[C@@H](F)O\nCC.O\n");

        assertThat(set.molecules()).isEqualTo(7);
        assertThat(set.distinct()).isEqualTo(4);
        assertThat(set.contains("c1ccccc1")).isTrue();
        assertThat(set.contains("OCC")).isTrue();
        assertThat(set.contains("CC")).isTrue();
        assertThat(set.contains("O")).isFalse();
    }

    @Test
    void keepsItsDistributions() throws IOException {
        Distributions found = built("CCO\nC1CC1\nCC.O\n").distributions();

        assertThat(found.of("atoms").counts()).containsEntry("C", 7L).containsEntry("O", 2L);
        assertThat(found.of("bonds").counts()).containsEntry("single", 6L);
        assertThat(found.of("sizes").counts()).containsEntry("3", 3L);
        assertThat(found.of("rings").counts()).containsEntry("0", 2L).containsEntry("1", 1L);
        // The largest fragment of the pair is ethane, 30.07.
        assertThat(found.of("weight").counts()).containsEntry("30", 1L).containsEntry("42", 1L).containsEntry("46", 1L);
    }

    @Test
    void readsNotationsOfOneMoleculeAsOne() throws IOException {
        ReferenceSet set = built("[2H]OC([2H])([2H])[2H]\nCO\nCN(=O)=O\nC[N+](=O)[O-]\n[H]/C([H])=C/C\nCC=C\nCN=N#N\n"
            + "CN=[N+]=[N-]\n");

        assertThat(set.molecules()).isEqualTo(8);
        assertThat(set.distinct()).isEqualTo(4);
    }

    @Test
    void isReadBackAsWritten() throws IOException {
        ReferenceSet set = built("CCO\nC1CC1\n");
        set.save(folder);
        ReferenceSet loaded = ReferenceSet.of(folder, Graphs.QM9);

        assertThat(loaded.hashes()).isEqualTo(set.hashes());
        assertThat(loaded.distributions()).isEqualTo(set.distributions());
        assertThat(loaded.molecules()).isEqualTo(2);
        assertThat(loaded.source()).isEqualTo("train.smi");
        assertThat(Files.size(folder.resolve(ReferenceSet.HASHES_FILE))).isEqualTo(16);
        assertThat(Files.readString(folder.resolve(ReferenceSet.FACTS_FILE))).doesNotContain("CCO");
    }

    @Test
    void refusesAnotherCanonicaliser() throws IOException {
        built("CCO\n").save(folder);
        Path facts = folder.resolve(ReferenceSet.FACTS_FILE);
        String text = Files.readString(facts);

        for (String[] change : new String[][] {{"\"2.12\"", "\"2.11\"", "toolkit_version '2.11'"},
            {"Daylight", "Mdl", "smiles_flavour"}, {"\"CDK\"", "\"RDKit\"", "toolkit 'RDKit'"},
            {"sha256-first", "md5-first", "hash 'md5"}, {"\"format\" : 3", "\"format\" : 2", "format '2'"}}) {
            assertThat(text).contains(change[0]);
            Files.writeString(facts, text.replace(change[0], change[1]));
            assertThatThrownBy(() -> ReferenceSet.load(folder)).isInstanceOf(InputException.class)
                .hasMessageContaining(change[2]).hasMessageContaining("build it again");
        }
    }

    @Test
    void refusesDamage() throws IOException {
        built("CCO\nCC\n").save(folder);
        Path hashes = folder.resolve(ReferenceSet.HASHES_FILE);
        byte[] bytes = Files.readAllBytes(hashes);
        bytes[3] ^= 1;
        Files.write(hashes, bytes);
        assertThatThrownBy(() -> ReferenceSet.load(folder)).isInstanceOf(InputException.class)
            .hasMessageContaining("the reference set is damaged");

        Files.write(hashes, new byte[8]);
        assertThatThrownBy(() -> ReferenceSet.load(folder)).isInstanceOf(InputException.class)
            .hasMessageContaining("has 8 bytes").hasMessageContaining("says 16");

        Files.writeString(folder.resolve(ReferenceSet.FACTS_FILE), "{\"format\": 3,");
        assertThatThrownBy(() -> ReferenceSet.load(folder)).isInstanceOf(InputException.class)
            .hasMessageContaining("is not a reference set");

        Files.delete(hashes);
        assertThatThrownBy(() -> ReferenceSet.load(folder)).isInstanceOf(InputException.class)
            .hasMessageContaining("no reference set in");
        assertThat(ReferenceSet.isIn(folder.resolve("elsewhere"))).isFalse();
    }

    @Test
    void namesAllLinesThatAreNoMolecule() {
        assertThatThrownBy(() -> built("CC\n\nC1CC\nC(\nCCO\nNone\nCC(C)(C)(C)C\n")).isInstanceOf(InputException.class)
            .hasMessageContaining("train.smi has 4 lines that are no molecule among 6, at line 3 ('C1CC': no molecule: ring 1 is"
                + " not closed), 4 ('C(': ").hasMessageContaining(", 6 ('None': ")
            .hasMessageContaining(", 7 ('CC(C)(C)(C)C': valence C 5 > 4 at atom 1); a reference set");
        assertThatThrownBy(() -> built("C(\n".repeat(300))).hasMessageContaining("300 lines")
            .hasMessageContaining(", 21, 22, ").hasMessageContaining(", 219, 220, …;");
        assertThatThrownBy(() -> built("\n")).isInstanceOf(InputException.class).hasMessageContaining("holds no SMILES");
        assertThatThrownBy(() -> ReferenceSet.of(folder.resolve("gone.smi"), Graphs.QM9))
            .isInstanceOf(InputException.class).hasMessageContaining("no file");
    }

    @Test
    void shipsTheSetOfTheDefaultModel() {
        ReferenceSet set = ReferenceSet.load(SHIPPED);

        assertThat(set.molecules()).isEqualTo(98_851);
        assertThat(set.distinct()).isEqualTo(98_851);
        assertThat(set.contains("c1ccncc1")).isEqualTo(false);
        assertThat(set.contains("n1ccccc1")).isTrue();
        assertThat(set.contains("c1ccccc1")).isTrue();
        assertThat(set.distributions().of("sizes").total()).isEqualTo(98_851);
        assertThat(set.distributions().of("rings").total()).isEqualTo(98_851);
    }

    @Test
    void shipsWhatTheTrainingFileGives() {
        assumeTrue(Files.exists(TRAINING), "needs " + TRAINING);
        ReferenceSet built = ReferenceSet.of(TRAINING, Graphs.QM9);
        ReferenceSet shipped = ReferenceSet.load(SHIPPED);

        assertThat(built.hashes()).isEqualTo(shipped.hashes());
        assertThat(built.distributions()).isEqualTo(shipped.distributions());
    }

    private ReferenceSet built(String lines) throws IOException {
        return ReferenceSet.of(Files.writeString(folder.resolve("train.smi"), lines), Graphs.QM9);
    }
}
