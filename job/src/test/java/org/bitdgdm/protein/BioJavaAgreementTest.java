package org.bitdgdm.protein;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.biojava.nbio.structure.Group;
import org.biojava.nbio.structure.Structure;
import org.biojava.nbio.structure.asa.AsaCalculator;
import org.biojava.nbio.structure.asa.GroupAsa;
import org.biojava.nbio.structure.io.FileParsingParameters;
import org.biojava.nbio.structure.io.PDBFileParser;
import org.biojava.nbio.structure.secstruc.SecStrucCalc;
import org.biojava.nbio.structure.secstruc.SecStrucState;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.model.GoldenTensors;
import org.junit.jupiter.api.Test;

/**
 * Why secondary structure and area are not BioJava's: how it differs from the published features on the same files, as
 * {@code docs/proteins.md} tables it. That ours do not differ is held by {@link PublishedFeaturesTest}.
 */
class BioJavaAgreementTest {
    private static final Path PAGE = Path.of("../docs/proteins.md");

    /** Of one chain. */
    private record Agreement(int residues, int listed, Map<String, Integer> states, double ownArea, double itsArea,
                             double largest) {
        int differing() {
            return states.values().stream().mapToInt(Integer::intValue).sum();
        }
    }

    private static Agreement agreement(Path file) throws Exception {
        byte[] bytes = Files.readAllBytes(file);
        ProteinChain chain = StructureFile.read(bytes).chains().get(0).chain();
        FileParsingParameters parameters = new FileParsingParameters();
        parameters.setAlignSeqRes(false);
        PDBFileParser parser = new PDBFileParser();
        parser.setFileParsingParameters(parameters);
        Structure structure = parser.parsePDBFile(new ByteArrayInputStream(bytes));
        Map<String, SecStrucState> its = new LinkedHashMap<>();
        for (SecStrucState state : new SecStrucCalc().calculate(structure, true)) {
            Group group = state.getGroup();
            its.put(group.getResidueNumber().toString(), state);
        }
        byte[] states = SecondaryStructure.of(chain);
        Map<String, Integer> differences = new TreeMap<>();
        int listed = 0;
        for (int i = 0; i < states.length; i++) {
            SecStrucState state = its.get(chain.residues().get(i).number());
            listed += state == null ? 0 : 1;
            char wanted = ProteinGraph.STATES.charAt(states[i]);
            char found = state == null ? '?' : state.getType().type == ' ' ? 'L' : state.getType().type;
            if (found != wanted) {
                differences.merge(wanted + "→" + found, 1, Integer::sum);
            }
        }
        double[] areas = AccessibleArea.of(chain);
        Map<String, Double> asas = new LinkedHashMap<>();
        for (GroupAsa asa : new AsaCalculator(structure, 1.4, 100, 1, false).getGroupAsas()) {
            asas.put(asa.getGroup().getResidueNumber().toString(), asa.getAsaU());
        }
        double own = 0;
        double sum = 0;
        double largest = 0;
        for (int i = 0; i < areas.length; i++) {
            double asa = asas.getOrDefault(chain.residues().get(i).number(), 0.0);
            own += areas[i];
            sum += asa;
            largest = Math.max(largest, Math.abs(asa - areas[i]));
        }
        return new Agreement(areas.length, listed, differences, own, sum, largest);
    }

    @Test
    void itsAreasAndStatesAreOthers() throws Exception {
        Agreement found = agreement(Path.of("../conf/structures/3d5s.C.pdb"));
        assertThat(found.largest).isGreaterThan(10);
        assertThat(found.listed).isEqualTo(found.residues);
    }

    @Test
    void thePageHasTheTable() throws Exception {
        Path one = GoldenTensors.shared("models/gradeif/3fkf.A.pdb");
        assumeTrue(one != null, "the folder with published features is not on this machine");
        List<Path> files = new ArrayList<>(List.of(one));
        try (Stream<Path> folder = Files.list(GoldenTensors.shared("data/proteins/proteins.safetensors").getParent())) {
            folder.filter(file -> file.toString().endsWith(".pdb")).sorted().forEach(files::add);
        }
        StringBuilder table = new StringBuilder("| chain | residues | states that differ | which | area, Å² | BioJava's, Å² |"
            + " largest difference of a residue, Å² |\n|---|---|---|---|---|---|---|\n");
        Map<String, Integer> states = new TreeMap<>();
        int residues = 0;
        double own = 0;
        double its = 0;
        double largest = 0;
        for (Path file : files) {
            Agreement found = agreement(file);
            table.append(row(StructureFile.id(file.getFileName().toString()), found));
            found.states.forEach((kind, count) -> states.merge(kind, count, Integer::sum));
            residues += found.residues;
            own += found.ownArea;
            its += found.itsArea;
            largest = Math.max(largest, found.largest);
        }
        table.append(row("all", new Agreement(residues, residues, states, own, its, largest)));
        System.out.println(table);
        assertThat(Files.exists(PAGE) ? Files.readString(PAGE) : "").as("table of " + PAGE).contains(table);
    }

    private static String row(String name, Agreement found) {
        String which = found.states.entrySet().stream().map(one -> one.getValue() + " " + one.getKey())
            .reduce((one, next) -> one + ", " + next).orElse("");
        return String.format(Locale.ROOT, "| %s | %,d | %d | %s | %,.0f | %,.0f | %.1f |%n", name, found.residues,
            found.differing(), which, found.ownArea, found.itsArea, found.largest);
    }
}
