package org.bitdgdm.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.bitdgdm.molecule.Canonicaliser;
import org.junit.jupiter.api.Test;

/** What is computed of a molecule here and by RDKit 2022.09.3, which MOSES and GuacaMol call. */
class MoleculeDescriptorsTest {
    private static final double DIGITS = 1e-6;

    private final MoleculeDescriptors.Calculator calculator = new MoleculeDescriptors.Calculator();

    @Test
    void everyDescriptorIsThatOfRdkit() throws Exception {
        for (String line : fixture("descriptors.tsv")) {
            String[] fields = line.split("\t");
            MoleculeDescriptors found = calculator.of(fields[0]);
            double[] numbers = {found.weight(), found.logP(), found.qed(), found.sa(), found.bertz(), found.polarSurface(),
                found.acceptors(), found.donors(), found.rotatable(), found.aliphaticRings(), found.aromaticRings()};
            for (int k = 0; k < numbers.length; k++) {
                assertThat(numbers[k]).as("%s, column %d", fields[0], k + 1)
                    .isCloseTo(Double.parseDouble(fields[k + 1]), within(DIGITS));
            }
            assertThat(found.passesFilters()).as(fields[0]).isEqualTo(Boolean.parseBoolean(fields[12]));
            assertThat(found.scaffold()).as(fields[0]).isEqualTo(fields[13].equals("-") ? null : ours(fields[13]));
            assertThat(found.fragments()).as(fields[0]).hasSameSizeAs(fields[14].split("\\."));
            assertThat(Arrays.stream(found.morgan()).mapToObj(Integer::toUnsignedString)).as(fields[0])
                .containsExactlyInAnyOrder(fields[15].split(" "));
        }
    }

    @Test
    void brokenBondsAreLabelledAsInRdkit() throws Exception {
        assertThat(calculator.of("COc1ccc(C(=O)NC2(C)CCCC2)cc1").fragments())
            .containsExactlyInAnyOrder("[3*]OC", "[16*]c1ccc([16*])cc1", "O=C([1*])[6*]", "[5*]N[5*]", "[15*]C1(C)CCCC1");
    }

    @Test
    void fingerprintsHaveTheBitsOfRemainders() throws Exception {
        MoleculeDescriptors found = calculator.of("CC(=O)Oc1ccccc1C(=O)O");
        Set<Integer> expected = new HashSet<>();
        for (int id : found.morgan()) {
            expected.add((int) (Integer.toUnsignedLong(id) % 1024));
        }
        long[] packed = found.fingerprint(1024);
        Set<Integer> bits = new HashSet<>();
        for (int bit = 0; bit < 1024; bit++) {
            if ((packed[bit / 64] >>> bit % 64 & 1) == 1) {
                bits.add(bit);
            }
        }
        assertThat(bits).isEqualTo(expected);
    }

    @Test
    void publishedValuesOfMosesAreReproduced() throws Exception {
        JsonNode file = published("moses");
        assumeTrue(file != null, "the shared folder with published verdicts on molecules is not on this machine");
        for (JsonNode one : file.path("molecules")) {
            if (!one.path("valid").asBoolean()) {
                continue;
            }
            String smiles = one.path("smiles").asText();
            MoleculeDescriptors found = calculator.of(smiles);
            assertThat(found.logP()).as(smiles).isCloseTo(one.path("logP").asDouble(), within(DIGITS));
            assertThat(found.sa()).as(smiles).isCloseTo(one.path("SA").asDouble(), within(DIGITS));
            assertThat(found.qed()).as(smiles).isCloseTo(one.path("QED").asDouble(), within(DIGITS));
            assertThat(found.weight()).as(smiles).isCloseTo(one.path("weight").asDouble(), within(DIGITS));
            assertThat(found.passesFilters()).as(smiles).isEqualTo(one.path("passes_filters").asBoolean());
            assertThat(found.scaffold()).as(smiles)
                .isEqualTo(one.path("scaffold").isNull() ? null : ours(one.path("scaffold").asText()));
        }
    }

    /** Two of the macrocycles among them are aromatic to RDKit and not to the CDK, or the other way round. */
    @Test
    void publishedValuesOfGuacamolAreReproduced() throws Exception {
        JsonNode file = published("guacamol");
        assumeTrue(file != null, "the shared folder with published verdicts on molecules is not on this machine");
        Set<String> different = new HashSet<>();
        for (JsonNode one : file.path("molecules")) {
            String smiles = one.path("smiles").asText(null);
            if (smiles == null) {
                continue;
            }
            MoleculeDescriptors found = calculator.of(smiles);
            Map<String, Double> numbers = new LinkedHashMap<>();
            numbers.put("BertzCT", found.bertz());
            numbers.put("MolLogP", found.logP());
            numbers.put("MolWt", found.weight());
            numbers.put("TPSA", found.polarSurface());
            numbers.put("NumHAcceptors", (double) found.acceptors());
            numbers.put("NumHDonors", (double) found.donors());
            numbers.put("NumRotatableBonds", (double) found.rotatable());
            numbers.put("NumAliphaticRings", (double) found.aliphaticRings());
            numbers.put("NumAromaticRings", (double) found.aromaticRings());
            numbers.forEach((name, value) -> {
                if (Math.abs(value - one.path(name).asDouble()) > DIGITS) {
                    different.add(smiles);
                }
            });
        }
        assertThat(different).as("molecules with a descriptor of another value").hasSizeLessThanOrEqualTo(8);
    }

    /** RDKit's SMILES as ours. */
    private static String ours(String smiles) throws Exception {
        return Canonicaliser.written(Canonicaliser.read(smiles));
    }

    private static List<String> fixture(String name) throws IOException {
        try (InputStream in = MoleculeDescriptorsTest.class.getResourceAsStream(name)) {
            List<String> lines = new ArrayList<>(
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).lines().toList());
            lines.removeIf(line -> line.startsWith("#"));
            return lines;
        }
    }

    static JsonNode published(String name) throws IOException {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            Path file = at.resolve("shared/data/metrics/" + name + ".json.gz");
            if (Files.isRegularFile(file)) {
                try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
                    return new ObjectMapper().readTree(in);
                }
            }
        }
        return null;
    }
}
