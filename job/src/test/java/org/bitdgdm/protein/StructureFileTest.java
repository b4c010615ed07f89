package org.bitdgdm.protein;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.biojava.nbio.structure.chem.ChemCompGroupFactory;
import org.bitdgdm.conf.FoldConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.ProteinGraph;
import org.junit.jupiter.api.Test;

class StructureFileTest {
    private static final Path STRUCTURES = Path.of("../conf/structures");
    private static final String SMALL = "4dn4.M.pdb";

    private static String text() throws IOException {
        return Files.readString(STRUCTURES.resolve(SMALL));
    }

    private static StructureFile read(String text) {
        return StructureFile.read(text.getBytes(StandardCharsets.UTF_8));
    }

    private static ProteinChain only(StructureFile file) {
        assertThat(file.chains()).hasSize(1);
        assertThat(file.chains().get(0).reason()).isNull();
        return file.chains().get(0).chain();
    }

    private static String reason(String text) {
        StructureFile file = read(text);
        assertThat(file.chains()).hasSize(1);
        assertThat(file.chains().get(0).chain()).isNull();
        return file.chains().get(0).reason();
    }

    private static String refusal(byte[] bytes) {
        try {
            return "read: " + StructureFile.read(bytes);
        } catch (InputException e) {
            return e.getMessage();
        }
    }

