package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Stream;
import org.bitdgdm.kernels.CudaWorkspace.Lane;
import org.bitdgdm.kernels.DeviceLayout.Arguments;
import org.bitdgdm.kernels.NetworkSpec.Width;

/**
 * The launches of one step, in the order of ReferenceDenoiser: features, input MLPs, transformer layers, output MLPs, draw.
 * For steps of one range, which share static scales. How a launch is cut into blocks depends on sizes and device only, and
 * changes no bit but where a node's edges take several tiles.
 */
final class CudaNetwork {
    static final String EDGES = "bitdgdm_edges";
    static final String NODES = "bitdgdm_nodes";
    private static final String EDGES_WITHOUT_LAYERS = EDGES + "_without_layers";
    private static final int BLOCK = 256;
    private static final int SMALLEST_TILE = DeviceScratch.TILE_ROWS[DeviceScratch.TILE_ROWS.length - 1];
    private static final int ROW_LANES = 16;
    /** Columns of a block where columns are spread over blocks, and channels of e_mul and e_add at a time. */
    private static final int COLUMNS = 64;
    private static final int WARP = 32;
    private static final int FEATURE_THREADS = 128;
    /** Shared memory that the driver takes for itself in every block. */
    private static final int RESERVED_BYTES = 1024;
    private static final int STORE = 0;
    private static final int RELU = 1;
    private static final int PLUS_ONE = 2;

    private final CudaContext context;
    private final CudaDriver driver;
    private final CudaDriver.Device device;
    private final DeviceModel model;
    private final int range;
    private final PackedModel packed;
    private final Architecture architecture;
    /** Null where launches are not timed. */
    private final LaunchTimes times;
    /** (edgeTypes, de) the input MLP of every edge class; 0 where edges have other input, too. */
    private final long edgeTable;

    /** A product y = finish(x W + b). */
    private record Job(String layer, long x, int xStride, long y, int yStride, int finish) {
    }

    /**
     * Prepares launches of a model, and computes its edge table.
     *
     * @param range of steps, see {@link PackedModel#rangeOf}
     * @throws KernelException if a tile of one of its layers does not fit the device's shared memory
     */
    CudaNetwork(CudaContext context, DeviceModel model, int range) {
        this.context = context;
        this.driver = context.driver();
        this.device = driver.device();
        this.model = model;
        this.range = range;
        this.times = null;
        this.packed = model.packed();
        this.architecture = packed.architecture();
        for (PackedLinear layer : packed.linears()) {
            tileRows(DeviceScratch.TILE_ROWS[0], List.of(layer));
            if (DeviceScratch.transformBytes(layer, DeviceScratch.TRANSFORM_ROWS) > device.sharedBytesPerBlock()) {
                throw tooWide("the transform of " + layer.name);
            }
        }
        edgeTile(architecture.maxNodes(), 1);
        outputTile();
        this.edgeTable = architecture.walks() > 0 ? 0 : edgeTable();
    }

    private CudaNetwork(CudaNetwork other, LaunchTimes times) {
        this.context = other.context;
        this.driver = other.driver;
        this.device = other.device;
        this.model = other.model;
        this.range = other.range;
        this.packed = other.packed;
        this.architecture = other.architecture;
        this.edgeTable = other.edgeTable;
        this.times = times;
    }

    /** The same launches, timed; it shares what this one holds, and is not to be freed. */
    CudaNetwork timedBy(LaunchTimes launchTimes) {
        return new CudaNetwork(this, launchTimes);
    }

