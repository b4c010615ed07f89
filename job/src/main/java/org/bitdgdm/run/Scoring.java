package org.bitdgdm.run;

import java.io.IOException;
import java.io.PrintStream;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.apache.spark.Partition;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.PartitionPruningRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.FilePartition;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.bitdgdm.conf.Amount;
import org.bitdgdm.conf.Json;
import org.bitdgdm.family.GraphFamily;
import org.bitdgdm.metrics.SharedList;
import org.bitdgdm.molecule.GraphEntry;
import org.bitdgdm.molecule.GraphReader;
import org.bitdgdm.molecule.TextLines;
import org.bitdgdm.output.MoleculeWriter;
import org.bitdgdm.output.OutputFolder;
import org.bitdgdm.output.RunFiles;
import org.bitdgdm.output.ShardContent;
import scala.Function1;

/**
 * Scoring of graphs that exist already, shard by shard into {@code molecules/}. How graphs are cut into shards depends on the
 * input only, so that a start on whatever cluster keeps the shards that an earlier one has left.
 */
public final class Scoring {
    /** Graphs of a shard of a text file. */
    private static final int SHARD = 4096;
    /** Classes of nodes and edges after which a shard of a text file is cut, however few its graphs. */
    private static final long SHARD_CLASSES = 32L << 20;
    /** Classes of a text file that are in memory at a time, however many slots there are; at least one shard is. */
    private static final long MOST_CLASSES = 256L << 20;
    /** Pieces of Parquet that Spark is asked for where that makes none smaller than 4 MB; not by the cores it has. */
    private static final String PIECES = "256";

    private final SparkSession spark;
    private final JavaSparkContext context;
    private final GraphFamily family;
    private final OutputFolder folder;
    private final PrintStream console;
    /** Shards so far. */
    private final SortedMap<Integer, ShardContent> shards = new TreeMap<>();

    /** @param folder begun */
    public Scoring(SparkSession spark, GraphFamily family, OutputFolder folder, PrintStream console) {
        this.spark = spark;
        this.context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        this.family = family;
        this.folder = folder;
        this.console = console;
    }

    /** Another session, in which the files of {@code --input} are cut the same way on every cluster. */
    public static SparkSession cutting(SparkSession spark) {
        SparkSession session = spark.newSession();
        String limit = "spark.sql.files.maxPartitionBytes";
        session.conf().set(limit, spark.conf().get(limit));
        session.conf().set("spark.sql.files.minPartitionNum", PIECES);
        return session;
    }

    /**
     * Scores a text file and returns the number of its graphs. Executors read lists that are not compressed, the driver
     * everything else.
     *
     * @param column of the SMILES of a list; empty: see {@link GraphReader#open}
     */
    public long text(Path file, String column) throws IOException {
        resuming();
        GraphReader.Format format = column.isEmpty() ? GraphReader.format(file) : GraphReader.Format.SMILES_LIST;
        GraphReader.require(format, file, family.vocabulary());
        try {
            return format == GraphReader.Format.SMILES_LIST && !TextLines.isGzip(file) ? list(file, column)
                : streamed(file, column);
        } finally {
            context.setJobDescription(null);
        }
    }

    private long list(Path file, String column) throws IOException {
        context.setJobDescription("count lines");
        SharedList list = SharedList.of(file, column, context);
        for (long first = 0; first < list.rows(); first += SHARD) {
            shards.put(shards.size(), ShardContent.of(first, Math.min(SHARD, list.rows() - first)));
        }
        List<Integer> missing = new ArrayList<>(shards.keySet());
        missing.removeAll(folder.wholeShards(shards, console));
        if (!missing.isEmpty()) {
            context.setJobDescription("score lines");
            GraphFamily judging = family;
            MoleculeWriter.commit(spark, context.parallelize(missing, missing.size()).mapPartitions(part -> {
                long first = (long) part.next() * SHARD;
                GraphFamily.Scorer scorer = judging.scorer();
                return map(list.rows(first, Math.min(SHARD, list.rows() - first)), scorer::row);
            }), family, missing, folder);
        }
        return list.rows();
    }

    private long streamed(Path file, String column) throws IOException {
        GraphFamily judging = family;
        int slots = Math.max(1, context.defaultParallelism());
        long graphs = 0;
        try (GraphReader reader = GraphReader.open(file, family.vocabulary(), column)) {
            while (reader.hasNext() || shards.isEmpty()) {
                SortedMap<Integer, ArrayList<GraphEntry>> chunk = new TreeMap<>();
                SortedMap<Integer, ShardContent> cut = new TreeMap<>();
                long read = 0;
                for (int shard = shards.size(); cut.isEmpty() || reader.hasNext() && cut.size() < slots
                    && read < MOST_CLASSES; shard++) {
                    ArrayList<GraphEntry> some = new ArrayList<>();
                    long before = read;
                    while (reader.hasNext() && some.size() < SHARD && read - before < SHARD_CLASSES) {
                        GraphEntry entry = reader.next();
                        read += entry.smiles() == null ? entry.graph().nodes().length + entry.graph().edges().length
                            : entry.smiles().length();
                        some.add(entry);
                    }
                    chunk.put(shard, some);
                    cut.put(shard, ShardContent.of(graphs, some.size()));
                    graphs += some.size();
                }
                shards.putAll(cut);
                chunk.keySet().removeAll(folder.wholeShards(cut, console));
                if (!chunk.isEmpty()) {
                    context.setJobDescription("score graphs to " + graphs);
                    JavaRDD<Row> rows = context.parallelize(new ArrayList<>(chunk.values()), chunk.size())
                        .mapPartitions(part -> {
                            GraphFamily.Scorer scorer = judging.scorer();
                            return map(part.next().iterator(), scorer::row);
                        });
                    MoleculeWriter.commit(spark, rows, family, List.copyOf(chunk.keySet()), folder);
                }
            }
        }
        return graphs;
    }

