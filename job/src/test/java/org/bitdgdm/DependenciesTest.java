package org.bitdgdm;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * {@code docs/dependencies.md} is what the build takes: made here from Maven's tree of dependencies, from the files of its
 * repository and from the reasons below. A library without a reason, or a page that says something else, fails the build.
 */
class DependenciesTest {
    private static final Path PAGE = Path.of("../docs/dependencies.md");
    private static final Path TREE = Path.of("target/dependencies.txt");
    private static final String OWN = "org.bitdgdm";
    /** Why each library is there that a pom.xml of ours names; those that they bring say for which one. */
    private static final Map<String, String> REASONS = Map.ofEntries(
        entry("info.picocli:picocli", "command line and its help"),
        entry("com.typesafe:config", "HOCON files: options, sweeps, recipes, rates"),
        entry("org.jgrapht:jgrapht-core", "plain graphs: planarity and layouts"),
        entry("org.openscience.cdk:cdk-silent", "molecules without change events"),
        entry("org.openscience.cdk:cdk-smiles", "SMILES, read and written"),
        entry("org.openscience.cdk:cdk-qsarmolecular", "logP"),
        entry("org.openscience.cdk:cdk-depict", "structure formulas of the report"),
        entry("org.biojava:biojava-structure", "structures of proteins: PDB and mmCIF, alternative locations"),
        entry("org.biojava:biojava-core", "for biojava-structure"),
        entry("org.biojava:biojava-alignment", "for biojava-structure"),
        entry("org.rcsb:ciftools-java", "mmCIF, for biojava-structure"),
        entry("com.microsoft.onnxruntime:onnxruntime", "networks of --chemnet"),
        entry("com.samskivert:jmustache", "HTML pages, escaped"),
        entry("org.jfree:jfreechart", "charts of the pages"),
        entry("org.apache.xmlgraphics:batik-svggen", "the SVG that charts are drawn into"),
        entry("org.jcuda:jcuda", "the CUDA driver's interface"),
        entry("org.jcuda:jcuda-natives", "its library for Linux"),
        entry("com.fasterxml.jackson.core:jackson-databind", "JSON; Spark brings it at run time"),
        entry("org.junit.jupiter:junit-jupiter", "tests"),
        entry("org.junit.platform:junit-platform-launcher", "tests on a machine without Maven"),
        entry("org.assertj:assertj-core", "assertions"),
        entry("org.apache.hadoop:hadoop-client-minicluster", "HDFS and YARN"),
        entry("org.bouncycastle:bcprov-jdk18on", "for hadoop-client-minicluster"),
        entry("org.bouncycastle:bcpkix-jdk18on", "for hadoop-client-minicluster"),
        entry("org.bouncycastle:bcutil-jdk18on", "for hadoop-client-minicluster"),
        entry("org.apache.spark:spark-yarn_2.13", "Spark's side of YARN"),
        entry("org.apache.spark:spark-kubernetes_2.13", "Spark's side of Kubernetes"),
        entry("io.fabric8:kubernetes-server-mock", "a server of Kubernetes that runs no pod"),
        entry("org.gaul:s3proxy", "an S3 server"),
        entry("org.apache.hadoop:hadoop-aws", "s3a, as its users add it to Spark"),
        entry("software.amazon.awssdk:s3-transfer-manager", "for hadoop-aws"),
        entry("software.amazon.awssdk:sts", "for hadoop-aws"));
    private static final List<Map.Entry<Pattern, String>> LICENCES = List.of(
        entry(Pattern.compile("(?i).*apache.*2.*"), "Apache-2.0"),
        entry(Pattern.compile("(?i).*(lesser|lgpl).*"), "LGPL-2.1-or-later"),
        entry(Pattern.compile("(?i).*(mit( license)?|mit license.*)"), "MIT"),
        entry(Pattern.compile("(?i).*eclipse.*2.*"), "EPL-2.0"),
        entry(Pattern.compile("(?i).*gpl.*2.*classpath.*"), "GPL-2.0 with Classpath exception"),
        entry(Pattern.compile("(?i).*(bsd.*2|2.*bsd|simplified bsd).*"), "BSD-2-Clause"),
        entry(Pattern.compile("(?i).*bsd.*"), "BSD-3-Clause"));

