package org.bitdgdm.run;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.OutputConf;
import org.bitdgdm.metrics.BenchmarkFiles;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.NamedFile;

/** The reference set of a run: a file that the user names, else the one in the model's bundle, else none. */
public final class References {
    private static final String TRAINING = "of training graphs";

    private References() {
    }

    /** Of a run that has no executors yet. */
    public static Optional<ReferenceSet> of(OutputConf output, Path bundle, Vocabulary vocabulary, PrintStream console) {
        return of(output, bundle, vocabulary, console, file -> ReferenceSet.of(file, vocabulary));
    }

    /** Of a run whose executors read the file. */
    public static Optional<ReferenceSet> of(OutputConf output, Path bundle, Vocabulary vocabulary, PrintStream console,
                                            JavaSparkContext spark) {
        return of(output, bundle, vocabulary, console, file -> ReferenceSet.of(file, vocabulary, spark));
    }

    private static Optional<ReferenceSet> of(OutputConf output, Path bundle, Vocabulary vocabulary, PrintStream console,
                                             Function<Path, ReferenceSet> reader) {
        if (!output.reference().isBlank()) {
            return Optional.of(read(NamedFile.of("--reference", TRAINING, output.reference()), vocabulary, console, reader));
        }
        return ReferenceSet.isIn(bundle) ? Optional.of(ReferenceSet.load(bundle)) : Optional.empty();
    }

    /** A reference set from a file of SMILES, or of plain graphs. */
    public static ReferenceSet read(Path file, Vocabulary vocabulary, PrintStream console) {
        return read(file, vocabulary, console, named -> ReferenceSet.of(named, vocabulary));
    }

    private static ReferenceSet read(Path file, Vocabulary vocabulary, PrintStream console,
                                     Function<Path, ReferenceSet> reader) {
        if (!Files.isRegularFile(file)) {
            throw NamedFile.absent("--reference", TRAINING, file.toString(), Files.isDirectory(file), null);
        }
        console.println("reading reference " + vocabulary.family().label() + " from " + file + " …");
        try {
            return reader.apply(file);
        } catch (InputException e) {
            // Whoever reads it does not know why.
            throw new InputException("--reference " + e.getMessage(), e);
        }
    }

    /**
     * The files that a benchmark compares with, looked through before anything is sampled or scored.
     *
     * @throws InputException where one of them is no file, or none to compare with
     */
    public static BenchmarkFiles checked(OutputConf output, Vocabulary vocabulary) {
        BenchmarkFiles files = benchmark(output);
        files.check(vocabulary);
        return files;
    }

    /**
     * The files that a benchmark compares with.
     *
     * @throws InputException where one of them is no file
     */
    public static BenchmarkFiles benchmark(OutputConf output) {
        return new BenchmarkFiles(file("--reference", "of graphs", output.reference()),
            file("--test-set", "of graphs", output.tests()), file("--scaffold-test-set", "of graphs", output.scaffolds()),
            file("--chemnet", "with a network in ONNX", output.chemNet()));
    }

    private static Optional<Path> file(String option, String content, String named) {
        return named.isBlank() ? Optional.empty() : Optional.of(NamedFile.of(option, content, named));
    }

    /** What decides metrics and report besides the rows. */
    public static Map<String, String> evaluation(OutputConf output, Optional<ReferenceSet> reference) {
        Map<String, String> evaluation = new LinkedHashMap<>();
        evaluation.put("protocol", output.protocol());
        evaluation.put("reference", reference.map(ReferenceSet::sha256).orElse("none"));
        evaluation.putAll(Fingerprint.ofFiles(output));
        return evaluation;
    }
}
