package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.kernels.NetworkSpec.Rows;
import org.bitdgdm.kernels.NetworkSpec.Width;

/**
 * Device memory and a stream for batches of graphs of one size: one task's share of the device. Strides are widths padded
 * to multiples of 8 floats.
 */
final class CudaWorkspace {
    private static final int ALIGNMENT = 256;
    /** Bounds what a sampler of many steps takes; more are uploaded in parts. */
    private static final int MOST_STEPS = 4096;

    final int n;
    final int capacity;
    final int dx;
    final int de;
    final int dy;
    final long ids;
    final long nodes;
    final long edges;
    final long progress;
    final long steps;
    /** (steps, columns of the time) cosines and sines; 0 where the features have none. */
    final long timeInput;
    final long nodeInput;
    /** (graphs, n, n, edge inputs) and the hidden layer of their MLP; 0 where edges have no input but their class. */
    final long edgeInput;
    final long hiddenE;
    final long globalInput;
    /** (graphs, n, dx). */
    final long x;
    final long q;
    final long k;
    final long v;
    final long xNew;
    final long hiddenX;
    /** (graphs, n, n, de). */
    final long e;
    /** (graphs, dy); also the three terms of the new y, and their sum. */
    final long y;
    final long yTerm;
    final long yFromX;
    final long yFromE;
    final long yNew;
    final long hiddenY;
    /** (graphs, dx). */
    final long filmEMul;
    final long filmEAdd;
    final long filmXMul;
    final long filmXAdd;
    final long poolX;
    final long poolE;
    final long nodeOutput;
    final long edgeOutput;
    /** What one launch after the other is made on. */
    final Lane main;
    /** What works on y while {@link #main} works on X and E. */
    final Lane side;
    /** 0 where features are computed in shared memory. */
    final long featureScratch;
    private final CudaContext context;
    private final long arena;
    /** Device memory of the arena. */
    final long bytes;
    /** Event after which the side lane may go on, and event of its end. */
    private final long forked;
    private final long joined;
    /** What goes to the device and comes back: a buffer for each, as none may be refilled before the stream was waited for. */
    private final ByteBuffer hostIds;
    private final ByteBuffer hostNodes;
    private final ByteBuffer hostEdges;
    private final ByteBuffer hostSteps;
    private final ByteBuffer hostTimes;
    private final ByteBuffer hostProgress;
    private final GraphFeatures features;
    /** Steps that may be uploaded at once. */
    final int mostSteps;
    private final Map<GraphKey, Long> graphs = new HashMap<>();
    private long cursor;

    /**
     * Launches in one order.
     *
     * @param turned inputs of the layers of one launch after their transforms; 0 where the model has none
     */
    record Lane(long stream, long turned) {
    }

    /** What is baked into a captured step. */
    record GraphKey(int graphs, long seed, int range) {
    }

    /**
     * Allocates for up to {@code capacity} graphs of {@code n} nodes.
     *
     * @throws CudaFailure if there is not enough device memory
     */
    static CudaWorkspace allocate(CudaContext context, PackedModel model, int n, int capacity) {
        long bytes = bytes(context, model, n, capacity);
        long arena = context.allocate(bytes, capacity + (capacity == 1 ? " graph of " : " graphs of ") + n + " nodes");
        CudaDriver driver = context.driver();
        long main = 0;
        long side = 0;
        long forked = 0;
        long joined = 0;
        try {
            main = driver.newStream();
            side = driver.newStream();
            forked = driver.newEvent();
            joined = driver.newEvent();
            return new CudaWorkspace(context, model, n, capacity, arena, main, side, forked, joined);
        } catch (RuntimeException | OutOfMemoryError failure) {
            List<Runnable> frees = frees(driver, main, side, forked, joined);
            frees.add(() -> context.free(arena));
            CudaContext.releaseAfter(failure, () -> CudaContext.releaseAll(frees));
            throw failure;
        }
    }

    /** What gives streams and events back, in reverse order; those that are 0 were not made. */
    private static List<Runnable> frees(CudaDriver driver, long main, long side, long forked, long joined) {
        List<Runnable> frees = new ArrayList<>();
        for (long event : new long[] {joined, forked}) {
            if (event != 0) {
                frees.add(() -> driver.freeEvent(event));
            }
        }
        for (long stream : new long[] {side, main}) {
            if (stream != 0) {
                frees.add(() -> driver.freeStream(stream));
            }
        }
        return frees;
    }

    /** Bytes of device memory that {@link #allocate} takes. */
    static long bytes(CudaContext context, PackedModel model, int n, int capacity) {
        return new CudaWorkspace(context, model, n, capacity, 0, 0, 0, 0, 0).bytes;
    }

