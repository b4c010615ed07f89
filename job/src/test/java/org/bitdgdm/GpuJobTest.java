package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.BackendOptions;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.KernelException;
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

    private static List<Row> generate(SparkSession spark, String backend) {
        Path out = folder.resolve(backend);
        int code = BitDgdmJob.run(new String[] {"generate", "--model", MODEL, "--count", Integer.toString(COUNT), "--steps",
            "50", "--method", "fp32", "--shard-size", "250", "--batch-size", "128", "--backend", backend, "--out",
            out.toString()}, new PrintStream(System.out, true, StandardCharsets.UTF_8), System.err);
        assertThat(code).as(backend).isZero();
        return spark.read().parquet(out.resolve("molecules").toString()).orderBy("graph_id")
            .select("atom_types", "bonds", "valid").collectAsList();
    }

    @Test
    @EnabledIf("gpuIsThere")
    void twoTasksOnOneGpuMakeTheGraphsOfTheCpu() {
        SparkSession spark = TestSpark.on("local[2]").getOrCreate();
        List<Row> cpu = generate(spark, "cpu");
        List<Row> cuda = generate(spark, "cuda");
        assertThat(cuda).hasSize(COUNT);
        int same = 0;
        int valid = 0;
        for (int graph = 0; graph < COUNT; graph++) {
            same += cuda.get(graph).equals(cpu.get(graph)) ? 1 : 0;
            valid += (cuda.get(graph).getBoolean(2) ? 1 : 0) - (cpu.get(graph).getBoolean(2) ? 1 : 0);
        }
        assertThat((double) same / COUNT).as("identical graphs").isGreaterThan(0.99);
        assertThat(Math.abs(valid)).as("difference in valid graphs").isLessThanOrEqualTo(COUNT / 100);
    }
}
