package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import org.apache.spark.SparkConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.KernelException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GpuAddressTest {

    private static int ordinal(String address, String visible) {
        return GpuAddress.ordinal(List.of(address), Map.of("CUDA_VISIBLE_DEVICES", visible));
    }

    @Test
    void withoutAListTheAddressIsTheIndexByPciBus() {
        Map<String, String> byBus = Map.of("CUDA_DEVICE_ORDER", "PCI_BUS_ID");
        assertThat(GpuAddress.ordinal(List.of("0"), byBus)).isZero();
        assertThat(GpuAddress.ordinal(List.of("3"), byBus)).isEqualTo(3);
        assertThatThrownBy(() -> GpuAddress.ordinal(List.of("GPU-5d1b"), byBus)).isInstanceOf(KernelException.class)
            .hasMessageContaining("'GPU-5d1b', which is no index");
        for (Map<String, String> bySpeed : List.of(Map.<String, String>of(), Map.of("CUDA_DEVICE_ORDER", "FASTEST_FIRST"))) {
            assertThatThrownBy(() -> GpuAddress.ordinal(List.of("0"), bySpeed)).isInstanceOf(KernelException.class)
                .hasMessage("Spark's GPU address is index 0, as nvidia-smi counts, but CUDA_DEVICE_ORDER is "
                    + (bySpeed.isEmpty() ? "not set" : "FASTEST_FIRST") + ", so that CUDA may count in another order; set"
                    + " spark.executorEnv.CUDA_DEVICE_ORDER PCI_BUS_ID");
        }
    }

    /** Every file of settings for a cluster counts as its discovery script does. */
    @ParameterizedTest
    @ValueSource(strings = {"standalone", "yarn", "kubernetes"})
    void settingsPinTheOrder(String cluster) throws IOException {
        Properties settings = new Properties();
        try (Reader file = Files.newBufferedReader(Path.of("..", "conf", "gpu", cluster + ".conf"))) {
            settings.load(file);
        }
        assertThat(settings).containsEntry("spark.executorEnv.CUDA_DEVICE_ORDER", "PCI_BUS_ID")
            .containsEntry("spark.executor.resource.gpu.amount", "1");
    }

    @Test
    void withAListItIsThePlaceInIt() {
        assertThat(ordinal("3", "1,3")).isEqualTo(1);
        assertThat(ordinal("GPU-b", "GPU-a, GPU-b")).isEqualTo(1);
        assertThat(ordinal("7", "2")).as("a container with one GPU").isZero();
        assertThatThrownBy(() -> ordinal("7", "0,1")).isInstanceOf(KernelException.class)
            .hasMessageContaining("7 is not in CUDA_VISIBLE_DEVICES=0,1");
        assertThatThrownBy(() -> ordinal("0", "")).isInstanceOf(KernelException.class);
    }

    @Test
    void exactlyOneAddressIsAccepted() {
        for (List<String> addresses : List.of(List.<String>of(), List.of("0", "1"))) {
            assertThatThrownBy(() -> GpuAddress.ordinal(addresses, Map.of())).isInstanceOf(KernelException.class)
                .hasMessageContaining("exactly one GPU address from Spark, found " + addresses)
                .hasMessageContaining("spark.executor.resource.gpu.amount 1");
        }
    }

    @Test
    void settingsAreCheckedOnTheDriver() {
        SparkConf cluster = new SparkConf(false).set("spark.master", "spark://host:7077");
        assertThatThrownBy(() -> GpuAddress.requireSettings(cluster)).isInstanceOf(InputException.class)
            .hasMessageContaining("spark.executor.resource.gpu.amount is not set");
        cluster.set("spark.executor.resource.gpu.amount", "2");
        assertThatThrownBy(() -> GpuAddress.requireSettings(cluster)).hasMessageContaining("amount is 2");
        cluster.set("spark.executor.resource.gpu.amount", "1");
        assertThatCode(() -> GpuAddress.requireSettings(cluster)).doesNotThrowAnyException();
        SparkConf local = new SparkConf(false).set("spark.master", "local[2]");
        assertThatCode(() -> GpuAddress.requireSettings(local)).doesNotThrowAnyException();
        assertThat(Executors.isLocal(new SparkConf(false).set("spark.master", "local-cluster[2,1,1024]"))).isFalse();
    }

    @Test
    void calibrationNeedsNoGpu() {
        BackendOpener cuda = new BackendOpener(Backend.CUDA, "auto", "");
        assertThat(cuda.forCalibration()).isEqualTo(new BackendOpener(Backend.CPU, "auto", ""));
        assertThat(cuda.key()).isEqualTo("cuda (fp32)");
        BackendOpener halves = new BackendOpener(Backend.CUDA, "auto", "", 0, "bf16", "");
        assertThat(halves.identity()).isEqualTo("cuda (bf16)").isNotEqualTo(cuda.identity());
    }

    /** A model that is on the device already is not uploaded again for calls of another number of threads. */
    @Test
    void threadsOfACallAreNoMatterOnTheGpu() {
        BackendOpener cuda = new BackendOpener(Backend.CUDA, "auto", "");
        BackendOpener cpu = new BackendOpener(Backend.CPU, "auto", "");
        assertThat(cuda.key(1)).isEqualTo(cuda.key(2)).isEqualTo(cuda.key());
        assertThat(cpu.key(1)).isNotEqualTo(cpu.key(2));
    }
}