    private long edgeTable() {
        int types = architecture.edgeTypes();
        int inputs = DeviceWeights.padded(types);
        int hidden = DeviceWeights.padded(linear("mlp_in_E.0").out);
        int de = DeviceWeights.padded(packed.width(Width.E));
        DeviceImage oneHot = new DeviceImage();
        int at = oneHot.reserve(4 * types * inputs);
        for (int type = 0; type < types; type++) {
            oneHot.putFloat(at + 4 * (type * inputs + type), 1);
        }
        int between = oneHot.reserve(4 * types * hidden);
        int turned = oneHot.reserve(4 * types * Math.max(inputs, hidden));
        long table = context.allocate(4L * types * de, "the table of edge classes");
        long scratch = 0;
        try {
            scratch = context.allocate(oneHot.size(), "the table of edge classes");
            context.uploadNow(scratch, oneHot.at(scratch));
            long stream = context.setupStream();
            Lane lane = new Lane(stream, scratch + turned);
            linear(lane, types, new Job("mlp_in_E.0", scratch + at, inputs, scratch + between, hidden, RELU));
            linear(lane, types, new Job("mlp_in_E.2", scratch + between, hidden, table, de, RELU));
            driver.synchronize(stream);
            long done = scratch;
            scratch = 0;
            context.free(done);
            return table;
        } catch (RuntimeException e) {
            if (scratch != 0) {
                context.free(scratch);
            }
            context.free(table);
            throw e;
        }
    }

    void free() {
        if (edgeTable != 0) {
            context.free(edgeTable);
        }
    }

    /** From the classes of the first {@code graphs} graphs of a workspace to the output of the last MLPs. */
    void evaluate(CudaWorkspace w, int graphs) {
        int nodeRows = graphs * w.n;
        long edgeRows = (long) nodeRows * w.n;
        features(w, graphs);
        mlp(w.main, nodeRows, "mlp_in_X.0", "mlp_in_X.2", w.nodeInput, DeviceWeights.padded(architecture.nodeInputs()),
            w.hiddenX, w.x, RELU);
        mlp(w.main, graphs, "mlp_in_y.0", "mlp_in_y.2", w.globalInput, DeviceWeights.padded(architecture.globalInputs()),
            w.hiddenY, w.y, RELU);
        if (edgeTable != 0) {
            launch(w.main, "bitdgdm_edge_input", blocks(edgeRows * w.de, BLOCK), BLOCK, 0,
                new KernelArguments(Arguments.EDGE_INPUT).pointers(edgeTable, w.edges, w.e).value(edgeRows).ints(w.de, 0));
        } else {
            mlp(w.main, Math.toIntExact(edgeRows), "mlp_in_E.0", "mlp_in_E.2", w.edgeInput,
                DeviceWeights.padded(architecture.edgeInputs()), w.hiddenE, w.e, RELU);
            launch(w.main, "bitdgdm_edge_symmetric", blocks(edgeRows * w.de, BLOCK), BLOCK, 0,
                new KernelArguments(Arguments.SYMMETRIC).pointers(w.e).value(edgeRows).ints(w.n, w.de));
        }
        for (int layer = 0; layer < architecture.layers(); layer++) {
            transform(w, graphs, layer);
        }
        mlp(w.main, nodeRows, "mlp_out_X.0", "mlp_out_X.2", w.x, w.dx, w.hiddenX, w.nodeOutput, STORE);
        int tile = outputTile();
        launch(w.main, "bitdgdm_edge_output", blocks(edgeRows, tile), BLOCK, outputBytes(tile),
            new KernelArguments(Arguments.EDGE_OUTPUT)
                .pointers(address("mlp_out_E.0"), address("mlp_out_E.2"), w.e, w.edgeOutput).value(edgeRows)
                .ints(w.de, DeviceWeights.padded(architecture.edgeTypes()), tile, hiddenStride()));
    }

    /**
     * Draws the classes that sampling starts from.
     *
     * @param counter of the draws
     */
    void drawInitial(CudaWorkspace w, int graphs, long seed, int counter) {
        elements(w, graphs, "bitdgdm_draw_initial", drawArguments(w, graphs, seed, counter));
    }

    /** Draws the classes at the next time, and goes there. */
    void draw(CudaWorkspace w, int graphs, long seed) {
        elements(w, graphs, "bitdgdm_draw", drawArguments(w, graphs, seed, 0));
        launch(w.main, "bitdgdm_next_step", 1, WARP, 0, drawArguments(w, graphs, seed, 0));
    }

