package org.bitdgdm.kernels;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.ToIntFunction;

/** Models of proteins and proteins for tests: random ones, and those of the golden files that lie beside the repository. */
public final class TestProteins {
    private TestProteins() {
    }

    /** A file beside the repository; the test is skipped where it is not. */
    public static Path shared(String name) {
        for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
            if (Files.isRegularFile(at.resolve("shared").resolve(name))) {
                return at.resolve("shared").resolve(name);
            }
        }
        assumeTrue(false, name + " is not beside the repository");
        throw new IllegalStateException("an assumption has failed");
    }

    /** A chain of random features, whose residues have up to 10 neighbours. */
    public static ProteinGraph random(int residues, long seed) {
        Random random = new Random(seed);
        byte[] sequence = new byte[residues];
        float[] states = new float[residues * 8];
        for (int i = 0; i < residues; i++) {
            sequence[i] = (byte) random.nextInt(20);
            if (random.nextInt(5) > 0) {
                states[i * 8 + random.nextInt(8)] = 1;
            }
        }
        int neighbours = Math.min(10, residues - 1);
        int[] sources = new int[residues * neighbours];
        int[] targets = new int[sources.length];
        for (int edge = 0; edge < sources.length; edge++) {
            sources[edge] = edge / neighbours;
            // Some residues are no one's neighbour.
            targets[edge] = (sources[edge] + 1 + edge % neighbours * (edge % 3 + 1) % (residues - 1)) % residues;
        }
        return new ProteinGraph(sequence, TestModels.gaussians(random, residues * 11, 1), states,
            TestModels.gaussians(random, residues * 3, 1), sources, targets,
            TestModels.gaussians(random, sources.length * 93, 0.5));
    }

    /** Random classes of so many residues. */
    public static byte[] sequence(int residues, long seed) {
        Random random = new Random(seed);
        byte[] sequence = new byte[residues];
        for (int i = 0; i < residues; i++) {
            sequence[i] = (byte) random.nextInt(20);
        }
        return sequence;
    }

    /** Transitions of a model of 50 steps: scores fall with the distance of classes. */
    public static ResidueDiffusion diffusion(int steps) {
        float[] scores = new float[400];
        for (int at = 0; at < 400; at++) {
            scores[at] = Math.max(0, 8 - Math.abs(at / 20 - at % 20));
        }
        return ResidueDiffusion.of(steps, scores, new float[] {0.2f, 0.5f, 2, 15}, ResidueDiffusion.Transition.UNIFORM);
    }

    /** A random model of widths that fill no vector register. */
    public static PackedProteinModel model(ProteinArchitecture architecture, int width, int message, int timeHidden,
                                           long seed) {
        Random random = new Random(seed);
        return model(architecture, diffusion(architecture.diffusionSteps()), width, message, timeHidden,
            (name, shape) -> TestModels.gaussians(random, shape[0] * (shape.length == 1 ? 1 : shape[1]),
                shape.length == 1 ? 0.1 : 1 / Math.sqrt(shape[1])));
    }

    /** Gives the values of a tensor by name and shape, (out, in) or (out); merged embeddings come in their slices. */
    interface Values {
        float[] of(String name, int[] shape);
    }

    static PackedProteinModel model(ProteinArchitecture architecture, ResidueDiffusion diffusion, int width, int message,
                                    int timeHidden, Values values) {
        NetworkSpec spec = new NetworkSpec(architecture);
        ToIntFunction<String> outOf = name -> switch (NetworkSpec.module(name)) {
            case "time_mlp.0", "ss_mlp.0" -> timeHidden;
            case "message_mlp.3" -> message;
            case "message_mlp.0" -> 2 * (3 * width + 1);
            case "edge_mlp.0", "node_mlp.0" -> 2 * width;
            default -> width;
        };
        List<PackedLinear> linears = new ArrayList<>();
        spec.shapes(outOf).forEach((name, shape) -> linears.add(name.endsWith("_embedding")
            ? embedding(name, shape[1], name.startsWith("node") ? new int[] {20, 1, 1, 4, 5} : new int[] {65, 1, 15, 12}, values)
            : PackedLinear.full(name, shape[0], shape[1],
                TestModels.transposed(values.of(name + ".weight", new int[] {shape[1], shape[0]}), shape[1], shape[0]),
                values.of(name + ".bias", new int[] {shape[1]}))));
        List<LayerNorm> norms = new ArrayList<>();
        for (NetworkSpec.Norm norm : spec.norms()) {
            norms.add(new LayerNorm(norm.name(), values.of(norm.name() + ".weight", new int[] {width}),
                values.of(norm.name() + ".bias", new int[] {width})));
        }
        return new PackedProteinModel(architecture, diffusion, linears, norms);
    }

    /** One layer of the sum of those of slices. */
    private static PackedLinear embedding(String name, int width, int[] slices, Values values) {
        int in = Arrays.stream(slices).sum();
        float[] weight = new float[in * width];
        float[] bias = new float[width];
        int from = 0;
        for (int k = 0; k < slices.length; k++) {
            String slice = name + ".atom_embedding_list." + k;
            float[] transposed = TestModels.transposed(values.of(slice + ".weight", new int[] {width, slices[k]}), width,
                slices[k]);
            System.arraycopy(transposed, 0, weight, from * width, transposed.length);
            from += slices[k];
            float[] added = values.of(slice + ".bias", new int[] {width});
            for (int c = 0; c < width; c++) {
                bias[c] += added[c];
            }
        }
        return PackedLinear.full(name, in, width, weight, bias);
    }

    /** The published configuration with weights by a formula, as the golden file describes it. */
    static PackedProteinModel published() {
        return published(tables());
    }

    /** The same with other transitions, which need no file. */
    public static PackedProteinModel published(ResidueDiffusion diffusion) {
        return model(new ProteinArchitecture(6, true, true, ProteinArchitecture.StructureAt.OUTPUT, 500), diffusion, 128, 128,
            128, (name, shape) -> byFormula("model." + name, shape));
    }

    /** Transitions of the published tables. */
    static ResidueDiffusion tables() {
        Tensors tables = Tensors.of(shared("models/gradeif/gradeif-tables.safetensors"));
        return ResidueDiffusion.of(500, tables.floats("blosum.score"), tables.floats("blosum.Qtb_temperature"),
            ResidueDiffusion.Transition.UNIFORM);
    }

    private static float[] byFormula(String name, int[] shape) {
        long hash = 0xCBF29CE484222325L;
        for (byte letter : name.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ letter & 0xFF) * 0x100000001B3L;
        }
        boolean matrix = shape.length == 2;
        boolean norm = name.endsWith("edge_norm.weight") || name.endsWith("node_norm.weight")
            || name.matches(".*ff_list\\.\\d+\\.3\\.weight");
        double centre = norm ? 1 : 0;
        double spread = matrix ? Math.sqrt(6.0 / (shape[0] + shape[1])) : 0.1;
        float[] values = new float[matrix ? shape[0] * shape[1] : shape[0]];
        for (int k = 0; k < values.length; k++) {
            long z = hash + (k + 1) * 0x9E3779B97F4A7C15L;
            z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
            z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
            z ^= z >>> 31;
            values[k] = (float) (centre + spread * (2 * ((z >>> 40) / 0x1p24) - 1));
        }
        return values;
    }

    /** The protein of a golden file. */
    public static ProteinGraph golden(Tensors tensors) {
        float[] x = tensors.floats("protein.x");
        byte[] sequence = new byte[x.length / 20];
        for (int at = 0; at < x.length; at++) {
            if (x[at] == 1) {
                sequence[at / 20] = (byte) (at % 20);
            }
        }
        int[] ends = tensors.ints("protein.edge_index");
        return new ProteinGraph(sequence, tensors.floats("protein.extra_x"), tensors.floats("protein.ss"),
            tensors.floats("protein.pos"), Arrays.copyOf(ends, ends.length / 2),
            Arrays.copyOfRange(ends, ends.length / 2, ends.length), tensors.floats("protein.edge_attr"));
    }

    /** Classes of a golden tensor. */
    public static byte[] classes(int[] values) {
        byte[] classes = new byte[values.length];
        for (int at = 0; at < values.length; at++) {
            classes[at] = (byte) values[at];
        }
        return classes;
    }
}
