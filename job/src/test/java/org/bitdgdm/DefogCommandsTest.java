package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bitdgdm.model.TinyBundles;
import org.junit.jupiter.api.Test;

/** A checkpoint of DeFoG through all commands, as a user gives them. */
class DefogCommandsTest extends CommandsOnSpark {

    private int generate(Path model, Path to, String... more) {
        List<String> args = new ArrayList<>(List.of("generate", "--model", model.toString(), "--count", "10", "--steps", "30",
            "--seed", "5", "--calibration-graphs", "2", "--calibration-steps", "3", "--shard-size", "4", "--out",
            to.toString()));
        args.addAll(List.of(more));
        return run(args.toArray(String[]::new));
    }

    @Test
    void importGenerateEvaluateAndSweep() throws IOException {
        for (String limit : List.of("marginal", "absorbing", "absorbfirst", "kekule")) {
            Path checkpoint = limit.equals("kekule") ? TinyBundles.kekule(folder.resolve("kekule.ckpt"))
                : TinyBundles.flow(folder.resolve(limit + ".ckpt"), limit);
            Path model = folder.resolve(limit);
            assertThat(run("import", "--checkpoint", checkpoint.toString(), "--out", model.toString())).as(err).isZero();
            Path made = folder.resolve(limit + "-run");
            String[] flow = {"--method", "rtn", "--weight-bits", "8", "--activation-bits", "8", "--threshold-buckets", "2",
                "--eta", "50", "--omega", "0.5", "--distortion", "polydec", "--stochasticity", "column:x_1", "--fidelity", "2",
                "--fidelity-steps", "4", "--num-atoms", "2-3"};
            assertThat(generate(model, made, flow)).as(err).isZero();
            JsonNode record = JSON.readTree(made.resolve("run.json").toFile());
            assertThat(record.toString()).contains("\"sample.eta\":50").contains("\"sample.distortion\":\"polydec\"");
            assertThat(Files.readString(made.resolve("report.html")))
                .contains("30 steps, η 50, ω 0.5, polydec, column:x_1, 2-3 nodes each, seed 5");
            assertThat(spark.read().parquet(made.resolve("molecules").toString()).filter("num_atoms in (2, 3)").count())
                .isEqualTo(10);
            assertThat(generate(model, made, flow)).as(err).isZero();
            assertThat(out).contains("finished before, nothing to do");
            assertThat(run("evaluate", "--model", model.toString(), "--input", made.toString(), "--out",
                folder.resolve(limit + "-evaluated").toString())).as(err).isZero();
            // Another rate is another run.
            flow[9] = "20";
            assertThat(generate(model, made, flow)).isEqualTo(2);
            assertThat(err).contains("sample.eta");
        }
    }

    @Test
    void theRatesOfAFlowAreAxesOfASweep() throws IOException {
        Path model = folder.resolve("swept");
        assertThat(run("import", "--checkpoint", TinyBundles.flow(folder.resolve("swept.ckpt"), "marginal").toString(), "--out",
            model.toString())).as(err).isZero();
        Path conf = Files.writeString(folder.resolve("search.conf"), "sweep { method = [fp32], eta = [0, 50], "
            + "distortion = [identity, polydec], steps = [3], count = 6 }\n");
        Path to = folder.resolve("sweep");
        assertThat(run("sweep", "--config", conf.toString(), "--model", model.toString(), "--out", to.toString(),
            "--cache", folder.resolve("cache").toString())).as(err).isZero();
        assertThat(spark.read().parquet(to.resolve("cells").toString()).select("eta", "distortion").distinct().count())
            .isEqualTo(4);
    }

    @Test
    void whatAFlowHasNotIsRefusedInASentence() throws IOException {
        Path model = folder.resolve("refusing");
        Path checkpoint = TinyBundles.flow(folder.resolve("refusing.ckpt"), "marginal");
        assertThat(run("import", "--checkpoint", checkpoint.toString(), "--variant", "fixed_bug", "--out", model.toString()))
            .isEqualTo(2);
        assertThat(err).contains("--variant must be main or left out");
        assertThat(run("import", "--checkpoint", checkpoint.toString(), "--out", model.toString())).as(err).isZero();
        Path molecules = Files.writeString(folder.resolve("molecules.smi"), "CO\n");
        assertThat(generate(model, folder.resolve("refused"), "--likelihood", molecules.toString())).isEqualTo(2);
        assertThat(err).contains("--likelihood").contains("flow, which defines none");
        assertThat(generate(model, folder.resolve("refused"), "--schedule", "noise")).isEqualTo(2);
        assertThat(err).contains("--schedule is of the sampler posterior");
        assertThat(generate(Path.of(MODEL), folder.resolve("refused"), "--eta", "3")).isEqualTo(2);
        assertThat(err).contains("--eta is of the sampler flow");
        assertThat(folder.resolve("refused")).doesNotExist();
    }

    /** The shipped model of DiGress under the sampler of DeFoG: our own experiment. */
    @Test
    void aModelOfDigressRunsUnderTheFlow() {
        Path to = folder.resolve("digress-flow");
        assertThat(generate(Path.of(MODEL), to, "--sampler", "flow", "--distortion", "polydec",
            "--method", "fp32")).as(err).isZero();
        assertThat(spark.read().parquet(to.resolve("molecules").toString()).filter("valid").count()).isGreaterThan(5);
    }
}
