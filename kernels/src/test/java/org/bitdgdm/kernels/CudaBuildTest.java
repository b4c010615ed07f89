package org.bitdgdm.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Properties;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code src/main/cuda/build.sh} makes of nvcc's answers, by a script in nvcc's place, and what runs its outcome. */
class CudaBuildTest {
    private static final Path SOURCES = Path.of("src", "main", "cuda");
    private static final List<String> ARCHITECTURES = List.of("80", "86", "89", "90");
    private static final String NO_SPILL = "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n";
    private static final String SPILL = "    8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads\n";

    @TempDir
    private Path folder;

    private record Result(int code, String output) {
    }

    private Result build(String nvcc) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("bash", SOURCES.resolve("build.sh").toString(),
            folder.resolve("work").toString(), folder.resolve("classes").toString());
        builder.environment().put("NVCC", nvcc);
        Process process = builder.redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), output);
    }

    /** A script that says it is release 13.1, and in place of compiling prints a report. */
    private String nvccThatReports(String report) throws IOException {
        Path said = Files.writeString(folder.resolve("report"), report);
        Path script = Files.writeString(folder.resolve("nvcc"), """
            #!/usr/bin/env bash
            case $1 in
                --version) echo 'Cuda compilation tools, release 13.1, V13.1.80' ;;
                --list-gpu-code) printf 'sm_%%s\\n' 75 %s 100 ;;
                *) while [[ $1 != -o ]]; do shift; done
                   echo module > "$2"
                   cat '%s' ;;
            esac
            """.formatted(String.join(" ", ARCHITECTURES), said));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        return script.toString();
    }

    /** What ptxas says of every kernel for every architecture, with spills in one of them. */
    private static String report(String spilling) throws IOException {
        StringBuilder report = new StringBuilder();
        for (String architecture : ARCHITECTURES) {
            for (String kernel : kernels()) {
                report.append("ptxas info    : Compiling entry function '").append(kernel).append("' for 'sm_")
                    .append(architecture).append("'\nptxas info    : Function properties for ").append(kernel).append('\n')
                    .append(spilling.equals(kernel + " " + architecture) ? SPILL : NO_SPILL)
                    .append("ptxas info    : Used 40 registers, used 1 barriers, 488 bytes cmem[0]\n");
            }
        }
        return report.toString();
    }

    private static List<String> kernels() throws IOException {
        List<String> kernels = Pattern.compile("^BITDGDM_KERNEL\\((\\w+),", Pattern.MULTILINE)
            .matcher(Files.readString(SOURCES.resolve("bitdgdm.cu"))).results().map((MatchResult found) -> found.group(1))
            .toList();
        assertThat(kernels).hasSizeGreaterThan(10).contains("bitdgdm_edges", "bitdgdm_linear");
        return kernels;
    }

    @Test
    void kernelsWithoutSpillsAreBuilt() throws Exception {
        String nvcc = nvccThatReports(report(""));
        Result built = build(nvcc);
        assertThat(built.code).as(built.output).isZero();
        assertThat(built.output).contains("built with nvcc 13.1 for sm_80 86 89 90 and PTX")
            .contains("cuda: registers of bitdgdm_edges: sm_80 40 sm_86 40 sm_89 40 sm_90 40; no spills");
        Path cuda = folder.resolve("classes/cuda");
        assertThat(cuda.resolve("bitdgdm.fatbin")).hasContent("module\n");
        Properties facts = new Properties();
        facts.load(Files.newBufferedReader(cuda.resolve("build.properties")));
        assertThat(facts).containsEntry("architectures", "80 86 89 90").containsEntry("minimum-driver", "13000")
            .containsEntry("ptx-driver", "13010");
        assertThat(build(nvcc).output).as("nothing has changed").isEmpty();
    }

    @Test
    void aSpillFailsAndNamesTheKernel() throws Exception {
        Result built = build(nvccThatReports(report("bitdgdm_nodes 86")));
        assertThat(built.code).as(built.output).isEqualTo(1);
        assertThat(built.output).contains("a kernel spills registers:\n'bitdgdm_nodes' for 'sm_86':")
            .contains("12 bytes spill stores").doesNotContain("bitdgdm_edges");
        assertThat(folder.resolve("classes/cuda")).isEmptyDirectory();
    }

    @Test
    void aReportThatIsMissingOrCutFails() throws Exception {
        String whole = report("");
        for (String report : List.of("", whole.substring(0, whole.lastIndexOf("ptxas info    : Compiling")))) {
            Result built = build(nvccThatReports(report));
            assertThat(built.code).as(built.output).isEqualTo(1);
            assertThat(built.output).contains("ptxas must report " + kernels().size() + " kernels for each of 4 architectures,"
                + " found " + (report.isEmpty() ? 0 : 4 * kernels().size() - 1) + " reports");
            assertThat(folder.resolve("classes/cuda")).isEmptyDirectory();
        }
    }

    @Test
    void withoutNvccItSaysSoAndPasses() throws Exception {
        Result built = build("no-such-nvcc");
        assertThat(built.code).as(built.output).isZero();
        assertThat(built.output).startsWith("cuda: built without CUDA");
        assertThat(folder.resolve("classes/cuda")).doesNotExist();
    }

    @Test
    void driversAndArchitecturesAreChecked() {
        CudaBuild build = new CudaBuild(List.of(80, 86, 89, 90), 13000, 13010, new byte[0]);
        for (int capability : new int[] {80, 86, 87, 89, 90}) {
            build.requireRunsOn(13000, "GPU", capability);
        }
        for (int capability : new int[] {100, 120}) {
            build.requireRunsOn(13010, "GPU", capability);
        }
        assertThatThrownBy(() -> build.requireRunsOn(12060, "GPU", 90)).isInstanceOf(KernelException.class)
            .hasMessage("backend cuda: the NVIDIA driver supports CUDA 12.6, this build needs 13.0 or newer on GPU (compute"
                + " capability 9.0); update the driver, or build with an older nvcc");
        assertThatThrownBy(() -> build.requireRunsOn(13000, "NVIDIA B200", 100)).isInstanceOf(KernelException.class)
            .hasMessage("backend cuda: the NVIDIA driver supports CUDA 13.0, this build needs 13.1 or newer on NVIDIA B200"
                + " (compute capability 10.0, for which it has PTX only); update the driver, or build with an older nvcc");
        assertThatThrownBy(() -> build.requireRunsOn(13000, "Tesla T4", 75)).isInstanceOf(KernelException.class)
            .hasMessage("backend cuda: Tesla T4 has compute capability 7.5, this build runs on [8.0, 8.6, 8.9, 9.0] and"
                + " newer; use another GPU or --backend cpu");
    }
}