    /** Writes logits where q and E were. */
    void writeLogits(CudaWorkspace w, int graphs) {
        elements(w, graphs, "bitdgdm_logits", drawArguments(w, graphs, 0, 0));
    }

    private void elements(CudaWorkspace w, int graphs, String kernel, KernelArguments arguments) {
        long elements = (long) graphs * (w.n + w.n * (w.n - 1) / 2);
        launch(w.main, kernel, blocks(elements, BLOCK), BLOCK, 0, arguments);
    }

    /** @param counter of the draws that sampling starts from; those of a step are its own */
    private KernelArguments drawArguments(CudaWorkspace w, int graphs, long seed, int counter) {
        return new KernelArguments(Arguments.DRAW)
            .pointers(w.nodeOutput, w.edgeOutput, w.nodes, w.edges, w.ids, w.progress, w.steps, model.nodeMarginal(),
                model.edgeMarginal(), w.q, w.e)
            .value(seed)
            .ints(counter, w.n, graphs, architecture.nodeTypes(), architecture.edgeTypes(),
                DeviceWeights.padded(architecture.nodeTypes()), DeviceWeights.padded(architecture.edgeTypes()), 0);
    }

    void features(CudaWorkspace w, int graphs) {
        int threads = w.n <= WARP ? WARP : FEATURE_THREADS;
        int teams = DeviceScratch.featureTeams(w.n);
        int shared = w.featureScratch == 0 ? Math.toIntExact(teams * w.featureStride()) : 0;
        launch(w.main, "bitdgdm_features", blocks(graphs, teams), threads, shared, new KernelArguments(Arguments.FEATURE)
            .pointers(w.nodes, w.edges, w.progress, w.steps, model.nodeWeights(), w.featureScratch, w.nodeInput,
                w.edgeInput, w.globalInput, w.timeInput)
            .value(w.featureStride())
            .ints(w.n, architecture.nodeTypes(), architecture.edgeTypes(), architecture.maxNodes(),
                architecture.variant() == Variant.FIXED_BUG ? 1 : 0, architecture.features().ordinal(),
                architecture.hasMolecularFeatures() ? 1 : 0)
            .value(architecture.maxWeight())
            .ints(DeviceWeights.padded(architecture.nodeInputs()), DeviceWeights.padded(architecture.edgeInputs()),
                DeviceWeights.padded(architecture.globalInputs()), graphs, architecture.walks(),
                architecture.features().timeColumns(), architecture.absorbing() ? 1 : 0, 0));
    }

    /** One transformer layer; nothing reads y after the last. */
    private void transform(CudaWorkspace w, int graphs, int layer) {
        int nodeRows = graphs * w.n;
        String block = NetworkSpec.inBlock(layer, "");
        String attention = block + "self_attn.";
        linear(w.main, nodeRows,
            new Job(attention + "q", w.x, w.dx, w.q, w.dx, STORE),
            new Job(attention + "k", w.x, w.dx, w.k, w.dx, STORE),
            new Job(attention + "v", w.x, w.dx, w.v, w.dx, STORE));
        if (layer > 0 && forks()) {
            w.join();
        }
        linear(w.main, graphs,
            new Job(attention + "y_e_mul", w.y, w.dy, w.filmEMul, w.dx, PLUS_ONE),
            new Job(attention + "y_e_add", w.y, w.dy, w.filmEAdd, w.dx, STORE),
            new Job(attention + "y_x_mul", w.y, w.dy, w.filmXMul, w.dx, PLUS_ONE),
            new Job(attention + "y_x_add", w.y, w.dy, w.filmXAdd, w.dx, STORE));
        if (layer + 1 < architecture.layers()) {
            globals(w, graphs, block);
        }
        edges(EDGES, w, nodeRows, block);
        int tile = nodeTile(block, nodeRows);
        if (tile > 0) {
            nodes(w, nodeRows, block, tile);
        } else {
            linear(w.main, nodeRows, new Job(attention + "x_out", w.xNew, w.dx, w.q, w.dx, STORE));
            norm(w.main, block + "normX1", w.x, w.q, nodeRows, w.dx);
            mlp(w.main, nodeRows, block + "linX1", block + "linX2", w.x, w.dx, w.hiddenX, w.q, STORE);
            norm(w.main, block + "normX2", w.x, w.q, nodeRows, w.dx);
        }
    }

