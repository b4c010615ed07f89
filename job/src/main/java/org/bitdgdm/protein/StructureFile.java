package org.bitdgdm.protein;

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.biojava.nbio.structure.Atom;
import org.biojava.nbio.structure.Chain;
import org.biojava.nbio.structure.Element;
import org.biojava.nbio.structure.Group;
import org.biojava.nbio.structure.Structure;
import org.biojava.nbio.structure.chem.ChemComp;
import org.biojava.nbio.structure.chem.ChemCompGroupFactory;
import org.biojava.nbio.structure.chem.ChemCompProvider;
import org.biojava.nbio.structure.chem.ReducedChemCompProvider;
import org.biojava.nbio.structure.io.FileParsingParameters;
import org.biojava.nbio.structure.io.PDBFileParser;
import org.biojava.nbio.structure.io.cif.CifStructureConverter;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.protein.ProteinChain.HeavyAtom;
import org.bitdgdm.protein.ProteinChain.Residue;
import org.rcsb.cif.CifBuilder;
import org.rcsb.cif.CifIO;
import org.rcsb.cif.ParsingException;
import org.rcsb.cif.model.Category;
import org.rcsb.cif.model.CifFile;
import org.rcsb.cif.model.Column;
import org.rcsb.cif.model.ValueKind;
import org.rcsb.cif.model.text.TextBlock;
import org.rcsb.cif.model.text.TextCategory;
import org.rcsb.cif.model.text.TextColumn;
import org.rcsb.cif.model.text.TextFile;
import org.rcsb.cif.schema.StandardSchemata;

/**
 * The protein chains of a PDB or mmCIF file, compressed by gzip or not: what it is is told by its first bytes. Of several
 * models the first counts, of several locations of a residue that with the most occupancy. Only records of atoms are read, so
 * that nothing else in a file can spoil it, and nothing is looked up anywhere.
 *
 * @param models how many models the file has
 * @param chains chains with standard residues or with backbones, in the order of the file
 */
public record StructureFile(int models, List<Found> chains) {
    /** Bytes of text that a file may have: some 800,000 atoms. */
    public static final int MOST_BYTES = 64 << 20;
    private static final int GZIP = 0x8b1f;
    /** U+FEFF in UTF-8. */
    private static final byte[] MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
    private static final int LONGEST_NAME = 40;
    private static final int ATOM_COLUMNS = 54;
    private static final int SERIAL_BEGIN = 6;
    private static final int SERIAL_END = 11;
    private static final double FARTHEST = 1e5;
    private static final double LONGEST_PEPTIDE_BOND = 2.5;
    private static final Set<String> WATER = Set.of("HOH", "WAT", "DOD", "H2O");
    private static final Map<String, Character> LETTERS = letters();
    private static final Pattern EXTENSION = Pattern.compile("(?i)\\.(pdb|ent|cif|mmcif)(\\.gz)?$");
    private static final List<String> CIF_COLUMNS = List.of("group_PDB", "type_symbol", "label_atom_id", "label_comp_id",
        "label_asym_id", "Cartn_x", "Cartn_y", "Cartn_z");
    /** Without an entity BioJava aligns the sequences of every two chains to find out which are the same. */
    private static final String ONE_ENTITY = "COMPND    MOL_ID: 1;\nCOMPND   2 MOLECULE: ANY;\n";
    /** BioJava's cache of components is one for the process and not made for several threads. */
    private static final Object ONE_AT_A_TIME = new Object();

    static {
        ChemCompProvider standard = new ReducedChemCompProvider();
        // Its own provider downloads what it does not know.
        ChemCompGroupFactory.setChemCompProvider(name -> {
            if (LETTERS.containsKey(name)) {
                return standard.getChemComp(name);
            }
            ChemComp unknown = ChemComp.getEmptyChemComp();
            unknown.setId(name);
            return unknown;
        });
    }

    /**
     * A chain of a file.
     *
     * @param id     of the author; {@code _} for a blank
     * @param chain  null where it is refused
     * @param reason why it is refused; null where it is not
     */
    public record Found(String id, ProteinChain chain, String reason) {
    }

    private static Map<String, Character> letters() {
        String names = "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL";
        String letters = "ARNDCQEGHILKMFPSTWYV";
        Map<String, Character> found = new LinkedHashMap<>();
        for (String name : names.split(" ")) {
            found.put(name, letters.charAt(found.size()));
        }
        return found;
    }

    /** Whether a file of this name may be a structure. */
    public static boolean isNamed(String file) {
        return EXTENSION.matcher(file).find();
    }

