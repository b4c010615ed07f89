package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

/** What somebody or a disk has damaged in the folder of a run, finished or not: the same command makes it again. */
class DamagedRunTest extends CommandsOnSpark {

    private int generate(Path to) {
        return run("generate", "--model", MODEL, "--method", "rtn", "--count", "12", "--steps", "2", "--seed", "7",
            "--calibration-graphs", "1", "--calibration-steps", "1", "--shard-size", "3", "--out", to.toString());
    }

    private static List<Row> rows(Path run) {
        return spark.read().parquet(run.resolve("molecules").toString()).orderBy("graph_id").collectAsList();
    }

    private static Path shard(Path run, int shard) {
        return run.resolve("molecules/shard-00000" + shard + ".parquet");
    }

    /** Bytes and time of every shard. */
    private static Map<String, String> shards(Path run) throws IOException {
        Map<String, String> shards = new HashMap<>();
        if (!Files.isDirectory(run.resolve("molecules"))) {
            return shards;
        }
        try (Stream<Path> files = Files.list(run.resolve("molecules"))) {
            for (Path file : files.filter(f -> f.getFileName().toString().startsWith("shard")).toList()) {
                shards.put(file.getFileName().toString(), Files.getLastModifiedTime(file) + " "
                    + Arrays.hashCode(Files.readAllBytes(file)));
            }
        }
        return shards;
    }

    /** Cuts a file short, as a full disk or a lost machine does, and leaves its checksum behind. */
    private static void cut(Path file, int bytes) throws IOException {
        Files.write(file, Arrays.copyOf(Files.readAllBytes(file), bytes));
    }

    @Test
    void damagedShardsOfAnyRunAreMadeAgainAndNoOthers() throws Exception {
        Path run = folder.resolve("shards");
        assertThat(generate(run)).as(err).isZero();
        List<Row> whole = rows(run);
        assertThat(whole).hasSize(12);
        for (boolean finished : new boolean[] {false, true}) {
            Map<String, String> before = shards(run);
            byte[] page = Files.readAllBytes(shard(run, 3));
            page[60] ^= 1;
            cut(shard(run, 0), 0);
            cut(shard(run, 1), 700);
            Files.write(shard(run, 3), page);
            Files.deleteIfExists(run.resolve("molecules/.shard-000003.parquet.crc"));
            if (!finished) {
                Files.delete(run.resolve("_SUCCESS"));
                Files.delete(run.resolve("metrics.json"));
            }
            assertThat(generate(run)).as(err).isZero();
            assertThat(out).contains("3 shards in " + run + " are damaged and are made again: shard-000000.parquet (0 bytes),")
                .contains("resuming: 1 of 4 shards").doesNotContain("quantizing");
            assertThat(rows(run)).isEqualTo(whole);
            assertThat(shards(run)).containsEntry("shard-000002.parquet", before.get("shard-000002.parquet"));
            assertThat(JSON.readTree(run.resolve("metrics.json").toFile()).at("/counts/graphs").asInt()).isEqualTo(12);
            assertThat(generate(run)).isZero();
            assertThat(out).contains("finished before");
        }
        // Copied whole to another time: nothing to do.
        Files.setLastModifiedTime(shard(run, 2), java.nio.file.attribute.FileTime.fromMillis(0));
        assertThat(generate(run)).isZero();
        assertThat(out).contains("finished before");
        // Damaged where no checksum of Parquet's looks, at the same size and time.
        byte[] bytes = Files.readAllBytes(shard(run, 2));
        bytes[new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf("parquet-mr")] ^= 1;
        java.nio.file.attribute.FileTime time = Files.getLastModifiedTime(shard(run, 2));
        Files.write(shard(run, 2), bytes);
        Files.deleteIfExists(run.resolve("molecules/.shard-000002.parquet.crc"));
        Files.setLastModifiedTime(shard(run, 2), time);
        assertThat(generate(run)).as(err).isZero();
        assertThat(out).contains("1 shard in " + run + " is damaged and is made again: shard-000002.parquet (other bytes than when"
            + " the run was finished)").contains("resuming: 3 of 4 shards");
        assertThat(rows(run)).isEqualTo(whole);
        assertThat(generate(run)).isZero();
        assertThat(out).contains("finished before");
        // A file that readers would take for one more shard.
        Files.copy(shard(run, 2), run.resolve("molecules/shard-000002 (copy).parquet"));
        assertThat(generate(run)).isEqualTo(2);
        assertThat(err).startsWith("error: --out " + run + " has shard-000002 (copy).parquet in molecules").hasLineCount(1);
        Files.delete(run.resolve("molecules/shard-000002 (copy).parquet"));
        assertThat(generate(run)).isZero();
    }

