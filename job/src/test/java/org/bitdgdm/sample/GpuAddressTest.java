package org.bitdgdm.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;

import org.apache.spark.SparkConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.KernelException;
import org.junit.jupiter.api.Test;

class GpuAddressTest {

    private static int ordinal(String address, String visible) {
        return GpuAddress.ordinal(List.of(address), Optional.ofNullable(visible));
    }

    @Test
    void withoutAListTheAddressIsTheIndex() {
        assertThat(ordinal("0", null)).isZero();
        assertThat(ordinal("3", null)).isEqualTo(3);
        assertThatThrownBy(() -> ordinal("GPU-5d1b", null)).isInstanceOf(KernelException.class)
            .hasMessageContaining("'GPU-5d1b', which is no index");
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
            assertThatThrownBy(() -> GpuAddress.ordinal(addresses, Optional.empty())).isInstanceOf(KernelException.class)
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
        assertThat(GpuAddress.isLocal(new SparkConf(false).set("spark.master", "local-cluster[2,1,1024]"))).isFalse();
    }

    @Test
    void calibrationNeedsNoGpu() {
        BackendOpener cuda = new BackendOpener(Backend.CUDA, "auto", "");
        assertThat(cuda.forCalibration()).isEqualTo(new BackendOpener(Backend.CPU, "auto", ""));
        assertThat(cuda.key()).isEqualTo("cuda (fp32)");
        BackendOpener halves = new BackendOpener(Backend.CUDA, "auto", "", 0, "bf16", "");
        assertThat(halves.identity()).isEqualTo("cuda (bf16)").isNotEqualTo(cuda.identity());
    }
}
