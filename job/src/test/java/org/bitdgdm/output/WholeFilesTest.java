package org.bitdgdm.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.family.Molecules;
import org.bitdgdm.sample.DenoiserOpener;
import org.bitdgdm.sample.SampleJob;
import org.bitdgdm.sample.TestOpener;
import org.bitdgdm.sample.TestSpark;
import org.bitdgdm.sample.TinyModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An object store, which has no rename; {@code S3aIT} asks a real server. */
class WholeFilesTest {
    private static final PrintStream NOWHERE = new PrintStream(PrintStream.nullOutputStream());
    private static SparkSession spark;

    @TempDir
    private Path temporary;

    @BeforeAll
    static void start() {
        spark = TestSpark.on("local[2,2]").config("spark.hadoop.fs.store.impl", ObjectStoreFileSystem.class.getName())
            .config("spark.hadoop.fs.breaking.impl", BreakingDisk.class.getName()).getOrCreate();
    }

    @AfterAll
    static void stop() {
        TestSpark.stop();
    }

    private static Configuration hadoop() {
        return spark.sparkContext().hadoopConfiguration();
    }

    private static org.apache.hadoop.fs.Path in(String scheme, Path path) {
        return new org.apache.hadoop.fs.Path(scheme + "://" + path);
    }

    private void write(TestRun run, DenoiserOpener opener) throws Exception {
        OutputFolder folder = OutputFolder.of("store://" + run.out(), hadoop());
        folder.begin(run.fingerprint());
        try (SampleJob job = new SampleJob(JavaSparkContext.fromSparkContext(spark.sparkContext()), TinyModel.packed(1),
            run.conf(), opener)) {
            MoleculeWriter.write(spark, job, folder, new Molecules(TinyModel.VOCABULARY), NOWHERE);
        }
        folder.publish("run.json", "first".getBytes(StandardCharsets.UTF_8));
        folder.publish("run.json", "{}".getBytes(StandardCharsets.UTF_8));
        folder.finish(run.fingerprint());
    }

    @Test
    void aRunOnAnObjectStoreIsThatOfADiskWithoutRenames() throws Exception {
        TestRun local = new TestRun(temporary.resolve("local"), 30, 10);
        local.write(spark, TestOpener.plain(), NOWHERE);
        TestRun run = new TestRun(temporary.resolve("stored"), 30, 10);
        write(run, TestOpener.plain());
        assertThat(run.rows(spark)).isEqualTo(local.rows(spark));
        assertThat(OutputFolder.of("store://" + run.out(), hadoop()).state(run.fingerprint()))
            .isEqualTo(OutputFolder.State.FINISHED);
        assertThat(run.out().resolve("run.json")).hasContent("{}");
    }

    @Test
    void aTaskThatFailsShowsNothingAndItsRetryAll() throws Exception {
        TestRun run = new TestRun(temporary.resolve("failing"), 20, 10);
        Path faults = Files.createDirectories(temporary.resolve("faults"));
        // In the middle of a shard, whose file has rows by then.
        int before = ObjectStoreFileSystem.UPLOADS.get();
        write(run, TestOpener.failing(faults, 17));
        assertThat(faults).isEmptyDirectory();
        assertThat(run.rows(spark)).hasSize(20);
        // Two shards, the fingerprint, run.json twice and two files _SUCCESS: none of the task that failed.
        assertThat(ObjectStoreFileSystem.UPLOADS.get() - before).isEqualTo(7);
        assertThat(ObjectStoreFileSystem.ABORTED.get()).as("it never began to upload").isZero();
    }

    @Test
    void theFirstOfTwoWritersOfAShardWins() throws Exception {
        for (boolean conditional : new boolean[] {true, false}) {
            Configuration conf = new Configuration(hadoop());
            conf.setBoolean(ObjectStoreFileSystem.CONDITIONAL, conditional);
            WholeFiles whole = WholeFiles.of(FileSystem.newInstance(URI.create("store:///"), conf), in("store", temporary));
            org.apache.hadoop.fs.Path target = in("store", temporary.resolve("shard-" + conditional));
            assertThat(whole.uploads()).isTrue();
            assertThat(whole.commit(staged(whole, "first"), target)).isTrue();
            assertThat(whole.commit(staged(whole, "second"), target)).isFalse();
            assertThat(temporary.resolve("shard-" + conditional)).hasContent("first");
        }
    }

    private org.apache.hadoop.fs.Path staged(WholeFiles whole, String content) throws IOException {
        org.apache.hadoop.fs.Path staged = whole.staged(in("store", temporary.resolve("hidden")), "shard.part");
        Files.writeString(Path.of(staged.toUri().getPath()), content);
        assertThat(staged.toUri().getScheme()).as("on this machine").isEqualTo("file");
        return staged;
    }

    @Test
    void anUploadThatIsCutLeavesNothing() throws Exception {
        WholeFiles whole = WholeFiles.of(FileSystem.get(URI.create("store:///"), hadoop()), in("store", temporary));
        Path broken = Files.write(temporary.resolve("broken"), new byte[1 << 20]);
        int aborted = ObjectStoreFileSystem.ABORTED.get();
        assertThatThrownBy(() -> whole.commit(in("breaking", broken), in("store", temporary.resolve("shard"))))
            .isInstanceOf(IOException.class).hasMessageContaining("unreadable");
        assertThat(temporary.resolve("shard")).doesNotExist();
        assertThat(ObjectStoreFileSystem.ABORTED.get() - aborted).isEqualTo(1);
        ObjectStoreFileSystem.ABORTED.set(0);
    }

    @Test
    void aDiskRenames() throws Exception {
        FileSystem disk = FileSystem.getLocal(hadoop());
        WholeFiles whole = WholeFiles.of(disk, new org.apache.hadoop.fs.Path(temporary.toUri()));
        assertThat(whole.uploads()).isFalse();
        org.apache.hadoop.fs.Path hidden = new org.apache.hadoop.fs.Path(temporary.resolve("hidden").toUri());
        assertThat(whole.staged(hidden, "shard.part").getParent()).isEqualTo(hidden);
        try (Stream<Path> none = Files.list(temporary)) {
            assertThat(none).as("nothing is made by asking").isEmpty();
        }
    }

    /** A disk that becomes unreadable after some bytes. */
    public static final class BreakingDisk extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("breaking:///");
        }

        @Override
        public FSDataInputStream open(org.apache.hadoop.fs.Path path, int bufferSize) throws IOException {
            FSDataInputStream whole = super.open(path, bufferSize);
            return new FSDataInputStream(whole) {
                private long sent;

                @Override
                public long transferTo(java.io.OutputStream out) throws IOException {
                    byte[] buffer = new byte[1024];
                    for (InputStream in = whole; sent < 10_000; sent += buffer.length) {
                        out.write(buffer, 0, in.read(buffer));
                    }
                    throw new IOException("unreadable after " + sent + " bytes");
                }
            };
        }
    }
}
