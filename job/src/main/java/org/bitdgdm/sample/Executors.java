package org.bitdgdm.sample;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.DeployMessages;
import org.apache.spark.deploy.master.RecoveryState;
import org.apache.spark.deploy.master.WorkerInfo;
import org.apache.spark.rpc.RpcAddress;
import org.apache.spark.status.api.v1.ExecutorSummary;
import org.bitdgdm.conf.InputException;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;

/**
 * Executors of an application: what each of them is asked to have, and the bounded wait for the first. Spark itself waits
 * for ever, also for executors that no worker can ever have.
 */
public final class Executors {
    /** Spark setting: the longest wait for the first executor. */
    public static final String WAIT = "spark.bitdgdm.executorWait";
    private static final String WAIT_DEFAULT = "10min";
    /** Seconds after which a standalone master is asked what its workers have: workers may just be starting. */
    private static final int ASK_SECONDS = 15;
    private static final String DRIVER = "driver";
    private static final String STOPPED = "Cannot call methods on a stopped SparkContext";
    private static final String DEFAULT_OPTIONS = "spark.executor.defaultJavaOptions";
    /** Thirty times a JVM's own thresholds, as submit.sh has them for a driver that samples. */
    private static final String COMPILE_LATER = "-XX:Tier4InvocationThreshold=150000 -XX:Tier4MinInvocationThreshold=18000"
        + " -XX:Tier4CompileThreshold=450000 -XX:Tier4BackEdgeThreshold=1200000";
    private static final Pattern AMOUNT = Pattern.compile("spark\\.(?:executor|task)\\.resource\\.([^.]+)\\.amount");

    private Executors() {
    }

    /** Whether tasks run in the driver's own process; without a master, submit.sh takes local[*]. */
    public static boolean isLocal(SparkConf conf) {
        String master = conf.get("spark.master", "local");
        return master.equals("local") || master.startsWith("local[");
    }

    /**
     * Lets executors wait longer than a JVM would until they compile a method for the last time, since compilers take the cores
     * of those that sample. Options that a cluster or a user has set come after, and win.
     */
    public static void compileLater(SparkConf conf) {
        conf.set(DEFAULT_OPTIONS, (COMPILE_LATER + " " + conf.get(DEFAULT_OPTIONS, "")).strip());
    }

    /**
     * Checks settings that Spark accepts and then waits on for ever.
     *
     * @throws InputException for GPUs or other resources of a local master, and for executors of more cores than all of them
     *                        together may have
     */
    public static void requirePossible(SparkConf conf) {
        String master = conf.get("spark.master", "local");
        for (var setting : conf.getAll()) {
            Matcher amount = AMOUNT.matcher(setting._1());
            if (amount.matches() && master.startsWith("local")
                && !conf.contains("spark.worker.resource." + amount.group(1) + ".amount")) {
                throw new InputException("a local master has no resources such as GPUs to give, found " + setting._1() + "="
                    + setting._2() + " with --master " + master + "; leave spark.executor.resource." + amount.group(1)
                    + ".* and spark.task.resource." + amount.group(1) + ".* out (--backend cuda uses the first GPU of this"
                    + " machine), or name a cluster after --spark --master");
            }
        }
        if (master.startsWith("spark://") && conf.contains("spark.cores.max") && conf.contains("spark.executor.cores")
            && conf.getInt("spark.cores.max", 0) < conf.getInt("spark.executor.cores", 0)) {
            throw new InputException("spark.cores.max (--total-executor-cores) must be at least spark.executor.cores, found "
                + conf.get("spark.cores.max") + " and " + conf.get("spark.executor.cores")
                + ", with which no executor is ever started");
        }
    }

    /**
     * Returns when an executor has done its first task, at once where tasks run in the driver.
     *
     * @throws InputException if no worker of a standalone cluster can have such an executor, if executors end before they
     *                        work, or if none works within {@link #WAIT}
     */
    public static void await(JavaSparkContext spark, PrintStream console) throws InterruptedException {
        SparkConf conf = spark.getConf();
        if (isLocal(conf)) {
            return;
        }
        long longest = longestWait(conf);
        long start = System.nanoTime();
        spark.setJobDescription("wait for an executor");
        // A job, since executors of a dynamic allocation come only where there is something to do.
        JavaFutureAction<List<Integer>> first;
        try {
            first = spark.parallelize(List.of(0), 1).collectAsync();
        } catch (IllegalStateException e) {
            throw endedByCluster(conf, e).<RuntimeException>map(told -> told).orElse(e);
        }
        spark.setJobDescription(null);
        boolean told = false;
        while (true) {
            try {
                first.get(1, TimeUnit.SECONDS);
                return;
            } catch (ExecutionException e) {
                throw lost(conf, String.valueOf(e.getCause().getMessage()).lines().findFirst().orElse(""), e);
            } catch (TimeoutException notYet) {
                long waited = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
                if (waited >= longest) {
                    first.cancel(true);
                    throw new InputException("no executor has worked within " + longest + " s (" + WAIT + "): each was asked to"
                        + " have " + asked(spark) + ", " + there(spark) + "; ask for less, wait longer, or free the cluster; where"
                        + " executors are started and end at once, which Spark repeats for ever, their logs say why");
                }
                if (waited >= ASK_SECONDS && !told) {
                    List<WorkerInfo> workers = workers(conf);
                    if (!workers.isEmpty() && workers.stream().noneMatch(worker -> suffices(worker, spark))) {
                        first.cancel(true);
                        throw new InputException("no worker can have an executor as asked: each was asked to have "
                            + asked(spark) + ", " + there(spark) + "; ask for less (--executor-memory, --executor-cores,"
                            + " spark.task.cpus, spark.executor.resource.*), or start larger workers");
                    }
                    console.println("waiting up to " + longest + " s for an executor of " + asked(spark) + "; " + there(spark));
                    told = true;
                }
            }
        }
    }

