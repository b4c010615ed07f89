package org.bitdgdm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.EvaluateConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.Option;
import org.bitdgdm.family.Proteins;
import org.bitdgdm.metrics.SequenceMetrics;
import org.bitdgdm.metrics.SequenceRows;
import org.bitdgdm.output.Fingerprint;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.ParquetFolder;
import org.bitdgdm.output.RunFiles;
import org.bitdgdm.output.RunLock;
import org.bitdgdm.output.RunRecord;
import org.bitdgdm.output.ShardContent;
import org.bitdgdm.output.Versions;
import org.bitdgdm.protein.SurveyedChain;
import org.bitdgdm.run.DesignTask;
import org.bitdgdm.run.InputGraphs;
import org.bitdgdm.run.Measures;
import org.bitdgdm.run.ReadyProteins;
import org.bitdgdm.run.Results;
import org.bitdgdm.run.Session;
import org.bitdgdm.run.Structures;
import scala.Tuple2;

/** {@code evaluate} of sequences in FASTA against the structures that they are for. */
final class SequenceScoring {
    /** Sequences of a shard. */
    private static final long SHARD = 20_000;
    /** Chains that a refusal names. */
    private static final int NAMED = 5;
    private static final ObjectMapper JSON = new ObjectMapper();

    private SequenceScoring() {
    }

    /** Whether sequences are to be scored. */
    static boolean isAsked(EvaluateConf conf) {
        return !conf.fold().structures().isEmpty();
    }

    /** Scores the sequences; a finished run does nothing but say its numbers again. */
    static void run(EvaluateConf conf, PrintStream console) throws IOException, InterruptedException {
        conf.fold().requireOwn(Map.of(Option.MODEL, conf.named(), Option.FIDELITY, conf.fidelity().on(), Option.AGAINST,
            !conf.against().isEmpty()));
        new Proteins().protocol(conf.output().protocol());
        SequenceMetrics.registry().check(conf.output().require(), Set.of());
        try (Session session = Session.open("bitdgdm evaluate " + conf.input(), console)) {
            SparkSession spark = session.spark();
            InputGraphs input = InputGraphs.of("--input", conf.input(), spark.sparkContext().hadoopConfiguration());
            Structures structures = Structures.survey(conf.fold(), spark, console);
            Proteins family = new Proteins();
            OutputFolder folder = OutputFolder.of(conf.output().out(), spark.sparkContext().hadoopConfiguration(),
                family.folder());
            Map<String, String> decides = new LinkedHashMap<>(Map.of("command", "evaluate sequences", "input", input.identity(),
                "structures", structures.identity()));
            decides.putAll(Versions.ofRows(spark.sparkContext()));
            Fingerprint fingerprint = new Fingerprint(decides, Map.of());
            OutputFolder.State state = folder.state(fingerprint);
            if (state == OutputFolder.State.FINISHED) {
                console.println("finished before, nothing to do: " + folder);
            } else {
                try (RunLock lock = folder.lock()) {
                    score(conf, spark, input, structures, folder, state == OutputFolder.State.UNFINISHED, fingerprint,
                        console);
                }
            }
            JsonNode counts = JSON.readTree(folder.read(RunFiles.METRICS_JSON)).path("counts");
            counts.path("unused").properties().forEach(reason -> console.printf("not scored: %,d of %,d × %s%n",
                reason.getValue().asLong(), counts.path("graphs").asLong(), reason.getKey()));
            Results.print(folder, family, console).judge(conf.output().require());
        }
    }

