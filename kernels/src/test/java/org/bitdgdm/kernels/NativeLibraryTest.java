package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unpacking and loading of the native library, each in a JVM of its own, since a JVM loads it once. */
class NativeLibraryTest {
    @TempDir
    private Path folder;
    /** Comes before the classes on the class path. */
    private Path shadow;
    private Path unpackTo;

    /** What the other JVM runs: opens the backend and prints what happened. */
    static final class Probe {
        private Probe() {
        }

        public static void main(String[] arguments) {
            Path directory = arguments[1].equals("default") ? null : Path.of(arguments[1]);
            BackendOptions options = new BackendOptions(1, arguments[2], directory);
            try {
                System.out.println(Denoisers.probe(Backend.of(arguments[0]), options));
            } catch (KernelException e) {
                System.out.println("refused: " + e.getMessage());
            }
        }
    }

    @BeforeEach
    void folders() throws IOException {
        shadow = Files.createDirectories(folder.resolve("shadow"));
        unpackTo = Files.createDirectories(folder.resolve("unpack"));
    }

    @Test
    void loadsAndLeavesNothingBehind() throws Exception {
        assertThat(probe(List.of(), "cpu", unpackTo.toString(), "auto")).matches("cpu \\((scalar|avx2|avx512)\\)");
        assertThat(probe(List.of(), "cpu", unpackTo.toString(), "scalar")).isEqualTo("cpu (scalar)");
        assertThat(probe(List.of("-Djava.io.tmpdir=" + unpackTo), "auto", "default", "auto")).matches("(cpu|cuda) \\(.*");
        try (Stream<Path> left = Files.list(unpackTo)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void aFolderThatCannotTakeItIsNamed() throws Exception {
        Path missing = folder.resolve("missing");
        assertThat(probe(List.of(), "cpu", missing.toString(), "auto"))
            .startsWith("refused: cannot unpack the native library into " + missing).endsWith("--native-directory");
    }

    @Test
    void aPlatformWithoutLibraryIsRefusedAndNeverReplacedByTheReference() throws Exception {
        assertThat(probe(List.of("-Dos.arch=sparc"), "cpu", unpackTo.toString(), "auto"))
            .startsWith("refused: this build has no native library for linux-sparc");
        assertThat(probe(List.of("-Dos.arch=sparc"), "auto", unpackTo.toString(), "auto"))
            .startsWith("refused: backend auto").contains("linux-sparc").contains("--backend reference");
        assertThat(probe(List.of("-Dos.arch=sparc"), "reference", unpackTo.toString(), "auto")).startsWith("reference");
    }

    @Test
    void aLibraryThatDoesNotLoadSaysWhy() throws Exception {
        shadow("libbitdgdm.so", "not a library");
        assertThat(probe(List.of(), "cpu", unpackTo.toString(), "auto"))
            .startsWith("refused: cannot load the native library").contains("noexec").endsWith("--native-directory");
        try (Stream<Path> left = Files.list(unpackTo)) {
            assertThat(left).isEmpty();
        }
    }

    /** As on a file system that keeps a used file: it goes later, and the run goes on. */
    @Test
    void aFolderThatCannotBeDeletedIsNoFailure() throws IOException {
        Path kept = Files.createDirectories(folder.resolve("kept/lib/of-its-own")).getParent();
        NativeLibrary.delete(kept.getParent(), "lib"::equals);
        assertThat(kept).exists();
        NativeLibrary.delete(kept, "of-its-own"::equals);
        assertThat(kept).doesNotExist();
        NativeLibrary.delete(kept, "of-its-own"::equals);
    }

    /** As Spark's, made by another thread while the temporary folder was the library's. */
    @Test
    void whatOthersHaveMadeInTheFolderStays() throws IOException {
        Path others = Files.createDirectories(folder.resolve("private/blockmgr"));
        Path own = Files.createFile(folder.resolve("private/libJCudaDriver-12.6.0-linux-x86_64.so"));
        NativeLibrary.delete(others.getParent(), name -> name.contains("JCuda"));
        assertThat(own).doesNotExist();
        assertThat(others).isEmptyDirectory();
    }

    @Test
    void anotherBuildIsRefused() throws Exception {
        shadow("build-id", "0123456789abcdef\n");
        assertThat(probe(List.of(), "cpu", unpackTo.toString(), "auto"))
            .startsWith("refused: the native library that was loaded is build").contains("0123456789abcdef");
    }

    @Test
    void cudaSaysWhatItFindsAndLeavesNothingBehind() throws Exception {
        assertThat(probe(List.of(), "cuda", unpackTo.toString(), "auto"))
            .matches("refused: backend cuda: .*--backend cpu.*|cuda \\(.*\\)");
        try (Stream<Path> left = Files.list(unpackTo)) {
            assertThat(left).isEmpty();
        }
    }

    /** With kernels, whether they were built here or not. */
    @Test
    void aJcudaThatDoesNotLoadSaysWhy() throws Exception {
        Path cuda = Files.createDirectories(shadow.resolve("cuda"));
        Files.writeString(cuda.resolve("bitdgdm.fatbin"), "");
        Files.writeString(cuda.resolve("build.properties"), "architectures=80\nminimum-driver=12000\nptx-driver=12080\n");
        Files.writeString(Files.createDirectories(shadow.resolve("lib"))
            .resolve("libJCudaDriver-12.6.0-linux-x86_64.so"), "not a library");
        assertThat(probe(List.of(), "cuda", unpackTo.toString(), "auto"))
            .startsWith("refused: backend cuda: cannot load JCuda's native library from " + unpackTo)
            .contains("(java.lang.").contains("libJCudaDriver").contains("noexec")
            .endsWith("--native-directory, or use --backend cpu").doesNotContain("\n");
        try (Stream<Path> left = Files.list(unpackTo)) {
            assertThat(left).isEmpty();
        }
    }

    private void shadow(String name, String content) throws IOException {
        Path platform = Files.createDirectories(
            shadow.resolve("native").resolve("linux-" + System.getProperty("os.arch")));
        Files.writeString(platform.resolve(name), content);
    }

    private String probe(List<String> jvmOptions, String... arguments)
        throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto", "-XX:TieredStopAtLevel=1"));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", shadow + File.pathSeparator + System.getProperty("java.class.path"),
            Probe.class.getName()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
