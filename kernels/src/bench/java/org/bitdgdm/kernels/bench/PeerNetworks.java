package org.bitdgdm.kernels.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bitdgdm.kernels.Architecture;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.GraphFeatures;

/**
 * The network alone in ONNX Runtime and in libtorch, each with as many callers of one thread as steps have threads. What they
 * run is written by digress_torch.py; their logits are compared with ours before anything is timed.
 */
final class PeerNetworks {
    private static final int CHECKED_GRAPHS = 2;
    /** Mean difference over mean magnitude where all inputs of a layer share one scale of 8 bits; random weights add it up. */
    private static final double CODE_TOLERANCE = 0.3;

    /**
     * A runtime that is measured.
     *
     * @param word      as PeerNetwork knows it
     * @param file      of the network
     * @param what      it does, for people
     * @param full      whether in FP32
     */
    private record Runtime(String word, String file, String what, boolean full) {
    }

    private static final List<Runtime> RUNTIMES = List.of(
        new Runtime("onnx", "network.onnx", "FP32: the network alone", true),
        new Runtime("libtorch", "network.pt", "FP32: the network alone, TorchScript", true),
        new Runtime("onnx", "network-int8.onnx", "dynamic int8: the network alone", false));

    private final BenchOptions options;
    private final BenchModel model;
    private final Path folder;

    PeerNetworks(BenchOptions options, BenchModel model) {
        this.options = options;
        this.model = model;
        this.folder = options.home().resolve("kernels/target/bench/peers/" + model.name().replaceAll("[^A-Za-z0-9]+", "-"));
    }

    /** All runtimes; where the network or the libraries cannot be had, one that says so. */
    List<Peer> measure() throws IOException, InterruptedException {
        Files.createDirectories(folder);
        CudaBundle.write(model.full(), folder.resolve("bundle"));
        Programs.Outcome written;
        try {
            written = Programs.run(options.home(), List.of(options.python(), "kernels/src/bench/python/digress_torch.py",
                "--export", folder.toString(), "--bundle", folder.resolve("bundle").toString(), "--nodes",
                Integer.toString(model.nodes())), "");
        } catch (IOException e) {
            return List.of(Peer.skipped(model.name(), "ONNX Runtime and libtorch skipped: " + e.getMessage()));
        }
        if (written.code() == Peer.SKIPPED) {
            return List.of(Peer.skipped(model.name(), "ONNX Runtime and libtorch skipped, since nothing writes their network: "
                + written.output().strip()));
        }
        if (written.code() != 0) {
            throw new IllegalStateException("digress_torch.py --export ended with exit code " + written.code()
                + "; see its message above");
        }
        if (!PeerRuntime.fetch(options)) {
            return List.of(Peer.skipped(model.name(), "ONNX Runtime and libtorch skipped: Maven cannot fetch them"));
        }
        float[][] expected = writeInputs(folder.resolve("inputs"));
        List<Peer> peers = new ArrayList<>();
        for (Runtime runtime : RUNTIMES) {
            try (PeerRuntime running = new PeerRuntime(options, runtime.word, folder.resolve(runtime.file),
                folder.resolve("inputs"), options.threads(), 1)) {
                peers.add(measure(runtime, running, expected));
            }
        }
        return peers;
    }

    /** Writes what PeerNetwork reads; returns our logits of the first graphs, nodes and edges. */
    private float[][] writeInputs(Path file) throws IOException {
        try (Denoiser denoiser = StepBench.open(model.full(), options.cpuIsa(), options.threads())) {
            Architecture architecture = model.full().architecture();
            GraphBatch batch = model.graphs(Collections.max(model.peerBatches()), denoiser);
            int n = batch.nodeCount();
            int count = batch.size();
            int globals = architecture.globalInputs();
            int types = architecture.edgeInputs();
            float[] nodes = new float[count * n * architecture.nodeInputs()];
            float[] edges = new float[count * n * n * types];
            float[] global = new float[count * globals];
            GraphFeatures features = new GraphFeatures(architecture);
            for (int g = 0; g < count; g++) {
                features.compute(batch, g, model.full().diffusion().schedule(), model.startTime(), nodes,
                    g * n * architecture.nodeInputs(), global, g * globals);
            }
            for (int at = 0; at < batch.edges().length; at++) {
                edges[at * types + batch.edges()[at]] = 1;
            }
            ByteBuffer bytes = ByteBuffer.allocate(4 * (nodes.length + edges.length + global.length))
                .order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(nodes).put(edges).put(global);
            Files.write(file, bytes.array());
            Files.write(Path.of(file + ".shapes"), List.of("x " + n + " " + architecture.nodeInputs(),
                "e " + n + " " + n + " " + types, "y " + globals));
            GraphBatch first = BenchModel.first(batch, Math.min(CHECKED_GRAPHS, count));
            float[] ofNodes = new float[first.nodes().length * architecture.nodeTypes()];
            float[] ofEdges = new float[first.edges().length * architecture.edgeTypes()];
            denoiser.logits(first, model.startTime(), ofNodes, ofEdges);
            return new float[][] {ofNodes, ofEdges};
        }
    }

    private Peer measure(Runtime runtime, PeerRuntime running, float[][] expected) throws IOException {
        check(runtime, running, expected);
        List<Peer.Row> rows = new ArrayList<>();
        for (int batch : model.peerBatches()) {
            Spread spread = running.rate(batch);
            rows.add(new Peer.Row(options.threads(), 1, batch, spread.median(), spread.low(), spread.high()));
        }
        return new Peer(model.name(), running.version(), runtime.what, runtime.full, rows);
    }

    private void check(Runtime runtime, PeerRuntime running, float[][] expected) throws IOException {
        FloatBuffer found = running.logits(Math.min(CHECKED_GRAPHS, Collections.max(model.peerBatches())),
            folder.resolve("logits"));
        for (float[] part : expected) {
            float[] theirs = new float[part.length];
            found.get(theirs);
            double off = StepBench.difference(part, theirs, runtime.full);
            if (!(off <= (runtime.full ? StepBench.FLOAT_TOLERANCE : CODE_TOLERANCE))) {
                throw new IllegalStateException(model.name() + ", " + running.version() + " on " + runtime.file
                    + ": must have logits near ours, found them off by " + off + "; nothing is timed");
            }
        }
    }
}
