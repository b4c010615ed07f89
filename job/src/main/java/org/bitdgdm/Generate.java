package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Requirement;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.metrics.MetricReport;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunLock;
import org.bitdgdm.recipe.LayerStudy;
import org.bitdgdm.run.Comparer;
import org.bitdgdm.run.GenerateRun;
import org.bitdgdm.run.Results;
import org.bitdgdm.run.RunModel;
import org.bitdgdm.run.Session;
import org.bitdgdm.sample.BackendOpener;

/** {@code generate}: one {@link GenerateRun}, its last lines, and the bounds that it must hold. */
final class Generate {
    private Generate() {
    }

    /**
     * Runs the job; a finished run of the same fingerprint does nothing but say its numbers again.
     *
     * @throws org.bitdgdm.conf.Requirement.Unmet if a {@code --require} does not hold at the end
     */
    static void run(JobConf asked, PrintStream console) throws IOException, InterruptedException {
        SparkConf settings = Session.settings();
        BackendOpener.prepare(asked.sample(), settings);
        try (Session.Opening opening = Session.opening("bitdgdm generate " + asked.model(), settings, console)) {
            run(RunModel.prepare(asked, settings, console), asked, opening, console);
        }
    }

    private static <M extends PackedNetwork> void run(RunModel<M> prepared, JobConf asked, Session.Opening opening,
                                                      PrintStream console) throws IOException, InterruptedException {
        JobConf conf = prepared.settled(asked);
        prepared.checkRequired(conf);
        if (opening.isUnderWay()) {
            prepared.rehearse();
        }
        try (Session session = opening.await()) {
            SparkSession spark = session.spark();
            RunModel<M> model = prepared.within(spark, conf.recipe().auto(), console);
            OutputFolder folder = OutputFolder.of(conf.output().out(), spark.sparkContext().hadoopConfiguration(),
                model.family().folder());
            GenerateRun<M> run = new GenerateRun<>(model, conf, spark, folder, console);
            if (run.isFinished()) {
                console.println("finished before, nothing to do: " + folder);
                run.save();
                Results.print(folder, model.family(), console).judge(conf.output().require());
                return;
            }
            MetricReport report;
            try (RunLock lock = folder.lock(); LayerStudy<M> study = model.study(conf, spark);
                 Comparer<M> comparer = model.comparer(conf, spark, false, console)) {
                console.printf("model %s (%s), backend %s%n", model.bundle().name(), model.manner(conf), model.backend());
                report = run.tell(study, 1, comparer);
            }
            Results.print(folder, model.family(), console);
            report.judge(conf.output().require());
        }
    }
}
