package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.fidelity.LikelihoodProbe;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunLock;
import org.bitdgdm.recipe.LayerScans;
import org.bitdgdm.run.GenerateRun;
import org.bitdgdm.run.Measures;
import org.bitdgdm.run.ReadyModel;
import org.bitdgdm.run.Results;
import org.bitdgdm.run.Session;

/** {@code generate}: one {@link GenerateRun}, its last lines, and the bounds that it must hold. */
final class Generate {
    private Generate() {
    }

    /**
     * Runs the job; a finished run of the same fingerprint does nothing but say its numbers again.
     *
     * @throws org.bitdgdm.conf.GateException if a {@code --require} does not hold at the end
     */
    static void run(JobConf asked, PrintStream console) throws IOException, InterruptedException {
        if (Design.isOf(asked.modelFolder())) {
            Design.run(asked, console);
            return;
        }
        if (!asked.fold().structures().isEmpty()) {
            throw new InputException("--structures must be left out with --model " + asked.model()
                + ", which is no model of proteins");
        }
        ReadyModel prepared = ReadyModel.prepare(asked, Session.settings(), console);
        JobConf conf = prepared.settled(asked);
        prepared.registry().check(conf.output().require(), Measures.given(prepared.reference().isPresent(), conf.output(),
            conf.fidelity(), conf.likelihood(), false));

        try (Session session = Session.open("bitdgdm generate " + prepared.bundle().name(), console)) {
            SparkSession spark = session.spark();
            ReadyModel model = prepared.onDevices(spark);
            OutputFolder folder = OutputFolder.of(conf.output().out(), spark.sparkContext().hadoopConfiguration(),
                model.family().folder());
            GenerateRun run = new GenerateRun(model, conf, spark, folder, console);
            if (run.isFinished()) {
                console.println("finished before, nothing to do: " + folder);
                run.save();
                Results.print(folder, model.family(), console).judge(conf.output().require());
                return;
            }
            MetricReport report;
            try (RunLock lock = folder.lock(); LayerScans scans = model.scans(spark)) {
                console.printf("model %s (%s, %s), backend %s%n", model.bundle().name(),
                    model.bundle().architecture().variant().label(), GenerateRun.recipe(conf), model.backend());
                Measures measures = model.measures();
                Optional<LikelihoodProbe> likelihood = measures.likelihood(conf.likelihood(), spark);
                report = run.tell(scans, 1, packed -> measures.compare(packed, conf.fidelity(), likelihood, spark, console));
            }
            Results.print(folder, model.family(), console);
            report.judge(conf.output().require());
        }
    }
}
