package org.bitdgdm.fidelity;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.GraphBatch;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.sample.DenoiserOpener;
import org.bitdgdm.sample.ExecutorDenoiser;
import org.bitdgdm.sample.ModelBroadcast;

/**
 * Asks models how likely given molecules are, as Spark tasks. Times and noise depend on a molecule's place in the list
 * only, so that models are compared molecule by molecule; full precision is asked once.
 */
public final class LikelihoodProbe {
    /** Key of the random draws; apart from those of other measures. */
    private static final long SEED = 0x4C696B65_6C69686FL;
    /** Molecules of one task at most. */
    private static final int BATCH = 32;

    private final JavaSparkContext spark;
    private final PackedModel full;
    private final DenoiserOpener opener;
    private final int draws;
    /** Graphs of one task, all of one size. */
    private final List<GraphBatch> batches;
    private List<VariationalBound.OfGraph> ofFull;

    /**
     * Nothing is computed yet.
     *
     * @param model  in full precision
     * @param graphs at least one, none larger than the model's largest
     * @param draws  times of each, see {@link VariationalBound}; 0: all
     */
    public LikelihoodProbe(JavaSparkContext spark, PackedModel model, List<Graph> graphs, int draws, DenoiserOpener opener) {
        this.spark = spark;
        this.full = model;
        this.opener = opener;
        this.draws = draws;
        this.batches = batches(graphs);
    }

    private static List<GraphBatch> batches(List<Graph> graphs) {
        Map<Integer, List<Graph>> bySize = new TreeMap<>(Comparator.reverseOrder());
        graphs.forEach(graph -> bySize.computeIfAbsent(graph.n(), n -> new ArrayList<>()).add(graph));
        List<GraphBatch> batches = new ArrayList<>();
        bySize.forEach((n, all) -> {
            for (int from = 0; from < all.size(); from += BATCH) {
                batches.add(GraphBatch.of(all.subList(from, Math.min(from + BATCH, all.size()))));
            }
        });
        return batches;
    }

    /** Asks a model, and full precision where that has not been asked. */
    public LikelihoodReport measure(PackedModel model) {
        List<VariationalBound.OfGraph> original = ofFull();
        List<VariationalBound.OfGraph> found = model.linears().stream().allMatch(layer -> layer.isFull()) ? original
            : bounds(model);
        return LikelihoodReport.of(found, original, draws == 0 ? full.diffusion().steps() : draws);
    }

    private synchronized List<VariationalBound.OfGraph> ofFull() {
        if (ofFull == null) {
            ofFull = bounds(full);
        }
        return ofFull;
    }

    private List<VariationalBound.OfGraph> bounds(PackedModel model) {
        ModelBroadcast<PackedModel, Denoiser> broadcast = new ModelBroadcast<>(spark, model, opener);
        int times = draws;
        spark.setJobDescription("likelihood of given molecules, " + opener.key());
        try {
            List<VariationalBound.OfGraph> found = new ArrayList<>(spark.parallelize(batches, batches.size()).flatMap(batch -> {
                try (ExecutorDenoiser.Lease<Denoiser> lease = broadcast.lease(TaskContext.get())) {
                    VariationalBound bound = new VariationalBound(lease.denoiser().diffusion(), lease.denoiser(), SEED, times);
                    return List.of(bound.of(batch)).iterator();
                }
            }).collect());
            found.sort(Comparator.comparingLong(VariationalBound.OfGraph::id));
            return found;
        } finally {
            spark.setJobDescription(null);
            broadcast.close();
        }
    }
}
