import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;

/**
 * The share of graphs that two runs of {@code generate} have alike, node by node and edge by edge, at the same ids:
 * CompareGraphs RUN RUN LEAST. Exit code 1 unless the share is above LEAST. pack-offline.sh compiles it beside Spark's jars.
 */
public final class CompareGraphs {

    private CompareGraphs() {
    }

    public static void main(String[] args) throws IOException {
        if (args.length != 3) {
            System.err.println("error: usage: CompareGraphs RUN RUN LEAST");
            System.exit(2);
        }
        Map<Long, String> one = graphs(Path.of(args[0]));
        Map<Long, String> other = graphs(Path.of(args[1]));
        if (one.isEmpty() || !one.keySet().equals(other.keySet())) {
            System.err.println("error: two runs must have graphs of the same ids, found " + one.size() + " in " + args[0]
                + " and " + other.size() + " in " + args[1]);
            System.exit(2);
        }
        long same = one.entrySet().stream().filter(graph -> graph.getValue().equals(other.get(graph.getKey()))).count();
        double share = (double) same / one.size();
        System.out.printf(Locale.ROOT, "identical graphs: %d of %d, %.3f%%%n", same, one.size(), 100 * share);
        System.exit(share > Double.parseDouble(args[2]) ? 0 : 1);
    }

    /** Classes of nodes and edges, by id. */
    private static Map<Long, String> graphs(Path run) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(run.resolve("molecules"))) {
            files = all.filter(file -> file.toString().endsWith(".parquet")).toList();
        }
        Map<Long, String> graphs = new HashMap<>();
        for (Path file : files) {
            try (ParquetReader<Group> rows = ParquetReader.builder(new GroupReadSupport(),
                new org.apache.hadoop.fs.Path(file.toUri())).withConf(new Configuration()).build()) {
                for (Group row = rows.read(); row != null; row = rows.read()) {
                    graphs.put(row.getLong("graph_id", 0), row.getGroup("atom_types", 0) + "" + row.getGroup("bonds", 0));
                }
            }
        }
        return graphs;
    }
}