    /** The name of a file without what says its format. */
    public static String id(String file) {
        Matcher extension = EXTENSION.matcher(file);
        return extension.find() ? file.substring(0, extension.start()) : file;
    }

    /**
     * Reads a file.
     *
     * @throws InputException with a reason in a few words if it is none, is damaged, or has no protein chain
     */
    public static StructureFile read(byte[] bytes) {
        byte[] text = unmarked(unpacked(bytes));
        if (new String(text, StandardCharsets.ISO_8859_1).isBlank()) {
            throw new InputException("an empty file");
        }
        int[] models = {1};
        Structure structure;
        synchronized (ONE_AT_A_TIME) {
            try {
                structure = isCif(text) ? cif(text, models) : pdb(text, models);
            } catch (NumberFormatException e) {
                throw new InputException("not readable as " + (isCif(text) ? "mmCIF" : "PDB") + ": no number: "
                    + excerpt(e).replaceFirst("^For input string: ", ""), e);
            } catch (IndexOutOfBoundsException e) {
                // Tables of CIF are read where they are asked for, and places that differ are of one kind.
                throw new InputException("not readable as " + (isCif(text) ? "mmCIF" : "PDB") + ": a table that ends early", e);
            } catch (IOException | RuntimeException e) {
                throw e instanceof InputException known ? known
                    : new InputException("not readable as " + (isCif(text) ? "mmCIF" : "PDB") + ": " + excerpt(e), e);
            }
        }
        List<Found> chains = chains(structure);
        if (chains.isEmpty()) {
            throw new InputException("no protein chain");
        }
        return new StructureFile(models[0], chains);
    }

    /** What a reader says of a file, which may quote all of it. */
    private static String excerpt(Exception e) {
        return InputException.excerpt(InputException.oneLine(e));
    }

    /** Without the mark that some programs begin a text with. */
    private static byte[] unmarked(byte[] text) {
        return text.length >= MARK.length && Arrays.equals(text, 0, MARK.length, MARK, 0, MARK.length)
            ? Arrays.copyOfRange(text, MARK.length, text.length) : text;
    }