    @Test
    void resultsThatAreCutShortOrEditedAreMadeAgain() throws Exception {
        Path run = folder.resolve("results");
        assertThat(generate(run)).as(err).isZero();
        Map<String, String> before = shards(run);
        String metrics = Files.readString(run.resolve("metrics.json"));
        String csv = Files.readString(run.resolve("quantization.csv")).replaceAll("[0-9.]+,\\R", "");
        byte[] packed = Files.readAllBytes(run.resolve("_run/model/packed.bdgm"));
        for (String name : List.of("metrics.json", "run.json", "report.html", "quantization.csv", "_SUCCESS",
            "_run/timings.json", "_run/model/packed.bdgm", "_run/model/recipe.json")) {
            for (boolean edited : new boolean[] {false, true}) {
                Path file = run.resolve(name);
                byte[] bytes = Files.readAllBytes(file);
                if (edited) {
                    bytes[bytes.length / 2] ^= 1;
                    Files.write(file, bytes);
                    Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
                } else {
                    cut(file, bytes.length / 2);
                }
                if (name.startsWith("_run/")) {
                    Files.deleteIfExists(run.resolve("metrics.json"));
                }
                assertThat(generate(run)).as(name + ": " + err).isZero();
                assertThat(err).as(name).isEmpty();
                assertThat(shards(run)).as(name).isEqualTo(before);
                assertThat(Files.readString(run.resolve("metrics.json"))).as(name).isEqualTo(metrics);
                assertThat(Arrays.equals(Files.readAllBytes(run.resolve("_run/model/packed.bdgm")), packed)).as(name).isTrue();
                // Its last column but one is a time of quantization.
                assertThat(Files.readString(run.resolve("quantization.csv")).replaceAll("[0-9.]+,\\R", "")).as(name)
                    .isEqualTo(csv);
                JSON.readTree(run.resolve("run.json").toFile());
                assertThat(generate(run)).as(name).isZero();
                assertThat(out).as(name).contains("finished before");
            }
        }
    }

    @Test
    void evaluateKeepsWhatAnEarlierStartHasScored() throws Exception {
        String[] molecules = {"C", "CC", "CCO", "C1CC1", "N", "CN", "CCN", "CC=O", "C#N", "COC"};
        Path list = Files.write(folder.resolve("long.smi"), IntStream.range(0, 9000).mapToObj(k -> molecules[k % 10])
            .collect(Collectors.toList()));
        Path graphs = folder.resolve("graphs");
        // Three files, each a piece of its own.
        spark.range(0, 900, 1, 3).selectExpr("id as graph_id", "array(0, 0, 2) as atom_types", "array(1, 0, 1) as bonds")
            .write().parquet(graphs.toString());
        for (Path input : List.of(list, graphs)) {
            Path judged = folder.resolve("judged-" + input.getFileName());
            String[] evaluate = {"evaluate", "--model", MODEL, "--input", input.toString(), "--out", judged.toString()};
            assertThat(run(evaluate)).as(err).isZero();
            Map<String, String> before = shards(judged);
            assertThat(before).hasSize(3);
            List<Row> whole = rows(judged);
            assertThat(whole).hasSize(input == list ? 9000 : 900);
            String metrics = Files.readString(judged.resolve("metrics.json"));
            assertThat(run(evaluate)).isZero();
            assertThat(out).contains("finished before");

            // As a killed start leaves it, with a shard that the disk has lost beside one that was never made.
            Files.delete(judged.resolve("_SUCCESS"));
            Files.delete(judged.resolve("metrics.json"));
            Files.delete(judged.resolve("molecules/_SUCCESS"));
            Files.delete(shard(judged, 1));
            cut(shard(judged, 2), 0);
            assertThat(run(evaluate)).as(err).isZero();
            assertThat(out).contains("resuming: 2 shards are already in " + judged)
                .contains("1 shard in " + judged + " is damaged and is made again: shard-000002.parquet (0 bytes)");
            assertThat(rows(judged)).isEqualTo(whole);
            assertThat(shards(judged)).containsEntry("shard-000000.parquet", before.get("shard-000000.parquet"));
            assertThat(Files.readString(judged.resolve("metrics.json"))).isEqualTo(metrics);

            // Another evaluation of the same rows scores none again.
            before = shards(judged);
            assertThat(run(Stream.concat(Stream.of(evaluate), Stream.of("--protocol", "moses")).toArray(String[]::new))).isZero();
            assertThat(out).contains("\nfilters ").contains("\nintdiv ").as("without a test set").doesNotContain("\nsnn ");
            assertThat(shards(judged)).isEqualTo(before);
        }
    }

    @Test
    void graphsCutOtherwiseAreScoredAnew() throws Exception {
        Path graphs = folder.resolve("cut");
        spark.range(0, 600, 1, 2).selectExpr("id as graph_id", "array(0, 0, 2) as atom_types", "array(1, 0, 1) as bonds")
            .write().parquet(graphs.toString());
        Path judged = folder.resolve("judged-cut");
        String[] evaluate = {"evaluate", "--model", MODEL, "--input", graphs.toString(), "--out", judged.toString()};
        assertThat(run(evaluate)).as(err).isZero();
        List<Row> whole = rows(judged);
        Files.delete(judged.resolve("_SUCCESS"));
        String limit = "spark.sql.files.maxPartitionBytes";
        String before = spark.conf().get(limit);
        spark.conf().set(limit, "1000");
        try {
            assertThat(run(evaluate)).as(err).isZero();
        } finally {
            spark.conf().set(limit, before);
        }
        assertThat(rows(judged)).isEqualTo(whole);
    }

