package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.fidelity.FidelityProbe;
import org.bitdgdm.fidelity.FidelityReport;
import org.bitdgdm.fidelity.LikelihoodProbe;
import org.bitdgdm.fidelity.LikelihoodReport;
import org.bitdgdm.kernels.PackedModel;
import org.bitdgdm.metrics.MetricGate;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunLock;

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
        GenerateRun prepared = GenerateRun.prepare(conf, console);
        MetricGate.check(conf.output().require(), prepared.protocol(), prepared.reference().isPresent(),
            conf.fidelity().on(), conf.likelihood().on(), false);

        try (Session session = Session.open("bitdgdm generate " + prepared.bundle().name())) {
            SparkSession spark = session.spark();
            GenerateRun run = prepared.onDevices(spark);
            OutputFolder folder = OutputFolder.of(conf.output().out(), spark.sparkContext().hadoopConfiguration());
            if (folder.state(run.fingerprint(conf, spark)) == OutputFolder.State.FINISHED) {
                console.println("finished before, nothing to do: " + folder);
                MetricGate.judge(conf.output().require(), Results.print(folder, console));
                return;
            }
            MetricReport report;
            try (RunLock lock = folder.lock()) {
                console.printf("model %s (%s, %s), backend %s%n", run.bundle().name(),
                    run.bundle().architecture().variant().label(), GenerateRun.recipe(conf), run.backend());
                Optional<LikelihoodProbe> likelihood = run.likelihood(conf, spark);
                report = run.make(conf, spark, folder, console, model -> new Comparison(fidelity(run, conf, spark, model,
                    console), likelihood.map(probe -> likelihood(probe, model, conf, console))));
            }
            Results.print(folder, console);
            MetricGate.judge(conf.output().require(), report);
        }
    }

    private static Optional<FidelityReport> fidelity(GenerateRun run, JobConf conf, SparkSession spark, PackedModel model,
                                                     PrintStream console) {
        if (!conf.fidelity().on()) {
            return Optional.empty();
        }
        console.printf("comparing with full precision: %,d graphs, %d steps …%n", conf.fidelity().graphs(),
            conf.fidelity().steps());
        try (FidelityProbe probe = run.probe(conf, spark, false)) {
            return Optional.of(probe.measure(model));
        }
    }

    private static LikelihoodReport likelihood(LikelihoodProbe probe, PackedModel model, JobConf conf, PrintStream console) {
        console.println("likelihood of the molecules in " + conf.likelihood().file() + " …");
        return probe.measure(model);
    }
}