    /** Whether y is worked on beside X and E; launches that are timed come one after the other. */
    private boolean forks() {
        return times == null;
    }

    /**
     * The rest of y's layer, from itself and from the pooled channels of X and E before they are updated: many small
     * launches on the side lane, which nothing but the next layer waits for.
     */
    private void globals(CudaWorkspace w, int graphs, String block) {
        String attention = block + "self_attn.";
        int dx = packed.width(Width.X);
        int de = packed.width(Width.E);
        int poolX = DeviceWeights.padded(4 * dx);
        int poolE = DeviceWeights.padded(4 * de);
        launch(w.main, "bitdgdm_pool", new int[] {graphs, 2, 1}, BLOCK, 0, new KernelArguments(Arguments.POOL)
            .pointers(w.x, w.e, w.poolX, w.poolE)
            .ints(w.n, dx, w.dx, de, w.de, poolX, poolE, architecture.variant() == Variant.FIXED_BUG ? 1 : 0));
        Lane lane = forks() ? w.side : w.main;
        if (forks()) {
            w.fork();
        }
        linear(lane, graphs,
            new Job(attention + "y_y", w.y, w.dy, w.yTerm, w.dy, STORE),
            new Job(attention + "x_y.lin", w.poolX, poolX, w.yFromX, w.dy, STORE),
            new Job(attention + "e_y.lin", w.poolE, poolE, w.yFromE, w.dy, STORE));
        long count = (long) graphs * w.dy;
        launch(lane, "bitdgdm_sum", blocks(count, BLOCK), BLOCK, 0, new KernelArguments(Arguments.SUM)
            .pointers(w.yTerm, w.yFromX, w.yFromE, w.yNew).value(count));
        mlp(lane, graphs, attention + "y_out.0", attention + "y_out.2", w.yNew, w.dy, w.hiddenY, w.yTerm, STORE);
        norm(lane, block + "norm_y1", w.y, w.yTerm, graphs, w.dy);
        mlp(lane, graphs, block + "lin_y1", block + "lin_y2", w.y, w.dy, w.hiddenY, w.yTerm, STORE);
        norm(lane, block + "norm_y2", w.y, w.yTerm, graphs, w.dy);
        if (forks()) {
            w.end();
        }
    }

    /**
     * Rows of a tile in which the rest of X's layer is fused: as many as fit shared memory twice and give every
     * multiprocessor a tile; 0 where there are too few rows for that, because launches of their own spread columns too.
     */
    private int nodeTile(String block, int nodeRows) {
        int half = device.sharedBytesPerProcessor() / 2 - RESERVED_BYTES;
        for (int tile : DeviceScratch.TILE_ROWS) {
            if (nodeBytes(block, tile) <= Math.min(half, device.sharedBytesPerBlock())
                && blocks(nodeRows, tile) >= device.multiprocessors()) {
                return tile;
            }
        }
        return 0;
    }

    private long nodeBytes(String block, int tile) {
        int scratch = Stream.of("self_attn.x_out", "linX1", "linX2")
            .mapToInt(name -> model.turningBytes(linear(block + name), tile)).max().orElseThrow();
        return 4L * tile * (nodeStride(block + "linX2") + nodeStride(block + "linX1")) + scratch;
    }

    /** Floats between the rows of a tile that holds what a layer gives. */
    private int nodeStride(String layer) {
        return DeviceScratch.tileStride(Math.max(linear(layer).out, packed.width(Width.X)));
    }

