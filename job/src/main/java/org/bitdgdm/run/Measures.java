package org.bitdgdm.run;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.LikelihoodConf;
import org.bitdgdm.conf.OutputConf;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodProbe;
import org.bitdgdm.fidelity.LikelihoodReport;
import org.bitdgdm.kernels.Denoiser;
import org.bitdgdm.kernels.Diffusion;
import org.bitdgdm.kernels.Graph;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.Sampler;
import org.bitdgdm.kernels.Schedule;
import org.bitdgdm.metrics.MetricDefinition.Need;
import org.bitdgdm.model.Family;
import org.bitdgdm.model.Vocabulary;
import org.bitdgdm.molecule.GraphReader;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.ShardSampler;

/**
 * What asks quantized models how closely they follow their full-precision original, for {@code generate}, sweeps and
 * {@code evaluate} alike: the same graphs, the same random numbers, the same numbers.
 *
 * @param full       the original
 * @param vocabulary what its classes stand for
 * @param opener     the backend that both compute on
 */
public record Measures(PackedModel full, Vocabulary vocabulary, BackendOpener opener) {

    /**
     * Refuses steps that the run's sampler or the model has not, before anything is computed.
     *
     * @param fidelity with the sampler of the run, whether it is asked for or not
     * @throws InputException naming the option
     */
    public static void checkSteps(FidelityConf fidelity, LikelihoodConf likelihood, Diffusion diffusion) {
        String sampler = ShardSampler.name(fidelity.sampler(), diffusion);
        if (likelihood.on() && !sampler.equals("posterior")) {
            throw new InputException("--likelihood is a bound of the sampler posterior, and this run has the sampler " + sampler
                + ", which defines none; leave it out");
        }
        if (fidelity.on()) {
            FidelityProbe.checkSteps("--fidelity-steps", fidelity, diffusion);
        }
        if (likelihood.on() && diffusion.schedule().linear()) {
            throw new InputException("--likelihood is a bound of DiGress's posterior, and this model was trained for the"
                + " sampler flow, which defines none; leave it out");
        }
        if (likelihood.on()) {
            FidelityProbe.checkSteps("--likelihood-times", likelihood.times(), Sampler.posterior(Schedule.UNIFORM), diffusion);
        }
    }

    /** What a run is given for its metrics. */
    public static Set<Need> given(boolean reference, OutputConf output, FidelityConf fidelity, LikelihoodConf likelihood,
                                  boolean otherRun) {
        Set<Need> given = EnumSet.noneOf(Need.class);
        Map.of(Need.REFERENCE, reference, Need.TRAINING_FILE, !output.reference().isBlank(), Need.TEST_SET,
            !output.tests().isBlank(), Need.SCAFFOLD_TEST_SET, !output.scaffolds().isBlank(), Need.CHEMNET,
            !output.chemNet().isBlank(), Need.FIDELITY, fidelity.on(),
            Need.LIKELIHOOD, likelihood.on(), Need.OTHER_RUN, otherRun).forEach((need, is) -> {
                if (is) {
                    given.add(need);
                }
            });
        return given;
    }

    /**
     * A comparison of models with the original.
     *
     * @param keep whether its trajectories stay with the executors, for several models
     */
    public FidelityProbe<PackedModel, Denoiser> probe(FidelityConf conf, SparkSession spark, boolean keep) {
        return FidelityProbe.ofGraphs(JavaSparkContext.fromSparkContext(spark.sparkContext()), full, conf, opener, keep);
    }

    /**
     * What asks models for the likelihood of the given molecules; empty where none are given.
     *
     * @throws InputException if the file holds none, or one that is none of the model's
     */
    public Optional<LikelihoodProbe> likelihood(LikelihoodConf conf, SparkSession spark) {
        return conf.on() ? Optional.of(new LikelihoodProbe(JavaSparkContext.fromSparkContext(spark.sparkContext()), full,
            molecules(conf), conf.times(), opener)) : Optional.empty();
    }

    /** Compares one model, as far as it is asked for. */
    public Found compare(PackedModel model, FidelityConf conf, Optional<LikelihoodProbe> likelihood, SparkSession spark,
                       PrintStream console) {
        Optional<FidelityReport> fidelity = Optional.empty();
        if (conf.on()) {
            console.printf("comparing with full precision: %,d graphs, %d steps …%n", conf.graphs(), conf.steps());
            try (FidelityProbe<PackedModel, Denoiser> probe = probe(conf, spark, false)) {
                fidelity = Optional.of(probe.measure(model));
            }
        }
        return new Found(fidelity, likelihood.map(probe -> {
            console.println("likelihood of the given molecules …");
            return probe.measure(model);
        }));
    }

    /** Reads the given molecules, each as the model's classes. */
    private List<Graph> molecules(LikelihoodConf conf) {
        Path file = conf.molecules();
        int most = full.architecture().maxNodes();
        boolean molecules = vocabulary.family() == Family.MOLECULES;
        List<Graph> graphs = new ArrayList<>();
        try (GraphReader reader = GraphReader.openGraphs(file, vocabulary)) {
            while (reader.hasNext()) {
                Graph graph = reader.next().graph();
                if (graph.nodes().length < 1 || graph.nodes().length > most) {
                    throw new InputException("--likelihood " + file + ": a " + (molecules ? "molecule" : "graph")
                        + " must have 1 to " + most + (molecules ? " atoms" : " nodes") + ", the largest that the model knows,"
                        + " found " + graph.nodes().length + " in that of position " + graph.id());
                }
                graphs.add(graph);
            }
        }
        if (graphs.isEmpty()) {
            throw new InputException("--likelihood " + file + " must hold at least one " + (molecules ? "molecule" : "graph")
                + ", found none");
        }
        return graphs;
    }

    /**
     * What a model is asked besides for graphs, and what its graphs are compared with; empty where there is nothing.
     *
     * @param fidelity   how closely it follows full precision
     * @param likelihood of given molecules
     * @param other      scored rows of another run, compared at the same ids
     */
    public record Found(
        Optional<FidelityReport> fidelity, Optional<LikelihoodReport> likelihood, Optional<Dataset<Row>> other) {
        /** Nothing. */
        public static final Found NONE = new Found(Optional.empty(), Optional.empty());

        public Found(Optional<FidelityReport> fidelity, Optional<LikelihoodReport> likelihood) {
            this(fidelity, likelihood, Optional.empty());
        }

        /** The same and another run. */
        public Found against(Optional<Dataset<Row>> run) {
            return new Found(fidelity, likelihood, run);
        }
    }
}
