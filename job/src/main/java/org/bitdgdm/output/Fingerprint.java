package org.bitdgdm.output;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;

import org.apache.spark.SparkContext;
import org.bitdgdm.conf.Command;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.LikelihoodConf;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.OutputConf;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.Sha256;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.sample.ShardPlan;

/**
 * What a run is, as short texts by name: two runs of equal {@code rows} write the same rows into the same shards.
 *
 * @param rows       everything that decides a row or its shard: model, recipe, seed, steps, count, backend, versions
 * @param evaluation what decides metrics and report besides the rows, such as protocol and reference set; a finished run
 *                   asked for with another evaluation keeps its molecules
 */
public record Fingerprint(Map<String, String> rows, Map<String, String> evaluation) {

    /** Settings that a refusal names. */
    private static final int SHOWN = 4;

    public Fingerprint {
        rows = copy(rows);
        evaluation = copy(evaluation);
    }

    private static Map<String, String> copy(Map<String, String> entries) {
        Map<String, String> copy = new LinkedHashMap<>();
        entries.forEach((name, value) -> copy.put(name, Objects.requireNonNull(value, name)));
        return Collections.unmodifiableMap(copy);
    }

    /**
     * The fingerprint of {@code generate}. Batch size, instruction set and cluster are not part of it: they change no row.
     *
     * @param model     the full-precision model; its packed bytes count, not its folder
     * @param backend   what {@code auto} stands for, for example {@code cpu}
     * @param reference what novelty is measured against, for example the hash of a reference set; empty if nothing
     * @param spark     context of the run, for its version
     */
    public static Fingerprint ofGenerate(JobConf conf, ModelBundle model, String backend, String reference,
                                         SparkContext spark) {
        // What an option comes to here, where that is another thing than its value.
        Map<Option, String> resolved = new EnumMap<>(Option.class);
        resolved.put(Option.MODEL, PackedModelFormat.sha256(model.packed()));
        resolved.put(Option.SHARD_SIZE, Integer.toString(ShardPlan.of(conf.sample()).shardSize()));
        resolved.put(Option.BACKEND, backend);
        Set<Option> elsewhere = EnumSet.of(Option.CUDA_PRECISION);
        if (!conf.recipe().auto()) {
            // A recipe from a file is what it says, wherever the file lies.
            elsewhere.addAll(List.of(Option.RECIPE, Option.BUDGET, Option.CANDIDATE));
        }
        Map<String, String> rows = new LinkedHashMap<>();
        rows.put("vocabulary", String.join(" ", model.vocabulary().nodes()) + " / "
            + String.join(" ", model.vocabulary().edges()));
        Map<String, Object> values = conf.values();
        for (Option option : Option.all(Command.GENERATE)) {
            if (option.decides() == Option.Decides.ROWS && !elsewhere.contains(option) && !option.key().startsWith("fold.")) {
                rows.put(option.key(), resolved.getOrDefault(option, String.valueOf(values.get(option.key()))));
            }
        }
        if (conf.recipe().auto()) {
            rows.putAll(ofSearch(conf));
        }
        Versions.ofRows(spark).forEach((name, version) -> rows.put("version." + name, version));
        Map<String, String> evaluation = new LinkedHashMap<>();
        evaluation.put("output.protocol", conf.output().protocol());
        evaluation.put("output.reference", reference);
        evaluation.putAll(ofFiles(conf.output()));
        evaluation.putAll(ofMeasures(conf.fidelity(), conf.likelihood()));
        if (conf.scan().on() && !conf.recipe().auto()) {
            evaluation.put("sensitivity", conf.scan().graphs() + " graphs, " + conf.scan().steps() + " steps");
        }
        return new Fingerprint(rows, evaluation);
    }

    /** What a recipe that is searched for depends on besides the settings of the quantization. */
    public static Map<String, String> ofSearch(JobConf conf) {
        Map<String, Object> values = conf.values();
        Map<String, String> search = new LinkedHashMap<>();
        for (Option option : List.of(Option.RECIPE, Option.BUDGET, Option.CANDIDATE)) {
            search.put(option.key(), String.valueOf(values.get(option.key())));
        }
        search.put("recipe.measured", conf.scan() + ", " + conf.fidelity());
        return search;
    }

    /** The same with one more thing that decides rows. */
    public Fingerprint with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(rows);
        more.put(name, value);
        return new Fingerprint(more, evaluation);
    }

    /** The files that a benchmark compares with; empty where there are none. */
    public static Map<String, String> ofFiles(OutputConf output) {
        Map<String, String> files = new LinkedHashMap<>();
        put(files, Option.TEST_SET, output.tests());
        put(files, Option.SCAFFOLD_TEST_SET, output.scaffolds());
        put(files, Option.CHEMNET, output.chemNet());
        return files;
    }

    private static void put(Map<String, String> files, Option option, String named) {
        if (!named.isBlank()) {
            files.put(option.key(), content(NamedFile.of(option.flag(), "to compare with", named)));
        }
    }

    /** What decides a comparison with full precision besides the models; empty where there is none. */
    public static Map<String, String> ofMeasures(FidelityConf fidelity, LikelihoodConf likelihood) {
        Map<String, String> measures = new LinkedHashMap<>();
        if (fidelity.on()) {
            measures.put("fidelity", fidelity.graphs() + " graphs, " + fidelity.steps() + " steps"
                + (fidelity.isUsual() ? "" : ", " + fidelity.schedule() + ", " + fidelity.sampler()));
        }
        if (likelihood.on()) {
            measures.put("likelihood", content(likelihood.molecules()) + ", " + likelihood.times() + " times");
        }
        return measures;
    }

    /** A file is what it says, wherever it lies. */
    private static String content(Path file) {
        try (InputStream bytes = Files.newInputStream(file)) {
            return Sha256.of(bytes);
        } catch (IOException failed) {
            throw new InputException(file + " cannot be read: " + failed.getMessage() + "; check its permissions", failed);
        }
    }

    /**
     * What differs between a run in a folder and the one asked for, for example
     * {@code seed (0 there, 1 asked for), steps (50 there, 100 asked for)}, at most {@value #SHOWN} settings by name; empty if
     * nothing does.
     */
    static String difference(Map<String, String> there, Map<String, String> asked) {
        TreeSet<String> names = new TreeSet<>(there.keySet());
        names.addAll(asked.keySet());
        StringJoiner differences = new StringJoiner(", ");
        int count = 0;
        for (String name : names) {
            if (!Objects.equals(there.get(name), asked.get(name))) {
                if (count < SHOWN) {
                    differences.add(name + " (" + there.getOrDefault(name, "none") + " there, "
                        + asked.getOrDefault(name, "none") + " asked for)");
                }
                count++;
            }
        }
        return differences + (count > SHOWN ? " and " + (count - SHOWN) + " more" : "");
    }
}
