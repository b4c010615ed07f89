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
import org.bitdgdm.kernels.OpenedModel;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.sample.DenoiserOpener;
import org.bitdgdm.sample.ModelOpener;
import org.bitdgdm.sample.ProteinOpener;

/**
 * What each layer does to the predictions when it alone is quantized: layers are shared out over Spark tasks, which put one
 * quantized layer after the other into the full-precision model and ask it along the same full-precision trajectories.
 * The trajectories are computed once; nothing is drawn, so that a layer costs one evaluation of the network per graph and
 * step.
 *
 * <p>Errors of different layers are nearly independent and the divergence is quadratic in them, so that the divergence of
 * a whole model is near the sum over its layers.
 *
 * @param <M> form of the models
 * @param <D> what they are opened as
 */
public final class SensitivityScan<M extends PackedNetwork, D extends OpenedModel> implements AutoCloseable {
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
    private final ModelOpener<M, D> opener;
    private final int steps;
    private final Broadcast<byte[]> full;
    private final Broadcast<List<Walk<D>>> walks;

    /** Layer and what was found for each graph, in the order of the trajectories. */
    private record Found(int layer, List<Divergence.OfGraph> graphs) implements java.io.Serializable {
    }

    private SensitivityScan(JavaSparkContext spark, M model, int steps, ModelOpener<M, D> opener, FidelityProbe<M, D> probe) {
        this.spark = spark;
        this.opener = opener;
        this.steps = steps;
        try (probe) {
            this.walks = spark.broadcast(List.copyOf(probe.collect()));
        }
        this.full = spark.broadcast(PackedModelFormat.toBytes(model));
    }

    /**
     * Computes trajectories of graphs.
     *
     * @param model in full precision
     * @param conf  graphs and steps of the trajectories
     */
    public static SensitivityScan<PackedModel, Denoiser> ofGraphs(JavaSparkContext spark, PackedModel model,
                                                                  FidelityConf conf, DenoiserOpener opener) {
        return new SensitivityScan<>(spark, model, conf.steps(), opener,
            FidelityProbe.ofGraphs(spark, model, conf, opener, false, SEED));
    }

    /**
     * Computes trajectories of sequences, see {@link FidelityProbe#ofProteins}.
     *
     * @param model in full precision
     * @param conf  sequences, and evaluations of each
     */
    public static SensitivityScan<PackedProteinModel, ProteinDenoiser> ofProteins(
        JavaSparkContext spark, PackedProteinModel model, List<FidelityProbe.Backbone> backbones, FidelityConf conf,
        ProteinOpener opener) {
        return new SensitivityScan<>(spark, model, conf.steps(), opener,
            FidelityProbe.ofProteins(spark, model, backbones, conf, opener, false, SEED));
    }

    /**
     * Measures every layer that a model does not have in full precision.
     *
     * @param quantized of the same architecture and diffusion
     * @return in the order of {@link PackedNetwork#linears()}
     */
    public List<OfLayer> measure(M quantized) {
        List<Integer> layers = IntStream.range(0, quantized.linears().size())
            .filter(layer -> !quantized.linears().get(layer).isFull()).boxed().toList();
        if (layers.isEmpty()) {
            return List.of();
        }
        Broadcast<byte[]> packed = spark.broadcast(PackedModelFormat.toBytes(quantized));
        Broadcast<byte[]> original = full;
        Broadcast<List<Walk<D>>> along = walks;
        ModelOpener<M, D> open = opener;
        spark.setJobDescription("sensitivity of " + layers.size() + " layers: " + steps + " steps, " + opener.key());
        try {
            int tasks = Math.min(layers.size(), TASKS_PER_SLOT * Math.max(1, spark.defaultParallelism()));
            List<Found> found = new ArrayList<>(spark.parallelize(layers, tasks).mapPartitions(part ->
                eachLayer(part, open.unpack(original.value()), open.unpack(packed.value()), along.value(), open)).collect());
            found.sort(Comparator.comparingInt(Found::layer));
            return found.stream().map(one -> sensitivity(quantized.linears().get(one.layer()).name, one.graphs())).toList();
        } finally {
            spark.setJobDescription(null);
            packed.destroy();
        }
    }

    private static <M extends PackedNetwork, D extends OpenedModel> Iterator<Found> eachLayer(
        Iterator<Integer> layers, M full, M quantized, List<Walk<D>> walks, ModelOpener<M, D> opener) {
        List<Found> found = new ArrayList<>();
        while (layers.hasNext()) {
            int layer = layers.next();
            // Other layers make a network of the same form.
            @SuppressWarnings("unchecked")
            M alone = (M) full.withRanges(IntStream.range(0, quantized.stepRanges()).mapToObj(range -> {
                List<PackedLinear> linears = new ArrayList<>(full.linears());
                linears.set(layer, quantized.linears(range).get(layer));
                return linears;
            }).toList());
            List<Divergence.OfGraph> graphs = new ArrayList<>();
            try (D opened = opener.forTask(TaskContext.get()).open(alone, TaskContext.get().cpus())) {
                walks.forEach(walk -> graphs.addAll(walk.divergence(opened)));
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
            Estimate.of(edge, graphs.stream().mapToLong(graph -> steps * graph.edges()).toArray()),
            Estimate.of(both, graphs.stream().mapToLong(graph -> steps).toArray()));
    }

    /** Takes model and trajectories back from the executors. */
    @Override
    public void close() {
        full.destroy();
        walks.destroy();
    }
}
