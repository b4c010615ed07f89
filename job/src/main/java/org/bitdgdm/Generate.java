package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.fidelity.LikelihoodProbe;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunLock;
import org.bitdgdm.recipe.LayerScans;

/** Model → quantize → broadcast → sample → molecules → metrics → report. */
final class Generate {
    private Generate() {
    }

    /**
     * Runs the job; a finished run of the same fingerprint does nothing but say its numbers again.
     *
     * @throws org.bitdgdm.conf.GateException if a {@code --require} does not hold at the end
     */
    static void run(JobConf asked, PrintStream console) throws IOException, InterruptedException {
        GenerateRun prepared = GenerateRun.prepare(asked, Session.settings(), console);
        JobConf conf = prepared.settled(asked);
        prepared.registry().check(conf.output().require(), Measures.given(prepared.reference().isPresent(), conf.fidelity(),
            conf.likelihood(), false));

        try (Session session = Session.open("bitdgdm generate " + prepared.bundle().name(), console)) {
            SparkSession spark = session.spark();
            GenerateRun run = prepared.onDevices(spark);
            OutputFolder folder = OutputFolder.of(conf.output().out(), spark.sparkContext().hadoopConfiguration(),
                run.family().folder());
            if (folder.state(run.fingerprint(conf, spark)) == OutputFolder.State.FINISHED) {
                console.println("finished before, nothing to do: " + folder);
                run.save(conf, folder, console);
                Results.print(folder, run.family(), console).judge(conf.output().require());
                return;
            }
            MetricReport report;
            try (RunLock lock = folder.lock(); LayerScans scans = run.scans(spark)) {
                console.printf("model %s (%s, %s), backend %s%n", run.bundle().name(),
                    run.bundle().architecture().variant().label(), GenerateRun.recipe(conf), run.backend());
                Measures measures = run.measures();
                Optional<LikelihoodProbe> likelihood = measures.likelihood(conf.likelihood(), spark);
                report = run.make(conf, spark, scans, folder, console, 1,
                    model -> measures.compare(model, conf.fidelity(), likelihood, spark, console));
            }
            Results.print(folder, run.family(), console);
            report.judge(conf.output().require());
        }
    }
}
