package org.bitdgdm.fidelity;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
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
    private final List<Batch> batches;
    private List<GraphBound> ofFull;

    /** Molecules of one task, all of one size. */
    private record Batch(int n, long[] ids, byte[] nodes, byte[] edges) implements Serializable {
    }

    /**
     * A molecule as classes.
     *
     * @param id    its place in the list
     * @param nodes (n) node classes
     * @param bonds (n(n−1)/2) edge classes, upper triangle row-major
     */
    public record Graph(long id, byte[] nodes, byte[] bonds) {
    }

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

    private static List<Batch> batches(List<Graph> graphs) {
        Map<Integer, List<Graph>> bySize = new TreeMap<>(Comparator.reverseOrder());
        graphs.forEach(graph -> bySize.computeIfAbsent(graph.nodes().length, n -> new ArrayList<>()).add(graph));
        List<Batch> batches = new ArrayList<>();
        bySize.forEach((n, all) -> {
            for (int from = 0; from < all.size(); from += BATCH) {
                batches.add(batch(n, all.subList(from, Math.min(from + BATCH, all.size()))));
            }
        });
        return batches;
    }

    private static Batch batch(int n, List<Graph> graphs) {
        long[] ids = new long[graphs.size()];
        byte[] nodes = new byte[ids.length * n];
        byte[] edges = new byte[ids.length * n * n];
        for (int g = 0; g < ids.length; g++) {
            Graph graph = graphs.get(g);
            ids[g] = graph.id();
            System.arraycopy(graph.nodes(), 0, nodes, g * n, n);
            for (int i = 0, pair = 0; i < n; i++) {
                for (int j = i + 1; j < n; j++, pair++) {
                    edges[(g * n + i) * n + j] = graph.bonds()[pair];
                    edges[(g * n + j) * n + i] = graph.bonds()[pair];
                }
            }
        }
        return new Batch(n, ids, nodes, edges);
    }

    /** Asks a model, and full precision where that has not been asked. */
    public LikelihoodReport measure(PackedModel model) {
        List<GraphBound> original = ofFull();
        List<GraphBound> found = model.linears().stream().allMatch(layer -> layer.isFull()) ? original : bounds(model);
        return LikelihoodReport.of(found, original, draws == 0 ? full.diffusion().steps() : draws);
    }

    private synchronized List<GraphBound> ofFull() {
        if (ofFull == null) {
            ofFull = bounds(full);
        }
        return ofFull;
    }

    private List<GraphBound> bounds(PackedModel model) {
        ModelBroadcast broadcast = new ModelBroadcast(spark, model, opener);
        int times = draws;
        spark.setJobDescription("likelihood of given molecules, " + opener.key());
        try {
            List<GraphBound> found = new ArrayList<>(spark.parallelize(batches, batches.size()).flatMap(batch -> {
                try (ExecutorDenoiser.Lease lease = broadcast.lease(TaskContext.get())) {
                    VariationalBound bound = new VariationalBound(lease.diffusion(), lease.denoiser(), SEED, times);
                    return List.of(bound.of(new GraphBatch(batch.n(), batch.ids(), batch.nodes(), batch.edges())))
                        .iterator();
                }
            }).collect());
            found.sort(Comparator.comparingLong(GraphBound::id));
            return found;
        } finally {
            spark.setJobDescription(null);
            broadcast.destroy();
        }
    }
}
