package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The {@code cuda} backend: every step of the sampler on one NVIDIA GPU. Uploads the model once; then only ids and graphs
 * cross the bus, and a step is one captured CUDA graph, launched once for each time.
 *
 * <p>Any number of threads may use one instance at once: each call has a stream and memory of its own, kept for the next.
 * Where device memory runs out, a batch is worked on in halves: the same graphs, later. {@link #close} waits for calls.
 *
 * <p>A call after which the device is lost throws {@link DeviceLostException}.
 */
public final class CudaDenoiser implements Denoiser {
    /** Device memory of one call, and of what is kept for later ones. */
    private static final long WORKSPACE_BYTES = 8L << 30;

    private final PackedModel model;
    private final CudaContext context;
    private final DeviceModel deviceModel;
    /** For each range of steps. */
    private final List<CudaNetwork> networks;
    private final CudaWorkspaces workspaces;
    /** Calls hold the read lock, so that the device's memory lives until the last one has returned. */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;
    /** After a failure that every later call repeats. */
    private volatile boolean lost;

    /**
     * Opens the GPU of the options and uploads a model.
     *
     * @throws KernelException if there is no GPU that this build runs on; the message says what was looked for
     */
    public CudaDenoiser(PackedModel model, BackendOptions options) {
        this(model, JcudaDriver.open(options), options.cudaPrecision().equals("bf16"));
    }

    /**
     * Opens a model on a driver, which is closed with the denoiser.
     *
     * @param halves whether layers in full precision are multiplied in BF16
     */
    CudaDenoiser(PackedModel model, CudaDriver driver, boolean halves) {
        this(model, driver, DeviceProducts.of(driver.device(), halves));
    }

    /** The same with products of choice, for tests. */
    CudaDenoiser(PackedModel model, CudaDriver driver, DeviceProducts products) {
        this.model = model;
        CudaContext opened = null;
        DeviceModel uploaded = null;
        List<CudaNetwork> prepared = new ArrayList<>();
        try {
            opened = new CudaContext(driver);
            uploaded = new DeviceModel(opened, model, products);
            for (int range = 0; range < model.stepRanges(); range++) {
                prepared.add(new CudaNetwork(opened, uploaded, range));
            }
            launchEverything(opened, model, prepared.get(0));
        } catch (RuntimeException e) {
            CudaFailure failure = e instanceof CudaFailure ? (CudaFailure) e : null;
            if (failure == null || !failure.sticky()) {
                CudaContext first = opened;
                DeviceModel second = uploaded;
                CudaContext.releaseAfter(e, () -> release(driver, first, second, prepared));
            }
            throw failure == null ? e : translated(failure, "opening the model");
        }
        context = opened;
        workspaces = new CudaWorkspaces(opened, model, WORKSPACE_BYTES);
        deviceModel = uploaded;
        networks = prepared;
    }

    /** Gives back, in reverse order, what was opened. */
    private static void release(CudaDriver driver, CudaContext context, DeviceModel model,
                                List<CudaNetwork> networks) {
        List<Runnable> releases = new ArrayList<>();
        for (int range = networks.size() - 1; range >= 0; range--) {
            releases.add(networks.get(range)::free);
        }
        if (model != null) {
            releases.add(model::free);
        }
        releases.add(context != null ? context::close : driver::close);
        CudaContext.releaseAll(releases);
    }

    /**
     * Launches every kernel once on one graph: the driver loads a kernel when it is first launched, which it must not do
     * while a step is captured; and a device that cannot run them is found here.
     */
    private static void launchEverything(CudaContext context, PackedModel model, CudaNetwork network) {
        CudaWorkspace workspace = CudaWorkspace.allocate(context, model, 1, 1);
        try {
            workspace.begin(new long[1], 0, 1, Sampler.of(model.diffusion()).steps(model.diffusion(), 1));
            network.drawInitial(workspace, 1, 0, 0);
            network.evaluate(workspace, 1);
            network.loadNodes(workspace);
            network.draw(workspace, 1, 0);
            network.writeLogits(workspace, 1);
            context.driver().synchronize(workspace.stream());
        } catch (RuntimeException failure) {
            CudaContext.releaseAfter(failure, workspace::free);
            throw failure;
        }
        workspace.free();
    }

    @Override
    public Diffusion diffusion() {
        return model.diffusion();
    }

    /** Classes are drawn on the device: ids go there, finished graphs come back. */
    @Override
    public GraphBatch sample(int n, long[] ids, long seed, List<Sampler.Step> steps) throws InterruptedException {
        GraphBatch batch = new GraphBatch(n, ids);
        requireNodes(batch);
        try {
            sample(batch, seed, steps);
        } catch (NotFiniteException e) {
            throw BrokenLayer.named(e, model, this,
                () -> InitialNoise.draw(model.diffusion(), n, ids, seed, firstCounter(steps)), steps,
                (graphs, one) -> take(graphs, seed, one));
        }
        return batch;
    }

    private void sample(GraphBatch batch, long seed, List<Sampler.Step> steps) throws InterruptedException {
        inParts(batch, "sampling", (workspace, from, count) -> {
            for (int first = 0; first == 0 || first < steps.size(); first += workspace.mostSteps) {
                List<Sampler.Step> some = steps.subList(first, Math.min(steps.size(), first + workspace.mostSteps));
                workspace.begin(batch.ids(), from, count, some);
                if (first == 0) {
                    networks.get(0).drawInitial(workspace, count, seed, firstCounter(steps));
                }
                for (int i = 0; i < some.size(); i++) {
                    if (i % STEPS_PER_CALL == 0) {
                        // Launches return at once; without this, all of them would be under way before anybody asks.
                        context.driver().synchronize(workspace.stream());
                        if (Thread.interrupted()) {
                            throw new InterruptedException("sampling was stopped");
                        }
                    }
                    step(workspace, count, seed, some.get(i));
                }
                boolean last = first + some.size() == steps.size();
                requireFinite(last ? workspace.download(batch, from, count) : workspace.broken(), some);
            }
        });
    }

    @Override
    public void advance(GraphBatch batch, long seed, List<Sampler.Step> steps) {
        requireFits(batch);
        if (steps.isEmpty()) {
            return;
        }
        GraphBatch start = BrokenLayer.copy(batch);
        try {
            take(batch, seed, steps);
        } catch (NotFiniteException e) {
            throw BrokenLayer.named(e, model, this, () -> start, steps, (graphs, one) -> take(graphs, seed, one));
        }
    }

    private void take(GraphBatch batch, long seed, List<Sampler.Step> steps) {
        inParts(batch, "advancing", (workspace, from, count) -> {
            for (int first = 0; first < steps.size(); first += workspace.mostSteps) {
                List<Sampler.Step> some = steps.subList(first, Math.min(steps.size(), first + workspace.mostSteps));
                if (first == 0) {
                    workspace.upload(batch, from, count, some);
                } else {
                    workspace.begin(batch.ids(), from, count, some);
                }
                for (Sampler.Step step : some) {
                    step(workspace, count, seed, step);
                }
                boolean last = first + some.size() == steps.size();
                requireFinite(last ? workspace.download(batch, from, count) : workspace.broken(), some);
            }
        });
    }

    /** Takes graphs to the next time. */
    private void step(CudaWorkspace workspace, int count, long seed, Sampler.Step taken) {
        int range = model.rangeOf(taken.at());
        CudaNetwork network = networks.get(range);
        long step = workspace.step(new CudaWorkspace.GraphKey(count, seed, range), () -> {
            network.evaluate(workspace, count);
            network.draw(workspace, count, seed);
        });
        context.driver().launchGraph(step, workspace.stream());
    }

    private static void requireFinite(int broken, List<Sampler.Step> steps) {
        if (broken != 0) {
            throw new NotFiniteException("logits at time " + steps.get(broken - 1).at() + " are not finite");
        }
    }

    @Override
    public void logits(GraphBatch batch, Sampler.Step at, float[] nodeLogits, float[] edgeLogits) {
        requireFits(batch);
        batch.requireLogits(model.architecture(), nodeLogits, edgeLogits);
        CudaNetwork network = networks.get(model.rangeOf(at.at()));
        int nodeValues = batch.nodeCount() * model.architecture().nodeTypes();
        int edgeValues = batch.nodeCount() * batch.nodeCount() * model.architecture().edgeTypes();
        inParts(batch, "evaluating", (workspace, from, count) -> {
            workspace.upload(batch, from, count, List.of(at));
            network.evaluate(workspace, count);
            network.writeLogits(workspace, count);
            workspace.download(workspace.q, nodeLogits, from * nodeValues, count * nodeValues);
            workspace.download(workspace.e, edgeLogits, from * edgeValues, count * edgeValues);
        });
        // The device keeps nothing that flows between its layers, so it is the reference that looks for the broken one.
        BrokenLayer.requireFinite(model, () -> new ReferenceDenoiser(model),
            batch, at, nodeLogits, edgeLogits);
    }

    /**
     * The network's inputs as the device computes them; the same bits as {@link GraphFeatures}.
     *
     * @param nodeInput   (B, n, padded nodeInputs) written
     * @param globalInput (B, padded globalInputs) written
     */
    void features(GraphBatch batch, int t, float[] nodeInput, float[] globalInput) {
        requireFits(batch);
        int nodeValues = batch.nodeCount() * DeviceWeights.padded(model.architecture().nodeInputs());
        int globalValues = DeviceWeights.padded(model.architecture().globalInputs());
        inParts(batch, "computing features", (workspace, from, count) -> {
            workspace.upload(batch, from, count, List.of(Sampler.Step.at(model.diffusion(), t)));
            networks.get(0).features(workspace, count);
            workspace.download(workspace.nodeInput, nodeInput, from * nodeValues, count * nodeValues);
            workspace.download(workspace.globalInput, globalInput, from * globalValues, count * globalValues);
        });
    }

    /**
     * Seconds of the device in each kernel of one step, of the median of several: launched one by one, each between two
     * events, and after them what the fused edges take without their layers. For benchmarks.
     *
     * @param batch   graphs at time t; not changed
     * @param t       at least 1
     * @param repeats odd
     */
    public Map<String, Double> kernelSeconds(GraphBatch batch, int t, int repeats) {
        requireFits(batch);
        List<Sampler.Step> step = Sampler.along(model.diffusion(), new int[] {t, t - 1});
        Map<String, double[]> seconds = new LinkedHashMap<>();
        inParts(batch, "timing", (workspace, from, count) -> {
            for (int repeat = -1; repeat < repeats; repeat++) {
                workspace.upload(batch, from, count, step);
                Map<String, Double> found = kernelSeconds(workspace, count, t);
                // The first loads a kernel that no step has.
                for (String kernel : repeat < 0 ? Set.<String>of() : found.keySet()) {
                    seconds.computeIfAbsent(kernel, none -> new double[repeats])[repeat] += found.get(kernel);
                }
            }
        });
        Map<String, Double> median = new LinkedHashMap<>();
        seconds.forEach((kernel, all) -> {
            Arrays.sort(all);
            median.put(kernel, all[repeats / 2]);
        });
        return median;
    }

    private Map<String, Double> kernelSeconds(CudaWorkspace workspace, int count, int t) {
        LaunchTimes times = new LaunchTimes(context.driver());
        CudaNetwork timed = networks.get(model.rangeOf(t)).timedBy(times);
        try {
            timed.evaluate(workspace, count);
            timed.draw(workspace, count, 0);
            timed.edgesWithoutLayers(workspace, count);
            context.driver().synchronize(workspace.stream());
            return times.seconds();
        } finally {
            times.free();
        }
    }

    /** What is done with graphs {@code from} ... {@code from + count} of a batch. */
    @FunctionalInterface
    private interface Part<E extends Exception> {
        void run(CudaWorkspace workspace, int from, int count) throws E;
    }

    /** Works on a batch in as large parts as device memory allows. */
    private <E extends Exception> void inParts(GraphBatch batch, String what, Part<E> part) throws E {
        lock.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("this cuda denoiser is closed");
            }
            if (lost) {
                throw new DeviceLostException("cuda: the device was lost by an earlier call; it cannot be used by this"
                    + " process any more", null);
            }
            int n = batch.nodeCount();
            int largest = workspaces.largestPart(n, batch.size());
            for (int from = 0; from < batch.size();) {
                int count = Math.min(largest, batch.size() - from);
                try {
                    run(part, n, from, count);
                    from += count;
                } catch (CudaFailure failure) {
                    if (!failure.outOfMemory() || count == 1) {
                        throw translated(failure, what + " " + count + " graphs of " + n + " nodes");
                    }
                    largest = count / 2;
                    workspaces.limit(n, largest);
                }
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    private <E extends Exception> void run(Part<E> part, int n, int from, int count) throws E {
        CudaWorkspace workspace = workspaces.lease(n, count);
        try {
            part.run(workspace, from, count);
        } catch (Throwable failure) {
            // Its stream may have work under way: nothing to keep. Of memory that stays allocated close() tells.
            CudaContext.releaseAfter(failure, workspace::free);
            throw failure;
        }
        workspaces.giveBack(workspace);
    }

    /** A failure of the driver as a sentence. */
    private KernelException translated(CudaFailure failure, String what) {
        String message = "cuda: " + failure.getMessage() + " while " + what;
        if (failure.sticky()) {
            lost = true;
            return new DeviceLostException(message + "; the device cannot be used by this process any more", failure);
        }
        return new KernelException(failure.outOfMemory() ? message + "; free the device or use a smaller model" : message,
            failure);
    }

    private void requireFits(GraphBatch batch) {
        batch.requireFits(model.architecture());
        requireNodes(batch);
    }

    private static void requireNodes(GraphBatch batch) {
        if (batch.nodeCount() > GraphFeatures.MAX_NODES) {
            throw new IllegalArgumentException("graph features are exact up to " + GraphFeatures.MAX_NODES
                + " nodes, found " + batch.nodeCount());
        }
    }

    /** Device memory in use, in bytes; 0 once closed. */
    public long liveBytes() {
        return context.liveBytes();
    }

    /** The most device memory that was in use, in bytes. */
    public long peakBytes() {
        return context.peakBytes();
    }

    @Override
    public String describe() {
        return describe(context.driver().device());
    }

    /** For example {@code cuda (NVIDIA H200, sm_90)}. */
    static String describe(CudaDriver.Device device) {
        return "cuda (" + device.name() + ", sm_" + device.computeCapability().replace(".", "") + ")";
    }

    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("this cuda denoiser is closed");
            }
            closed = true;
            if (lost) {
                // Nothing can be freed any more; the process is about to end.
                return;
            }
            CudaContext.releaseAll(List.of(workspaces::free, () -> release(context.driver(), context, deviceModel, networks)));
        } catch (CudaFailure failure) {
            throw translated(failure, "closing");
        } finally {
            lock.writeLock().unlock();
        }
    }
}