    @Test
    void aFullDiskIsOneSentenceAndTheSameCommandMakesTheRest() throws Exception {
        spark.sparkContext().hadoopConfiguration().set("fs.full.impl", "org.bitdgdm.output.FullFileSystem");
        Path disk = Files.createDirectories(folder.resolve("disk"));
        Path run = disk.resolve("run");
        String[] generate = {"generate", "--model", MODEL, "--method", "fp32", "--count", "12", "--steps", "2", "--shard-size",
            "3", "--out", "full://" + run};
        Path full = Files.createFile(disk.resolve("full"));
        assertFull(generate, run);
        assertThat(shards(run)).isEmpty();
        Files.delete(full);
        assertThat(run(generate)).as(err).isZero();
        List<Row> whole = rows(run);
        Map<String, String> before = shards(run);

        // While shards are written, while metrics are, and at the very end.
        for (List<String> missing : List.of(List.of("_SUCCESS", "molecules/shard-000001.parquet", "metrics.json"),
            List.of("metrics.json"), List.of("_SUCCESS"))) {
            for (String name : missing) {
                Files.delete(run.resolve(name));
            }
            Files.createFile(full);
            assertFull(generate, run);
            assertThat(run.resolve("_SUCCESS")).doesNotExist();
            Files.delete(full);
            assertThat(run(generate)).as(err).isZero();
            assertThat(rows(run)).isEqualTo(whole);
            assertThat(shards(run)).containsEntry("shard-000002.parquet", before.get("shard-000002.parquet"));
        }
    }

    @Test
    void aFinishedSweepMakesDeletedAndDamagedCellsAgain() throws Exception {
        Path conf = Files.writeString(folder.resolve("sweep.conf"), "sweep { method = [fp32, rtn], steps = 2, count = 6 }\n"
            + "quantize { calibration-graphs = 1, calibration-steps = 1 }\nsample { shard-size = 3 }\n");
        Path sweep = folder.resolve("sweep");
        String[] command = {"sweep", "--model", MODEL, "--config", conf.toString(), "--out", sweep.toString()};
        assertThat(run(command)).as(err).isZero();
        List<Path> molecules;
        List<Path> details;
        try (Stream<Path> cells = Files.list(sweep.resolve("molecules")); Stream<Path> pages = Files.list(sweep.resolve("details"))) {
            molecules = cells.filter(Files::isDirectory).sorted().toList();
            details = pages.sorted().toList();
        }
        assertThat(molecules).hasSize(2);
        List<Row> whole = spark.read().parquet(sweep.resolve("molecules").toString()).orderBy("cell", "graph_id").collectAsList();
        assertThat(whole).hasSize(12);
        for (int damage = 0; damage < 4; damage++) {
            Path cell = molecules.get(damage % 2);
            String other = Files.getLastModifiedTime(molecules.get((damage + 1) % 2).resolve("shard-000000.parquet")).toString();
            switch (damage) {
                case 0 -> cut(cell.resolve("shard-000001.parquet"), 100);
                case 1 -> Files.delete(cell.resolve("shard-000000.parquet"));
                case 2 -> FileUtils.deleteDirectory(cell.toFile());
                default -> FileUtils.deleteDirectory(details.get(damage % 2).toFile());
            }
            assertThat(run(command)).as(err).isZero();
            assertThat(out).as("%d", damage).doesNotContain("finished before");
            assertThat(spark.read().parquet(sweep.resolve("molecules").toString()).orderBy("cell", "graph_id").collectAsList())
                .isEqualTo(whole);
            assertThat(Files.getLastModifiedTime(molecules.get((damage + 1) % 2).resolve("shard-000000.parquet"))).asString()
                .isEqualTo(other);
            assertThat(run(command)).isZero();
            assertThat(out).contains("finished before");
        }
    }

    private void assertFull(String[] command, Path run) {
        assertThat(run(command)).as(err).isEqualTo(1);
        assertThat(err).isEqualToIgnoringNewLines("error: no room is left for --out full://" + run + ": No space left on device;"
            + " free some, and the same command makes what is missing of full://" + run);
    }

    @Test
    void textsOfTheConsoleHaveBlanksBetweenNameAndValue() throws Exception {
        Path run = folder.resolve("texts");
        assertThat(generate(run)).as(err).isZero();
        assertThat(run("evaluate", "--input", run.toString(), "--against", run.toString(), "--out",
            folder.resolve("texts-judged").toString(), "--fidelity", "2", "--fidelity-steps", "2")).as(err).isZero();
        List<String> touching = new ArrayList<>();
        out.lines().filter(line -> line.matches("[a-z ]+[a-z](-?[0-9].*|not available.*|/.*)")).forEach(touching::add);
        assertThat(out).contains("relaxed validity difference");
        assertThat(touching).isEmpty();
    }
}