    /**
     * What is told where a context is stopped before it is used: a standalone master ends an application of which executors
     * have ended one after the other. Empty for another failure.
     */
    public static Optional<InputException> endedByCluster(SparkConf conf, Exception e) {
        return Optional.ofNullable(e.getMessage()).filter(said -> said.startsWith(STOPPED))
            .map(said -> lost(conf, "the cluster has ended the application", e));
    }

    private static InputException lost(SparkConf conf, String why, Exception e) {
        return new InputException("executors end before they can work, asked to have "
            + sizes((int) conf.getSizeAsMb("spark.executor.memory", "1g"), cores(conf), resources(conf)) + ": " + why
            + "; the logs of the executors say why, on a standalone cluster the file stderr of the application on a worker, if"
            + " not those of the workers", e);
    }

    /** Seconds of {@link #WAIT}. */
    static long longestWait(SparkConf conf) {
        return conf.getTimeAsSeconds(WAIT, WAIT_DEFAULT);
    }

    /** Cores that an executor must have: those asked for, else those of one task. */
    private static int cores(SparkConf conf) {
        return Math.max(conf.getInt("spark.executor.cores", 1), conf.getInt("spark.task.cpus", 1));
    }

    /** Amounts by resource that each executor is asked to have, such as {@code gpu}. */
    private static Map<String, Long> resources(SparkConf conf) {
        Map<String, Long> amounts = new TreeMap<>();
        for (var setting : conf.getAllWithPrefix("spark.executor.resource.")) {
            if (setting._1().endsWith(".amount")) {
                amounts.put(setting._1().substring(0, setting._1().length() - ".amount".length()),
                    Long.parseLong(setting._2().strip()));
            }
        }
        return amounts;
    }

    private static boolean suffices(WorkerInfo worker, JavaSparkContext spark) {
        SparkConf conf = spark.getConf();
        var offered = worker.resourcesInfo();
        return worker.memory() >= spark.sc().executorMemory() && worker.cores() >= cores(conf)
            && resources(conf).entrySet().stream().allMatch(each -> each.getValue() == 0 || offered.contains(each.getKey())
                && offered.apply(each.getKey()).addresses().length >= each.getValue());
    }

    private static String cores(int cores) {
        return cores + (cores == 1 ? " core" : " cores");
    }

    private static String asked(JavaSparkContext spark) {
        SparkConf conf = spark.getConf();
        return sizes(spark.sc().executorMemory(), cores(conf), resources(conf));
    }

    private static String sizes(int mebibytes, int cores, Map<String, Long> resources) {
        return Stream.concat(Stream.of(mebibytes + " MiB", cores(cores)),
            resources.entrySet().stream().map(each -> each.getValue() + " " + each.getKey())).collect(Collectors.joining(", "));
    }

    /** What there is, for people: executors that cannot run a task, else workers. */
    private static String there(JavaSparkContext spark) {
        List<ExecutorSummary> executors = CollectionConverters.asJava(spark.sc().statusStore().executorList(true)).stream()
            .filter(executor -> !executor.id().equals(DRIVER)).toList();
        if (!executors.isEmpty()) {
            return "executors have come, with " + executors.stream().map(executor -> cores(executor.totalCores())).distinct()
                .limit(3).collect(Collectors.joining(" or "));
        }
        SparkConf conf = spark.getConf();
        List<WorkerInfo> workers = workers(conf);
        if (workers.isEmpty()) {
            return conf.get("spark.master").startsWith("spark://") ? "there is no worker" : "there is none";
        }
        Map<String, Integer> kinds = new LinkedHashMap<>();
        for (WorkerInfo worker : workers) {
            Map<String, Long> offered = new TreeMap<>();
            resources(conf).keySet().forEach(name -> offered.put(name, worker.resourcesInfo().contains(name)
                ? (long) worker.resourcesInfo().apply(name).addresses().length : 0L));
            kinds.merge(sizes(worker.memory(), worker.cores(), offered), 1, Integer::sum);
        }
        return (workers.size() == 1 ? "there is " : "there are ") + kinds.entrySet().stream().limit(3)
            .map(kind -> kind.getValue() + (kind.getValue() == 1 ? " worker of " : " workers of ") + kind.getKey())
            .collect(Collectors.joining("; "));
    }

    /** The workers of a standalone cluster, with all that they have, used or not; empty for other managers. */
    private static List<WorkerInfo> workers(SparkConf conf) {
        String master = conf.get("spark.master");
        if (!master.startsWith("spark://")) {
            return List.of();
        }
        List<WorkerInfo> alive = new ArrayList<>();
        for (String address : master.substring("spark://".length()).split(",")) {
            state(address).filter(state -> state.status() == RecoveryState.ALIVE()).ifPresent(state ->
                Arrays.stream(state.workers()).filter(WorkerInfo::isAlive).forEach(alive::add));
        }
        return alive;
    }

    /** What a master knows; empty where it does not answer, as one of several masters may. */
    private static Optional<DeployMessages.MasterStateResponse> state(String address) {
        try {
            return Optional.of(SparkEnv.get().rpcEnv()
                .setupEndpointRef(RpcAddress.fromSparkURL("spark://" + address), "Master")
                .askSync(DeployMessages.RequestMasterState$.MODULE$,
                    ClassTag$.MODULE$.apply(DeployMessages.MasterStateResponse.class)));
        } catch (Exception unanswered) {
            // Spark declares no checked exceptions to Java, but throws them.
            return Optional.empty();
        }
    }
}