    private CudaWorkspace(CudaContext context, PackedModel model, int n, int capacity, long arena, long mainStream,
                          long sideStream, long forked, long joined) {
        this.context = context;
        this.n = n;
        this.capacity = capacity;
        this.arena = arena;
        this.forked = forked;
        this.joined = joined;
        this.cursor = arena;
        Architecture architecture = model.architecture();
        dx = DeviceWeights.padded(model.width(Width.X));
        de = DeviceWeights.padded(model.width(Width.E));
        dy = DeviceWeights.padded(model.width(Width.Y));
        long b = capacity;
        long nodeRows = b * n;
        long edgeRows = nodeRows * n;
        int nodeOut = DeviceWeights.padded(architecture.nodeTypes());
        int edgeOut = DeviceWeights.padded(architecture.edgeTypes());
        ids = take(8 * b);
        nodes = take(nodeRows);
        edges = take(edgeRows);
        progress = take(DeviceLayout.Progress.SIZE);
        mostSteps = Math.min(architecture.diffusionSteps(), MOST_STEPS);
        features = new GraphFeatures(architecture);
        boolean walks = architecture.walks() > 0;
        long times = 4L * architecture.features().timeColumns() * mostSteps;
        steps = take((long) DeviceLayout.Step.SIZE * mostSteps);
        timeInput = times > 0 ? take(times) : 0;
        nodeInput = take(4 * nodeRows * DeviceWeights.padded(architecture.nodeInputs()));
        edgeInput = walks ? take(4 * edgeRows * DeviceWeights.padded(architecture.edgeInputs())) : 0;
        hiddenE = walks ? take(4 * edgeRows * DeviceWeights.padded(model.linear("mlp_in_E.0").out)) : 0;
        globalInput = take(4 * b * DeviceWeights.padded(architecture.globalInputs()));
        x = take(4 * nodeRows * dx);
        // Also holds logits on their way back.
        q = take(4 * nodeRows * Math.max(dx, nodeOut));
        k = take(4 * nodeRows * dx);
        v = take(4 * nodeRows * dx);
        xNew = take(4 * nodeRows * dx);
        hiddenX = take(4 * nodeRows * hidden(model, Rows.NODE));
        // Also holds logits on their way back.
        e = take(4 * edgeRows * Math.max(de, edgeOut));
        y = take(4 * b * dy);
        yTerm = take(4 * b * dy);
        yFromX = take(4 * b * dy);
        yFromE = take(4 * b * dy);
        yNew = take(4 * b * dy);
        hiddenY = take(4 * b * hidden(model, Rows.GRAPH));
        filmEMul = take(4 * b * dx);
        filmEAdd = take(4 * b * dx);
        filmXMul = take(4 * b * dx);
        filmXAdd = take(4 * b * dx);
        poolX = take(4 * b * DeviceWeights.padded(model.width(Width.POOLED_X)));
        poolE = take(4 * b * DeviceWeights.padded(model.width(Width.POOLED_E)));
        nodeOutput = take(4 * nodeRows * nodeOut);
        edgeOutput = take(4 * edgeRows * edgeOut);
        boolean turns = model.forms().contains(PackedForm.TRANSFORM);
        main = new Lane(mainStream, turns ? take(4 * b * turnedWidth(model)) : 0);
        side = new Lane(sideStream, turns ? take(4 * b * turnedGlobals(model)) : 0);
        boolean shared = DeviceScratch.featureTeams(n) * featureStride() <= context.driver().device().sharedBytesPerBlock();
        featureScratch = shared ? 0 : take(b * featureStride());
        bytes = cursor - arena;
        // Without a stream only sizes are asked for.
        boolean copies = mainStream != 0;
        hostIds = copies ? direct(8 * b) : null;
        hostNodes = copies ? direct(nodeRows) : null;
        hostEdges = copies ? direct(edgeRows) : null;
        hostSteps = copies ? direct((long) DeviceLayout.Step.SIZE * mostSteps) : null;
        hostTimes = copies ? direct(times) : null;
        hostProgress = copies ? direct(DeviceLayout.Progress.SIZE) : null;
    }

    /** Floats of a graph that one launch may transform: inputs of q, k and v, of four layers of y, of its three terms. */
    private long turnedWidth(PackedModel model) {
        Architecture architecture = model.architecture();
        long nodes = (long) n * Math.max(Math.max(3 * dx, DeviceWeights.padded(architecture.nodeInputs())),
            hidden(model, Rows.NODE));
        // Only edges that have features have an input MLP of their own.
        long edges = architecture.walks() == 0 ? 0 : (long) n * n * Math.max(DeviceWeights.padded(architecture.edgeInputs()),
            DeviceWeights.padded(model.linear("mlp_in_E.0").out));
        return Math.max(Math.max(nodes, edges), turnedGlobals(model));
    }

    private long turnedGlobals(PackedModel model) {
        return Math.max(Math.max(4 * dy, dy + 4 * dx + 4 * de),
            Math.max(DeviceWeights.padded(model.architecture().globalInputs()),
                hidden(model, Rows.GRAPH)));
    }

    /** The widest hidden layer of all MLPs on such rows. */
    private static int hidden(PackedModel model, Rows rows) {
        return model.spec().layers().stream().filter(layer -> layer.rows() == rows && layer.out() == Width.OWN)
            .mapToInt(layer -> DeviceWeights.padded(model.linear(layer.name()).out)).max().orElseThrow();
    }

