package org.bitdgdm.benchmark;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * A small random network of ChemNet's input, as an ONNX file and as a direct computation: the mean over symbols of max(0, x W),
 * times V.
 */
public final class OnnxNetwork {
    private static final int LENGTH = 350;
    private static final int SYMBOLS = 35;
    private static final int WIDTH = 8;
    /** Outputs. */
    public static final int OUTPUTS = 4;

    private final double[][] first = new double[SYMBOLS][WIDTH];
    private final double[][] second = new double[WIDTH][OUTPUTS];
    private final boolean transposed;

    /** @param transposed whether it takes (molecules, 35, 350) */
    public OnnxNetwork(long seed, boolean transposed) {
        this.transposed = transposed;
        Random random = new Random(seed);
        for (double[][] weights : new double[][][] {first, second}) {
            for (double[] row : weights) {
                for (int k = 0; k < row.length; k++) {
                    row[k] = (float) (100 * random.nextGaussian());
                }
            }
        }
    }

    /** What it says of a molecule of these symbols. */
    public double[] outputs(int... symbols) {
        double[] means = new double[WIDTH];
        for (int symbol : symbols) {
            for (int k = 0; k < WIDTH; k++) {
                means[k] += Math.max(0, first[symbol][k] / SYMBOLS) / LENGTH;
            }
        }
        double[] outputs = new double[OUTPUTS];
        for (int k = 0; k < WIDTH; k++) {
            for (int output = 0; output < OUTPUTS; output++) {
                outputs[output] += means[k] * second[k][output];
            }
        }
        return outputs;
    }

    /** The file, in the format of onnx.proto3. */
    public byte[] bytes() {
        ByteArrayOutputStream graph = new ByteArrayOutputStream();
        String input = "x";
        if (transposed) {
            field(graph, 1, node("Transpose", "y", attribute("perm", 0, 2, 1), "x"));
            input = "y";
        }
        field(graph, 1, node("MatMul", "a", null, input, "first"));
        field(graph, 1, node("Relu", "b", null, "a"));
        field(graph, 1, node("ReduceMean", "c", attribute("axes", 1), "b"));
        field(graph, 1, node("Squeeze", "d", null, "c", "axis"));
        field(graph, 1, node("MatMul", "out", null, "d", "second"));
        field(graph, 2, "network".getBytes(StandardCharsets.UTF_8));
        field(graph, 5, tensor("first", first));
        field(graph, 5, tensor("second", second));
        ByteArrayOutputStream axis = new ByteArrayOutputStream();
        number(axis, 1, 1);
        number(axis, 2, 7);
        field(axis, 8, "axis".getBytes(StandardCharsets.UTF_8));
        field(axis, 9, new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
        field(graph, 5, axis.toByteArray());
        field(graph, 11, value("x", transposed ? SYMBOLS : LENGTH, transposed ? LENGTH : SYMBOLS));
        field(graph, 12, value("out", OUTPUTS));
        ByteArrayOutputStream operators = new ByteArrayOutputStream();
        number(operators, 2, 13);
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        number(model, 1, 8);
        field(model, 7, graph.toByteArray());
        field(model, 8, operators.toByteArray());
        return model.toByteArray();
    }

    private static byte[] node(String operator, String output, byte[] attribute, String... inputs) {
        ByteArrayOutputStream node = new ByteArrayOutputStream();
        for (String input : inputs) {
            field(node, 1, input.getBytes(StandardCharsets.UTF_8));
        }
        field(node, 2, output.getBytes(StandardCharsets.UTF_8));
        field(node, 4, operator.getBytes(StandardCharsets.UTF_8));
        if (attribute != null) {
            field(node, 5, attribute);
        }
        return node.toByteArray();
    }

    private static byte[] attribute(String name, int... values) {
        ByteArrayOutputStream attribute = new ByteArrayOutputStream();
        field(attribute, 1, name.getBytes(StandardCharsets.UTF_8));
        for (int value : values) {
            number(attribute, 8, value);
        }
        number(attribute, 20, 7);
        return attribute.toByteArray();
    }

    private static byte[] tensor(String name, double[][] values) {
        ByteBuffer raw = ByteBuffer.allocate(Float.BYTES * values.length * values[0].length).order(ByteOrder.LITTLE_ENDIAN);
        for (double[] row : values) {
            for (double value : row) {
                raw.putFloat((float) value);
            }
        }
        ByteArrayOutputStream tensor = new ByteArrayOutputStream();
        number(tensor, 1, values.length);
        number(tensor, 1, values[0].length);
        number(tensor, 2, 1);
        field(tensor, 8, name.getBytes(StandardCharsets.UTF_8));
        field(tensor, 9, raw.array());
        return tensor.toByteArray();
    }

    private static byte[] value(String name, int... sizes) {
        ByteArrayOutputStream shape = new ByteArrayOutputStream();
        ByteArrayOutputStream any = new ByteArrayOutputStream();
        field(any, 2, "molecules".getBytes(StandardCharsets.UTF_8));
        field(shape, 1, any.toByteArray());
        for (int size : sizes) {
            ByteArrayOutputStream dimension = new ByteArrayOutputStream();
            number(dimension, 1, size);
            field(shape, 1, dimension.toByteArray());
        }
        ByteArrayOutputStream tensor = new ByteArrayOutputStream();
        number(tensor, 1, 1);
        field(tensor, 2, shape.toByteArray());
        ByteArrayOutputStream type = new ByteArrayOutputStream();
        field(type, 1, tensor.toByteArray());
        ByteArrayOutputStream value = new ByteArrayOutputStream();
        field(value, 1, name.getBytes(StandardCharsets.UTF_8));
        field(value, 2, type.toByteArray());
        return value.toByteArray();
    }

    private static void number(ByteArrayOutputStream out, int field, long value) {
        varint(out, (long) field << 3);
        varint(out, value);
    }

    private static void field(ByteArrayOutputStream out, int field, byte[] content) {
        varint(out, (long) field << 3 | 2);
        varint(out, content.length);
        out.writeBytes(content);
    }

    private static void varint(ByteArrayOutputStream out, long value) {
        long left = value;
        while (left > 127) {
            out.write((int) (left & 127 | 128));
            left >>>= 7;
        }
        out.write((int) left);
    }
}
