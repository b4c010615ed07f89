package org.bitdgdm;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.model.ModelBundle;
import org.bitdgdm.output.DecompositionTable;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunLock;
import org.bitdgdm.output.Versions;
import org.bitdgdm.quantize.DecompositionStudy;

/** The study of decompositions as a sweep: it samples nothing, and runs on the driver alone. */
final class DecompositionSweep {
    private DecompositionSweep() {
    }

    /** Runs the study and writes its rows as Parquet ({@code cells}), CSV and Markdown; a finished one is said again. */
    static void run(JobConf conf, PrintStream console) throws IOException, InterruptedException {
        ModelBundle bundle = ModelBundle.load(conf.modelFolder());
        try (Session session = Session.open("bitdgdm decomposition study", console)) {
            SparkSession spark = session.spark();
            Map<String, String> rows = new LinkedHashMap<>(Versions.ofRows(spark.sparkContext()));
            rows.putAll(Map.of("command", "sweep", "study", "decomposition", "model", bundle.sha256()));
            Fingerprint fingerprint = new Fingerprint(rows, Map.of());
            OutputFolder folder = OutputFolder.of(conf.output().out(), spark.sparkContext().hadoopConfiguration());
            if (folder.state(fingerprint) == OutputFolder.State.FINISHED) {
                console.println("finished before, nothing to do: " + folder);
                console.print(new String(folder.read("sweep.md"), StandardCharsets.UTF_8));
                return;
            }
            try (RunLock lock = folder.lock()) {
                folder.begin(fingerprint);
                List<DecompositionStudy.Row> found = DecompositionStudy.run(bundle.packed(), console::println);
                folder.publishTable("cells", DecompositionTable.of(spark, found));
                folder.publish("decomposition.csv", DecompositionTable.csv(found).getBytes(StandardCharsets.UTF_8));
                String text = DecompositionTable.markdown(bundle.name(), found);
                folder.publish("sweep.md", text.getBytes(StandardCharsets.UTF_8));
                folder.finish(fingerprint);
                console.print(text);
                console.println("sweep.md          " + folder.path("sweep.md"));
            }
        }
    }
}
