package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.QuantizeConf;
import org.bitdgdm.conf.SampleConf;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.kernels.Denoisers;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.kernels.PackedModelFormat;
import org.bitdgdm.metrics.MetricGate;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.metrics.Protocol;
import org.bitdgdm.metrics.ReferenceSet;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.MoleculeDrawings;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.SampledRun;
import org.bitdgdm.output.Versions;
import org.bitdgdm.sample.BackendOpener;
import org.bitdgdm.sample.SampleJob;

/** Model → quantize → broadcast → sample → molecules → metrics → report. */
final class Generate {
    private Generate() {
    }

    /**
     * Runs the job; a finished run of the same fingerprint does nothing but say its numbers again.
     *
     * @throws org.bitdgdm.conf.GateException if a {@code --require} does not hold at the end
     */
    static void run(JobConf conf, PrintStream console) throws IOException, InterruptedException {
        ModelBundle bundle = ModelBundle.load(conf.modelFolder());
        checkSteps(conf.sample(), bundle);
        FidelityProbe.checkSteps(conf.fidelity(), bundle.diffusion());
        BackendOpener opener = BackendOpener.of(conf.sample());
        int threads = Runtime.getRuntime().availableProcessors();
        String backend = Denoisers.probe(opener.backend(), opener.options(threads));
        Protocol protocol = Protocol.of(conf.output().protocol());
        Optional<ReferenceSet> reference = References.of(conf.output(), conf.modelFolder(), bundle.vocabulary(), console);
        MetricGate.check(conf.output().require(), protocol, reference.isPresent(), conf.fidelity().on());
        Optional<String> noDrawings = MoleculeDrawings.probe();
        noDrawings.ifPresent(console::println);

        try (Session session = Session.open("bitdgdm generate " + bundle.name())) {
            SparkSession spark = session.spark();
            OutputFolder folder = OutputFolder.of(conf.output().out(), spark.sparkContext().hadoopConfiguration());
            Fingerprint fingerprint = Fingerprint.ofGenerate(conf, bundle, opener.backend().label(),
                reference.map(ReferenceSet::sha256).orElse(""), spark.sparkContext());
            if (folder.state(fingerprint) == OutputFolder.State.FINISHED) {
                console.println("finished before, nothing to do: " + folder);
                MetricReport report = Results.print(folder, console);
                MetricGate.judge(conf.output().require(), report);
                return;
            }
            console.printf("model %s (%s, %s), backend %s%n", bundle.name(), bundle.architecture().variant().label(),
                recipe(conf.quantize()), backend);
            folder.begin(fingerprint);

            long start = System.nanoTime();
            QuantizedRun quantized = QuantizedRun.of(folder, bundle, conf.quantize(), opener, threads, console);
            RunRecord record = new RunRecord("generate")
                .configuration(conf.values()).fingerprint(fingerprint)
                .versions(Versions.all(spark.sparkContext()))
                .hash("model", bundle.sha256())
                .hash("packed_model", PackedModelFormat.sha256(PackedModelFormat.toBytes(quantized.model())))
                .fact("model", bundle.name()).fact("backend", backend)
                .fact("master", spark.sparkContext().master());
            if (!Double.isNaN(quantized.seconds())) {
                record.timing("quantization", quantized.seconds());
            }

            SampledRun sampled;
            PackedModel model = quantized.model();
            try (SampleJob job = new SampleJob(JavaSparkContext.fromSparkContext(spark.sparkContext()), model, conf.sample(),
                opener)) {
                record.modelBytes(bundle.packed().bytes(), model.bytes(), job.model().bytes());
                sampled = MoleculeWriter.write(spark, job, folder, bundle.vocabulary(), console);
            }
            record.sampling(sampled);

            Optional<FidelityReport> fidelity = Optional.empty();
            if (conf.fidelity().on()) {
                console.printf("comparing with full precision: %,d graphs, %d steps …%n", conf.fidelity().graphs(),
                    conf.fidelity().steps());
                long before = System.nanoTime();
                try (FidelityProbe probe = new FidelityProbe(JavaSparkContext.fromSparkContext(spark.sparkContext()),
                    bundle.packed(), conf.fidelity(), opener, false)) {
                    fidelity = Optional.of(probe.measure(model));
                }
                record.timing("fidelity", (System.nanoTime() - before) * 1e-9);
            }

            String title = bundle.name() + ", " + recipe(conf.quantize());
            String subtitle = String.format(Locale.ROOT, "%,d graphs, %d steps, seed %s, %s", conf.sample().count(),
                conf.sample().steps(), Long.toUnsignedString(conf.sample().seed()), backend);
            MetricReport report = new Results(spark, folder, bundle.vocabulary(), reference, protocol, fidelity)
                .publish(record, start, title, subtitle, quantized.layers(), noDrawings);
            folder.finish(fingerprint);
            Results.print(folder, console);
            MetricGate.judge(conf.output().require(), report);
        }
    }

    /** The steps are an option, but only the model knows their limit. */
    private static void checkSteps(SampleConf sample, ModelBundle bundle) {
        try {
            bundle.diffusion().times(sample.steps());
        } catch (IllegalArgumentException e) {
            throw new InputException("--" + e.getMessage(), e);
        }
    }

    /** The recipe in a few words, for titles. */
    static String recipe(QuantizeConf quantize) {
        String bits = "W" + quantize.weightBits() + "A" + quantize.activationBits();
        String sparse = "α " + percent(quantize.alpha()) + "%";
        return switch (quantize.method()) {
            case "fp32" -> "FP32";
            case "rtn", "gptq" -> quantize.method().toUpperCase(Locale.ROOT) + " " + bits;
            case "bit-dgdm-threshold" -> String.join(", ", "Bit-DGDM threshold " + bits, sparse);
            default -> String.join(", ", quantize.method().replace("bit-dgdm", "Bit-DGDM").replace('-', ' ')
                .replace("Bit DGDM", "Bit-DGDM") + " " + bits, "rank " + quantize.rank(), sparse,
                quantize.residualBits() == 0 ? "no residual" : quantize.residualBits() + "-bit residual");
        };
    }

    private static String percent(double share) {
        return java.math.BigDecimal.valueOf(share).movePointRight(2).stripTrailingZeros().toPlainString();
    }
}