    /** One jar. */
    private record Library(String group, String artifact, String classifier, String version, String scope, String above) {
        String id() {
            return group + ":" + artifact;
        }

        Path file(String extension) {
            return Path.of(System.getProperty("localRepository", System.getProperty("user.home") + "/.m2/repository"))
                .resolve(group.replace('.', '/')).resolve(artifact).resolve(version)
                .resolve(artifact + "-" + version + (classifier.isEmpty() || extension.equals("pom") ? "" : "-" + classifier)
                    + "." + extension);
        }
    }

    @Test
    void thePageIsWhatTheBuildTakes() throws Exception {
        List<Library> all = libraries(Files.readAllLines(TREE));
        assertThat(all).as("libraries of " + TREE).extracting(Library::artifact).contains("cdk-smiles", "assertj-core");
        String page = page(all);
        if (!Files.exists(PAGE) || !Files.readString(PAGE).equals(page)) {
            Path made = Files.writeString(Path.of("target/dependencies.md"), page).toAbsolutePath().normalize();
            fail("docs/dependencies.md must say what the build takes: look at what has changed, then copy " + made
                + " over it");
        }
    }

    @Test
    void versionsAreNumbers() throws Exception {
        assertThat(libraries(Files.readAllLines(TREE))).extracting(Library::version)
            .allMatch(version -> version.matches("[0-9][A-Za-z0-9.-]*") && !version.endsWith("-SNAPSHOT"));
    }

    private static List<Library> libraries(List<String> tree) {
        Map<Integer, String> above = new TreeMap<>();
        List<Library> libraries = new ArrayList<>();
        for (String line : tree) {
            int start = 0;
            while (" |+\\-".indexOf(line.charAt(start)) >= 0) {
                start++;
            }
            // group:artifact:type, a classifier where there is one, version and, but for the root, scope.
            String[] parts = line.substring(start).split(" ")[0].split(":");
            int depth = start / 3;
            above.put(depth, parts[1]);
            if (depth > 0 && !parts[0].equals(OWN) && parts[2].equals("jar")) {
                String parent = depth == 1 || above.get(depth - 1).startsWith("bitdgdm-") ? "" : above.get(depth - 1);
                libraries.add(new Library(parts[0], parts[1], parts.length > 5 ? parts[3] : "", parts[parts.length - 2],
                    parts[parts.length - 1], parent));
            }
        }
        return libraries;
    }

    private String page(List<Library> all) throws Exception {
        StringBuilder page = new StringBuilder("""
            # Libraries

            What the build takes beside the JDK, made by `DependenciesTest` from Maven's own tree: the build fails where this
            page says something else. Spark and all that Spark brings (Hadoop, Scala, Jackson, Parquet) are the user's own
            installation or, where there is none, the folder that the build makes of Spark's published jars; they are in
            neither table.

            ## In bitdgdm.jar

            """);
        table(page, all.stream().filter(library -> library.scope().matches("compile|runtime")).toList());
        page.append("\n## Beside Spark, for who wants it\n\nIn the folder that the build makes of Spark's jars; to another "
            + "Spark, `--packages` adds it.\n\n");
        table(page, all.stream().filter(library -> library.scope().equals("provided")
            && library.id().equals("com.microsoft.onnxruntime:onnxruntime")).toList());
        page.append("\n## For tests only\n\n");
        table(page, all.stream().filter(library -> library.scope().equals("test")).toList());
        page.append("\n## Clusters of integration tests\n\nServers and what speaks to them, downloaded by `verify` only, with what "
            + "they bring, and run in processes of\ntheir own.\n\n").append("| library | version | what for |\n|---|---|---|\n");
        servers().forEach((id, version) ->
            page.append(String.format(Locale.ROOT, "| %s | %s | %s |%n", id, version, reason(id))));
        return page.toString();
    }

