package org.bitdgdm.fidelity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.bitdgdm.conf.FidelityConf;
import org.bitdgdm.conf.TestRecipes;
import org.bitdgdm.kernels.Backend;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedProteinModel;
import org.bitdgdm.kernels.ProteinDenoiser;
import org.bitdgdm.kernels.ProteinGraph;
import org.bitdgdm.kernels.ReferenceProteinDenoiser;
import org.bitdgdm.kernels.SequenceSampler;
import org.bitdgdm.model.ProteinBundle;
import org.bitdgdm.quantize.ProteinCalibrations;
import org.bitdgdm.quantize.Quantization;
import org.bitdgdm.quantize.TestBackbones;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.ProteinOpener;
import org.bitdgdm.sample.TestSpark;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Comparisons of the shipped model of proteins with quantized ones, on Spark. */
class ProteinFidelityTest {
    private static final PackedProteinModel FULL = ProteinBundle.load(Path.of("..", "conf", "models", "gradeif")).packed();
    private static final ProteinOpener OPENER = new ProteinOpener(new BackendOpener(Backend.CPU, "auto", ""));
    private static final List<FidelityProbe.Backbone> BACKBONES = List.of(new Random(12, 1), new Random(9, 2));

    private static JavaSparkContext spark;

    /** A backbone of random features. */
    private record Random(int residues, long key) implements FidelityProbe.Backbone {
        @Override
        public ProteinGraph read() {
            return TestBackbones.of(residues, key);
        }
    }

    @BeforeAll
    static void startSpark() {
        spark = JavaSparkContext.fromSparkContext(TestSpark.on("local[2]").getOrCreate().sparkContext());
    }

    @AfterAll
    static void stopSpark() {
        TestSpark.stop();
    }

    private static FidelityProbe<PackedProteinModel, ProteinDenoiser> probe(int sequences, int evaluations, boolean keep) {
        return FidelityProbe.ofProteins(spark, FULL, BACKBONES, new FidelityConf(sequences, evaluations), OPENER, keep);
    }

    /** With other weights of the last layer. */
    private static PackedProteinModel scaled(float factor) {
        List<PackedLinear> linears = FULL.linears().stream().map(layer -> {
            float[] weight = layer.weight.clone();
            for (int at = 0; layer.name.equals("lin") && at < weight.length; at++) {
                weight[at] *= factor;
            }
            return PackedLinear.full(layer.name, layer.in, layer.out, weight, layer.bias);
        }).toList();
        return new PackedProteinModel(FULL.architecture(), FULL.diffusion(), linears, FULL.norms());
    }

    @Test
    void aModelDoesNotDivergeFromItself() {
        try (var probe = probe(3, 4, false)) {
            FidelityReport report = probe.measure(FULL);
            assertThat(report.divergence().graph().value()).isZero();
            assertThat(report.divergence().node().count()).as("residues of two and one sequences").isEqualTo(4 * (2 * 12 + 9));
            assertThat(report.divergence().edge().value()).as("no edge diffuses").isNull();
            assertThat(report.changedEntries().value()).isZero();
            assertThat(report.changedEntries().count()).isEqualTo(4 * (2 * 12 + 9));
            assertThat(report.identicalGraphs()).isEqualTo(3);
            assertThat(report.divergence().from()).isEqualTo(500);
            assertThat(report.divergence().to()).isEqualTo(125);
        }
    }

    @Test
    void aLittleNoiseIsALittleDivergenceAndMuchIsMore() {
        try (var probe = probe(4, 4, true)) {
            FidelityReport little = probe.measure(scaled(1.01f));
            FidelityReport much = probe.measure(scaled(3));
            assertThat(little.divergence().node().value()).isPositive().isLessThan(much.divergence().node().value() / 10);
            assertThat(much.changedEntries().value()).isPositive();
            assertThat(much.identicalGraphs()).isLessThan(4);
            assertThat(probe.measure(scaled(3))).as("kept trajectories").isEqualTo(much);
        }
    }