    private static String refusal(String text) {
        return refusal(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String letters(ProteinChain chain) {
        StringBuilder letters = new StringBuilder();
        for (byte type : chain.sequence()) {
            letters.append(ProteinGraph.LETTERS.charAt(type));
        }
        return letters.toString();
    }

    private static String lines(String text, UnaryOperator<String> each) {
        return text.lines().map(each).filter(line -> line != null).collect(Collectors.joining("\n", "", "\n"));
    }

    /** Atoms of a PDB file as mmCIF, without a column or with all. */
    static String cif(String pdb, String without) {
        List<String> names = List.of("group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id",
            "label_asym_id", "label_entity_id", "label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
            "B_iso_or_equiv", "auth_seq_id", "auth_asym_id");
        StringBuilder cif = new StringBuilder("data_ANY\n#\nloop_\n");
        names.stream().filter(name -> !name.equals(without)).forEach(name -> cif.append("_atom_site.").append(name).append('\n'));
        int[] residue = {0};
        String[] last = {""};
        pdb.lines().filter(line -> line.startsWith("ATOM")).forEach(line -> {
            residue[0] += line.substring(22, 27).equals(last[0]) ? 0 : 1;
            last[0] = line.substring(22, 27);
            List<String> values = new ArrayList<>(List.of("ATOM", line.substring(6, 11), line.substring(76, 78),
                line.substring(12, 16), ".", line.substring(17, 20), "Q", "1", Integer.toString(residue[0]),
                line.substring(30, 38), line.substring(38, 46), line.substring(46, 54), line.substring(54, 60),
                line.substring(60, 66), line.substring(22, 26), line.substring(21, 22)));
            if (names.contains(without)) {
                values.remove(names.indexOf(without));
            }
            cif.append(values.stream().map(String::strip).collect(Collectors.joining(" "))).append('\n');
        });
        return cif.append("#\n").toString();
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
        return bytes.toByteArray();
    }

    /** Numbers of two chains as text, so that all of both are compared. */
    private static String numbers(ProteinChain chain) {
        return chain.id() + chain.residues().stream().map(r -> r.number() + r.type() + Arrays.toString(r.n())
            + Arrays.toString(r.ca()) + Arrays.toString(r.c()) + Arrays.toString(r.o()) + r.bFactor()
            + r.atoms().stream().map(a -> Arrays.toString(a.position()) + a.radius()).toList()).toList();
    }

    @Test
    void pdbMmcifAndTheirGzipsAreTheSameChain() throws IOException {
        ProteinChain chain = only(read(text()));
        assertThat(chain.id()).isEqualTo("M");
        assertThat(chain.length()).isEqualTo((int) text().lines().filter(line -> line.startsWith(" CA ", 12)).count());
        String numbers = numbers(chain);
        assertThat(numbers(only(read(cif(text(), ""))))).isEqualTo(numbers);
        assertThat(numbers(only(StructureFile.read(gzip(text()))))).isEqualTo(numbers);
        assertThat(numbers(only(StructureFile.read(gzip(cif(text(), "")))))).isEqualTo(numbers);
    }

    @Test
    void whatIsNoAtomOfAResidueChangesNothing() throws IOException {
        String ligands = "HEADER    ANYTHING                                14-FEB-12   XXXX\nCRYST1   no numbers here\n"
            + "REMARK   2 RESOLUTION. NOT A NUMBER\n" + text().replace("END", "")
            + "HETATM 9998  C1  GOL M 901      10.000  10.000  10.000  1.00 20.00           C\n"
            + "HETATM 9999  O   HOH M 902      12.000  10.000  10.000  1.00 20.00           O\nEND\n";
        assertThat(numbers(only(read(ligands)))).isEqualTo(numbers(only(read(text()))));
    }

    @Test
    void hydrogensDoNotCount() throws IOException {
        String first = text().lines().filter(line -> line.startsWith("ATOM")).findFirst().orElseThrow();
        String hydrogen = first.substring(0, 12) + " H  " + first.substring(16, 76) + " H";
        assertThat(numbers(only(read(text().replaceFirst("(?m)^ATOM.*$", "$0\n" + hydrogen)))))
            .isEqualTo(numbers(only(read(text()))));
    }

    @Test
    void ofSeveralLocationsThatWithTheMostOccupancyCounts() throws IOException {
        List<String> atoms = text().lines().filter(line -> line.startsWith("ATOM")).toList();
        String number = atoms.get(0).substring(22, 27);
        StringBuilder twice = new StringBuilder();
        for (String line : atoms) {
            if (line.substring(22, 27).equals(number)) {
                twice.append(line, 0, 16).append('A').append(line, 17, 54).append("  0.40").append(line.substring(60)).append('\n');
                twice.append(line, 0, 16).append('B').append(line, 17, 30)
                    .append(String.format(Locale.ROOT, "%8.3f", Double.parseDouble(line.substring(30, 38)) + 1))
                    .append(line, 38, 54).append("  0.60").append(line.substring(60)).append('\n');
            } else {
                twice.append(line).append('\n');
            }
        }
        ProteinChain one = only(read(text()));
        ProteinChain chain = only(read(twice.toString()));
        assertThat(chain.residues().get(0).ca()[0]).isEqualTo((float) (one.residues().get(0).ca()[0] + 1));
        assertThat(chain.residues().get(0).atoms()).hasSameSizeAs(one.residues().get(0).atoms());
        assertThat(chain.residues().get(1).ca()).isEqualTo(one.residues().get(1).ca());
        assertThat(letters(chain)).isEqualTo(letters(one));
    }

    @Test
    void everyChainHasItsOwnVerdict() throws IOException {
        String other = lines(text(), line -> !line.startsWith("ATOM") ? null : line.substring(0, 21) + "N" + line.substring(22));
        String broken = lines(other, line -> line.startsWith(" CA ", 12) ? null : line.substring(0, 21) + " " + line.substring(22));
        StructureFile file = read(text().replace("END", "") + "TER\n" + other + "TER\n" + broken);
        assertThat(file.chains()).extracting(StructureFile.Found::id).containsExactly("M", "N", "_");
        assertThat(letters(file.chains().get(1).chain())).isEqualTo(letters(file.chains().get(0).chain()));
        assertThat(file.chains().get(2).reason()).endsWith(" has no CA");
    }

    @Test
    void theFirstOfSeveralModelsCounts() throws IOException {
        String atoms = text().replace("END", "");
        StructureFile file = read("MODEL        1\n" + atoms + "ENDMDL\nMODEL        2\n"
            + lines(atoms, line -> line.replace("ATOM", "BAD ")) + "ENDMDL\nEND\n");
        assertThat(file.models()).isEqualTo(2);
        assertThat(numbers(only(file))).isEqualTo(numbers(only(read(text()))));
        String cif = cif(text(), "");
        List<String> rows = cif.lines().filter(line -> line.startsWith("ATOM")).toList();
        String models = cif.substring(0, cif.indexOf("ATOM")) + "_atom_site.pdbx_PDB_model_num\n"
            + rows.stream().map(row -> row + " 1\n").collect(Collectors.joining())
            + rows.stream().map(row -> row + " 2\n").collect(Collectors.joining());
        assertThat(read(models).models()).isEqualTo(2);
        assertThat(numbers(only(read(models)))).isEqualTo(numbers(only(read(text()))));
    }

    @Test
    void modelsMayEndWithoutHavingBegun() throws IOException {
        String atoms = text().replace("END", "");
        StructureFile file = read(atoms + "ENDMDL\n" + moved(atoms, 3) + "ENDMDL\n" + moved(atoms, 5) + "ENDMDL\nEND\n");
        assertThat(file.models()).isEqualTo(3);
        assertThat(numbers(only(file))).isEqualTo(numbers(only(read(text()))));
        assertThat(read(atoms + "ENDMDL\nCONECT    1    2\nEND\n").models()).isEqualTo(1);
        assertThat(read(text()).models()).isEqualTo(1);
    }

    private static String moved(String pdb, double along) {
        return lines(pdb, line -> !line.startsWith("ATOM") ? line : line.substring(0, 30)
            + String.format(Locale.ROOT, "%8.3f", Double.parseDouble(line.substring(30, 38)) + along) + line.substring(38));
    }

    @Test
    void aChainThatIsThereTwiceIsRefused() throws IOException {
        String first = text().lines().filter(line -> line.startsWith("ATOM")).findFirst().orElseThrow().substring(22, 27).strip();
        for (String between : List.of("END\n", "TER\n", "")) {
            assertThat(reason(text().replace("END", "") + between + moved(text(), 40)))
                .isEqualTo("residue " + first + " is there twice");
        }
    }

    @Test
    void theMarkThatSomeProgramsBeginATextWithChangesNothing() throws IOException {
        String atoms = lines(text(), line -> line.startsWith("ATOM") ? line : null);
        assertThat(numbers(only(read("\ufeff" + atoms)))).isEqualTo(numbers(only(read(text()))));
        assertThat(numbers(only(read("\ufeff" + cif(text(), ""))))).isEqualTo(numbers(only(read(text()))));
    }

    @Test
    void insertionCodesOfAnyKindAreTold() throws IOException {
        List<String> numbers = text().lines().filter(line -> line.startsWith("ATOM")).map(line -> line.substring(22, 27))
            .distinct().limit(4).toList();
        for (String code : List.of("A", "b", "1", "*")) {
            String inserted = lines(text(), line -> line.startsWith(numbers.get(3), 22)
                ? line.substring(0, 22) + numbers.get(2).substring(0, 4) + code + line.substring(27) : line);
            String number = only(read(inserted)).residues().get(3).number();
            assertThat(number).isEqualTo(numbers.get(2).strip() + (code.equals("1") ? "'1" : code));
            int place = Integer.parseInt(numbers.get(2).strip());
            assertThat(new FoldConf.Fixed("M", place, place).has(number)).isTrue();
            assertThat(new FoldConf.Fixed("M", place + 1, 999_999).has(number)).isFalse();
        }
        assertThat(new FoldConf.Fixed("M", -7, -3).has("-5C")).isTrue();
    }

    @Test
    void whatMakesAChainUselessIsSaid() throws IOException {
        String first = text().lines().filter(line -> line.startsWith("ATOM")).findFirst().orElseThrow().substring(22, 27);
        for (String atom : List.of(" N  ", " CA ", " C  ")) {
            boolean[] gone = {false};
            assertThat(reason(lines(text(), line -> {
                boolean drop = !gone[0] && line.startsWith(atom, 12);
                gone[0] |= drop;
                return drop ? null : line;
            }))).isEqualTo("residue " + first.strip() + " has no " + atom.strip());
        }
        assertThat(reason(lines(text(), line -> line.startsWith(first, 22) ? line.substring(0, 17) + "UNK" + line.substring(20)
            : line))).isEqualTo("residue " + first.strip() + " is UNK, none of the twenty");
        assertThat(reason(lines(text(), line -> line.startsWith(first, 22) ? line : null))).isEqualTo("a chain of one residue");
        assertThat(reason(lines(text(), line -> line.startsWith("ATOM")
            ? line.substring(0, 30) + "   0.000   0.000   0.000" + line.substring(54) : line)))
            .startsWith("N, CA and C of residue ").endsWith(" lie on one line");
        assertThat(reason(lines(text(), line -> line.startsWith("ATOM")
            ? line.substring(0, 30) + "     NaN   0.000   0.000" + line.substring(54) : line)))
            .contains(" farther than 100,000 Å");
    }

    @Test
    void aModifiedResidueWithinTheChainMakesItUseless() throws IOException {
        String second = text().lines().filter(line -> line.startsWith("ATOM")).map(line -> line.substring(22, 27)).distinct()
            .skip(1).findFirst().orElseThrow();
        assertThat(reason(lines(text(), line -> line.startsWith(second, 22) && line.startsWith("ATOM")
            ? "HETATM" + line.substring(6, 17) + "MSE" + line.substring(20) : line)))
            .isEqualTo("residue " + second.strip() + " is MSE, none of the twenty");
    }

    @Test
    void whatIsNoStructureIsSaid() throws IOException {
        assertThat(refusal("")).isEqualTo("an empty file");
        assertThat(refusal(" \n\n")).isEqualTo("an empty file");
        assertThat(refusal("END\n")).isEqualTo("no atoms");
        assertThat(refusal("once upon a time\n")).isEqualTo("no atoms");
        assertThat(refusal("data_X\n_cell.length_a 1\n")).isEqualTo("no atoms");
        assertThat(refusal("HETATM    1  C1  GOL A   1      10.000  10.000  10.000  1.00 20.00           C\n"))
            .isEqualTo("no protein chain");
        assertThat(refusal("ATOM      1  P    DA A   1      10.000  10.000  10.000  1.00 20.00           P\n"))
            .isEqualTo("no protein chain");
        assertThat(refusal(text().substring(0, text().indexOf("\n", 900) + 40))).matches("line \\d+ ends before its coordinates do");
        assertThat(refusal(text().replaceFirst("(?m)^(ATOM.{26}).{8}", "$1   x.xxx"))).startsWith("not readable as PDB: ");
        byte[] packed = gzip(text());
        assertThat(refusal(Arrays.copyOf(packed, packed.length / 2))).isEqualTo("a gzip file that ends early");
        packed[packed.length / 2] ^= 0x55;
        assertThat(refusal(packed)).startsWith("a damaged gzip file");
    }

    @Test
    void columnsOfMmcifThatAreMissingAreNamed() throws IOException {
        for (String name : List.of("group_PDB", "type_symbol", "label_atom_id", "label_comp_id", "label_asym_id", "Cartn_x",
            "Cartn_y", "Cartn_z")) {
            assertThat(refusal(cif(text(), name))).isEqualTo("no column _atom_site." + name);
        }
        String numbers = numbers(only(read(text())));
        for (String name : List.of("id", "occupancy", "label_entity_id", "label_alt_id")) {
            assertThat(numbers(only(read(cif(text(), name))))).as("without " + name).isEqualTo(numbers);
        }
        assertThat(only(read(cif(text(), "auth_asym_id"))).id()).isEqualTo("Q");
        assertThat(only(read(cif(text(), "auth_seq_id"))).residues().get(0).number()).isEqualTo("1");
        String question = cif(text(), "").replaceFirst("(?m)^(ATOM 1 .*? 1 1 )\\S+", "$1?");
        assertThat(refusal(question)).isEqualTo("no number in Cartn_x of atom 1");
        String whole = cif(text(), "");
        assertThat(refusal(whole.substring(0, whole.lastIndexOf(' ', whole.length() * 2 / 3)) + "\n#\n"))
            .isEqualTo("not readable as mmCIF: a table that ends early");
    }

    @Test
    void nothingIsDownloaded() throws IOException {
        List<URI> asked = new ArrayList<>();
        ProxySelector before = ProxySelector.getDefault();
        ProxySelector.setDefault(new ProxySelector() {
            @Override
            public List<java.net.Proxy> select(URI uri) {
                asked.add(uri);
                throw new IllegalStateException("asked for " + uri);
            }

            @Override
            public void connectFailed(URI uri, SocketAddress address, IOException e) {
                asked.add(uri);
            }
        });
        try {
            // A component that only the whole dictionary knows.
            assertThat(reason(text().replace(" MET ", " NLE "))).endsWith("is NLE, none of the twenty");
            String ligand = "HETATM 9998  C1  HEM M 901      10.000  10.000  10.000  1.00 20.00           C\n";
            assertThat(only(read(text().replace("END", "") + ligand))).isNotNull();
            assertThat(only(read(cif(text(), "") + "loop_\n_chem_comp.id\nHEM\n"))).isNotNull();
        } finally {
            ProxySelector.setDefault(before);
        }
        assertThat(asked).isEmpty();
        assertThat(ChemCompGroupFactory.getChemComp("HEM").isEmpty()).isTrue();
    }

    @Test
    void idsAreNamesWithoutFormats() {
        assertThat(List.of("1ay7.B.pdb", "pdb1abc.ent.gz", "AF-P0.CIF", "x.mmcif.gz", "notes.txt")).map(StructureFile::id)
            .containsExactly("1ay7.B", "pdb1abc", "AF-P0", "x", "notes.txt");
        assertThat(StructureFile.isNamed("README.md")).isFalse();
        assertThat(StructureFile.isNamed("a.pdb.gz")).isTrue();
        assertThatThrownBy(() -> StructureFile.read(new byte[0])).isInstanceOf(InputException.class);
    }
}