    /** Tells readers that all shards of what was scored are there. */
    public void complete() throws IOException {
        folder.completeMolecules(shards);
    }

    private void resuming() throws IOException {
        int there = folder.committedShards().size();
        if (there > 0) {
            console.printf("resuming: %s %s already in %s%n", Amount.of(there, "shard"), there == 1 ? "is" : "are", folder);
        }
    }

    /**
     * Where a shard of Parquet comes from.
     *
     * @param source  pieces of files
     * @param content rows in them
     */
    private record Piece(String source, ShardContent content) {
    }

    /**
     * Scores a table and returns the number of its graphs.
     *
     * @param table ids, node classes and edge classes, none of them null, of a session of {@link #cutting}
     */
    public long parquet(Dataset<Row> table) throws IOException {
        context.setJobDescription("score graphs of Parquet");
        GraphFamily judging = family;
        try {
            JavaRDD<Row> graphs = table.javaRDD();
            SortedMap<Integer, Piece> byPartition = pieces(graphs);
            List<Integer> partitions = List.copyOf(byPartition.keySet());
            List<Piece> pieces = List.copyOf(byPartition.values());
            keepOnlyIfCutSo(pieces);
            for (int shard = 0; shard < pieces.size(); shard++) {
                shards.put(shard, pieces.get(shard).content());
            }
            resuming();
            List<Integer> missing = new ArrayList<>(shards.keySet());
            missing.removeAll(folder.wholeShards(shards, console));
            if (!missing.isEmpty()) {
                Set<Integer> wanted = new TreeSet<>(missing.stream().map(partitions::get).toList());
                JavaRDD<Row> some = JavaRDD.fromRDD(PartitionPruningRDD.create(graphs.rdd(),
                    (Function1<Object, Object> & Serializable) index -> wanted.contains(index)), graphs.classTag());
                MoleculeWriter.commit(spark, some.mapPartitions(part -> {
                    GraphFamily.Scorer scorer = judging.scorer();
                    return map(part, row -> scorer.row(row.getLong(0), bytes(row, 1), bytes(row, 2)));
                }), family, missing, folder);
            }
        } finally {
            context.setJobDescription(null);
        }
        return shards.values().stream().mapToLong(ShardContent::rows).sum();
    }

    /**
     * Pieces that have rows, by partition: Spark cuts files by bytes, Parquet by groups of rows, and a shard is never empty,
     * but for the one that still tells the columns where there are no rows at all.
     */
    private static SortedMap<Integer, Piece> pieces(JavaRDD<Row> graphs) {
        List<Partition> partitions = graphs.partitions();
        SortedMap<Integer, Piece> pieces = new TreeMap<>();
        for (long[] found : graphs.mapPartitionsWithIndex((index, part) -> {
            long rows = 0;
            long first = Long.MAX_VALUE;
            long last = Long.MIN_VALUE;
            for (; part.hasNext(); rows++) {
                long id = part.next().getLong(0);
                first = Math.min(first, id);
                last = Math.max(last, id);
            }
            return List.of(new long[] {index, rows, first, last}).iterator();
        }, true).collect()) {
            if (found[1] > 0) {
                pieces.put((int) found[0], new Piece(source(partitions.get((int) found[0])),
                    new ShardContent(found[1], found[2], found[3])));
            }
        }
        if (pieces.isEmpty()) {
            pieces.put(0, new Piece("nothing", new ShardContent(0, 0, 0)));
        }
        return pieces;
    }

    private static String source(Partition partition) {
        if (!(partition instanceof FilePartition files)) {
            return partition.toString();
        }
        StringJoiner source = new StringJoiner(" ");
        for (PartitionedFile file : files.files()) {
            source.add(file.filePath() + ":" + file.start() + "+" + file.length());
        }
        return source.toString();
    }

    /** Removes the shards of an earlier start whose Spark has cut the same files otherwise, by another limit of bytes. */
    private void keepOnlyIfCutSo(List<Piece> pieces) throws IOException {
        byte[] now = Json.MAPPER.writeValueAsBytes(pieces);
        if (folder.exists(RunFiles.PIECES) && Arrays.equals(folder.read(RunFiles.PIECES), now)) {
            return;
        }
        folder.clearMolecules();
        folder.publish(RunFiles.PIECES, now);
    }

    private static byte[] bytes(Row row, int column) {
        List<Byte> values = row.getList(column);
        byte[] bytes = new byte[values.size()];
        for (int at = 0; at < bytes.length; at++) {
            bytes[at] = values.get(at);
        }
        return bytes;
    }

    private static <A, B> Iterator<B> map(Iterator<A> from, Function<A, B> each) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return from.hasNext();
            }

            @Override
            public B next() {
                return each.apply(from.next());
            }
        };
    }
}