    /** Launches the fused rest of X's layers, in the smallest tile, where larger batches than this may use it. */
    void loadNodes(CudaWorkspace w) {
        for (int layer = 0; layer < architecture.layers(); layer++) {
            String block = NetworkSpec.inBlock(layer, "");
            if (nodeTile(block, SMALLEST_TILE * device.multiprocessors()) > 0) {
                nodes(w, w.n, block, SMALLEST_TILE);
            }
        }
    }

    private void nodes(CudaWorkspace w, int nodeRows, String block, int tile) {
        launch(w.main, NODES, blocks(nodeRows, tile), BLOCK, Math.toIntExact(nodeBytes(block, tile)),
            new KernelArguments(Arguments.NODES).pointers(address(block + "self_attn.x_out"), address(block + "linX1"),
                address(block + "linX2"), model.normWeight(block + "normX1"), model.normBias(block + "normX1"),
                model.normWeight(block + "normX2"), model.normBias(block + "normX2"), w.xNew, w.x)
                .ints(nodeRows, packed.width(Width.X), w.dx, tile, nodeStride(block + "linX2"),
                    nodeStride(block + "linX1")));
    }

    /** What the fused edges of all layers take without the products of their layers; E is worth nothing after it. */
    void edgesWithoutLayers(CudaWorkspace w, int graphs) {
        for (int layer = 0; layer < architecture.layers(); layer++) {
            edges(EDGES_WITHOUT_LAYERS, w, graphs * w.n, NetworkSpec.inBlock(layer, ""));
        }
    }

    private void edges(String kernel, CudaWorkspace w, int nodeRows, String block) {
        String attention = block + "self_attn.";
        int tile = edgeTile(w.n, nodeRows);
        EdgeLayers layers = new EdgeLayers(block);
        int items = Math.max(1, tile / w.n);
        int dHead = linear(attention + "q").out / architecture.heads();
        launch(w.main, kernel, blocks(nodeRows, items), BLOCK, (int) layers.bytes(w.n, tile),
            new KernelArguments(Arguments.EDGES).pointers(address(attention + "e_mul"), address(attention + "e_add"),
                address(attention + "e_out"), address(block + "linE1"), address(block + "linE2"),
                model.normWeight(block + "normE1"), model.normBias(block + "normE1"),
                model.normWeight(block + "normE2"), model.normBias(block + "normE2"),
                w.q, w.k, w.v, w.filmEMul, w.filmEAdd, w.filmXMul, w.filmXAdd, w.e, w.xNew)
            .ints(w.n, nodeRows, 0, w.dx, packed.width(Width.E), w.de, tile, items, layers.channels, layers.eStride,
                layers.yStride, layers.addStride, layers.scratchBytes(tile))
            .value(1 / (float) Math.sqrt(dHead)));
    }

    /** Sizes of the tiles of one layer's fused part, see {@code network.cuh}. */
    private final class EdgeLayers {
        private final PackedLinear eAdd;
        private final List<PackedLinear> others;
        private final int dx;
        private final int channels;
        private final int eStride;
        private final int yStride;
        private final int addStride;

        EdgeLayers(String block) {
            eAdd = linear(block + "self_attn.e_add");
            others = List.of(linear(block + "self_attn.e_mul"), linear(block + "self_attn.e_out"), linear(block + "linE1"),
                linear(block + "linE2"));
            int de = packed.width(Width.E);
            dx = DeviceWeights.padded(eAdd.out);
            channels = Math.min(COLUMNS, dx);
            eStride = DeviceScratch.tileStride(de);
            yStride = DeviceScratch.tileStride(Math.max(dx, linear(block + "linE1").out));
            addStride = DeviceScratch.tileStride(Math.max(channels, de));
        }

        int scratchBytes(int tile) {
            return others.stream().mapToInt(layer -> model.turningBytes(layer, tile)).max().orElseThrow();
        }

        long bytes(int n, int tile) {
            return 4L * tile * (eStride + yStride + addStride) + (n > tile ? 3L * 4 * dx : 0) + scratchBytes(tile)
                + model.turningBytes(eAdd, tile);
        }
    }

