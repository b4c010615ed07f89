package org.bitdgdm.run;

import static org.apache.spark.sql.functions.col;

import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.FoldConf;
import org.bitdgdm.conf.Home;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.LocalPath;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.output.ParquetFolder;
import org.bitdgdm.protein.ProteinChain;
import org.bitdgdm.protein.StructureFile;
import org.bitdgdm.protein.SurveyedChain;

/**
 * The chains of {@code --structures}, found by Spark: every file is read once by an executor, which keeps of it a few words for
 * each chain. Their order is that of the files' names, whatever the cluster.
 *
 * @param chains every chain, and every refusal
 */
public record Structures(List<SurveyedChain> chains) {
    /** Names of structure files in a folder; others lie beside them. */
    private static final String NAMES = "*.{pdb,ent,cif,mmcif,PDB,ENT,CIF,mmCIF}{,.gz}";
    private static final int NAMED = 5;

    public Structures {
        chains = List.copyOf(chains);
    }

    /**
     * Looks at all files.
     *
     * @throws InputException if there is no such file, no chain of any file can be used, or residues to hold are of none
     */
    public static Structures survey(FoldConf conf, SparkSession spark, PrintStream console) throws IOException {
        if (conf.structures().isEmpty()) {
            throw new InputException("--structures must name PDB or mmCIF files for a model of proteins, found nothing");
        }
        spark.sparkContext().setJobDescription("look at structures");
        try {
            List<SurveyedChain> found = new ArrayList<>(read(conf, spark));
            if (found.isEmpty()) {
                throw new InputException("--structures " + conf.structures() + " must hold files of PDB or mmCIF (" + NAMES
                    + "), found none");
            }
            found.sort(Comparator.comparing(SurveyedChain::file).thenComparingInt(SurveyedChain::place));
            Structures structures = new Structures(named(found));
            structures.say(conf, console);
            return structures;
        } finally {
            spark.sparkContext().setJobDescription(null);
        }
    }

    private static List<SurveyedChain> read(FoldConf conf, SparkSession spark) throws IOException {
        Path path = path(conf.structures());
        FileSystem files = path.getFileSystem(spark.sparkContext().hadoopConfiguration());
        DataFrameReader reader = spark.read().format("binaryFile");
        String load = path.toString();
        if (files.exists(path)) {
            FileStatus status = files.getFileStatus(path);
            // What exists is no pattern, whatever signs it has.
            load = ParquetFolder.literal(status.getPath().toString());
            if (status.isDirectory()) {
                reader = reader.option("recursiveFileLookup", "true").option("pathGlobFilter", NAMES);
            }
        } else if (!matches(files, path, conf.structures())) {
            throw new InputException("--structures must name existing files of PDB or mmCIF, found nothing at "
                + conf.structures() + "; check its name");
        }
        Dataset<Row> all = reader.load(load);
        JavaRDD<SurveyedChain> small = all.filter(col("length").leq(StructureFile.MOST_BYTES))
            .select("path", "content").javaRDD().flatMap(row -> survey(row.getString(0), row.getAs(1), conf));
        JavaRDD<SurveyedChain> large = all.filter(col("length").gt(StructureFile.MOST_BYTES))
            .select("path", "length").javaRDD().map(row -> SurveyedChain.unreadable(row.getString(0), name(row.getString(0)),
                row.get(1) + " bytes", "more than " + (StructureFile.MOST_BYTES >> 20) + " MiB"));
        List<SurveyedChain> found = new ArrayList<>(small.union(large).collect());
        // Spark reads no file of no bytes, and says nothing of it.
        Set<String> seen = found.stream().map(SurveyedChain::file).collect(Collectors.toSet());
        for (String encoded : all.inputFiles()) {
            String file = new Path(URI.create(encoded)).toString();
            if (!seen.contains(file)) {
                found.add(SurveyedChain.unreadable(file, name(file), Sha256.of(new byte[0]), "an empty file"));
            }
        }
        return found;
    }