    /** A single evaluation is one of noise, whose divergence follows from both models' logits. */
    @Test
    void theDivergenceIsThatOfTheLogits() {
        PackedProteinModel scaled = scaled(1.5f);
        ProteinGraph protein = BACKBONES.get(0).read();
        int n = protein.residues();
        float[] one = new float[n * 20];
        float[] two = new float[n * 20];
        try (ProteinDenoiser full = new ReferenceProteinDenoiser(FULL);
             ProteinDenoiser changed = new ReferenceProteinDenoiser(scaled)) {
            SequenceSampler sampler = new SequenceSampler(FULL.diffusion(), FULL.diffusion().trained(), 1, true, 5);
            byte[] noise = sampler.start(n, 1, 0, 1);
            full.condition(protein).logits(noise, 500, one);
            changed.condition(protein).logits(noise, 500, two);
            SequenceTrajectory walk = new SequenceTrajectory.Start(0, BACKBONES.get(0), 1, 0, 1, 5).walk(full);
            FidelityReport.OfGraph found = walk.compare(changed, new int[] {0}).get(0);
            double expected = 0;
            double[] p = new double[20];
            double[] q = new double[20];
            for (int i = 0; i < n; i++) {
                SequenceSampler.softmax(one, i * 20, p);
                SequenceSampler.softmax(two, i * 20, q);
                for (int c = 0; c < 20; c++) {
                    expected += p[c] * Math.log(p[c] / q[c]);
                }
            }
            assertThat(found.nodeDivergence()[0]).isPositive().isCloseTo(expected, withinPercentage(1e-3));
            assertThat(walk.divergence(changed).get(0).node()).isEqualTo(found.nodeDivergence()[0]);
            boolean[] free = new boolean[n];
            byte[] best = SequenceSampler.sequence(protein, one, 0, free);
            byte[] other = SequenceSampler.sequence(protein, two, 0, free);
            long differing = IntStream.range(0, n).filter(i -> best[i] != other[i]).count();
            assertThat(found.changed()).isEqualTo(differing);
            assertThat(found.identical()).isEqualTo(differing == 0);
        }
    }

    /** What a trajectory ends with is what the sampler gives. */
    @Test
    void aTrajectoryIsThatOfTheSampler() throws InterruptedException {
        try (ProteinDenoiser full = OPENER.open(FULL, 1)) {
            ProteinGraph protein = BACKBONES.get(1).read();
            SequenceTrajectory walk = new SequenceTrajectory.Start(0, BACKBONES.get(1), 7, 3, 5, 11).walk(full);
            SequenceSampler sampler = new SequenceSampler(FULL.diffusion(), FULL.diffusion().trained(), 5, true, 11);
            try (ProteinDenoiser.Conditioned network = full.condition(protein)) {
                assertThat(walk.logits()[4]).containsExactly(sampler.sample(network, 7, 3, 1, new boolean[protein.residues()]),
                    within(0f));
            }
        }
    }

    /** Along the same trajectories; layers in full precision are left out. */
    @Test
    void aLayerAloneIsTheModelWithThatLayerReplaced() {
        FidelityConf conf = new FidelityConf(3, 2);
        PackedProteinModel quantized = Quantization.quantize(new ProteinCalibrations(FULL, 0, () -> OPENER.open(FULL, 1),
            recipe -> List.of(BACKBONES.get(0).read())), TestRecipes.recipe("method=rtn,weight-bits=3,activation-bits=3,rank=1,"
                + "alpha=0,residual=0,intermediate-bits=32,activation-scale=row,calibration-graphs=1,calibration-steps=1"))
            .model();
        String name = "mpnn_layes.0.message_mlp.3";
        PackedProteinModel alone = new PackedProteinModel(FULL.architecture(), FULL.diffusion(), FULL.linears().stream()
            .map(layer -> layer.name.equals(name) ? quantized.linear(name) : layer).toList(), FULL.norms());
        try (var scan = SensitivityScan.ofProteins(spark, FULL, BACKBONES, conf, OPENER);
             var probe = FidelityProbe.ofProteins(spark, FULL, BACKBONES, conf, OPENER, false, SensitivityScan.SEED)) {
            List<SensitivityScan.OfLayer> found = scan.measure(quantized);
            assertThat(found).extracting(SensitivityScan.OfLayer::layer).containsExactlyElementsOf(quantized.linears().stream()
                .filter(layer -> !layer.isFull()).map(layer -> layer.name).toList());
            SensitivityScan.OfLayer layer = found.stream().filter(one -> one.layer().equals(name)).findFirst().orElseThrow();
            Divergence expected = probe.measure(alone).divergence();
            assertThat(layer.graph().value()).isPositive().isCloseTo(expected.graph().value(), withinPercentage(1e-6));
            assertThat(layer.node().value()).isCloseTo(expected.node().value(), withinPercentage(1e-6));
            assertThat(layer.edge().value()).isNull();
            assertThat(scan.measure(FULL)).isEmpty();
        }
    }
}