    /**
     * Rows of a tile of E: as many as the shared memory holds, in two blocks of a multiprocessor where that leaves a tile
     * worth its weights, because one works while the other waits; fewer where multiprocessors would idle. Graphs that take
     * several tiles always get the same, so that batches do not change their bits.
     */
    private int edgeTile(int n, int nodeRows) {
        int half = device.sharedBytesPerProcessor() / 2 - RESERVED_BYTES;
        int[] tiles = DeviceScratch.TILE_ROWS;
        int largest = 0;
        for (int tile : tiles) {
            long bytes = edgeBytes(n, tile);
            if (bytes <= device.sharedBytesPerBlock()) {
                largest = Math.max(largest, tile);
                if (bytes <= half && tile > SMALLEST_TILE) {
                    largest = tile;
                    break;
                }
            }
        }
        if (largest == 0) {
            throw tooWide("the edge layers of a transformer layer");
        }
        while (largest > SMALLEST_TILE && 2 * n <= largest && blocks(nodeRows, largest / n) < device.multiprocessors()) {
            largest /= 2;
        }
        return largest;
    }

    private long edgeBytes(int n, int tile) {
        long bytes = 0;
        for (int layer = 0; layer < architecture.layers(); layer++) {
            bytes = Math.max(bytes, new EdgeLayers(NetworkSpec.inBlock(layer, "")).bytes(n, tile));
        }
        return bytes;
    }

    private int hiddenStride() {
        return DeviceScratch.tileStride(linear("mlp_out_E.0").out);
    }

    private int outputBytes(int tile) {
        return 4 * tile * hiddenStride() + Math.max(model.turningBytes(linear("mlp_out_E.0"), tile),
            model.turningBytes(linear("mlp_out_E.2"), tile));
    }

    private int outputTile() {
        for (int tile : DeviceScratch.TILE_ROWS) {
            if (outputBytes(tile) <= device.sharedBytesPerBlock()) {
                return tile;
            }
        }
        throw tooWide("mlp_out_E");
    }

    private KernelException tooWide(String what) {
        return new KernelException(device.name() + " gives a block " + device.sharedBytesPerBlock()
            + " bytes of shared memory, too few for " + what + " of this model; use --backend cpu");
    }

    private void mlp(Lane lane, int rows, String first, String second, long x, int xStride, long hidden, long y,
                     int finish) {
        int hiddenStride = DeviceWeights.padded(linear(first).out);
        linear(lane, rows, new Job(first, x, xStride, hidden, hiddenStride, RELU));
        linear(lane, rows, new Job(second, hidden, hiddenStride, y, DeviceWeights.padded(linear(second).out), finish));
    }

    private void norm(Lane lane, String name, long x, long update, int rows, int stride) {
        launch(lane, "bitdgdm_norm", blocks(rows, BLOCK / ROW_LANES), BLOCK, 0, new KernelArguments(Arguments.NORM)
            .pointers(x, update, model.normWeight(name), model.normBias(name))
            .ints(rows, packed.norm(name).weight().length, stride, 0));
    }

    /** Several products over the same rows, in one launch; one more before it where layers transform their input. */
    private void linear(Lane lane, int rows, Job... asked) {
        Job[] jobs = transform(lane, rows, asked);
        List<PackedLinear> layers = List.of(jobs).stream().map(job -> linear(job.layer())).toList();
        int widest = layers.stream().mapToInt(layer -> DeviceWeights.padded(layer.out)).max().orElseThrow();
        int tile = tileRows(rows, layers);
        // The layers of y have few rows: with less for each block, more multiprocessors work on them.
        while (tile > SMALLEST_TILE
            && blocks(rows, tile) * blocks(widest, COLUMNS) * jobs.length < device.multiprocessors()) {
            tile /= 2;
        }
        int shared = 0;
        boolean coded = false;
        KernelArguments arguments = new KernelArguments(Arguments.LINEAR);
        for (int i = 0; i < jobs.length; i++) {
            Job job = jobs[i];
            shared = Math.max(shared, model.scratchBytes(layers.get(i), tile));
            coded |= model.scratchBytes(layers.get(i), tile) > 0;
            arguments.pointers(address(job.layer()), job.x(), job.y())
                .ints(job.xStride(), job.yStride(), job.finish(), 0);
        }
        int tiles = blocks(rows, tile);
        // Every block of a layer that is not FP32 prepares its rows again, so columns are spread only where blocks are few.
        boolean spread = !coded || tiles * jobs.length < 2 * device.multiprocessors();
        int columns = spread ? Math.min(COLUMNS, Math.max(widest, 8)) : widest;
        launch("bitdgdm_linear", new int[] {tiles, Math.max(1, blocks(widest, columns)), jobs.length}, BLOCK, shared,
            arguments.skipTo(Arguments.LINEAR_ROWS).ints(rows, tile, columns, 0).done(), lane.stream());
    }