    private static byte[] unpacked(byte[] bytes) {
        if (bytes.length < 2 || ((bytes[0] & 0xff) | (bytes[1] & 0xff) << 8) != GZIP) {
            requireSize(bytes.length);
            return bytes;
        }
        try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            byte[] text = in.readNBytes(MOST_BYTES + 1);
            requireSize(text.length);
            return text;
        } catch (EOFException e) {
            throw new InputException("a gzip file that ends early", e);
        } catch (IOException e) {
            throw new InputException("a damaged gzip file: " + excerpt(e), e);
        }
    }

    private static void requireSize(int bytes) {
        if (bytes > MOST_BYTES) {
            throw new InputException("more than " + (MOST_BYTES >> 20) + " MiB of text");
        }
    }

    /** Whether the first line that says anything begins a block of CIF. */
    private static boolean isCif(byte[] text) {
        int at = 0;
        while (at < text.length) {
            int end = at;
            while (end < text.length && text[end] != '\n') {
                end++;
            }
            String line = new String(text, at, Math.min(end - at, 80), StandardCharsets.ISO_8859_1).strip();
            if (!line.isEmpty() && !line.startsWith("#")) {
                return line.toLowerCase(Locale.ROOT).startsWith("data_");
            }
            at = end + 1;
        }
        return false;
    }

    private static FileParsingParameters parameters() {
        FileParsingParameters parameters = new FileParsingParameters();
        parameters.setAlignSeqRes(false);
        parameters.setParseSecStruc(false);
        parameters.setParseBioAssembly(false);
        parameters.setCreateAtomBonds(false);
        parameters.setCreateAtomCharges(false);
        // Beyond a number of atoms it would keep Cα only.
        parameters.setAtomCaThreshold(Integer.MAX_VALUE);
        return parameters;
    }

    /** Atoms of the first model; a line of an atom that is cut short would be passed over in silence. */
    private static Structure pdb(byte[] text, int[] models) throws IOException {
        StringBuilder atoms = new StringBuilder(ONE_ENTITY);
        int model = 0;
        boolean ended = true;
        int number = 0;
        for (String line : (Iterable<String>) new String(text, StandardCharsets.ISO_8859_1).lines()::iterator) {
            number++;
            boolean atom = line.startsWith("ATOM  ") || line.startsWith("HETATM");
            // Some programs end their models and do not begin them.
            if (line.startsWith("MODEL ") || atom && ended) {
                model++;
                ended = false;
            }
            ended |= line.startsWith("ENDMDL");
            if (model > 1) {
                continue;
            }
            if (atom) {
                if (line.length() < ATOM_COLUMNS) {
                    throw new InputException("line " + number + " ends before its coordinates do");
                }
                // Serial numbers above 99,999 are written in many ways, and say nothing here.
                atoms.append(line, 0, SERIAL_BEGIN).append("    0").append(line, SERIAL_END, line.length()).append('\n');
            } else if (line.startsWith("TER")) {
                atoms.append("TER\n");
            }
        }
        models[0] = Math.max(1, model);
        if (atoms.length() == ONE_ENTITY.length()) {
            throw new InputException("no atoms");
        }
        PDBFileParser parser = new PDBFileParser();
        parser.setFileParsingParameters(parameters());
        return parser.parsePDBFile(new BufferedReader(new StringReader(atoms.toString())));
    }

    private static Structure cif(byte[] text, int[] models) throws IOException {
        CifFile file;
        try {
            file = CifIO.readFromInputStream(new ByteArrayInputStream(text));
        } catch (ParsingException e) {
            throw new InputException("not readable as mmCIF: " + excerpt(e), e);
        }
        Category atoms = file.getBlocks().isEmpty() ? null : file.getBlocks().get(0).getCategory("atom_site");
        if (atoms == null || !atoms.isDefined() || atoms.getRowCount() == 0) {
            throw new InputException("no atoms");
        }
        for (String wanted : CIF_COLUMNS) {
            requireColumn(atoms, wanted);
        }
        if (!atoms.getColumn("auth_seq_id").isDefined()) {
            requireColumn(atoms, "label_seq_id");
        }
        for (String axis : List.of("Cartn_x", "Cartn_y", "Cartn_z")) {
            Column<?> column = atoms.getColumn(axis);
            for (int row = 0; row < atoms.getRowCount(); row++) {
                // What is no number would be read as 0.
                if (column.getValueKind(row) != ValueKind.PRESENT || !isNumber(column.getStringData(row))) {
                    throw new InputException("no number in " + axis + " of atom " + (row + 1));
                }
            }
        }
        Structure structure = CifStructureConverter.fromCifFile(alone(atoms), parameters());
        models[0] = structure.nrModels();
        return structure;
    }

    /** A file of these atoms and one entity, see {@link #ONE_ENTITY}. */
    private static CifFile alone(Category atoms) {
        String[] chains = atoms.getColumn("label_asym_id").stringData().distinct().toArray(String[]::new);
        String[] entities = new String[chains.length];
        Arrays.fill(entities, "1");
        CifFile others = CifBuilder.enterFile(StandardSchemata.MMCIF).enterBlock("atoms")
            .enterEntity().enterId().add("1").leaveColumn().enterType().add("polymer").leaveColumn().leaveCategory()
            .enterStructAsym().enterId().add(chains).leaveColumn().enterEntityId().add(entities).leaveColumn().leaveCategory()
            .leaveBlock().leaveFile();
        // A block keeps in its map what it is asked for and has not.
        Map<String, Category> categories = new LinkedHashMap<>(others.getBlocks().get(0).getCategories());
        Map<String, Column<?>> columns = new LinkedHashMap<>(atoms.getColumns());
        int[] begins = new int[atoms.getRowCount()];
        int[] ends = new int[begins.length];
        Arrays.fill(ends, 1);
        // The dictionary lets a file leave them out, BioJava does not.
        Map.of("pdbx_PDB_model_num", "1", "id", "0", "label_seq_id", "0", "B_iso_or_equiv", "0")
            .forEach((name, value) -> columns.putIfAbsent(name, new TextColumn(name, begins.length, value, begins, ends)));
        categories.put("atom_site", new TextCategory("atom_site", columns));
        return new TextFile(List.of(new TextBlock(categories, "atoms")));
    }

    private static void requireColumn(Category atoms, String name) {
        if (!atoms.getColumn(name).isDefined()) {
            throw new InputException("no column _atom_site." + name);
        }
    }

    private static boolean isNumber(String text) {
        try {
            return Double.isFinite(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            return false;
        }
    }

    private static List<Found> chains(Structure structure) {
        Map<String, List<Group>> byId = new LinkedHashMap<>();
        if (structure.nrModels() > 0) {
            for (Chain chain : structure.getChains(0)) {
                String id = chain.getName() == null || chain.getName().isBlank() ? "_" : chain.getName();
                byId.computeIfAbsent(id, key -> new ArrayList<>()).addAll(chain.getAtomGroups());
            }
        }
        List<Found> found = new ArrayList<>();
        byId.forEach((id, groups) -> {
            List<Group> residues = groups.stream().filter(group -> !WATER.contains(name(group))).toList();
            if (residues.stream().anyMatch(group -> !group.isHetAtomInFile()
                && (LETTERS.containsKey(name(group)) || backbone(group) != null))) {
                found.add(chain(id, residues));
            }
        });
        return found;
    }

    private static Found chain(String id, List<Group> groups) {
        List<Residue> residues = new ArrayList<>();
        try {
            for (Group group : groups) {
                if (!group.isHetAtomInFile()) {
                    residues.add(residue(occupied(group)));
                }
            }
            for (Group group : groups) {
                Atom[] modified = group.isHetAtomInFile() ? backbone(group) : null;
                if (modified != null && residues.stream().anyMatch(residue -> bonded(residue, modified))) {
                    throw unknown(group);
                }
            }
            Set<String> numbers = new HashSet<>();
            for (Residue residue : residues) {
                if (!numbers.add(residue.number())) {
                    throw new InputException("residue " + residue.number() + " is there twice");
                }
            }
            ProteinChain chain = new ProteinChain(id, residues);
            return ProteinFeatures.refusal(chain).map(reason -> new Found(id, null, reason))
                .orElseGet(() -> new Found(id, chain, null));
        } catch (InputException e) {
            return new Found(id, null, e.getMessage());
        }
    }

    private static boolean bonded(Residue residue, Atom[] modified) {
        return Vectors.distance(residue.c(), floats(modified[0])) < LONGEST_PEPTIDE_BOND
            || Vectors.distance(floats(modified[2]), residue.n()) < LONGEST_PEPTIDE_BOND;
    }

    /** The location of a residue with the most occupancy; of equal ones the first. */
    private static Group occupied(Group group) {
        Group best = group;
        for (Group other : group.getAltLocs()) {
            best = occupancy(other) > occupancy(best) ? other : best;
        }
        return best;
    }

    /** Mean over the atoms that have several locations. */
    private static double occupancy(Group group) {
        return group.getAtoms().stream().filter(atom -> atom.getAltLoc() != null && atom.getAltLoc() != ' ')
            .mapToDouble(Atom::getOccupancy).average().orElse(0);
    }

    private static String name(Group group) {
        return group.getPDBName() == null ? "" : group.getPDBName().strip().toUpperCase(Locale.ROOT);
    }

    /** N, Cα and C; null where one is missing. */
    private static Atom[] backbone(Group group) {
        Atom[] atoms = Stream.of("N", "CA", "C").map(group::getAtom).toArray(Atom[]::new);
        return Stream.of(atoms).allMatch(atom -> atom != null) ? atoms : null;
    }

    private static InputException unknown(Group group) {
        String name = name(group).replaceAll("\\p{Cntrl}", "?");
        return new InputException("residue " + number(group) + " is " + (name.isEmpty() ? "nameless"
            : name.substring(0, Math.min(LONGEST_NAME, name.length()))) + ", none of the twenty");
    }

    private static String number(Group group) {
        Character code = group.getResidueNumber().getInsCode();
        return group.getResidueNumber().getSeqNum() + (code == null || code == ' ' ? "" : Character.isDigit(code) ? "'" + code
            : code.toString());
    }

    private static Residue residue(Group group) {
        Character letter = LETTERS.get(name(group));
        if (letter == null) {
            throw unknown(group);
        }
        for (String wanted : List.of("N", "CA", "C")) {
            if (group.getAtom(wanted) == null) {
                throw new InputException("residue " + number(group) + " has no " + wanted);
            }
        }
        List<HeavyAtom> atoms = new ArrayList<>();
        for (Atom atom : group.getAtoms()) {
            if (!(Math.max(Math.abs(atom.getX()), Math.max(Math.abs(atom.getY()), Math.abs(atom.getZ()))) < FARTHEST)) {
                throw new InputException("residue " + number(group) + " has an atom farther than 100,000 Å from the origin");
            }
            if (atom.getElement() != Element.H && atom.getElement() != Element.D && atom.getElement() != Element.T) {
                atoms.add(new HeavyAtom(floats(atom), AccessibleArea.radius(atom.getElement().name())));
            }
        }
        Atom ca = group.getAtom("CA");
        if (!Float.isFinite(ca.getTempFactor())) {
            throw new InputException("residue " + number(group) + " has no finite B-factor");
        }
        Atom o = group.getAtom("O");
        return new Residue(number(group), (byte) ProteinGraph.LETTERS.indexOf(letter),
            floats(group.getAtom("N")), floats(ca), floats(group.getAtom("C")), o == null ? null : floats(o),
            ca.getTempFactor(), List.copyOf(atoms));
    }

    private static float[] floats(Atom atom) {
        return new float[] {(float) atom.getX(), (float) atom.getY(), (float) atom.getZ()};
    }
}
