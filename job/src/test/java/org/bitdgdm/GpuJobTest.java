package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.metrics.RunDifference;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** The whole job on a real GPU, two tasks sharing it, beside the cpu backend. */
@Tag("gpu")
class GpuJobTest {
    private static final String MODEL = Path.of("..", "conf", "models", "qm9").toString();
    private static final int COUNT = 1000;

    @TempDir
    static Path folder;

    @AfterAll
    static void stopSpark() {
        TestSpark.stop();
    }

    /** Says so where this test cannot run. */
    static boolean gpuIsThere() {
        try {
            Denoisers.probe(Backend.CUDA, BackendOptions.defaults());
            return true;
        } catch (KernelException e) {
            System.out.println("gpu: 1 test of the whole job that needs a GPU did not run (" + e.getMessage() + ")");
            return false;
        }
    }

    /** Rows of {@code molecules/}. */
    private static Dataset<Row> generate(SparkSession spark, String backend) {
        Path out = folder.resolve(backend);
        int code = BitDgdmJob.run(new String[] {"generate", "--model", MODEL, "--count", Integer.toString(COUNT), "--steps",
            "50", "--method", "fp32", "--shard-size", "250", "--batch-size", "128", "--backend", backend, "--out",
            out.toString()}, new PrintStream(System.out, true, StandardCharsets.UTF_8), System.err);
        assertThat(code).as(backend).isZero();
        return spark.read().parquet(out.resolve("molecules").toString());
    }

    @Test
    @EnabledIf("gpuIsThere")
    void twoTasksOnOneGpuMakeTheGraphsOfTheCpu() {
        SparkSession spark = TestSpark.on("local[2]").getOrCreate();
        Dataset<Row> cpu = generate(spark, "cpu");
        Dataset<Row> cuda = generate(spark, "cuda");
        assertThat(cuda.count()).isEqualTo(COUNT);
        long same = cuda.select("graph_id", "atom_types", "bonds").intersect(cpu.select("graph_id", "atom_types", "bonds"))
            .count();
        assertThat((double) same / COUNT).as("identical graphs").isGreaterThan(0.99);
        RunDifference.Verdicts valid = RunDifference.Verdicts.of("valid", cuda, cpu);
        assertThat(valid.graphs()).isEqualTo(COUNT);
        assertThat(valid.low()).as("%s: lower end of the difference in validity", valid).isBetween(-0.01, 0.0);
        assertThat(valid.high()).as("%s: upper end of the difference in validity", valid).isBetween(0.0, 0.01);
    }
}
