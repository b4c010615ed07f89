package org.bitdgdm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** submit.sh from the outside: exit codes, sentences, what it builds and what it hands to spark-submit. */
class SubmitIT {
    private static final Path REPOSITORY = Path.of(System.getProperty("bitdgdm.home")).toAbsolutePath().normalize();

    @TempDir
    Path folder;
    private Path callers;
    private final Map<String, String> environment = new HashMap<>();

    private record Result(int code, String out, String err) {
        /** The standard error without the printed command and the JVM's own warning. */
        List<String> sentences() {
            return err.lines().filter(l -> !l.startsWith("+ ") && !l.startsWith("WARNING: Using incubator")).toList();
        }
    }

    @BeforeEach
    void callFromAFolderWithABlankInItsName() throws IOException {
        callers = Files.createDirectories(folder.resolve("call er"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "help", "--help", "-h"})
    void helpStartsNoSpark(String argument) throws Exception {
        Result result = submit(REPOSITORY, argument.isEmpty() ? new String[0] : new String[] {argument});
        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("generate", "evaluate", "import", "--spark", "SPARK_HOME", "JAVA_HOME", "CXX");
        assertThat(result.err()).isEmpty();
    }

    @Test
    void helpOfACommandStartsNoSpark() throws Exception {
        Result result = submit(REPOSITORY, "generate", "--help");
        assertThat(result.code()).isZero();
        assertThat(result.out()).contains("--weight-bits", "--config");
        assertThat(result.err()).isEmpty();
        assertThat(submit(REPOSITORY, "version").out()).startsWith("bitdgdm ").doesNotContain("unpackaged");
    }

    @Test
    void whatNobodyHasSetIsMissedByItsFlag() throws Exception {
        Result result = submit(REPOSITORY, "evaluate", "--input", "x.smi");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.sentences()).containsExactly("error: --out must name the folder of the result, found nothing");
    }

    /** The least heap that Spark starts in is 450 MiB. */
    @Test
    void theDefaultIsQuantizedInTheLeastHeapThatSparkAllows() throws Exception {
        Result result = submit(REPOSITORY, "generate", "--cache", "none", "--count", "10", "--steps", "5", "--out",
            folder.resolve("small").toString(), "--spark", "--master", "local[2]", "--driver-memory", "460m");
        assertThat(result.sentences()).isEmpty();
        assertThat(result.code()).isZero();
        assertThat(result.out()).containsPattern("quantized in [0-9.]+ s: 18,414,628 .{1,3} 1,412,598 bytes");
    }

