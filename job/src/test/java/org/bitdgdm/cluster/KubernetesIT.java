package org.bitdgdm.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What Spark asks of Kubernetes with the settings of {@code conf/gpu/kubernetes.conf}, taken down by a server that runs no
 * pod.
 */
class KubernetesIT {
    private static final Path SETTINGS = Path.of(System.getProperty("bitdgdm.home"), "conf", "gpu", "kubernetes.conf")
        .toAbsolutePath().normalize();
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;
    private final Properties settings = new Properties();
    private ServerProcess server;
    private String url;
    private Path spark;

    @BeforeEach
    void start() throws Exception {
        try (var in = Files.newBufferedReader(SETTINGS)) {
            settings.load(in);
        }
        spark = SparkHome.managed("kubernetes", Servers.KUBERNETES.resolve("target/jars"));
        Path written = folder.resolve("url");
        server = ServerProcess.java(folder, "kubernetes", List.of(), spark.resolve("jars") + File.separator + "*",
            Servers.KUBERNETES.resolve("KubernetesServer.java").toString(), written.toString());
        server.await(() -> Files.exists(written));
        url = Files.readString(written);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void theDriversPodHasTheImageAndTheSettingsOfTheFile() throws Exception {
        Path uploads = Files.createDirectories(folder.resolve("uploads"));
        try (Submission submit = submit("--deploy-mode", "cluster",
            "--conf", "spark.kubernetes.submission.waitAppCompletion=false",
            "--conf", "spark.kubernetes.file.upload.path=" + uploads.toUri())) {
            assertThat(submit.await()).as(submit.said()).isZero();
        }
        List<JsonNode> pods = pods("driver");
        assertThat(pods).hasSize(1);
        JsonNode driver = pods.get(0).at("/spec/containers/0");
        assertThat(driver.path("image").asText()).isEqualTo(setting("spark.kubernetes.container.image"));
        assertThat(driver.at("/resources/limits").has("nvidia.com/gpu")).as("the driver computes on no GPU").isFalse();
        assertThat(driver.path("args").toString()).contains("org.bitdgdm.BitDgdmJob", "generate", "--count");
        assertThat(environment(driver, "BITDGDM_HOME")).as("where the image has the model").isEqualTo("/opt/bitdgdm");
        assertThat(uploads).as("the job's jar").isDirectoryRecursivelyContaining("glob:**/bitdgdm.jar");
        Properties carried = new Properties();
        for (JsonNode map : items("configmaps")) {
            if (map.at("/data").has("spark.properties")) {
                carried.load(new StringReader(map.at("/data/spark.properties").asText()));
            }
        }
        assertThat(carried.getProperty("spark.jars")).endsWith("/bitdgdm.jar");
        for (String name : settings.stringPropertyNames()) {
            if (!name.equals("spark.master")) {
                assertThat(carried.getProperty(name)).as(name).isEqualTo(settings.getProperty(name));
            }
        }
    }

    @Test
    void anExecutorsPodHasOneGpuAndTheEnvironmentThatCountsItRight() throws Exception {
        try (Submission submit = submit("--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.executor.instances=2")) {
            while (pods("executor").size() < 2) {
                assertThat(submit.runs()).as(submit.said()).isTrue();
                Thread.sleep(100);
            }
        }
        for (JsonNode pod : pods("executor")) {
            JsonNode executor = pod.at("/spec/containers/0");
            assertThat(executor.path("image").asText()).isEqualTo(setting("spark.kubernetes.container.image"));
            assertThat(executor.at("/resources/limits").path(setting("spark.executor.resource.gpu.vendor") + "/gpu").asText())
                .isEqualTo("1");
            assertThat(executor.at("/resources/requests/cpu").asText()).isEqualTo(setting("spark.executor.cores"));
            assertThat(environment(executor, "CUDA_DEVICE_ORDER")).isEqualTo("PCI_BUS_ID");
        }
    }

    private static String environment(JsonNode container, String name) {
        return StreamSupport.stream(container.path("env").spliterator(), false)
            .filter(variable -> variable.path("name").asText().equals(name)).findFirst()
            .map(variable -> variable.path("value").asText()).orElse("");
    }

    private String setting(String name) {
        return settings.getProperty(name);
    }

    private Submission submit(String... more) throws Exception {
        List<String> job = new ArrayList<>(Molecules.GENERATE);
        job.addAll(List.of("--out", folder.resolve("run").toUri().toString()));
        List<String> flags = new ArrayList<>(List.of("--properties-file", SETTINGS.toString(), "--master", "k8s://" + url));
        flags.addAll(List.of(more));
        return Submission.start(folder.resolve("logs"), Map.of("SPARK_HOME", spark.toString(), "SPARK_LOCAL_IP", "127.0.0.1",
            "SPARK_LOCAL_HOSTNAME", "localhost", "KUBECONFIG", folder.resolve("none").toString()), job, flags);
    }

    private List<JsonNode> pods(String role) throws Exception {
        return items("pods").stream().filter(pod -> pod.at("/metadata/labels/spark-role").asText().equals(role)).toList();
    }

    private List<JsonNode> items(String kind) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/api/v1/namespaces/default/" + kind)).build();
        HttpResponse<String> response = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        return StreamSupport.stream(JSON.readTree(response.body()).path("items").spliterator(), false).toList();
    }
}
