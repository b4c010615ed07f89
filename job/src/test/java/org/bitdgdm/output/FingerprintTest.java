package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.spark.SparkContext;
import org.bitdgdm.conf.Command;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.FoldConf;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.LikelihoodConf;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.OutputConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.RecipeConf;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class FingerprintTest {
    private static final ModelBundle MODEL = ModelBundle.load(Path.of("..", "conf", "models", "qm9"));
    private static final FidelityConf OFF = new FidelityConf(0, 1);
    private static SparkContext spark;

    @BeforeAll
    static void start() {
        spark = TestSpark.on("local[1]").getOrCreate().sparkContext();
    }

    @AfterAll
    static void stop() {
        TestSpark.stop();
    }

    private static Fingerprint of(SampleConf sample, int rank, String protocol) {
        QuantizeConf quantize = TestRecipes.recipe("rank=" + rank + ",calibration-graphs=64,calibration-steps=50");
        return Fingerprint.ofGenerate(new JobConf("qm9", List.of(), quantize, new RecipeConf("", 0, List.of()), sample,
            FoldConf.NONE, OFF, OFF, new LikelihoodConf("", 0), "none", "", new OutputConf("out", List.of(), "", protocol), false),
            MODEL, "cpu", "abc", spark);
    }

    private static SampleConf sample(long count, int steps, long seed, int batchSize, int shardSize, String isa) {
        return new SampleConf(count, steps, "uniform", seed, batchSize, shardSize, "auto", isa, "fp32", "");
    }

    @Test
    void namesWhatDecidesRowsAndNothingElse() {
        Fingerprint run = of(sample(256, 50, 1, 64, 0, "auto"), 16, "digress");
        assertThat(run.rows()).containsEntry("sample.shard-size", "32").containsEntry("sample.backend", "cpu")
            .containsEntry("quantize.rank", "16").containsEntry("vocabulary", "C N O F / none single double triple aromatic")
            .containsKeys("model", "version.bitdgdm", "version.spark", "version.cdk");
        assertThat(of(sample(256, 50, 1, 8, 32, "avx2"), 16, "digress")).as("speed settings").isEqualTo(run);

        assertThat(of(sample(256, 50, 1, 64, 0, "auto"), 16, "moses").rows()).isEqualTo(run.rows());
        assertThat(of(sample(256, 50, 1, 64, 0, "auto"), 16, "moses")).isNotEqualTo(run);
        for (Fingerprint other : List.of(of(sample(257, 50, 1, 64, 0, "auto"), 16, "digress"),
            of(sample(256, 51, 1, 64, 0, "auto"), 16, "digress"), of(sample(256, 50, 2, 64, 0, "auto"), 16, "digress"),
            of(sample(256, 50, 1, 64, 31, "auto"), 16, "digress"), of(sample(256, 50, 1, 64, 0, "auto"), 15, "digress"))) {
            assertThat(Fingerprint.difference(run.rows(), other.rows()))
                .matches("[a-z.-]+ \\(\\d+ there, \\d+ asked for\\)");
        }
    }

    @Test
    void ofManyDifferencesAFewAreNamed() {
        Map<String, String> there = Map.of("a", "1", "b", "1", "c", "1", "d", "1", "e", "1", "f", "1", "same", "1");
        assertThat(Fingerprint.difference(there, Map.of("a", "2", "b", "2", "c", "2", "d", "2", "same", "1")))
            .isEqualTo("a (1 there, 2 asked for), b (1 there, 2 asked for), c (1 there, 2 asked for), d (1 there, 2 asked for)"
                + " and 2 more");
        assertThat(Fingerprint.difference(there, there)).isEmpty();
    }

    /** A new option that decides something and is forgotten here resumes a run with other settings. */
    @Test
    void everyOptionOfGenerateIsInItAsItSays() {
        Set<Option> elsewhere = EnumSet.of(Option.RECIPE, Option.BUDGET, Option.CANDIDATE, Option.CUDA_PRECISION);
        Set<String> rows = of(sample(256, 50, 1, 64, 0, "auto"), 16, "digress").rows().keySet();
        for (Option option : Option.all(Command.GENERATE)) {
            // Backbones are those of models of proteins, whose runs have a fingerprint of their own.
            if (!elsewhere.contains(option) && !option.key().startsWith("fold.")) {
                assertThat(rows.contains(option.key())).as(option.key())
                    .isEqualTo(option.decides() == Option.Decides.ROWS);
            }
        }
    }
}
