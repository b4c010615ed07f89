import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * A network in ONNX Runtime or in libtorch, as the benchmark runs its peers: so many callers of so many threads each.
 * {@code PeerNetwork RUNTIME NETWORK INPUTS CALLERS THREADS}, where INPUTS is a file of FP32, one input after the other, each
 * of as many graphs as there are, and beside it INPUTS.shapes, a line for each input with its name and the numbers that are
 * its shape for one graph. The first line of stdout is the runtime's version; then each line of stdin is answered by one of
 * stdout: {@code check GRAPHS FILE} by {@code checked}, once the outputs for the first graphs, in their order, are in the
 * file; {@code time GRAPHS EVALUATIONS} by the seconds in which all callers did as many evaluations each.
 */
public final class PeerNetwork {
    private static final double NANOS = 1e-9;

    /** The network, its inputs in place. */
    private interface Caller extends AutoCloseable {
        /** Evaluates it; whoever asks for logits gets all outputs. */
        float[][] evaluate(boolean logits) throws Exception;
    }

    /** An input of the first graphs. */
    private record Input(String name, long[] shape, FloatBuffer values) {
    }

    private final boolean onnx;
    private final Path network;
    private final Path inputs;
    private final int callers;
    private final int threads;
    private final ExecutorService pool;

    private PeerNetwork(boolean onnx, Path network, Path inputs, int callers, int threads) {
        this.onnx = onnx;
        this.network = network;
        this.inputs = inputs;
        this.callers = callers;
        this.threads = threads;
        this.pool = Executors.newFixedThreadPool(callers);
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 5 || !List.of("onnx", "libtorch").contains(args[0])) {
            System.err.println("error: usage: PeerNetwork onnx|libtorch NETWORK INPUTS CALLERS THREADS");
            System.exit(2);
        }
        new PeerNetwork(args[0].equals("onnx"), Path.of(args[1]), Path.of(args[2]), Integer.parseInt(args[3]),
            Integer.parseInt(args[4])).answer();
        // Native threads of either library would keep the process.
        System.exit(0);
    }

    private void answer() throws Exception {
        System.out.println(onnx ? "ONNX Runtime " + OrtEnvironment.getEnvironment().getVersion()
            : "libtorch " + Engine.getEngine("PyTorch").getVersion());
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int open = 0;
        List<Caller> opened = new ArrayList<>();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ");
            int graphs = Integer.parseInt(words[1]);
            if (graphs != open) {
                for (Caller caller : opened) {
                    caller.close();
                }
                opened.clear();
                for (int k = 0; k < callers; k++) {
                    opened.add(onnx ? onnx(graphs) : libtorch(graphs));
                }
                open = graphs;
            }
            if (words[0].equals("check")) {
                write(opened.get(0).evaluate(true), Path.of(words[2]));
                System.out.println("checked");
            } else {
                System.out.println(seconds(opened, Integer.parseInt(words[2])));
            }
        }
    }

    private double seconds(List<Caller> opened, int evaluations) throws Exception {
        CyclicBarrier together = new CyclicBarrier(callers + 1);
        List<Future<Void>> running = new ArrayList<>();
        for (Caller caller : opened) {
            running.add(pool.submit(() -> {
                together.await();
                for (int k = 0; k < evaluations; k++) {
                    caller.evaluate(false);
                }
                return null;
            }));
        }
        together.await();
        long begin = System.nanoTime();
        for (Future<Void> one : running) {
            one.get();
        }
        return (System.nanoTime() - begin) * NANOS;
    }

    private List<Input> inputs(int graphs) throws IOException {
        FloatBuffer all = ByteBuffer.wrap(Files.readAllBytes(inputs)).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        for (String line : Files.readAllLines(Path.of(inputs + ".shapes"))) {
            String[] words = line.split(" ");
            shapes.put(words[0], Stream.of(words).skip(1).mapToLong(Long::parseLong).toArray());
        }
        long ofGraph = shapes.values().stream().mapToLong(PeerNetwork::size).sum();
        int most = (int) (all.capacity() / ofGraph);
        if (graphs > most) {
            throw new IllegalArgumentException(inputs + " has " + most + " graphs, found " + graphs + " asked for");
        }
        List<Input> first = new ArrayList<>();
        int from = 0;
        for (Map.Entry<String, long[]> input : shapes.entrySet()) {
            long[] shape = input.getValue();
            int size = (int) size(shape);
            float[] values = new float[graphs * size];
            all.get(from, values);
            FloatBuffer direct = ByteBuffer.allocateDirect(4 * values.length).order(ByteOrder.nativeOrder()).asFloatBuffer();
            direct.put(values).rewind();
            long[] batched = new long[shape.length + 1];
            batched[0] = graphs;
            System.arraycopy(shape, 0, batched, 1, shape.length);
            first.add(new Input(input.getKey(), batched, direct));
            from += most * size;
        }
        return first;
    }

    private static long size(long[] shape) {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    private Caller onnx(int graphs) throws Exception {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        // Shapes that are known when it is optimized.
        options.setSymbolicDimensionValue("batch", graphs);
        OrtSession session = environment.createSession(network.toString(), options);
        Map<String, OnnxTensor> tensors = new LinkedHashMap<>();
        for (Input input : inputs(graphs)) {
            tensors.put(input.name, OnnxTensor.createTensor(environment, input.values, input.shape));
        }
        return new Caller() {
            @Override
            public float[][] evaluate(boolean logits) throws Exception {
                try (OrtSession.Result result = session.run(tensors)) {
                    if (!logits) {
                        return null;
                    }
                    float[][] all = new float[result.size()][];
                    for (int k = 0; k < all.length; k++) {
                        all[k] = values(result, k);
                    }
                    return all;
                }
            }

            private float[] values(OrtSession.Result result, int at) {
                FloatBuffer buffer = ((OnnxTensor) result.get(at)).getFloatBuffer();
                float[] copied = new float[buffer.remaining()];
                buffer.get(copied);
                return copied;
            }

            @Override
            public void close() throws Exception {
                tensors.values().forEach(OnnxTensor::close);
                session.close();
                options.close();
            }
        };
    }

    private Caller libtorch(int graphs) throws Exception {
        Model model = Model.newInstance("network", "PyTorch");
        model.load(network.getParent(), network.getFileName().toString());
        NDManager manager = model.getNDManager().newSubManager();
        NDList tensors = new NDList();
        for (Input input : inputs(graphs)) {
            float[] values = new float[input.values.remaining()];
            input.values.get(values);
            tensors.add(manager.create(values, new Shape(input.shape)));
        }
        Block block = model.getBlock();
        ParameterStore none = new ParameterStore(manager, false);
        return new Caller() {
            @Override
            public float[][] evaluate(boolean logits) {
                try (NDList result = block.forward(none, tensors, false)) {
                    return logits ? result.stream().map(NDArray::toFloatArray).toArray(float[][]::new) : null;
                }
            }

            @Override
            public void close() {
                manager.close();
                model.close();
            }
        };
    }

    private static void write(float[][] logits, Path file) throws IOException {
        int count = Arrays.stream(logits).mapToInt(part -> part.length).sum();
        ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
        for (float[] part : logits) {
            for (float value : part) {
                bytes.putFloat(value);
            }
        }
        Files.write(file, bytes.array());
    }
}
