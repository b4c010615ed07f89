package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.SparkConf;
import org.bitdgdm.conf.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExecutorsTest {

    private static SparkConf conf(String... keysAndValues) {
        SparkConf conf = new SparkConf(false);
        for (int at = 0; at < keysAndValues.length; at += 2) {
            conf.set(keysAndValues[at], keysAndValues[at + 1]);
        }
        return conf;
    }

    @ParameterizedTest
    @ValueSource(strings = {"spark.task.resource.gpu.amount", "spark.executor.resource.gpu.amount",
        "spark.executor.resource.fpga.amount"})
    void resourcesThatALocalMasterDoesNotHaveAreRefused(String key) {
        for (String master : new String[] {"local", "local[2]", "local[*, 3]", "local-cluster[1,1,1024]"}) {
            assertThatThrownBy(() -> Executors.requirePossible(conf("spark.master", master, key, "1")))
                .isInstanceOf(InputException.class).hasMessageContaining("found " + key + "=1 with --master " + master);
        }
        assertThatThrownBy(() -> Executors.requirePossible(conf(key, "1"))).isInstanceOf(InputException.class);
        assertThatCode(() -> Executors.requirePossible(conf("spark.master", "spark://host:7077", key, "1")))
            .doesNotThrowAnyException();
    }

    @Test
    void workersOfALocalClusterMayHaveResourcesOfTheirOwn() {
        assertThatCode(() -> Executors.requirePossible(conf("spark.master", "local-cluster[1,1,1024]",
            "spark.worker.resource.gpu.amount", "1", "spark.executor.resource.gpu.amount", "1"))).doesNotThrowAnyException();
    }

    @Test
    void executorsOfMoreCoresThanAllTogetherAreRefused() {
        assertThatThrownBy(() -> Executors.requirePossible(conf("spark.master", "spark://host:7077", "spark.cores.max", "2",
            "spark.executor.cores", "4"))).isInstanceOf(InputException.class).hasMessageContaining("found 2 and 4");
        assertThatCode(() -> Executors.requirePossible(conf("spark.master", "spark://host:7077", "spark.cores.max", "4",
            "spark.executor.cores", "4"))).doesNotThrowAnyException();
    }

    @Test
    void anApplicationThatItsClusterHasEndedIsToldOfItsExecutors() {
        SparkConf conf = conf("spark.executor.memory", "2g", "spark.executor.cores", "4");
        assertThat(Executors.endedByCluster(conf, new IllegalStateException("Cannot call methods on a stopped SparkContext.\n"
            + "This stopped SparkContext was created at:"))).get().extracting(Exception::getMessage).asString()
            .startsWith("executors end before they can work, asked to have 2048 MiB, 4 cores: the cluster has ended");
        assertThat(Executors.endedByCluster(conf, new IllegalStateException("another"))).isEmpty();
        assertThat(Executors.endedByCluster(conf, new IllegalStateException())).isEmpty();
    }

    @Test
    void optionsOfAClusterComeAfterThoseThatLetExecutorsCompileLater() {
        SparkConf plain = conf();
        Executors.compileLater(plain);
        SparkConf own = conf("spark.executor.defaultJavaOptions", "-XX:+UseZGC -XX:Tier4InvocationThreshold=5000");
        Executors.compileLater(own);
        assertThat(plain.get("spark.executor.defaultJavaOptions")).startsWith("-XX:Tier4InvocationThreshold=150000 ");
        assertThat(own.get("spark.executor.defaultJavaOptions"))
            .isEqualTo(plain.get("spark.executor.defaultJavaOptions") + " -XX:+UseZGC -XX:Tier4InvocationThreshold=5000");
    }
}
