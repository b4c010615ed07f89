package org.bitdgdm.kernels.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A process with ONNX Runtime or libtorch that evaluates a network, see {@code peers/PeerNetwork.java}. Libraries are those of
 * {@code peers/pom.xml}, fetched by Maven for the benchmark and for nothing else.
 */
final class PeerRuntime implements AutoCloseable {
    private static final String SOURCES = "kernels/src/bench/peers/";
    private static final int WARM_UP = 3;

    private final BenchOptions options;
    private final String word;
    private final int callers;
    private final Process process;
    private final Writer commands;
    private final BufferedReader answers;
    private final String version;

    /** Fetches the libraries; whether Maven can. */
    static boolean fetch(BenchOptions options) throws IOException, InterruptedException {
        Files.createDirectories(folder(options));
        return Programs.run(options.home(), List.of("bash", "mvnw", "-q", "-B", "-ntp", "-f", SOURCES + "pom.xml",
            "dependency:build-classpath", "-Dmdep.outputFile=" + classpath(options)), "").code() == 0;
    }

    /** What is kept between runs, the libraries' own caches among it. */
    static Path folder(BenchOptions options) {
        return options.home().resolve("kernels/target/bench/peers");
    }

    private static Path classpath(BenchOptions options) {
        return folder(options).resolve("classpath");
    }

    /**
     * Starts one.
     *
     * @param word    onnx or libtorch
     * @param network file
     * @param inputs  file, with its shapes beside it
     * @param callers at the same time
     * @param threads of each
     */
    PeerRuntime(BenchOptions options, String word, Path network, Path inputs, int callers, int threads) throws IOException {
        this.options = options;
        this.word = word;
        this.callers = callers;
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        ProcessBuilder starting = new ProcessBuilder(java.toString(), "-Dai.djl.offline=true", "-DOPT_OUT_TRACKING=true",
            "-Dai.djl.pytorch.num_threads=" + threads, "-Dai.djl.pytorch.num_interop_threads=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", Files.readString(classpath(options)).strip(),
            options.home().resolve(SOURCES + "PeerNetwork.java").toString(), word, network.toString(), inputs.toString(),
            Integer.toString(callers), Integer.toString(threads)).redirectError(ProcessBuilder.Redirect.INHERIT);
        starting.environment().put("DJL_CACHE_DIR", folder(options).resolve("djl").toString());
        starting.environment().put("ENGINE_CACHE_DIR", folder(options).resolve("djl").toString());
        starting.environment().put("OMP_NUM_THREADS", Integer.toString(threads));
        this.process = starting.start();
        this.commands = process.outputWriter(StandardCharsets.UTF_8);
        this.answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        this.version = answer();
    }

    /** Name and version. */
    String version() {
        return version;
    }

    private String ask(String command) throws IOException {
        commands.write(command + "\n");
        commands.flush();
        return answer();
    }

    private String answer() throws IOException {
        String answer = answers.readLine();
        if (answer == null) {
            throw new IllegalStateException("the peer " + word + " has stopped; see its message above");
        }
        return answer;
    }

    /** All outputs for the first graphs, by way of a file. */
    FloatBuffer logits(int graphs, Path file) throws IOException {
        ask("check " + graphs + " " + file);
        return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }

    /** Evaluations of a graph per second of all callers together, each with batches of one size. */
    Spread rate(int batch) throws IOException {
        seconds(batch, WARM_UP);
        double one = seconds(batch, WARM_UP) / WARM_UP;
        int evaluations = (int) Math.max(1, Math.round(options.seconds() / one));
        double[] rates = new double[options.repeats()];
        for (int repeat = 0; repeat < rates.length; repeat++) {
            rates[repeat] = (double) callers * batch * evaluations / seconds(batch, evaluations);
        }
        return Spread.of(rates);
    }

    private double seconds(int batch, int evaluations) throws IOException {
        return Double.parseDouble(ask("time " + batch + " " + evaluations));
    }

    @Override
    public void close() throws IOException {
        commands.close();
        try {
            process.waitFor();
        } catch (InterruptedException stopped) {
            process.destroy();
            Thread.currentThread().interrupt();
        }
    }
}