    private static void table(StringBuilder page, List<Library> libraries) throws Exception {
        page.append("| library | version | licence | kB | what for |\n|---|---|---|---|---|\n");
        TreeSet<String> rows = new TreeSet<>();
        long bytes = 0;
        for (Library library : libraries) {
            long size = Files.size(library.file("jar"));
            if (rows.add(String.format(Locale.ROOT, "| %s%s | %s | %s | %,d | %s |%n", library.id(),
                library.classifier().isEmpty() ? "" : " (" + library.classifier() + ")", library.version(), licence(library),
                (size + 999) / 1000, library.above().isEmpty() ? reason(library.id()) : "for " + library.above()))) {
                bytes += size;
            }
        }
        rows.forEach(page::append);
        page.append(String.format(Locale.ROOT, "%n%d libraries, %.1f MB.%n", rows.size(), bytes / 1e6));
    }

    private static String reason(String id) {
        assertThat(REASONS).as("why the build takes " + id + ": say it in DependenciesTest").containsKey(id);
        return REASONS.get(id);
    }

    /** The licences that a library's own pom.xml, or the nearest one above it, names. */
    private static String licence(Library library) throws Exception {
        Element project = xml(library.file("pom"));
        List<String> names = new ArrayList<>();
        for (Element licence : children(child(project, "licenses"), "license")) {
            String name = text(licence, "name");
            names.add(LICENCES.stream().filter(known -> known.getKey().matcher(name).matches()).map(Map.Entry::getValue)
                .findFirst().orElse(name));
        }
        Element parent = child(project, "parent");
        if (names.isEmpty() && parent != null) {
            return licence(
                new Library(text(parent, "groupId"), text(parent, "artifactId"), "", text(parent, "version"), "", ""));
        }
        assertThat(names).as("licences of " + library).isNotEmpty();
        return String.join(" or ", new TreeSet<>(names));
    }

    /** Name and version of what the modules of {@code clusters/} depend on or copy. */
    private static Map<String, String> servers() throws Exception {
        Map<String, String> servers = new TreeMap<>();
        for (String module : List.of("clusters", "clusters/kubernetes")) {
            Element clusters = xml(Path.of("..", module, "pom.xml"));
            List<Element> items = new ArrayList<>(children(child(clusters, "dependencies"), "dependency"));
            NodeList copied = clusters.getElementsByTagName("artifactItem");
            for (int i = 0; i < copied.getLength(); i++) {
                items.add((Element) copied.item(i));
            }
            List<Element> properties = new ArrayList<>(children(xml(Path.of("../pom.xml")), "properties"));
            properties.addAll(children(clusters, "properties"));
            for (Element item : items) {
                servers.put(text(item, "groupId") + ":" + resolved(text(item, "artifactId"), properties),
                    resolved(text(item, "version"), properties));
            }
        }
        return servers;
    }

    private static String resolved(String text, List<Element> properties) {
        return Pattern.compile("\\$\\{(.+?)}").matcher(text).replaceAll(name -> properties.stream()
            .map(all -> text(all, name.group(1))).filter(found -> !found.isEmpty()).findFirst().orElseThrow());
    }

    private static Element xml(Path file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
        factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
        factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        factory.setAttribute(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
        DocumentBuilder builder = factory.newDocumentBuilder();
        try {
            return builder.parse(file.toFile()).getDocumentElement();
        } catch (IOException e) {
            throw new IOException(file + " of Maven's repository cannot be read", e);
        }
    }

    private static List<Element> children(Element parent, String name) {
        List<Element> children = new ArrayList<>();
        for (Node node = parent == null ? null : parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getNodeName().equals(name)) {
                children.add(element);
            }
        }
        return children;
    }

    private static Element child(Element parent, String name) {
        List<Element> children = children(parent, name);
        return children.isEmpty() ? null : children.get(0);
    }

    private static String text(Element parent, String name) {
        Element child = child(parent, name);
        return child == null ? "" : child.getTextContent().strip();
    }
}