    private long take(long count) {
        long address = cursor;
        cursor = Math.addExact(cursor, (count + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        return address;
    }

    private static ByteBuffer direct(long bytes) {
        return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Bytes of {@link #featureScratch} for each graph. */
    long featureStride() {
        return (DeviceScratch.featureBytes(n) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** The stream of the main lane; where nothing is forked, all that is under way is on it. */
    long stream() {
        return main.stream;
    }

    /** Lets the side lane go on from here. */
    void fork() {
        context.driver().recordEvent(forked, main.stream);
        context.driver().awaitEvent(forked, side.stream);
    }

    /** Says that the side lane is done with what it had to do. */
    void end() {
        context.driver().recordEvent(joined, side.stream);
    }

    /** Lets the main lane wait for that. */
    void join() {
        context.driver().awaitEvent(joined, main.stream);
    }

    /** Uploads the classes of part of a batch, beside what {@link #begin} does. */
    void upload(GraphBatch batch, int from, int count, List<Sampler.Step> taken) {
        CudaDriver driver = context.driver();
        driver.upload(nodes, hostNodes.clear().put(batch.nodes(), from * n, count * n).flip(), stream());
        driver.upload(edges, hostEdges.clear().put(batch.edges(), from * n * n, count * n * n).flip(), stream());
        begin(batch.ids(), from, count, taken);
    }

    /**
     * Uploads ids, and the steps that their graphs are to take, at most {@link #mostSteps}, and sets the next one to the first
     * of them. What was uploaded before must have been waited for.
     */
    void begin(long[] all, int from, int count, List<Sampler.Step> taken) {
        CudaDriver driver = context.driver();
        hostIds.clear().asLongBuffer().put(all, from, count);
        driver.upload(ids, hostIds.limit(8 * count), stream());
        hostSteps.clear();
        hostTimes.clear();
        for (Sampler.Step step : taken) {
            hostSteps.putInt(step.rule().ordinal()).putInt(step.to()).putFloat(step.time()).putFloat(step.beta())
                .putFloat(step.alphaBarFrom()).putFloat(step.alphaBarTo()).putInt(step.stochasticity().ordinal())
                .putFloat(step.eta()).putFloat(step.omega());
            for (float column : features.ofTime(step.time())) {
                hostTimes.putFloat(column);
            }
        }
        if (!taken.isEmpty()) {
            driver.upload(steps, hostSteps.flip(), stream());
        }
        if (hostTimes.flip().hasRemaining()) {
            driver.upload(timeInput, hostTimes, stream());
        }
        driver.upload(progress, hostProgress.clear().putLong(0).flip(), stream());
    }

    /** Waits for the stream, takes the classes back, and returns what {@link #broken} does. */
    int download(GraphBatch batch, int from, int count) {
        CudaDriver driver = context.driver();
        driver.download(progress, hostProgress.clear(), stream());
        driver.download(nodes, hostNodes.clear().limit(count * n), stream());
        driver.download(edges, hostEdges.clear().limit(count * n * n), stream());
        driver.synchronize(stream());
        hostNodes.get(0, batch.nodes(), from * n, count * n);
        hostEdges.get(0, batch.edges(), from * n * n, count * n * n);
        return hostProgress.getInt(DeviceLayout.Progress.BROKEN);
    }

    /** Waits for the stream, and returns 1 + the first uploaded step before which a logit was not finite, or 0. */
    int broken() {
        context.driver().download(progress, hostProgress.clear(), stream());
        context.driver().synchronize(stream());
        return hostProgress.getInt(DeviceLayout.Progress.BROKEN);
    }

    /** Waits for the stream and takes values back. */
    void download(long address, float[] to, int from, int count) {
        ByteBuffer bytes = direct(4L * count);
        context.driver().download(address, bytes, stream());
        context.driver().synchronize(stream());
        bytes.clear().asFloatBuffer().get(to, from, count);
    }

    /** The captured step of so many graphs, captured by the first that asks. */
    long step(GraphKey key, Runnable launches) {
        return graphs.computeIfAbsent(key, missing -> {
            CudaDriver driver = context.driver();
            driver.beginCapture(stream());
            try {
                launches.run();
            } catch (RuntimeException failure) {
                // Nothing can be freed by a thread that captures.
                CudaContext.releaseAfter(failure, () -> driver.abandonCapture(stream()));
                throw failure;
            }
            return driver.endCapture(stream());
        });
    }

    /** Frees everything, in reverse order. */
    void free() {
        CudaDriver driver = context.driver();
        List<Runnable> frees = new ArrayList<>();
        graphs.values().forEach(graph -> frees.add(() -> driver.freeGraph(graph)));
        graphs.clear();
        frees.addAll(frees(driver, main.stream, side.stream, forked, joined));
        frees.add(() -> context.free(arena));
        CudaContext.releaseAll(frees);
    }
}
