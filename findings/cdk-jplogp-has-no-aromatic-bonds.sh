#!/usr/bin/env bash
# CDK 2.12: JPlogPDescriptor, which takes its atom types from bond orders alone, gives the two Kekulé forms of a ring with a
# heteroatom different values, 0.881 and 0.826 for 2-hydroxypyridine, and aromatic flags change nothing of it; so what heals
# XLogPDescriptor (perceive aromaticity first) does not heal this one, and the value of an aromatic SMILES is that of whichever
# form the parser's kekulisation chose. Rings of carbon alone, beside it, have one value. A sample and a reference set that were
# kekulised by different programs differ in mean logP for that alone. Needs a JDK 17 or newer; passes while that is so.
set -euo pipefail
maven=$(cd "$(dirname "$0")/.." && pwd)/mvnw
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > pom.xml << 'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>jplogp</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.openscience.cdk</groupId><artifactId>cdk-qsarmolecular</artifactId><version>2.12</version></dependency>
    <dependency><groupId>org.openscience.cdk</groupId><artifactId>cdk-smiles</artifactId><version>2.12</version></dependency>
    <dependency><groupId>org.openscience.cdk</groupId><artifactId>cdk-silent</artifactId><version>2.12</version></dependency>
  </dependencies>
</project>
POM
"$maven" -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=jars >&2
cat > JPlogP.java << 'JAVA'
import java.util.Locale;
import org.openscience.cdk.aromaticity.Aromaticity;
import org.openscience.cdk.graph.Cycles;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.qsar.descriptors.molecular.JPlogPDescriptor;
import org.openscience.cdk.qsar.result.DoubleResult;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.smiles.SmilesParser;
import org.openscience.cdk.tools.manipulator.AtomContainerManipulator;

public class JPlogP {
    public static void main(String[] args) throws Exception {
        SmilesParser parser = new SmilesParser(SilentChemObjectBuilder.getInstance());
        for (String smiles : new String[] {"OC1=CC=CC=N1", "OC1=NC=CC=C1", "CC1=C(C)C=CC=C1", "CC1=CC=CC=C1C"}) {
            IAtomContainer molecule = parser.parseSmiles(smiles);
            AtomContainerManipulator.convertImplicitToExplicitHydrogens(molecule);
            double parsed = value(molecule);
            Cycles.markRingAtomsAndBonds(molecule);
            if (!Aromaticity.apply(Aromaticity.Model.Daylight, molecule)) {
                throw new IllegalStateException(smiles + " is not aromatic");
            }
            System.out.printf(Locale.ROOT, "%s %.3f %.3f%n", smiles, parsed, value(molecule));
        }
    }

    private static double value(IAtomContainer molecule) {
        JPlogPDescriptor descriptor = new JPlogPDescriptor();
        descriptor.initialise(SilentChemObjectBuilder.getInstance());
        return ((DoubleResult) descriptor.calculate(molecule).getValue()).doubleValue();
    }
}
JAVA
java -cp "jars/*" JPlogP.java 2> errors > seen || { cat errors >&2; exit 1; }
echo "CDK 2.12, JPlogPDescriptor: SMILES, as parsed, with aromaticity perceived"
cat seen
diff seen - << 'SEEN'
OC1=CC=CC=N1 0.881 0.881
OC1=NC=CC=C1 0.826 0.826
CC1=C(C)C=CC=C1 2.813 2.813
CC1=CC=CC=C1C 2.813 2.813
SEEN
echo 'as found: CDK 2.12 gives two Kekulé forms of 2-hydroxypyridine different JPlogP, whatever the aromatic flags'
