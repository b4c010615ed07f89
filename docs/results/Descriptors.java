import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.bitdgdm.benchmark.MoleculeDescriptors;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.MoleculeScorer;
import org.bitdgdm.molecule.ScoredMolecule;

/** What is computed here of each SMILES of a file, a line each: for rdkit-agreement.sh, which runs it as a source file. */
final class Descriptors {
    private Descriptors() {
    }

    public static void main(String[] args) throws Exception {
        MoleculeScorer scorer = new MoleculeScorer(new Vocabulary(Family.MOLECULES, List.of("C", "N", "O", "F"),
            Vocabulary.MOLECULE_BONDS, false, false));
        MoleculeDescriptors.Calculator calculator = new MoleculeDescriptors.Calculator();
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            ScoredMolecule scored = scorer.score(line).molecule();
            if (!scored.valid()) {
                System.out.println(line + "\t" + scored.reason());
                continue;
            }
            try {
                MoleculeDescriptors found = calculator.of(scored.smiles());
                System.out.println(String.join("\t", line, "", scored.smiles(), text(found.weight()), text(found.logP()),
                    text(found.qed()), text(found.sa()), text(found.bertz()), text(found.polarSurface()),
                    text(found.acceptors()), text(found.donors()), text(found.rotatable()), text(found.aliphaticRings()),
                    text(found.aromaticRings()), found.passesFilters() ? "1" : "0", String.valueOf(found.scaffold()),
                    String.join(".", found.fragments()), Arrays.stream(found.morgan()).mapToObj(Integer::toUnsignedString)
                        .collect(Collectors.joining(" "))));
            } catch (RuntimeException e) {
                System.out.println(line + "\tno descriptors: " + String.valueOf(e).lines().findFirst().orElse(""));
            }
        }
    }

    private static String text(double value) {
        return Double.toString(value);
    }
}
