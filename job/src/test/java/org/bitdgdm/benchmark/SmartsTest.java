package org.bitdgdm.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.molecule.Canonicaliser;
import org.junit.jupiter.api.Test;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.isomorphism.DfPattern;
import org.openscience.cdk.isomorphism.matchers.QueryAtomContainer;
import org.openscience.cdk.silent.SilentChemObjectBuilder;

/** Patterns beside the CDK's own search for them, which looks at one after another and at every atom. */
class SmartsTest {
    private static final List<String> MOLECULES = List.of("C", "CCO", "c1ccccc1", "CC(=O)Oc1ccccc1C(=O)O", "FC(F)(F)C(F)(F)C(F)(F)F",
        "BrC(Br)Br", "ClC(Cl)(Cl)C(Cl)Cl", "[O-][N+](=O)c1ccc(N=Nc2ccccc2)cc1", "O=C1C=CC(=O)C=C1", "C1CC2CCC1CC2",
        "N#CC=C(C#N)c1ccccc1", "CS(=O)(=O)Nc1ccc2[nH]ccc2c1", "O=C1NC(=O)c2ccccc21", "CC(C)(C)c1cc(O)c(C(C)(C)C)cc1S",
        "c1ccc2c(c1)ccc1ccccc12", "O=C(OC)C=CC(=O)OCC(=O)OC", "CN1CCC23C4C1CC5=C2C(=C(C=C5)O)OC3C(C=C4)O", "NN=C1SC(=S)NC1=O",
        "C[Si](C)(C)OP(=O)(O)OC", "OB(O)c1ccc(I)cc1", "C1=CC=CC=CC=C1", "C1CC12CC2", "CC1(C)OC(=O)C(=Cc2ccco2)C(=O)O1",
        "S=C=Nc1ccccc1", "CCN(CC)CCOC(=O)C(c1ccccc1)C1CCCCC1", "O=c1[nH]cnc2[nH]cnc12", "[NH3+]CC([O-])=O", "C#CCOC1CO1",
        "O=S(=O)(F)c1ccc(CCl)cc1", "N1C=CN=C1C=O");

    private static List<String> patterns() {
        List<String> patterns = new ArrayList<>();
        for (String table : List.of("moses-filters.tsv", "crippen.tsv")) {
            Smarts.lines(table).forEach(line -> patterns.add(line.split("\t")[1]));
        }
        Smarts.lines("brics.tsv").stream().map(line -> line.split("\t")).filter(fields -> fields[0].equals("environment"))
            .forEach(fields -> patterns.add(fields[2]));
        patterns.addAll(Smarts.lines("qed-acceptors.smarts"));
        patterns.addAll(Smarts.lines("qed-alerts.smarts"));
        patterns.addAll(List.of("C1CC1", "*~*~*~*", "[!$(CC)]", "[$([#6]=O),$([#7][#6])]", "[R2]", "[D3;!H0]", "F.F.F", "C.O", "[#6]~1~[#6]~[#6]1",
            "[$([$(CO)]C)]", "[!$([!#6])]O"));
        return patterns.stream().distinct().toList();
    }

    private static DfPattern byCdk(String smarts) {
        QueryAtomContainer query = new QueryAtomContainer(SilentChemObjectBuilder.getInstance());
        assertThat(org.openscience.cdk.smarts.Smarts.parse(query, smarts)).as(smarts).isTrue();
        return DfPattern.findSubstructure(query);
    }

    @Test
    void everyPatternOfTheTablesIsFoundWhereTheCdkFindsIt() {
        SmartsTerms terms = new SmartsTerms();
        Map<String, Smarts> ours = new LinkedHashMap<>();
        patterns().forEach(smarts -> ours.put(smarts, new Smarts(smarts, terms)));
        List<IAtomContainer> molecules = new ArrayList<>();
        for (String smiles : MOLECULES) {
            BenchmarkMolecule molecule = new BenchmarkMolecule(Canonicaliser.read(smiles));
            molecules.add(molecule.molecule());
            molecules.add(molecule.withHydrogens());
        }
        List<SmartsTarget> looked = molecules.stream().map(molecule -> new SmartsTarget(molecule, terms)).toList();
        int found = 0;
        for (Map.Entry<String, Smarts> one : ours.entrySet()) {
            DfPattern byCdk = byCdk(one.getKey());
            for (int k = 0; k < molecules.size(); k++) {
                String said = one.getKey() + " in " + MOLECULES.get(k / 2) + (k % 2 == 0 ? "" : " with hydrogens");
                boolean matches = byCdk.matches(molecules.get(k));
                found += matches ? 1 : 0;
                assertThat(one.getValue().matches(looked.get(k))).as(said).isEqualTo(matches);
                for (IAtom atom : molecules.get(k).atoms()) {
                    boolean begins = byCdk.matchesRoot(atom);
                    if (one.getValue().matchesAt(looked.get(k), atom.getIndex()) != begins) {
                        assertThat(!begins).as("%s at atom %d", said, atom.getIndex()).isEqualTo(begins);
                    }
                    assertThat(begins && !one.getValue().beginsWith(atom.getAtomicNumber())).as(said).isFalse();
                }
            }
        }
        assertThat(found).as("not nothing").isGreaterThan(1000);
    }

    @Test
    void whatKindsOfAtomsAndBondsDoNotTellApartIsRefused() {
        assertThatThrownBy(() -> new Smarts("[C;r5]", new SmartsTerms())).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("kinds of atoms");
        assertThatThrownBy(() -> new Smarts("F/C=C/F", new SmartsTerms())).isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("kinds of bonds");
        SmartsTerms terms = new SmartsTerms();
        new Smarts("C", terms);
        SmartsTarget methane = new SmartsTarget(Canonicaliser.read("C"), terms);
        assertThatThrownBy(() -> new Smarts("N", terms)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> new Smarts("N", new SmartsTerms()).matches(methane))
            .isInstanceOf(IllegalArgumentException.class);
    }
}