    private static boolean matches(FileSystem files, Path pattern, String named) throws IOException {
        try {
            FileStatus[] found = files.globStatus(pattern);
            return found != null && found.length > 0;
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).startsWith("Illegal file pattern")) {
                throw new InputException("--structures " + named + " must be the name of a file or folder, or a pattern, found a"
                    + " bracket that is not closed or a pattern that is none; check it", e);
            }
            throw e;
        }
    }

    /**
     * A name without a scheme is one of this machine if there is such a file, in the current folder or in the root of the
     * repository, else of the default file system.
     */
    private static Path path(String named) {
        return LocalPath.here(named).map(here -> Home.file(named)).filter(Files::exists)
            .map(local -> new Path(local.toAbsolutePath().toUri()))
            .orElseGet(() -> new Path(named));
    }

    private static String name(String file) {
        return StructureFile.id(new Path(file).getName());
    }

    private static Iterator<SurveyedChain> survey(String file, byte[] bytes, FoldConf conf) {
        List<String> wanted = conf.chains();
        String sha256 = Sha256.of(bytes);
        List<SurveyedChain> found = new ArrayList<>();
        try {
            StructureFile structure = StructureFile.read(bytes);
            for (int place = 0; place < structure.chains().size(); place++) {
                StructureFile.Found chain = structure.chains().get(place);
                if (wanted.isEmpty() || wanted.contains(chain.id())) {
                    found.add(new SurveyedChain(file, name(file), chain.id(), place,
                        chain.chain() == null ? 0 : chain.chain().length(), structure.models(), sha256,
                        chain.chain() == null ? List.of() : held(chain.chain(), conf), chain.reason()));
                }
            }
            for (String id : wanted) {
                if (found.stream().noneMatch(chain -> chain.chain().equals(id))) {
                    found.add(new SurveyedChain(file, name(file), id, structure.chains().size() + wanted.indexOf(id), 0,
                        structure.models(), sha256, List.of(), "no protein chain of this name"));
                }
            }
        } catch (InputException e) {
            found.add(SurveyedChain.unreadable(file, name(file), sha256, e.getMessage()));
        }
        return found.iterator();
    }

    private static List<FoldConf.Fixed> held(ProteinChain chain, FoldConf conf) {
        return conf.fix().stream().filter(range -> range.chain().equals(chain.id())
            && chain.residues().stream().anyMatch(residue -> range.has(residue.number()))).toList();
    }

    /** Where two files of different folders have one name, all go by the part of their paths in which they differ. */
    private static List<SurveyedChain> named(List<SurveyedChain> sorted) {
        Map<String, String> files = new TreeMap<>();
        boolean unique = true;
        for (SurveyedChain chain : sorted) {
            String other = files.putIfAbsent(chain.structure(), chain.file());
            unique &= other == null || other.equals(chain.file());
        }
        if (unique) {
            return sorted;
        }
        String first = sorted.get(0).file();
        String last = sorted.get(sorted.size() - 1).file();
        int common = 0;
        while (common < Math.min(first.length(), last.length()) && first.charAt(common) == last.charAt(common)) {
            common++;
        }
        int from = first.lastIndexOf('/', common) + 1;
        Map<String, String> names = sorted.stream().map(SurveyedChain::file).distinct()
            .collect(Collectors.toMap(file -> file, file -> StructureFile.id(file.substring(from))));
        // 1abc.pdb and 1abc.cif of one folder.
        boolean told = names.values().stream().distinct().count() == names.size();
        return sorted.stream().map(chain ->
            chain.named(told ? names.get(chain.file()) : chain.file().substring(from))).toList();
    }

    private void say(FoldConf conf, PrintStream console) {
        long usable = usable();
        Map<String, Long> reasons = chains.stream().filter(SurveyedChain::refused)
            .collect(Collectors.groupingBy(chain -> SurveyedChain.kind(chain.reason()), TreeMap::new, Collectors.counting()));
        if (usable == 0) {
            throw new InputException("--structures " + conf.structures() + " must hold a protein chain that can be used, found "
                + reasons.entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue().reversed()).limit(NAMED)
                    .map(one -> one.getValue() + " × " + one.getKey()).collect(Collectors.joining(", "))
                + (conf.chains().isEmpty() ? "" : "; --chains asks for " + String.join(", ", conf.chains())
                    + ": give ids as the files have them, such as A"));
        }
        for (FoldConf.Fixed range : conf.fix()) {
            if (chains.stream().noneMatch(chain -> chain.held().contains(range))) {
                throw new InputException("--fix " + range + " must name residues of a chain that can be used, by their numbers "
                    + "in the file, found none; the chains are " + chains.stream().filter(chain -> !chain.refused())
                        .map(SurveyedChain::chain).distinct().sorted().limit(NAMED).collect(Collectors.joining(", ")));
            }
        }
        long files = chains.stream().map(SurveyedChain::file).distinct().count();
        console.printf("structures: %s of %s, %s%n", Amount.of(usable, "chain"), Amount.of(files, "file"),
            Amount.of(chains.stream().mapToLong(SurveyedChain::length).sum(), "residue"));
        reasons.forEach((reason, count) -> console.printf("not used: %,d × %s%n", count, reason));
        long several = chains.stream().filter(chain -> !chain.refused() && chain.models() > 1)
            .map(SurveyedChain::file).distinct().count();
        if (several > 0) {
            console.printf("%s %s several models, of which the first counts%n", Amount.of(several, "file"),
                several == 1 ? "has" : "have");
        }
    }

    /** Chains that are not refused. */
    long usable() {
        return chains.stream().filter(chain -> !chain.refused()).count();
    }

    /** What of the files decides rows: their names here and what they hold. */
    public String identity() {
        StringBuilder all = new StringBuilder();
        for (SurveyedChain chain : chains) {
            all.append(chain.structure()).append('\n').append(chain.chain()).append('\n').append(chain.sha256()).append('\n');
        }
        return chains.size() + " chains, " + Sha256.of(all.toString().getBytes(StandardCharsets.UTF_8));
    }
}
