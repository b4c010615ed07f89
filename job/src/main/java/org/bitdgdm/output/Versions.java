package org.bitdgdm.output;

import java.util.LinkedHashMap;
import java.util.Map;

import org.apache.spark.SparkContext;
import org.openscience.cdk.CDK;

/** Versions of what took part in a run. */
public final class Versions {
    /** Said where the classes do not come from a packaged jar. */
    private static final String UNPACKAGED = "unpackaged";

    private Versions() {
    }

    /** This job's own version, from the manifest of its jar. */
    public static String own() {
        String version = Versions.class.getPackage().getImplementationVersion();
        return version == null ? UNPACKAGED : version;
    }

    /** Versions that decide rows: they are part of the fingerprint. */
    public static Map<String, String> ofRows(SparkContext spark) {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("bitdgdm", own());
        versions.put("code", CodeHash.value());
        versions.put("spark", spark.version());
        versions.put("cdk", CDK.getVersion());
        return versions;
    }

    /** All versions, for {@code run.json}. */
    public static Map<String, String> all(SparkContext spark) {
        Map<String, String> versions = ofRows(spark);
        versions.put("scala", scala.util.Properties.versionNumberString());
        versions.put("java", Runtime.version().toString());
        versions.put("java_vm", System.getProperty("java.vm.name"));
        versions.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
            + System.getProperty("os.arch"));
        return versions;
    }
}
