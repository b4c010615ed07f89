#!/usr/bin/env bash
# CDK 2.12: XLogPDescriptor gives the Kekulé forms of one molecule different values. It reads aromatic flags and never sets them,
# and a SMILES with Kekulé bonds is parsed without flags: 2-hydroxypyridine has 1.092, 0.036 or -0.122, benzene 2.022 or 2.082.
# With aromaticity perceived before, all forms agree. Its Javadoc names no such need.
# Prints SMILES, value as parsed, value after Aromaticity.apply; fails where these are others than written here.
set -euo pipefail
maven=$(cd "$(dirname "$0")/.." && pwd)/mvnw
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > pom.xml << 'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId><artifactId>xlogp</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.openscience.cdk</groupId><artifactId>cdk-qsarmolecular</artifactId><version>2.12</version></dependency>
    <dependency><groupId>org.openscience.cdk</groupId><artifactId>cdk-smiles</artifactId><version>2.12</version></dependency>
    <dependency><groupId>org.openscience.cdk</groupId><artifactId>cdk-silent</artifactId><version>2.12</version></dependency>
  </dependencies>
</project>
POM
"$maven" -q -B -ntp org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies -DoutputDirectory=jars >&2
cat > XLogP.java <<'JAVA'
import org.openscience.cdk.aromaticity.Aromaticity;
import org.openscience.cdk.graph.Cycles;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.qsar.descriptors.molecular.XLogPDescriptor;
import org.openscience.cdk.qsar.result.DoubleResult;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.smiles.SmilesParser;

public class XLogP {
    public static void main(String[] args) throws Exception {
        SmilesParser parser = new SmilesParser(SilentChemObjectBuilder.getInstance());
        for (String smiles : new String[] {"c1ccccc1", "C1=CC=CC=C1", "Oc1ccccn1", "OC1=CC=CC=N1", "OC1=NC=CC=C1"}) {
            IAtomContainer molecule = parser.parseSmiles(smiles);
            double parsed = value(molecule);
            Cycles.markRingAtomsAndBonds(molecule);
            Aromaticity.apply(Aromaticity.Model.Daylight, molecule);
            System.out.printf(java.util.Locale.ROOT, "%s %.3f %.3f%n", smiles, parsed, value(molecule));
        }
    }

    private static double value(IAtomContainer molecule) throws Exception {
        XLogPDescriptor descriptor = new XLogPDescriptor();
        descriptor.initialise(SilentChemObjectBuilder.getInstance());
        return ((DoubleResult) descriptor.calculate(molecule).getValue()).doubleValue();
    }
}
JAVA
java -cp "jars/*" XLogP.java 2> errors > seen || { cat errors >&2; exit 1; }
echo "CDK 2.12, XLogPDescriptor"
cat seen
diff seen - << 'SEEN'
c1ccccc1 2.022 2.022
C1=CC=CC=C1 2.082 2.022
Oc1ccccn1 1.092 1.092
OC1=CC=CC=N1 0.036 1.092
OC1=NC=CC=C1 -0.122 1.092
SEEN
echo 'as found: CDK 2.12 gives Kekulé forms of one molecule different logP until aromaticity is perceived'
