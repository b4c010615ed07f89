package org.bitdgdm.fidelity;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.DeviceLostException;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.sample.DenoiserOpener;

/**
 * What each layer does to the predictions when it alone is quantized: layers are shared out over Spark tasks, which put one
 * quantized layer after the other into the full-precision model and ask it along the same full-precision trajectories.
 * The trajectories are computed once; nothing is drawn, so that a layer costs one evaluation of the network per graph and
 * step.
 *
 * <p>Errors of different layers are nearly independent and the divergence is quadratic in them, so that the divergence of
 * a whole model is near the sum over its layers.
 */
public final class SensitivityScan implements AutoCloseable {
    /** Key of the random draws; apart from that of comparisons of whole models, which judge what is chosen by layers. */
    static final long SEED = 0x4C617965_72202020L;
    /** Tasks for each of Spark's slots: layers differ in cost, and a task unpacks both models first. */
    private static final int TASKS_PER_SLOT = 2;

    /**
     * The divergence from full precision of a model in which one layer alone is quantized, in nats, see {@link Divergence}.
     *
     * @param layer name of the layer
     * @param node  per node and step
     * @param edge  per edge i &lt; j and step
     * @param graph summed over a graph, per graph and step
     */
    public record OfLayer(String layer, Estimate node, Estimate edge, Estimate graph) {
    }

    private final JavaSparkContext spark;
    private final DenoiserOpener opener;
    private final int steps;
    private final Broadcast<byte[]> full;
    private final Broadcast<List<Trajectory>> trajectories;

    /** Layer and what was found for each graph, in the order of the trajectories. */
    private record Found(int layer, List<Divergence.OfGraph> graphs) implements java.io.Serializable {
    }

    /**
     * Computes the trajectories.
     *
     * @param model in full precision
     * @param conf  graphs and steps of the trajectories
     */
    public SensitivityScan(JavaSparkContext spark, PackedModel model, FidelityConf conf, DenoiserOpener opener) {
        this.spark = spark;
        this.opener = opener;
        this.steps = conf.steps();
        try (FidelityProbe probe = new FidelityProbe(spark, model, conf, opener, false, SEED)) {
            this.trajectories = spark.broadcast(List.copyOf(probe.collect()));
        }
        this.full = spark.broadcast(PackedModelFormat.toBytes(model));
    }

    /**
     * Measures every layer that a model does not have in full precision.
     *
     * @param quantized of the same architecture and diffusion
     * @return in the order of {@link PackedModel#linears()}
     */
    public List<OfLayer> measure(PackedModel quantized) {
        List<Integer> layers = IntStream.range(0, quantized.linears().size())
            .filter(layer -> !quantized.linears().get(layer).isFull()).boxed().toList();
        if (layers.isEmpty()) {
            return List.of();
        }
        Broadcast<byte[]> packed = spark.broadcast(PackedModelFormat.toBytes(quantized));
        Broadcast<byte[]> original = full;
        Broadcast<List<Trajectory>> walks = trajectories;
        DenoiserOpener open = opener;
        spark.setJobDescription("sensitivity of " + layers.size() + " layers: " + steps + " steps, " + opener.key());
        try {
            int tasks = Math.min(layers.size(), TASKS_PER_SLOT * Math.max(1, spark.defaultParallelism()));
            List<Found> found = new ArrayList<>(spark.parallelize(layers, tasks).mapPartitions(part ->
                eachLayer(part, PackedModelFormat.fromBytes(original.value()), PackedModelFormat.fromBytes(packed.value()),
                    walks.value(), open)).collect());
            found.sort(Comparator.comparingInt(Found::layer));
            return found.stream().map(one -> sensitivity(quantized.linears().get(one.layer()).name, one.graphs())).toList();
        } finally {
            spark.setJobDescription(null);
            packed.destroy();
        }
    }

    private static Iterator<Found> eachLayer(Iterator<Integer> layers, PackedModel full, PackedModel quantized,
                                             List<Trajectory> walks, DenoiserOpener opener) {
        List<Found> found = new ArrayList<>();
        while (layers.hasNext()) {
            int layer = layers.next();
            PackedModel alone = full.withRanges(IntStream.range(0, quantized.stepRanges()).mapToObj(range -> {
                List<PackedLinear> linears = new ArrayList<>(full.linears());
                linears.set(layer, quantized.linears(range).get(layer));
                return linears;
            }).toList());
            List<Divergence.OfGraph> graphs = new ArrayList<>();
            try (Denoiser denoiser = opener.forTask(TaskContext.get()).open(alone,
                TaskContext.get().cpus())) {
                walks.forEach(walk -> graphs.addAll(walk.divergence(denoiser)));
            } catch (DeviceLostException e) {
                throw e;
            } catch (KernelException e) {
                throw new KernelException("with " + quantized.linears().get(layer).name + " quantized alone, "
                    + e.getMessage(), e);
            }
            found.add(new Found(layer, graphs));
        }
        return found.iterator();
    }

    private OfLayer sensitivity(String layer, List<Divergence.OfGraph> graphs) {
        double[] node = graphs.stream().mapToDouble(Divergence.OfGraph::node).toArray();
        double[] edge = graphs.stream().mapToDouble(Divergence.OfGraph::edge).toArray();
        double[] both = graphs.stream().mapToDouble(graph -> graph.node() + graph.edge()).toArray();
        return new OfLayer(layer,
            Estimate.of(node, graphs.stream().mapToLong(graph -> (long) steps * graph.n()).toArray()),
            Estimate.of(edge, graphs.stream().mapToLong(graph -> (long) steps * graph.n() * (graph.n() - 1) / 2).toArray()),
            Estimate.of(both, graphs.stream().mapToLong(graph -> steps).toArray()));
    }

    /** Takes model and trajectories back from the executors. */
    @Override
    public void close() {
        full.destroy();
        trajectories.destroy();
    }
}