    @Test
    void badFlagsArriveAsOneSentenceAndExitCode2ThroughSpark() throws Exception {
        Result result = submit(REPOSITORY, "generate", "--weigth-bits", "4");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.sentences())
            .containsExactly("error: unknown flag --weigth-bits of generate; the nearest known one is --weight-bits");
        assertThat(result.err()).startsWith("+ spark-submit --properties-file ").doesNotContain("org.apache.spark.deploy.SparkSubmit");
        assertThat(result.out()).isEmpty();
        assertThat(submit(REPOSITORY, "generate", "--weigth-bits", "4", "--verbose").err()).startsWith("+ env ")
            .contains("BITDGDM_LOG=traces", "org.apache.spark.deploy.SparkSubmit");
    }

    @Test
    void optionsForEveryJvmReachSparkAndNotItsSmallLauncher() throws Exception {
        environment.put("JAVA_TOOL_OPTIONS", "-Xms256m");
        Result result = submit(REPOSITORY, "generate", "--weigth-bits", "4");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("Picked up JAVA_TOOL_OPTIONS: -Xms256m", "error: unknown flag --weigth-bits")
            .doesNotContain("submit.sh: line");
    }

    @Test
    void aLauncherThatDoesNotStartSaysWhy() throws Exception {
        Path home = folder.resolve("jdk");
        executable(home.resolve("bin/java"), "printf 'Error in a VM\\nToo small a heap\\n'; exit 7");
        Files.writeString(home.resolve("release"), "JAVA_VERSION=\"17.0.1\"\n");
        environment.put("JAVA_HOME", home.toString());
        Result result = submit(REPOSITORY, "generate");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.sentences()).containsExactly("error: Spark's launcher, " + home
            + "/bin/java, ended with exit code 7: Error in a VM Too small a heap");
    }

    @Test
    void aFileOfOptionsIsFoundFromTheCallersFolder() throws Exception {
        Files.writeString(callers.resolve("my job.conf"), "quantize.rank = -3\noutput.out = o");
        Result result = submit(REPOSITORY, "generate", "--config", "my job.conf");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.sentences())
            .containsExactly("error: quantize.rank must be at least 1, found -3 in my job.conf line 1");
        assertThat(callers).isDirectoryNotContaining("glob:**/o");
    }

    @Test
    void aStandaloneMasterThatDoesNotAnswerIsRefused() throws Exception {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        refused("no Spark master answers at spark://127.0.0.1:" + closed, "--master", "spark://127.0.0.1:" + closed);
        refused("no Spark master answers at", "--conf", "spark.master=spark://127.0.0.1:" + closed + ",[::1]:" + closed);
        refused("--master must look like spark://host:port", "--master=spark://127.0.0.1");
    }

    @Test
    void yarnAndKubernetesNeedAFullSpark() throws Exception {
        refused("--master yarn needs a full Spark; point SPARK_HOME at", "--master", "yarn");
        refused("--master k8s://https://host:6443 needs a full Spark", "-c", "spark.master=k8s://https://host:6443");
    }

    @ParameterizedTest
    @ValueSource(strings = {"mesos://host:5050", "lokal[2]", "local[two]", "local-cluster[2]", "sc://host"})
    void anUnknownMasterIsRefused(String master) throws Exception {
        refused("--master must be local[N], local-cluster[N,cores,MiB], spark://host:port, yarn or k8s://..., found "
            + master, "--master", master);
    }

    @Test
    void aMasterOfAPropertiesFileIsCheckedToo() throws Exception {
        Files.writeString(callers.resolve("my.properties"), "spark.app.name x\nspark.master = yarn\n");
        refused("--master yarn needs a full Spark", "--properties-file", "my.properties");
        refused("--properties-file must name a readable file, found none.properties", "--properties-file=none.properties");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--master", "--conf", "-c", "--properties-file"})
    void aFlagOfSparkWithoutItsValueIsRefused(String flag) throws Exception {
        refused(flag + " after --spark must have a value", flag);
    }

    @Test
    void flagsOfSparkInOneWordAreRefused() throws Exception {
        refused("flags after --spark must be words of their own, found '--master local[2] --driver-memory 2g'; leave out the quotes",
            "--master local[2] --driver-memory 2g");
    }

    @Test
    void aSparkOfAnotherMajorOrScalaVersionIsRefused() throws Exception {
        spark("2.13-3.5.7");
        refused("SPARK_HOME=" + folder.resolve("spark") + " is Spark 3.5.7 for Scala 2.13; point it at"
            + " a Spark 4 for Scala 2.13, or unset it");
        spark("2.12-4.0.0");
        refused("is Spark 4.0.0 for Scala 2.12; point it at a Spark 4 for Scala 2.13");
        environment.put("SPARK_HOME", callers.toString());
        refused("SPARK_HOME=" + callers + " holds no jars/spark-core_*.jar");
        spark("2.13-4.1.0");
        Files.delete(folder.resolve("spark/bin/spark-submit"));
        refused("holds no bin/spark-submit");
    }

    @Test
    void aFullSparkGetsTheCommandWordByWord() throws Exception {
        spark("2.13-4.1.0");
        Result result = submit(REPOSITORY, "generate", "--out", "a b", "--spark", "--master", "yarn", "--conf", "k=v w");
        assertThat(result.code()).isEqualTo(7);
        assertThat(result.out().lines()).containsExactly("--properties-file",
            REPOSITORY.resolve("conf/spark-defaults.conf").toString(), "--load-spark-defaults", "--master", "yarn", "--conf",
            "k=v w", "--class", "org.bitdgdm.BitDgdmJob", REPOSITORY.resolve("job/target/bitdgdm.jar").toString(),
            "generate", "--out", "a b", "in " + callers);
        assertThat(result.err()).startsWith("+ env ").contains("BITDGDM_HOME=", "SPARK_HOME=", "a\\ b");
    }

    @Test
    void withoutAMasterASparkKeepsItsOwnElseTheMachineIsTaken() throws Exception {
        Path spark = spark("2.13-4.1.0");
        assertThat(submit(REPOSITORY, "generate").out()).contains("--master\nlocal[*]\n");
        Files.createDirectories(spark.resolve("conf"));
        Files.writeString(spark.resolve("conf/spark-defaults.conf"), "spark.master yarn\n");
        assertThat(submit(REPOSITORY, "generate").out()).doesNotContain("--master");
    }

    @Test
    void worksThroughALink() throws Exception {
        spark("2.13-4.1.0");
        Files.createSymbolicLink(callers.resolve("bitdgdm"), REPOSITORY.resolve("submit.sh"));
        Result result = start(List.of(callers.resolve("bitdgdm").toString(), "generate"));
        assertThat(result.code()).isEqualTo(7);
        assertThat(result.out()).contains(REPOSITORY.resolve("job/target/bitdgdm.jar").toString());
    }

    @Test
    void aMissingOrOldJavaNamesTheInstallCommand() throws Exception {
        environment.put("JAVA_HOME", folder.resolve("nothing").toString());
        refused("no Java found in JAVA_HOME=" + folder.resolve("nothing") + "; install a JDK 17 (Debian: apt-get install "
            + "openjdk-17-jdk-headless; RHEL: dnf install java-17-openjdk-devel)");
        java("11.0.2");
        refused("bin/java is Java 11, 17 or newer is needed; install a JDK 17");
        java("1.8.0_402");
        refused("bin/java is Java 8, 17 or newer is needed");
    }

    @Test
    void aJavaThatTheHadoopOfSparkDoesNotStartOnIsRefused() throws Exception {
        Path spark = spark("2.13-4.1.0");
        Path hadoop = spark.resolve("jars/hadoop-client-api-3.4.2.jar");
        Files.createFile(hadoop);
        java("25.0.1");
        refused("bin/java is Java 25, but Hadoop 3.4.2 of Spark 4.1.0 in SPARK_HOME=" + spark + " needs Java 17 to 22; point"
            + " JAVA_HOME at one of those, or SPARK_HOME at a Spark with Hadoop 3.4.3 or newer, as Spark 4.2 has");
        java("23");
        refused("is Java 23, but Hadoop 3.4.2");
        for (String carried : List.of("22.0.2", "21.0.4", "17.0.9")) {
            java(carried);
            assertThat(submit(REPOSITORY, "generate").code()).as(carried).isEqualTo(7);
        }
        java("25.0.1");
        for (String carries : List.of("3.4.3", "3.5.0", "3.10.0")) {
            Path other = spark.resolve("jars/hadoop-client-api-" + carries + ".jar");
            Files.move(hadoop, other);
            hadoop = other;
            assertThat(submit(REPOSITORY, "generate").code()).as(carries).isEqualTo(7);
        }
        // As a Spark built with Hadoop's own modules has it.
        Files.move(hadoop, spark.resolve("jars/hadoop-common-3.4.1.jar"));
        refused("but Hadoop 3.4.1 of Spark 4.1.0");
    }

    @Test
    void secretsAreNotPrinted() throws Exception {
        spark("2.13-4.1.0");
        Files.writeString(callers.resolve("my.properties"), "spark.redaction.regex (?i)vault\n");
        List<String> secrets = new ArrayList<>();
        List<String> arguments = new ArrayList<>(List.of("generate", "--out", "s3a://key:§@bucket/run", "--spark",
            "--properties-file", "my.properties", "--db-password", "§"));
        for (String setting : List.of("spark.hadoop.fs.s3a.secret.key=§", "spark.hadoop.fs.s3a.access.key=§",
            "spark.ssl.keyPassword=§ §", "spark.executorEnv.AWS_SECRET_ACCESS_KEY=§", "spark.executorEnv.AWS_ACCESS_KEY_ID=§",
            "spark.hadoop.fs.azure.account.key.a.dfs.core.windows.net=§==", "spark.hadoop.fs.s3a.encryption.key=§",
            "spark.driver.extraJavaOptions=-Djavax.net.ssl.trustStorePassword=§ -Dseen=seen1",
            "spark.executor.extraJavaOptions=\"-Dmy.token=§ §\" -Dseen=seen2 -Dpassword='§ §'",
            "spark.my.json={\"user\": \"seen3\", \"Password\" : \"§, \\\" §\", \"token\":12§}",
            "spark.my.url=https://host/path?token=§", "spark.my.lines=a\nTOKEN=§", "spark.my.vault=§")) {
            arguments.addAll(List.of("--conf", setting));
            arguments.add("--conf=" + setting);
            arguments.addAll(List.of("-c", setting));
        }
        arguments.addAll(List.of("--conf", "spark.io.encryption.keySizeBits=256", "--conf",
            "spark.hadoop.fs.s3a.aws.credentials.provider=seen4"));
        for (int at = 0; at < arguments.size(); at++) {
            while (arguments.get(at).contains("§")) {
                secrets.add("hidden" + secrets.size());
                arguments.set(at, arguments.get(at).replaceFirst("§", secrets.get(secrets.size() - 1)));
            }
        }
        Result result = submit(REPOSITORY, arguments.toArray(String[]::new));
        assertThat(result.out()).as("what Spark gets").contains(secrets);
        assertThat(result.err()).startsWith("+ env ").doesNotContain("hidden")
            .contains("fs.s3a.secret.key=REDACTED", "seen1", "seen2", "seen3", "seen4", "keySizeBits=256",
                "s3a://key:REDACTED@");
        environment.remove("SPARK_HOME");
        result = submit(REPOSITORY, "generate", "--weigth-bits", "4", "--spark", "--conf", "spark.my.secret=hidden");
        assertThat(result.err()).startsWith("+ spark-submit ").contains("spark.my.secret=REDACTED").doesNotContain("hidden");
        result = submit(REPOSITORY, "generate", "--weigth-bits", "4", "--spark", "--conf", "spark.my.value=hidden", "--conf",
            "spark.redaction.regex=(?<name>");
        assertThat(result.err()).as("a pattern that is not understood").doesNotContain("hidden");
    }

    /** Containers run so. */
    @Test
    void aUserWithoutAnEntryInThePasswordFileIsToldSo() throws Exception {
        assumeThat(callers.toFile().canWrite() && "root".equals(System.getProperty("user.name"))).as("only root can").isTrue();
        Path repository = repository();
        for (Path each = folder; each != null && Files.isWritable(each) && !each.equals(each.getRoot());
             each = each.getParent()) {
            if (!Files.getPosixFilePermissions(each).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
        }
        spark("2.13-4.1.0");
        Result result = start(List.of("setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups",
            repository.resolve("submit.sh").toString(), "generate"));
        assertThat(result.code()).as(result.err()).isEqualTo(2);
        assertThat(result.sentences()).hasSize(1).first().asString().startsWith("error: user id 54321 has no entry in the"
            + " password file, which Hadoop's login reads; ");
    }

    @Test
    void aMachineWhoseNameDoesNotResolveIsFoundByItsAddressWhereExecutorsAreElsewhere() throws Exception {
        spark("2.13-4.1.0");
        executable(callers.resolve("bin/uname"), "echo no-such-host.invalid");
        environment.put("PATH", callers.resolve("bin") + ":" + System.getenv("PATH"));
        executable(callers.resolve("bin/hostname"), "echo 192.0.2.7 fd00::2");
        Result named = submit(REPOSITORY, "generate", "--spark", "--master", "yarn");
        assertThat(named.code()).as(named.err()).isEqualTo(7);
        assertThat(named.err()).contains("the name of this machine, no-such-host.invalid, does not resolve: executors find the"
            + " driver at 192.0.2.7; ", " SPARK_LOCAL_IP=192.0.2.7 SPARK_LOCAL_HOSTNAME=192.0.2.7 ");
        executable(callers.resolve("bin/hostname"), "exit 1");
        refused("the name of this machine, no-such-host.invalid, does not resolve, and executors find the driver by it; add it"
            + " to /etc/hosts, or set SPARK_LOCAL_IP", "--master", "yarn");
        assertThat(submit(REPOSITORY, "generate").code()).as("local[*]").isEqualTo(7);
        environment.put("SPARK_LOCAL_IP", "127.0.0.1");
        assertThat(submit(REPOSITORY, "generate", "--spark", "--master", "yarn").code()).isEqualTo(7);
    }

    @Test
    void aBuildNeedsAJdkAndACompiler() throws Exception {
        Path repository = repository();
        spark("2.13-4.1.0");
        environment.put("CXX", "no-such-compiler");
        Result result = submit(repository, "generate");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.sentences()).containsExactly("error: no C++ compiler no-such-compiler found for the build; install"
            + " one (Debian: apt-get install g++; RHEL: dnf install gcc-c++) or name another in CXX");
        java("17.0.1");
        result = submit(repository, "generate");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.sentences()).hasSize(1).first().asString()
            .startsWith("error: no javac found for the build; install a JDK 17");
    }

    @Test
    void buildsWhatIsMissingOrOlderThanItsSourcesAndNothingElse() throws Exception {
        Path repository = repository();
        spark("2.13-4.1.0");
        Path jar = repository.resolve("job/target/bitdgdm.jar");
        assertThat(submit(repository, "generate").err()).contains("building " + jar);
        assertThat(jar).hasContent("-q -B -ntp package -DskipTests");
        assertThat(submit(repository, "generate").err()).doesNotContain("building");
        Files.setLastModifiedTime(repository.resolve("job/src/main/A.java"), FileTime.from(Instant.now().plusSeconds(60)));
        assertThat(submit(repository, "generate").err()).contains("building");
        executable(repository.resolve("mvnw"), "echo '[ERROR] A.java:1'; exit 1");
        Result result = submit(repository, "generate");
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.sentences()).endsWith("[ERROR] A.java:1", "error: the build failed, see above");
    }

    @Test
    void localRunsStartFromTheArchiveOfClassesOfTheirBuild() throws Exception {
        Path archive = REPOSITORY.resolve("job/target/bitdgdm.jsa");
        assumeThat(Files.exists(archive)).as("the build could write one").isTrue();
        Path loaded = folder.resolve("loaded");
        Result result = submit(REPOSITORY, "generate", "--weigth-bits", "4", "--verbose", "--spark", "--driver-java-options",
            "-Xlog:class+load:file=" + loaded);
        assertThat(result.code()).as(result.err()).isEqualTo(2);
        assertThat(result.err()).contains("-XX:SharedArchiveFile=" + archive);
        assertThat(Files.readString(loaded)).contains("org.bitdgdm.BitDgdmJob source: shared objects file (top)");
        Result other = submit(REPOSITORY, "generate", "--weigth-bits", "4", "--spark", "--master", "local[1]",
            "--driver-class-path", callers.toString());
        assertThat(other.code()).as("another class path").isEqualTo(2);
        assertThat(other.sentences()).as(other.err()).hasSize(1);
    }

    /** What an interrupted build or a copied repository leaves. */
    @Test
    void anArchiveOfOtherClassesIsLeftAloneWithoutAWord() throws Exception {
        Path repository = Files.createDirectories(folder.resolve("copied/job/target")).getParent().getParent();
        Path target = repository.resolve("job/target");
        Files.copy(REPOSITORY.resolve("submit.sh"), repository.resolve("submit.sh"));
        repository.resolve("submit.sh").toFile().setExecutable(true);
        Files.createSymbolicLink(repository.resolve("conf"), REPOSITORY.resolve("conf"));
        Files.createSymbolicLink(target.resolve("spark"), REPOSITORY.resolve("job/target/spark"));
        Files.copy(Path.of(System.getProperty("bitdgdm.jar")), target.resolve("bitdgdm.jar"));
        Path archive = target.resolve("bitdgdm.jsa");
        List<byte[]> contents = new ArrayList<>(List.of(new byte[0],
            "no archive".repeat(10_000).getBytes(StandardCharsets.UTF_8)));
        Path ofTheBuild = REPOSITORY.resolve("job/target/bitdgdm.jsa");
        assumeThat(Files.exists(ofTheBuild)).as("the build could write one").isTrue();
        contents.add(Files.readAllBytes(ofTheBuild));
        for (byte[] content : contents) {
            Files.write(archive, content);
            Files.setLastModifiedTime(archive, FileTime.from(Instant.now().plusSeconds(60)));
            Files.writeString(target.resolve("bitdgdm.jsa.bytes"), content.length + "\n");
            Result result = submit(repository, "generate", "--weigth-bits", "4");
            assertThat(result.code()).as(result.err()).isEqualTo(2);
            assertThat(result.sentences()).as("%d bytes", content.length).hasSize(1);
            assertThat(result.out()).isEmpty();
        }
        assertThat(verbose(repository)).contains("-XX:SharedArchiveFile=" + archive);
        Files.setLastModifiedTime(archive, FileTime.from(Instant.EPOCH));
        assertThat(verbose(repository)).as("older than the jar").doesNotContain("SharedArchiveFile");
        Files.write(archive, "cut short".getBytes(StandardCharsets.UTF_8));
        assertThat(verbose(repository)).as("cut short").doesNotContain("SharedArchiveFile");
        Files.delete(target.resolve("bitdgdm.jsa.bytes"));
        assertThat(verbose(repository)).as("of unknown length").doesNotContain("SharedArchiveFile");
    }

    private String verbose(Path repository) throws Exception {
        Result result = submit(repository, "generate", "--weigth-bits", "4", "--verbose");
        assertThat(result.code()).as(result.err()).isEqualTo(2);
        assertThat(result.err()).startsWith("+ env ");
        return result.err();
    }

    @Test
    void theApplicationJarHasWhatSparkLacksAndNothingThatSparkHas() throws Exception {
        try (var jar = new JarFile(System.getProperty("bitdgdm.jar"))) {
            List<String> names = jar.stream().map(ZipEntry::getName).toList();
            assertThat(names).contains("bitdgdm.conf", "org/bitdgdm/BitDgdmJob.class", "org/bitdgdm/kernels/Denoiser.class",
                "picocli/CommandLine.class", "com/typesafe/config/Config.class",
                "org/openscience/cdk/silent/AtomContainer.class");
            assertThat(names).anyMatch(n -> n.matches("native/.*/libbitdgdm\\.so"));
            assertThat(names).noneMatch(n -> n.matches("(org/apache/(spark|hadoop|parquet|logging|commons)|org/slf4j|scala"
                + "|com/fasterxml|com/google|io/netty|javax/xml|org/w3c|org/xml)/.*"));
        }
    }

    private void refused(String sentence, String... sparkFlags) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("generate", "--out", "o", "--spark"));
        arguments.addAll(Arrays.asList(sparkFlags));
        Result result = submit(REPOSITORY, arguments.toArray(String[]::new));
        assertThat(result.code()).as(result.err()).isEqualTo(2);
        assertThat(result.err().lines()).hasSize(1).first().asString().startsWith("error: ").contains(sentence);
        assertThat(result.out()).isEmpty();
        assertThat(callers.resolve("o")).doesNotExist();
    }

    private Result submit(Path repository, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(repository.resolve("submit.sh").toString()));
        command.addAll(Arrays.asList(arguments));
        return start(command);
    }

    private Result start(List<String> command) throws Exception {
        Path out = folder.resolve("stdout");
        Path err = folder.resolve("stderr");
        ProcessBuilder builder = new ProcessBuilder(command).directory(callers.toFile())
            .redirectOutput(out.toFile()).redirectError(err.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_") || name.equals("CXX"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        assertThat(process.waitFor(3, TimeUnit.MINUTES)).as("ends in time").isTrue();
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** A folder like a full Spark, whose spark-submit prints its arguments and exits with 7. */
    private Path spark(String version) throws IOException {
        Path spark = folder.resolve("spark");
        Path jars = Files.createDirectories(spark.resolve("jars"));
        try (var old = Files.list(jars)) {
            for (Path jar : old.toList()) {
                Files.delete(jar);
            }
        }
        Files.createFile(jars.resolve("spark-core_" + version + ".jar"));
        executable(spark.resolve("bin/spark-submit"), "printf '%s\\n' \"$@\" \"in $PWD\"; exit 7");
        environment.put("SPARK_HOME", spark.toString());
        return spark;
    }

    private void java(String version) throws IOException {
        Path home = folder.resolve("jdk-" + version);
        executable(home.resolve("bin/java"), "echo 'openjdk version \"" + version + "\" 2020-01-01' >&2");
        environment.put("JAVA_HOME", home.toString());
    }

    /** A folder like this repository before its first build, with a Maven that only notes how it was called. */
    private Path repository() throws IOException {
        Path repository = Files.createDirectories(folder.resolve("re po"));
        Files.copy(REPOSITORY.resolve("submit.sh"), repository.resolve("submit.sh"));
        repository.resolve("submit.sh").toFile().setExecutable(true);
        Files.createDirectories(repository.resolve("job/src/main"));
        Files.createFile(repository.resolve("job/src/main/A.java"));
        executable(repository.resolve("mvnw"), "mkdir -p job/target; printf %s \"$*\" > job/target/bitdgdm.jar");
        return repository;
    }

    private static void executable(Path file, String script) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(file, ("#!/usr/bin/env bash\n" + script + "\n").getBytes(StandardCharsets.UTF_8));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
