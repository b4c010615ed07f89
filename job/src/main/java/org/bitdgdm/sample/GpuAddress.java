package org.bitdgdm.sample;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.kernels.KernelException;

/**
 * Which GPU an executor owns: exactly one, whose address Spark gives to its tasks. Local masters know no GPU resources and
 * use the first GPU.
 */
final class GpuAddress {
    private static final String RESOURCE = "gpu";
    private static final String AMOUNT = "spark.executor.resource.gpu.amount";
    private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";
    private static final String ORDER = "CUDA_DEVICE_ORDER";
    /** The order in which nvidia-smi, and so the discovery script, counts GPUs; not the one that CUDA has by itself. */
    private static final String BY_BUS = "PCI_BUS_ID";
    /** Set by the first task of this JVM. */
    private static int owned = -1;

    private GpuAddress() {
    }

    /**
     * The position of this executor's GPU among those that the process sees.
     *
     * @throws KernelException if Spark gave the task no GPU, several, another one than to a task before, or one that
     *                         CUDA_VISIBLE_DEVICES hides
     */
    static int ordinal(TaskContext task, SparkConf conf) {
        ResourceInformation gpu = task.resourcesJMap().get(RESOURCE);
        int ordinal = gpu == null && Executors.isLocal(conf) ? 0
            : ordinal(gpu == null ? List.of() : Arrays.asList(gpu.addresses()), System.getenv());
        synchronized (GpuAddress.class) {
            if (owned >= 0 && owned != ordinal) {
                throw new KernelException("an executor uses exactly one GPU, Spark gave this one " + owned + " and "
                    + ordinal + "; set " + AMOUNT + " 1");
            }
            owned = ordinal;
        }
        return ordinal;
    }

    /**
     * The position of a GPU among those that a process sees.
     *
     * @param addresses   of the task's GPUs as Spark has them: indexes, or UUIDs
     * @param environment of the process. CUDA_VISIBLE_DEVICES, if set, has the GPUs that it sees, in its order; else it sees
     *                    all, in the order of CUDA_DEVICE_ORDER
     * @throws KernelException if there is not exactly one address, it is not among the visible ones, or it is an index and
     *                         the process does not count as Spark's discovery does
     */
    static int ordinal(List<String> addresses, Map<String, String> environment) {
        if (addresses.size() != 1) {
            throw new KernelException("a task needs exactly one GPU address from Spark, found " + addresses + "; set "
                + AMOUNT + " 1 and spark.task.resource.gpu.amount to 1 divided by the tasks of an executor");
        }
        String address = addresses.get(0).strip();
        String visible = environment.get(VISIBLE);
        if (visible == null) {
            if (!address.matches("\\d{1,4}")) {
                throw new KernelException("Spark's GPU address is '" + address + "', which is no index, and " + VISIBLE
                    + " is not set; let the discovery script print indexes, or set " + VISIBLE + " for the executors");
            }
            if (!BY_BUS.equals(environment.get(ORDER))) {
                throw new KernelException("Spark's GPU address is index " + address + ", as nvidia-smi counts, but " + ORDER
                    + " is " + environment.getOrDefault(ORDER, "not set") + ", so that CUDA may count in another order; set"
                    + " spark.executorEnv." + ORDER + " " + BY_BUS);
            }
            return Integer.parseInt(address);
        }
        List<String> seen = Arrays.stream(visible.split(",")).map(String::strip).filter(each -> !each.isEmpty())
            .toList();
        if (seen.contains(address)) {
            return seen.indexOf(address);
        }
        if (seen.size() == 1) {
            // A container was given one GPU, which it sees under a name of its own.
            return 0;
        }
        throw new KernelException("Spark's GPU address " + address + " is not in " + VISIBLE + "=" + visible
            + "; let both name GPUs in the same way, or give each executor one");
    }

    /**
     * Checks on the driver that executors will own one GPU each.
     *
     * @throws InputException if the settings say otherwise
     */
    static void requireSettings(SparkConf conf) {
        String amount = conf.get(AMOUNT, "");
        if (!Executors.isLocal(conf) && !amount.equals("1")) {
            throw new InputException("--backend cuda needs exactly one GPU for each executor: " + AMOUNT + " is "
                + (amount.isEmpty() ? "not set" : amount) + "; set it to 1, conf/gpu has settings for each kind of cluster");
        }
    }

    /** Whether executors are asked to own a GPU. */
    static boolean requested(SparkConf conf) {
        return !conf.get(AMOUNT, "").isEmpty();
    }
}