    private static void score(EvaluateConf conf, SparkSession spark, InputGraphs input, Structures structures,
                                      OutputFolder folder, boolean begun, Fingerprint fingerprint, PrintStream console)
        throws IOException {
        long start = System.nanoTime();
        folder.begin(fingerprint);
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        List<SurveyedChain> usable = structures.chains().stream().filter(chain -> !chain.refused()).toList();
        SerializableConfiguration hadoop = new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
        context.setJobDescription("read native sequences");
        Map<String, String[]> natives = new HashMap<>();
        context.parallelize(usable, Math.max(1, Math.min(usable.size(), 64 * context.defaultParallelism())))
            .map(chain -> DesignTask.natives(chain, hadoop)).collect()
            .forEach(one -> {
                natives.put(one[0] + ":" + one[1], one);
                // A structure of one chain needs no name of it.
                natives.merge(one[0], one, (some, other) -> new String[0]);
            });
        Broadcast<Map<String, String[]>> known = context.broadcast(new TreeMap<>(natives));
        context.setJobDescription("score sequences");
        // A header may hold the sign that begins it.
        JavaRDD<String> records = spark.read().option("lineSep", "\n>").text(ParquetFolder.literal(input.path().toString()))
            .javaRDD().map(row -> row.getString(0)).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            List<String> first = records.take(2);
            boolean headed = first.stream().limit(1).allMatch(record -> record.isBlank() || record.startsWith(">"));
            JavaRDD<String> sequences = records.filter(record -> !record.isBlank());
            long count = headed ? sequences.count() : 0;
            if (count == 0) {
                throw new InputException("--input " + conf.input() + " must hold sequences in FASTA, each below a line of > and"
                    + " its name, found " + (headed || first.size() < 2 ? "none" : "text before the first of them"));
            }
            if (sequences.filter(record -> known.value().containsKey(name(record))).take(1).isEmpty()) {
                throw new InputException("--input " + conf.input() + " must name chains of --structures, as STRUCTURE:CHAIN,"
                    + " found none of theirs in " + Amount.of(count, "sequence") + ", the first of '" + name(sequences.first())
                    + "'; the chains are " + usable.stream().limit(NAMED)
                        .map(chain -> chain.structure() + ":" + chain.chain()).collect(Collectors.joining(", "))
                    + (usable.size() > NAMED ? " and " + (usable.size() - NAMED) + " more" : ""));
            }
            SortedMap<Integer, ShardContent> shards = shards(count);
            List<Integer> missing = new ArrayList<>(shards.keySet());
            missing.removeAll(folder.wholeShards(shards, console));
            if (!missing.isEmpty()) {
                Shards cut = new Shards(missing);
                MoleculeWriter.commit(spark, sequences.zipWithIndex().mapToPair(Tuple2::swap)
                    .filter(record -> cut.has(record._1())).repartitionAndSortWithinPartitions(cut)
                    .map(record -> row(record._2(), record._1(), known.value())), SequenceRows.SCHEMA, missing, folder);
            }
            folder.completeMolecules(shards);
            RunRecord record = new RunRecord("evaluate").configuration(conf.valuesOfSequences()).fingerprint(fingerprint)
                .versions(Versions.all(spark.sparkContext())).fact("input", conf.input());
            ReadyProteins.results(spark, folder, Measures.Found.NONE).publish(count, record, start,
                "Sequences of " + conf.input(),
                Amount.of(count, "sequence") + " against " + Amount.of(usable.size(), "chain"), List.of(),
                Optional.empty());
            folder.finish(fingerprint);
        } catch (InputException e) {
            folder.discard();
            throw e;
        } catch (Exception e) {
            // Spark throws checked exceptions that it does not declare.
            Optional<InputException> told = unreadable(conf.input(), e);
            if (told.isPresent() && !begun) {
                folder.discard();
            }
            if (told.isPresent()) {
                throw told.get();
            }
            throw e;
        } finally {
            known.destroy();
            records.unpersist();
            context.setJobDescription(null);
        }
    }

    /** What is told of a file that Spark cannot read, such as one of gzip that is cut short. */
    private static Optional<InputException> unreadable(String input, Exception e) {
        return Session.unreadableFile(e).map(file -> {
            Throwable root = e;
            while (root.getCause() != null) {
                root = root.getCause();
            }
            return new InputException("--input " + input + " cannot be read to its end (" + InputException.oneLine(root)
                + "); copy or make it again", e);
        });
    }

    /** Shards of so many sequences, the same on every cluster. */
    private static SortedMap<Integer, ShardContent> shards(long count) {
        SortedMap<Integer, ShardContent> shards = new TreeMap<>();
        for (long first = 0; first < count; first += SHARD) {
            shards.put(shards.size(), ShardContent.of(first, Math.min(SHARD, count - first)));
        }
        return shards;
    }

    /** Brings the sequences of each shard that is to be made into a partition of its own. */
    private static final class Shards extends Partitioner {
        private static final long serialVersionUID = 1;
        private final ArrayList<Integer> made;

        Shards(List<Integer> made) {
            this.made = new ArrayList<>(made);
        }

        boolean has(long id) {
            return partition(id) >= 0;
        }

        private int partition(long id) {
            return Collections.binarySearch(made, (int) (id / SHARD));
        }

        @Override
        public int numPartitions() {
            return made.size();
        }

        @Override
        public int getPartition(Object id) {
            return partition((Long) id);
        }
    }

    /** The header of a record, which has its sign where it is the first. */
    private static String header(String text) {
        String record = text.startsWith(">") ? text.substring(1) : text;
        int end = record.indexOf('\n');
        return (end < 0 ? record : record.substring(0, end)).strip();
    }

    private static String name(String text) {
        return header(text).split("\\s", 2)[0];
    }

    /** @param text header, and lines of the sequence */
    private static Row row(String text, long id, Map<String, String[]> natives) {
        String header = header(text);
        int end = text.indexOf('\n');
        String sequence = end < 0 ? "" : text.substring(end).replaceAll("[\\s*-]", "").toUpperCase(Locale.ROOT);
        String name = name(text);
        String[] chain = natives.get(name);
        boolean ensemble = header.matches("\\S+ ensemble(\\s.*)?");
        return SequenceRows.scored(id, name, chain, ensemble ? null : 0, sequence);
    }
}
