package org.bitdgdm.kernels;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A packed model as bytes: what is broadcast and what a quantized bundle stores. Little-endian, versions 1 to 5.
 * A model is written as the lowest version that holds it: 2 has all forms of layers, 3 all feature sets of DiGress, 5 models of
 * flow matching and of random walks. Below 5 limits have no kind but their numbers, and come back as frequencies.
 *
 * <p>{@code magic "BDGM" | version int | length long, of the whole | architecture | diffusion | linear layers |
 * layer norms | SHA-256 (32) of all before}. A text is {@code length short | UTF-8}; arrays carry no length of their own
 * where the fields before them give it.
 * <ul>
 * <li>architecture: variant text, layers, heads, node types, edge types, largest graph, T (ints), molecular (byte),
 *     weights (node types floats if molecular), largest weight (float); version 3: {@link FeatureSet} (byte);</li>
 * <li>version 5, beside that of version 3: walks (int), absorbing, kind of the limits by its ordinal, straight line
 *     (bytes);</li>
 * <li>version 4, a model of proteins, has in the place of both: layers (int), nodes normalised, edges updated (bytes), where
 *     structure enters (text), T (int); betas, alphas bar (T+1 floats each), scores (20·20 floats), temperatures (T+2
 *     floats), noise (text);</li>
 * <li>diffusion: betas, alphas bar (T+1 floats each), node marginal, edge marginal, sizes (largest graph + 1 floats);</li>
 * <li>from version 2 on: ranges of steps (int);</li>
 * <li>linear layers, in the order of the {@link NetworkSpec}: name text, in, out (ints), bias, form byte; form 0:
 *     weight; form 1: activation (bits, flags unsigned 1 and per row 2, τ, scale, inverse), presence byte (left and right
 *     1, residual 2, cross term 4; from version 2 on: codebook 8, transform 16, branch 32, counted rows of sparse 64),
 *     intermediate bits byte, intermediate scale float, left, right, residual, codebook, transform, branch, sparse, and
 *     where scales are static, for each later range of steps τ, scale, inverse, intermediate scale;</li>
 * <li>a code matrix: rows, cols (ints), bits, scale-per-row (bytes), then scales and codes, two's complement of
 *     {@code bits} bits each, first code lowest, rounded up to bytes once; or FP32 values;</li>
 * <li>codebook: bits (byte), entries (int), tables, indices of {@code bits} bits each;</li>
 * <li>transform: block (int), presence byte (scale 1, R₁ 2, permutation 4, R₂ 8), scale floats, R₁, permutation (unsigned
 *     shorts), R₂;</li>
 * <li>branch: rank (int), A, B; tables, rotations and branches are the upper halves of FP32 numbers (shorts);</li>
 * <li>sparse: width (int), columns (unsigned shorts, 65535 = unused place), values; with counted rows: width, a count for
 *     each row (unsigned short), then columns and values of the used places only;</li>
 * <li>layer norms: name text, width (int), weight, bias.</li>
 * </ul>
 * So the file is {@link PackedModel#bytes()} long plus the fields that are not parameters. Reading trusts nothing: the
 * hash comes first, every length is checked against the bytes left before anything is allocated, and shapes that
 * contradict each other are refused.
 */
public final class PackedModelFormat {
    static final int MAGIC = 0x4D474442;
    static final int VERSION = 3;
    /** Version of models of proteins. */
    static final int PROTEINS = 4;
    /** Version of models of flow matching and of those that read random walks; the one that says what kind the limits are. */
    static final int FLOWS = 5;
    static final int HASH_BYTES = 32;
    /** Magic, version and length. */
    static final int HEADER_BYTES = 16;

    /** Less than the name, shape and form of a linear layer take. */
    private static final int LEAST_LINEAR_BYTES = 16;
    private static final int UNUSED = 0xFFFF;
    private static final int UNSIGNED = 1;
    private static final int PER_ROW = 2;
    private static final int FACTORS = 1;
    private static final int RESIDUAL = 2;
    private static final int CROSS_TERM = 4;
    private static final int CODEBOOK = 8;
    private static final int TRANSFORM = 16;
    private static final int BRANCH = 32;
    private static final int COUNTED = 64;
    private static final int PARTS_OF_VERSION_1 = FACTORS | RESIDUAL | CROSS_TERM;
    private static final int PARTS_OF_VERSION_2 = PARTS_OF_VERSION_1 | CODEBOOK | TRANSFORM | BRANCH | COUNTED;

    private PackedModelFormat() {
    }

    /** SHA-256 of what {@link #toBytes} makes of a model, in lower-case hexadecimal digits. */
    public static String sha256(PackedNetwork model) {
        return Sha256.of(toBytes(model));
    }

    private static byte[] digest(byte[] bytes, int length) {
        MessageDigest digest = Sha256.digest();
        digest.update(bytes, 0, length);
        return digest.digest();
    }

    /**
     * Writes a model of any kind.
     *
     * @throws IllegalArgumentException if a sparse part has 65,535 columns or more
     */
    public static byte[] toBytes(PackedNetwork model) {
        return model instanceof PackedModel graphs ? toBytes(graphs) : toBytes((PackedProteinModel) model);
    }

    /**
     * Writes a model.
     *
     * @throws IllegalArgumentException if a sparse part has 65,535 columns or more
     */
    public static byte[] toBytes(PackedModel model) {
        ByteSink sink = new ByteSink(Math.addExact(model.bytes(), 1 << 16));
        boolean plain = model.stepRanges() == 1
            && model.linears().stream().allMatch(linear -> (parts(linear) & ~PARTS_OF_VERSION_1) == 0);
        int version = model.diffusion().schedule().linear() || model.architecture().features() == FeatureSet.RRWP
            ? FLOWS : model.architecture().features() != FeatureSet.ALL ? VERSION : plain ? 1 : 2;
        sink.int32(MAGIC);
        sink.int32(version);
        sink.int64(0);
        write(sink, model.architecture());
        Diffusion diffusion = model.diffusion();
        if (version >= VERSION) {
            sink.int8(model.architecture().features().ordinal());
        }
        if (version == FLOWS) {
            sink.int32(model.architecture().walks());
            sink.int8(model.architecture().absorbing() ? 1 : 0);
            sink.int8(diffusion.limits().kind().ordinal());
            sink.int8(diffusion.schedule().linear() ? 1 : 0);
        }
        sink.floats(diffusion.schedule().betas());
        sink.floats(diffusion.schedule().alphasBar());
        sink.floats(diffusion.limits().nodes());
        sink.floats(diffusion.limits().edges());
        sink.floats(diffusion.sizes().weights());
        return finished(sink, model, version > 1);
    }

    /** Writes a model of proteins, of version {@value #PROTEINS}. */
    public static byte[] toBytes(PackedProteinModel model) {
        ByteSink sink = new ByteSink(Math.addExact(model.bytes(), 1 << 16));
        sink.int32(MAGIC);
        sink.int32(PROTEINS);
        sink.int64(0);
        ProteinArchitecture architecture = model.architecture();
        sink.int32(architecture.layers());
        sink.int8(architecture.nodesNormalised() ? 1 : 0);
        sink.int8(architecture.edgesUpdated() ? 1 : 0);
        sink.text(architecture.structureAt().name());
        sink.int32(architecture.diffusionSteps());
        ResidueDiffusion diffusion = model.diffusion();
        sink.floats(diffusion.betas());
        sink.floats(diffusion.alphasBar());
        sink.floats(diffusion.scores());
        sink.floats(diffusion.temperatures());
        sink.text(diffusion.trained().label());
        return finished(sink, model, true);
    }

    private static byte[] finished(ByteSink sink, PackedNetwork model, boolean ranges) {
        if (ranges) {
            sink.int32(model.stepRanges());
        }
        for (int layer = 0; layer < model.linears().size(); layer++) {
            PackedLinear linear = model.linears().get(layer);
            write(sink, linear);
            for (int range = 1; linear.hasStaticScale() && range < model.stepRanges(); range++) {
                PackedLinear later = model.linears(range).get(layer);
                writeScales(sink, later.activation);
                sink.float32(later.intermediateScale);
            }
        }
        for (LayerNorm norm : model.norms()) {
            sink.text(norm.name());
            sink.int32(norm.weight().length);
            sink.floats(norm.weight());
            sink.floats(norm.bias());
        }
        sink.lengthAt(Integer.BYTES * 2, HASH_BYTES);
        byte[] bytes = sink.bytes(HASH_BYTES);
        System.arraycopy(digest(bytes, bytes.length - HASH_BYTES), 0, bytes, bytes.length - HASH_BYTES, HASH_BYTES);
        return bytes;
    }

    private static void write(ByteSink sink, Architecture architecture) {
        sink.text(architecture.variant().label());
        sink.int32(architecture.layers());
        sink.int32(architecture.heads());
        sink.int32(architecture.nodeTypes());
        sink.int32(architecture.edgeTypes());
        sink.int32(architecture.maxNodes());
        sink.int32(architecture.diffusionSteps());
        sink.int8(architecture.molecular() ? 1 : 0);
        sink.floats(architecture.nodeWeights());
        sink.float32(architecture.maxWeight());
    }

    private static void write(ByteSink sink, PackedLinear linear) {
        sink.text(linear.name);
        sink.int32(linear.in);
        sink.int32(linear.out);
        sink.floats(linear.bias);
        sink.int8(linear.isFull() ? 0 : 1);
        if (linear.isFull()) {
            sink.floats(linear.weight);
            return;
        }
        ActivationCodes activation = linear.activation;
        sink.int8(activation.bits());
        sink.int8((activation.unsigned() ? UNSIGNED : 0) | (activation.perRow() ? PER_ROW : 0));
        writeScales(sink, activation);
        int parts = parts(linear);
        sink.int8(parts);
        sink.int8(linear.intermediateBits);
        sink.float32(linear.intermediateScale);
        if (linear.left != null) {
            write(sink, linear.left);
            write(sink, linear.right);
        }
        if (linear.residual != null) {
            write(sink, linear.residual);
        }
        PackedExtras.write(sink, linear);
        SparseRows sparse = linear.sparse;
        if (sparse.width() > 0 && sparse.cols() >= UNUSED) {
            throw new IllegalArgumentException(linear.name + ": the sparse part of a packed layer must have less than "
                + UNUSED + " columns, found " + sparse.cols());
        }
        sink.int32(sparse.width());
        if ((parts & COUNTED) != 0) {
            PackedExtras.writeCounted(sink, sparse);
            return;
        }
        for (int column : sparse.columns()) {
            sink.int16(column == -1 ? UNUSED : column);
        }
        sink.floats(sparse.values());
    }

    private static void writeScales(ByteSink sink, ActivationCodes activation) {
        sink.float32(activation.threshold());
        sink.float32(activation.scale());
        sink.float32(activation.inverse());
    }

    private static int parts(PackedLinear linear) {
        return linear.isFull() ? 0 : (linear.left != null ? FACTORS : 0) | (linear.residual != null ? RESIDUAL : 0)
            | (linear.crossTerm ? CROSS_TERM : 0) | (linear.codebook != null ? CODEBOOK : 0)
            | (linear.transform != null ? TRANSFORM : 0) | (linear.branch != null ? BRANCH : 0)
            | (linear.sparse.ragged() ? COUNTED : 0);
    }

    private static void write(ByteSink sink, CodeMatrix matrix) {
        sink.int32(matrix.rows());
        sink.int32(matrix.cols());
        sink.int8(matrix.bits());
        sink.int8(matrix.scalePerRow() ? 1 : 0);
        sink.floats(matrix.scale());
        if (matrix.coded()) {
            sink.codes(matrix.codes(), matrix.bits());
        } else {
            sink.floats(matrix.values());
        }
    }

    /**
     * Reads a model, bit-identical to the one written.
     *
     * @throws IllegalArgumentException if the bytes are not a packed model of a version this code knows, or are damaged
     */
    public static PackedModel fromBytes(byte[] bytes) {
        ByteSource source = new ByteSource(bytes);
        int version = version(source);
        require(version >= 1 && version <= VERSION || version == FLOWS, "version must be in 1.." + VERSION + " or " + FLOWS
            + ", found " + version + "; use the release that wrote it, or quantize again");
        whole(source, bytes);

        Architecture architecture = readArchitecture(source, version);
        long steps = architecture.diffusionSteps() + 1L;
        int kind = version == FLOWS ? source.int8("kind of the limits") : 0;
        LimitDistribution.Kind[] kinds = LimitDistribution.Kind.values();
        require(kind >= 0 && kind < kinds.length, "kind of the limits must be in 0.." + (kinds.length - 1) + ", found " + kind);
        boolean linear = version == FLOWS && source.flag("straight line");
        Diffusion diffusion = new Diffusion(
            new NoiseSchedule(source.floats("betas", steps), source.floats("alphas bar", steps), linear),
            new LimitDistribution(kinds[kind], source.floats("node marginal", architecture.nodeTypes()),
                source.floats("edge marginal", architecture.edgeTypes())),
            new SizeDistribution(source.floats("sizes", architecture.maxNodes() + 1)));
        NetworkSpec spec = new NetworkSpec(architecture);
        List<List<PackedLinear>> linears = readLayers(source, spec, architecture.diffusionSteps(), version);
        return new PackedModel(architecture, diffusion, linears.get(0), readNorms(source, spec)).withRanges(linears);
    }

    /**
     * Reads a model of proteins, bit-identical to the one written.
     *
     * @throws IllegalArgumentException if the bytes are no such model, or are damaged
     */
    public static PackedProteinModel proteinOf(byte[] bytes) {
        ByteSource source = new ByteSource(bytes);
        int version = version(source);
        require(version == PROTEINS, "version must be " + PROTEINS + " for a model of proteins, found " + version);
        whole(source, bytes);
        ProteinArchitecture architecture = new ProteinArchitecture(source.int32("layers"), source.flag("nodes normalised"),
            source.flag("edges updated"), structureAt(source.text("structure at")),
            source.int32("diffusion steps"));
        int steps = architecture.diffusionSteps();
        ResidueDiffusion diffusion = new ResidueDiffusion(source.floats("betas", steps + 1L),
            source.floats("alphas bar", steps + 1L),
            source.floats("scores", (long) ResidueDiffusion.CLASSES * ResidueDiffusion.CLASSES),
            source.floats("temperatures", steps + 2L), ResidueDiffusion.Transition.of(source.text("noise")));
        NetworkSpec spec = new NetworkSpec(architecture);
        List<List<PackedLinear>> linears = readLayers(source, spec, steps, version);
        return new PackedProteinModel(architecture, diffusion, linears.get(0), readNorms(source, spec)).withRanges(linears);
    }

    private static ProteinArchitecture.StructureAt structureAt(String name) {
        List<String> known = Arrays.stream(ProteinArchitecture.StructureAt.values()).map(Enum::name).toList();
        require(known.contains(name), "structure at must be one of " + String.join(", ", known) + ", found another text");
        return ProteinArchitecture.StructureAt.valueOf(name);
    }

    private static int version(ByteSource source) {
        int magic = source.int32("magic");
        require(magic == MAGIC, "must begin with BDGM, found other bytes; this is not a packed model");
        return source.int32("version");
    }

    private static void whole(ByteSource source, byte[] bytes) {
        long length = source.int64("length");
        require(length == bytes.length && length >= HEADER_BYTES + HASH_BYTES, "must be " + length + " bytes long, found "
            + bytes.length + "; the file is truncated or was appended to");
        int hashed = bytes.length - HASH_BYTES;
        require(Arrays.equals(bytes, hashed, bytes.length, digest(bytes, hashed), 0, HASH_BYTES),
            "does not match its SHA-256; the file is damaged, make it again");
        source.endAt(hashed);
    }

    private static List<List<PackedLinear>> readLayers(ByteSource source, NetworkSpec spec, int steps, int version) {
        // Every name of the list stands for at least so many bytes of the file.
        source.requireLeft("layers", (long) spec.layers().size() * LEAST_LINEAR_BYTES);
        int ranges = version == 1 ? 1 : source.int32("ranges of steps");
        require(ranges >= 1 && ranges <= steps, "ranges of steps must be in 1.." + steps + ", found " + ranges);
        List<String> names = spec.layerNames();
        // A layer without static scales is listed for each range, and stands in the file once.
        source.requireLeft("layers of all ranges of steps", (long) ranges * names.size());
        List<List<PackedLinear>> linears = new ArrayList<>();
        for (String name : names) {
            PackedLinear linear = readLinear(source, name, version == 1 ? PARTS_OF_VERSION_1 : PARTS_OF_VERSION_2);
            for (int range = 0; range < ranges; range++) {
                if (linears.size() == range) {
                    linears.add(new ArrayList<>());
                }
                linears.get(range).add(range == 0 || !linear.hasStaticScale() ? linear : readScales(source, linear));
            }
        }
        return linears;
    }

    private static List<LayerNorm> readNorms(ByteSource source, NetworkSpec spec) {
        List<LayerNorm> norms = new ArrayList<>();
        for (String name : spec.normNames()) {
            requireName(name, source.text("name of " + name));
            int width = source.int32(name + " width");
            norms.add(new LayerNorm(name, source.floats(name + " weight", width), source.floats(name + " bias", width)));
        }
        source.requireEnd();
        return norms;
    }

    private static Architecture readArchitecture(ByteSource source, int version) {
        Variant variant = Variant.of(source.text("variant"));
        int layers = source.int32("layers");
        int heads = source.int32("heads");
        int nodeTypes = source.int32("node types");
        int edgeTypes = source.int32("edge types");
        int maxNodes = source.int32("largest graph");
        int steps = source.int32("diffusion steps");
        boolean molecular = source.flag("molecular");
        float[] weights = source.floats("node weights", molecular ? nodeTypes : 0);
        float maxWeight = source.float32("largest weight");
        int features = version < VERSION ? FeatureSet.ALL.ordinal() : source.int8("extra features");
        require(features >= 0 && features < FeatureSet.values().length, "extra features must be in 0.."
            + (FeatureSet.values().length - 1) + ", found " + features);
        int walks = version == FLOWS ? source.int32("walks") : 0;
        boolean absorbing = version == FLOWS && source.flag("absorbing");
        return new Architecture(variant, layers, heads, nodeTypes, edgeTypes, maxNodes, steps, FeatureSet.values()[features],
            molecular, weights, maxWeight, walks, absorbing);
    }

    /** A layer with the scales of a later range of steps. */
    private static PackedLinear readScales(ByteSource source, PackedLinear linear) {
        ActivationCodes first = linear.activation;
        ActivationCodes later = new ActivationCodes(first.bits(), first.unsigned(), false,
            source.float32(linear.name + " threshold"), source.float32(linear.name + " scale"),
            source.float32(linear.name + " inverse"));
        return linear.withScales(later, source.float32(linear.name + " intermediate scale"));
    }

    private static PackedLinear readLinear(ByteSource source, String name, int known) {
        requireName(name, source.text("name of " + name));
        int in = source.int32(name + " in");
        int out = source.int32(name + " out");
        float[] bias = source.floats(name + " bias", out);
        if (!source.flag(name + " form")) {
            return PackedLinear.full(name, in, out, source.floats(name + " weight", (long) in * out), bias);
        }
        int bits = source.int8(name + " activation bits");
        int flags = source.int8(name + " activation flags");
        require((flags & ~(UNSIGNED | PER_ROW)) == 0, name + " activation flags must be in 0..3, found " + flags);
        ActivationCodes activation = new ActivationCodes(bits, (flags & UNSIGNED) != 0, (flags & PER_ROW) != 0,
            source.float32(name + " threshold"), source.float32(name + " scale"), source.float32(name + " inverse"));
        int parts = source.int8(name + " parts");
        require((parts & ~known) == 0, name + " parts must be in 0.." + known + ", found " + parts);
        int intermediateBits = source.int8(name + " intermediate bits");
        float intermediateScale = source.float32(name + " intermediate scale");
        CodeMatrix left = (parts & FACTORS) != 0 ? readMatrix(source, name + " left") : null;
        CodeMatrix right = (parts & FACTORS) != 0 ? readMatrix(source, name + " right") : null;
        CodeMatrix residual = (parts & RESIDUAL) != 0 ? readMatrix(source, name + " residual") : null;
        Codebook codebook = (parts & CODEBOOK) != 0 ? PackedExtras.readCodebook(source, name, in, out) : null;
        InputTransform transform = (parts & TRANSFORM) != 0 ? PackedExtras.readTransform(source, name, in) : null;
        LowRankBranch branch = (parts & BRANCH) != 0 ? PackedExtras.readBranch(source, name, in, out) : null;
        SparseRows sparse = (parts & COUNTED) != 0 ? PackedExtras.readCounted(source, name, in, out)
            : readPlaces(source, name, in, out);
        return PackedLinear.quantized(name, in, out, bias, activation, left, right, intermediateBits, intermediateScale,
            residual, sparse, (parts & CROSS_TERM) != 0, codebook).with(transform, branch);
    }

    private static SparseRows readPlaces(ByteSource source, String name, int in, int out) {
        int width = source.int32(name + " sparse width");
        int[] columns = source.shorts(name + " sparse columns", (long) in * width);
        for (int k = 0; k < columns.length; k++) {
            columns[k] = columns[k] == UNUSED ? -1 : columns[k];
        }
        return new SparseRows(in, out, width, columns, source.floats(name + " sparse values", columns.length));
    }

    private static CodeMatrix readMatrix(ByteSource source, String what) {
        int rows = source.int32(what + " rows");
        int cols = source.int32(what + " cols");
        int bits = source.int8(what + " bits");
        boolean scalePerRow = source.flag(what + " scale per row");
        require(rows >= 0 && cols >= 0, what + " must not have a negative shape, found " + rows + " x " + cols);
        long size = (long) rows * cols;
        if (bits > 8) {
            return new CodeMatrix(rows, cols, bits, scalePerRow, new byte[0], new float[0], source.floats(what, size));
        }
        require(bits >= 2, what + " bits must be in 2..8, 16 or 32, found " + bits);
        float[] scale = source.floats(what + " scales", scalePerRow ? rows : cols);
        return new CodeMatrix(rows, cols, bits, scalePerRow, source.codes(what + " codes", size, bits), scale, new float[0]);
    }

    private static void requireName(String expected, String found) {
        require(expected.equals(found), "layers must be those of the architecture in order, expected " + expected
            + ", found " + found);
    }

    static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException("packed model: " + rule);
        }
    }
}
