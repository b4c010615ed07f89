package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.family.Molecules;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.sample.Openings;
import org.bitdgdm.sample.SampleJob;
import org.bitdgdm.sample.TestOpener;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Executors in JVMs of their own: what they need must travel. */
class LocalClusterTest {

    @TempDir
    private Path temporary;

    @AfterEach
    void stop() {
        TestSpark.stop();
    }

    @Test
    void executorsNeedNoBundleAndUnpackTheModelOnce() throws Exception {
        Path bundle = copy(Path.of("..", "conf", "models", "qm9"), temporary.resolve("bundle"));
        ModelBundle loaded = ModelBundle.load(bundle);
        PackedModel model = loaded.packed();
        delete(bundle);

        SparkSession spark = TestSpark.on("local-cluster[2,1,1024]").getOrCreate();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        SampleConf conf = new SampleConf(8, 2, "uniform", 3, 4, 1, "reference", "auto", "fp32", "");
        OutputFolder folder = OutputFolder.of(temporary.resolve("out").toString(), context.hadoopConfiguration());
        folder.begin(new TestRun(temporary, 8, 1).fingerprint());
        try (SampleJob job = new SampleJob(context, model, conf, TestOpener.plain())) {
            RunTimings.Sampled run = MoleculeWriter.write(spark, job, folder, new Molecules(loaded.vocabulary()),
                new PrintStream(PrintStream.nullOutputStream()));
            assertThat(run.sampled()).isEqualTo(8);
            // 8 tasks on 2 executors; an executor that got none has opened none.
            assertThat(Openings.of(context).values()).isNotEmpty().allMatch(opened -> opened <= 1).contains(1);
        }
        assertThat(spark.read().parquet(folder.molecules().toString()).count()).isEqualTo(8);
        assertThat(bundle).doesNotExist();
    }

    private static Path copy(Path from, Path to) throws Exception {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
        return to;
    }

    private static void delete(Path folder) throws Exception {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