    /** Transforms the inputs of those layers that do; returns the products of what came of it. */
    private Job[] transform(Lane lane, int rows, Job... jobs) {
        Job[] products = jobs.clone();
        KernelArguments arguments = new KernelArguments(Arguments.LINEAR);
        int shared = 0;
        int count = 0;
        long to = lane.turned();
        for (int i = 0; i < jobs.length; i++) {
            Job job = jobs[i];
            PackedLinear layer = linear(job.layer());
            if (layer.transform != null) {
                int stride = DeviceWeights.padded(layer.in);
                arguments.pointers(address(job.layer()), job.x(), to).ints(job.xStride(), stride, STORE, 0);
                shared = Math.max(shared, DeviceScratch.transformBytes(layer, DeviceScratch.TRANSFORM_ROWS));
                products[i] = new Job(job.layer(), to, stride, job.y(), job.yStride(), job.finish());
                to += 4L * rows * stride;
                count++;
            }
        }
        if (count > 0) {
            int tile = DeviceScratch.TRANSFORM_ROWS;
            launch("bitdgdm_transform", new int[] {blocks(rows, tile), 1, count}, BLOCK, shared,
                arguments.skipTo(Arguments.LINEAR_ROWS).ints(rows, tile, 0, 0).done(), lane.stream());
        }
        return products;
    }

    /** Rows of a tile for a launch: as many as its rows need and shared memory holds, half of it if that is enough. */
    private int tileRows(int rows, List<PackedLinear> layers) {
        int fallback = 0;
        for (int tile : DeviceScratch.TILE_ROWS) {
            if (tile > DeviceScratch.TILE_ROWS[2] && rows <= tile / 2) {
                continue;
            }
            int bytes = layers.stream().mapToInt(layer -> model.scratchBytes(layer, tile)).max().orElse(0);
            if (bytes <= device.sharedBytesPerBlock() / 2) {
                return tile;
            }
            fallback = bytes <= device.sharedBytesPerBlock() ? tile : fallback;
        }
        if (fallback == 0) {
            throw tooWide(layers.get(0).name);
        }
        return fallback;
    }

    private PackedLinear linear(String name) {
        return packed.linear(name);
    }

    private long address(String name) {
        return model.linear(name, range);
    }

    private void launch(Lane lane, String kernel, int blocks, int threads, int shared, KernelArguments arguments) {
        launch(lane, kernel, new int[] {blocks, 1, 1}, threads, shared, arguments);
    }

    private void launch(Lane lane, String kernel, int[] grid, int threads, int shared, KernelArguments arguments) {
        launch(kernel, grid, threads, shared, arguments.done(), lane.stream());
    }

    private void launch(String kernel, int[] grid, int threads, int shared, ByteBuffer arguments, long stream) {
        Runnable launch = () -> driver.launch(kernel, grid, threads, shared, arguments, stream);
        if (times == null) {
            launch.run();
        } else {
            times.around(kernel, stream, launch);
        }
    }

    private static int blocks(long count, long each) {
        return Math.toIntExact((count + each - 1) / each);
    }
}
