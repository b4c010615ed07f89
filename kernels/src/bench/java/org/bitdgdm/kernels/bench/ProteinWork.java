package org.bitdgdm.kernels.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinGraph;

/**
 * What one evaluation of a sequence takes of the cpu backend at least. What depends on the backbone alone is computed once for
 * a protein and does not count: edges, and their columns of the first layer of the messages. The columns of receiver and
 * sender there are met once for each residue, but with a scale for each row, then once for each edge.
 *
 * @param floats   multiply-adds in FP32
 * @param integers multiply-adds of codes
 * @param silus    values of the activation
 */
record ProteinWork(long floats, long integers, long silus) {

    static ProteinWork of(PackedProteinModel model, ProteinGraph protein) {
        ProteinWork all = new ProteinWork(0, 0, 0);
        for (PackedLinear layer : model.linears()) {
            ProteinWork one = of(layer, protein.residues(), protein.edges());
            all = new ProteinWork(all.floats + one.floats, all.integers + one.integers, all.silus + one.silus);
        }
        return all;
    }

    private static ProteinWork of(PackedLinear layer, long n, long edges) {
        String module = NetworkSpec.module(layer.name);
        boolean first = module.equals("message_mlp.0");
        if (module.startsWith("edge_") || module.startsWith("ss_mlp")) {
            return new ProteinWork(0, 0, 0);
        }
        long rows = module.startsWith("message_mlp") ? edges : module.startsWith("time_mlp") ? 1 : n;
        boolean coded = layer.left != null || layer.residual != null;
        long depth = first ? 2 * (layer.in - 1) / 3 : layer.in;
        long codedRows = first && !(coded && layer.activation.perRow()) ? n : rows;
        long outputs = coded ? (layer.left == null ? 0 : layer.left.cols()) + (layer.residual == null ? 0 : layer.out)
            : layer.out;
        long right = layer.right == null ? 0 : rows * layer.right.cols() * layer.out;
        long sparse = coded ? rows * layer.sparse.entries() : 0;
        long product = codedRows * depth * outputs;
        boolean silu = !module.equals("lin") && !module.endsWith("embedding") && !module.equals("node_mlp.3")
            && !module.equals("ff_list.4") && !module.startsWith("time_mlp_list");
        return new ProteinWork((coded ? 0 : product) + sparse, coded ? product + right : 0, silu ? rows * layer.out : 0);
    }

    static ProteinWork of(JsonNode line) {
        return new ProteinWork(line.path("float_multiply_adds").asLong(), line.path("integer_multiply_adds").asLong(),
            line.path("silus").asLong());
    }

    void write(ObjectNode line) {
        line.put("float_multiply_adds", floats).put("integer_multiply_adds", integers).put("silus", silus);
    }

    /** Seconds of the products alone at peaks in operations per second, two for each multiply-add. */
    double seconds(double floatPeak, double integerPeak) {
        return 2 * (floats / floatPeak + integers / integerPeak);
    }
}
