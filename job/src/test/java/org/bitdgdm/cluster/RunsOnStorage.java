package org.bitdgdm.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.bitdgdm.output.StoreRace;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * What must hold on every storage, asked of {@code submit.sh} from the outside. One server serves all methods of a class, and
 * they run in order: what is evaluated was generated before.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class RunsOnStorage {
    private static final String RUN = "sets/tonight";
    private static final String MOLECULES = RUN + "/molecules";
    /** Chains of the run of sequences, each a shard of its own. */
    private static final int DESIGNS = 8;
    private static final ObjectMapper JSON = new ObjectMapper();

    private Path temporary;
    private Storage storage;

    /** Starts the storage's server. */
    abstract Storage open(Path folder) throws Exception;

    /** What its user must set besides. */
    Map<String, String> environment() {
        return Map.of();
    }

    @BeforeAll
    void openStorage(@TempDir Path folder) throws Exception {
        temporary = folder;
        storage = open(temporary.resolve("server"));
    }

    @AfterAll
    void closeStorage() throws Exception {
        if (storage != null) {
            storage.close();
        }
    }

    @Test
    @Order(1)
    void aKilledRunIsResumedAndEndsLikeOneThatWasNot() throws Exception {
        Submission killed = submit(Molecules.GENERATE, "--out", storage.uri(RUN));
        try (killed) {
            // Whatever a reader finds is whole, at any time.
            while (shards().size() < 3) {
                assertThat(killed.runs()).as(killed.said()).isTrue();
                for (String name : shards().keySet()) {
                    assertThat(Molecules.rows(storage.read(MOLECULES + "/" + name))).as(name).hasSize(Molecules.SHARD);
                }
            }
        }
        // A server may still take what it had received of a shard before the kill.
        Thread.sleep(2000);
        SortedMap<String, Long> before = shards();
        assertThat(before).as("killed in the middle").hasSizeBetween(3, Molecules.SHARDS - 1);

        try (Submission resumed = submit(Molecules.GENERATE, "--out", storage.uri(RUN))) {
            assertThat(resumed.await()).as(resumed.said()).isZero();
            assertThat(resumed.out()).contains("resuming: " + before.size() + " of " + Molecules.SHARDS + " shards");
        }
        assertThat(shards()).hasSize(Molecules.SHARDS).containsAllEntriesOf(before);
        assertThat(Molecules.rows(storage, MOLECULES)).isEqualTo(Molecules.ofALocalRun());
        assertThat(storage.files(RUN)).containsKeys("_SUCCESS", "molecules/_SUCCESS", "metrics.json", "run.json", "report.html",
            "quantization.csv").doesNotContainKey("_run/lock.json");
        assertThat(storage.files(RUN).keySet()).noneMatch(name -> name.startsWith("_run/staging/"));
    }

    @Test
    @Order(2)
    void aFinishedRunIsNotTouched() throws Exception {
        SortedMap<String, Long> before = storage.files(RUN);
        try (Submission again = submit(Molecules.GENERATE, "--out", storage.uri(RUN))) {
            assertThat(again.await()).as(again.said()).isZero();
            assertThat(again.out()).startsWith("finished before, nothing to do: ");
        }
        assertThat(storage.files(RUN)).isEqualTo(before);
    }

    @Test
    @Order(3)
    void aRunIsEvaluatedWhereItLies() throws Exception {
        String evaluation = "sets/evaluation";
        try (Submission evaluate = submit(List.of("evaluate", "--input", storage.uri(RUN)), "--out", storage.uri(evaluation))) {
            assertThat(evaluate.await()).as(evaluate.said()).isZero();
        }
        assertThat(Molecules.rows(storage, evaluation + "/molecules")).hasSameElementsAs(Molecules.ofALocalRun());
        JsonNode counts = JSON.readTree(storage.read(RUN + "/metrics.json")).path("counts");
        assertThat(counts.path("graphs").asInt()).isEqualTo(Molecules.SHARDS * Molecules.SHARD);
        assertThat(JSON.readTree(storage.read(evaluation + "/metrics.json")).path("counts")).isEqualTo(counts);
    }

    @Test
    @Order(4)
    void aSweepIsOneTableOfItsCells() throws Exception {
        Path conf = Files.writeString(temporary.resolve("sweep.conf"), "sweep { method = [fp32, rtn], steps = 3, count = 8 }\n"
            + "quantize { calibration-graphs = 2, calibration-steps = 2 }\n");
        String sweep = "sets/sweep";
        try (Submission run = submit(List.of("sweep", "--config", conf.toString()), "--out", storage.uri(sweep))) {
            assertThat(run.await()).as(run.said()).isZero();
        }
        assertThat(Molecules.rows(storage, sweep + "/cells")).hasSize(2).allMatch(row -> row.contains("status: done"));
        assertThat(Molecules.rows(storage, sweep + "/molecules")).hasSize(16);
        assertThat(storage.files(sweep)).containsKeys("_SUCCESS", "sweep.md", "sweep.html");
    }

    @Test
    @Order(5)
    void ofWritersAndDriversAtTheSameMomentOneIsFirst() throws Exception {
        List<String> arguments = new ArrayList<>(List.of(StoreRace.class.getName(), storage.uri("race")));
        arguments.addAll(storage.hadoop());
        try (ServerProcess race = ServerProcess.java(temporary.resolve("race"), "race", List.of(),
            storage.connector() + TestSpark.classPath(), arguments.toArray(String[]::new))) {
            String said = race.ended();
            assertThat(said.lines().filter(line -> line.startsWith("shard: "))).as(said).hasSize(5)
                .containsOnly("shard: 1 first, content of the first: true");
            assertThat(said.lines().filter(line -> line.startsWith("lock: "))).as(said).hasSize(5)
                .containsOnly("lock: 1 held, 7 told of another driver");
        }
        assertThat(storage.files("race").keySet()).as("what the others had").noneMatch(name -> name.endsWith(".part"));
    }

    @Test
    @Order(6)
    void structuresAreReadWhereTheyLieAndAKilledRunOfSequencesIsResumed() throws Exception {
        Path structures = Files.createDirectories(temporary.resolve("structures"));
        byte[] one = Files.readAllBytes(Path.of(System.getProperty("bitdgdm.home"), "conf", "structures", "4dn4.M.pdb"));
        for (int chain = 0; chain < DESIGNS; chain++) {
            storage.write("structures/" + chain + ".pdb", one);
            Files.write(structures.resolve(chain + ".pdb"), one);
        }
        String run = "sets/designs";
        List<String> design = new ArrayList<>(List.of("generate", "--model", "conf/models/gradeif", "--samples", "20",
            "--steps", "100", "--method", "rtn", "--calibration-steps", "2", "--cache", "none"));
        try (Submission killed = submit(design, "--structures", storage.uri("structures"), "--out", storage.uri(run))) {
            while (shards(run + "/sequences").size() < 2) {
                assertThat(killed.runs()).as(killed.said()).isTrue();
            }
        }
        Thread.sleep(2000);
        SortedMap<String, Long> before = shards(run + "/sequences");
        assertThat(before).as("killed in the middle").hasSizeBetween(2, DESIGNS - 1);
        try (Submission resumed = submit(design, "--structures", storage.uri("structures"), "--out", storage.uri(run))) {
            assertThat(resumed.await()).as(resumed.said()).isZero();
            assertThat(resumed.out()).doesNotContain("quantizing").contains("resuming: " + before.size() + " of " + DESIGNS
                + " shards");
        }
        assertThat(shards(run + "/sequences")).hasSize(DESIGNS).containsAllEntriesOf(before);
        design.addAll(List.of("--structures", structures.toString()));
        assertThat(Molecules.rows(storage, run + "/sequences")).isEqualTo(Molecules.ofALocalRun(design));
        assertThat(storage.files(run)).containsKeys("_SUCCESS", "sequences/_SUCCESS", "sequences.fasta", "metrics.json",
            "run.json", "report.html", "quantization.csv").doesNotContainKey("_run/lock.json");
    }

    private Submission submit(List<String> command, String... more) throws IOException {
        List<String> job = new ArrayList<>(command);
        job.addAll(Arrays.asList(more));
        List<String> spark = new ArrayList<>(List.of("--master", "local[2]"));
        spark.addAll(storage.flags());
        return Submission.start(temporary.resolve("logs"), environment(), job, spark);
    }

    /** Shards that a reader of the run sees. */
    private SortedMap<String, Long> shards() throws IOException {
        return shards(MOLECULES);
    }

    private SortedMap<String, Long> shards(String folder) throws IOException {
        SortedMap<String, Long> shards = new TreeMap<>(storage.files(folder));
        shards.keySet().removeIf(name -> name.startsWith("_") || name.startsWith("."));
        return shards;
    }
}
