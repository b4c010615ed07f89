package org.bitdgdm;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.util.VersionInfo;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.SparkException;
import org.bitdgdm.conf.EvaluateConf;
import org.bitdgdm.conf.ImportConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.Requirement;
import org.bitdgdm.conf.Settings;
import org.bitdgdm.conf.StoppedException;
import org.bitdgdm.conf.SweepConf;
import org.bitdgdm.kernels.KernelException;
import org.bitdgdm.output.FullDisk;
import org.bitdgdm.run.Session;

/**
 * The main class that {@code spark-submit} starts: command line → configuration → {@link Generate}, {@link Sweep},
 * {@link Evaluate} or {@link ImportModel} → exit code.
 *
 * <p>Exit codes: 0 done; 2 bad input, or a backend that cannot be used, told in one sentence; 3 finished, but a
 * {@code --require} is not met; 1 a task or cells of a sweep have failed, the run was stopped, or anything else, with its stack
 * trace.
 */
public final class BitDgdmJob {
    static final int DONE = 0;
    static final int BROKEN = 1;
    static final int BAD_INPUT = 2;
    static final int GATE = 3;

    private BitDgdmJob() {
    }

    public static void main(String[] args) {
        // Containers often have no locale, for which Java would print ? in place of signs such as →.
        PrintStream err = utf8(FileDescriptor.err);
        AtomicBoolean done = new AtomicBoolean();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopped(done, err), "stopped"));
        int code = run(args, utf8(FileDescriptor.out), err);
        if (done.getAndSet(true)) {
            // A signal, which has said so and ends this process.
            return;
        }
        if (code != DONE) {
            // After success main returns: a cluster manager takes System.exit in the driver for a failure.
            System.exit(code);
        }
    }

    /** What a signal prints, in place of all that threads say whose Spark is gone. */
    private static void stopped(AtomicBoolean done, PrintStream err) {
        if (!done.getAndSet(true)) {
            Configurator.setAllLevels(LogManager.ROOT_LOGGER_NAME, Level.OFF);
            err.println("error: stopped before the end, by a signal or its cluster; the same command makes what is missing");
            err.close();
        }
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    /** Runs one command line in this JVM and returns its exit code. */
    static int run(String[] args, PrintStream out, PrintStream err) {
        boolean verbose = Arrays.stream(args).anyMatch(a -> a.equals(Option.VERBOSE.flag())
            || a.equals(Option.VERBOSE.flag() + "=true"));
        String folder = "";
        try {
            Optional<CommandLineArguments> arguments = CommandLineArguments.parse(args, out);
            if (arguments.isPresent()) {
                Settings settings = arguments.get().settings();
                verbose = settings.on(Option.VERBOSE);
                folder = settings.text(Option.OUT);
                run(arguments.get(), settings, out);
            }
            return DONE;
        } catch (InputException | KernelException e) {
            // Only the driver's own backend throws here; those of executors arrive inside Spark's exceptions.
            return told(e, verbose, err, BAD_INPUT);
        } catch (InvalidPathException e) {
            // Names that this machine's file system, or the encoding of its locale, cannot have.
            return told(new InputException("'" + e.getInput() + "' cannot name a file here: " + e.getReason()
                + "; give another name, or a locale of UTF-8", e), verbose, err, BAD_INPUT);
        } catch (Requirement.Unmet e) {
            return told(e, verbose, err, GATE);
        } catch (StoppedException e) {
            return told(e, verbose, err, BROKEN);
        } catch (Throwable e) {
            Optional<KernelException> kernel = causes(e).filter(KernelException.class::isInstance)
                .map(KernelException.class::cast).findFirst();
            if (kernel.isPresent()) {
                return told(new KernelException("a task has failed: " + kernel.get().getMessage(), e), verbose, err, BROKEN);
            }
            Optional<StoppedException> stopped = causes(e).filter(StoppedException.class::isInstance)
                .map(StoppedException.class::cast).findFirst().or(fullDisk(e, folder));
            if (stopped.isPresent()) {
                return told(new StoppedException(stopped.get().getMessage(), e), verbose, err, BROKEN);
            }
            Optional<String> connector = causes(e).filter(ClassNotFoundException.class::isInstance)
                .flatMap(cause -> missingConnector(String.valueOf(cause.getMessage())).stream()).findFirst();
            if (connector.isPresent()) {
                return told(new InputException(connector.get(), e), verbose, err, BAD_INPUT);
            }
            Optional<String> failure = failure(e);
            if (failure.isPresent()) {
                return told(new IllegalStateException(failure.get() + "; the same command makes what is missing", e), verbose,
                    err, BROKEN);
            }
            e.printStackTrace(err);
            return BROKEN;
        }
    }

    /** What to add for a file system of Hadoop's whose class is missing: Spark comes without connectors. */
    private static Optional<String> missingConnector(String message) {
        Matcher name = Pattern.compile("org\\.apache\\.hadoop\\.fs\\.(\\w+)\\.\\w+").matcher(message);
        if (!name.find()) {
            return Optional.empty();
        }
        String module = switch (name.group(1)) {
            case "s3a" -> "hadoop-aws";
            case "azure", "azurebfs" -> "hadoop-azure";
            case "gs" -> "hadoop-gcp";
            case "aliyun" -> "hadoop-aliyun";
            case "cosn" -> "hadoop-cos";
            case "obs" -> "hadoop-huaweicloud";
            default -> "";
        };
        String version = VersionInfo.getVersion();
        return Optional.of("the connector of a file system is missing, class " + name.group() + " of Hadoop " + version
            + "; add it with " + (module.isEmpty() ? "--spark --packages or --jars"
            : "--spark --packages org.apache.hadoop:" + module + ":" + version));
    }

    /** One sentence for failures of memory, of executors and of the whole application. */
    private static Optional<String> failure(Throwable e) {
        Optional<Throwable> memory = causes(e).filter(OutOfMemoryError.class::isInstance).findFirst();
        boolean onExecutor = !Session.local() && causes(e).anyMatch(SparkException.class::isInstance);
        if (memory.isPresent()) {
            return Optional.of((onExecutor ? "an executor" : "the driver") + " has run out of memory ("
                + memory.get().getMessage() + (onExecutor ? "" : ", " + (Runtime.getRuntime().maxMemory() >> 20)
                + " MiB at most") + "); give it more with --spark " + (onExecutor ? "--executor-memory" : "--driver-memory")
                + ", or lower --batch-size");
        }
        if (Session.ended()) {
            return Optional.of("the application was ended before the command was, by its cluster or a signal"
                + Session.lostExecutor().map(reason -> " (an executor was lost: " + InputException.oneLine(reason) + ")")
                    .orElse(""));
        }
        if (causes(e).allMatch(SparkException.class::isInstance) && Session.lostExecutor().isPresent()) {
            return Optional.of("executors were lost too often, the last one: "
                + InputException.oneLine(Session.lostExecutor().get()) + "; exit codes 52 and 137 are those of too"
                + " little memory, which --spark --executor-memory and spark.executor.memoryOverhead give");
        }
        return Optional.empty();
    }

    private static Supplier<Optional<StoppedException>> fullDisk(Throwable e, String folder) {
        return () -> FullDisk.of(e, folder);
    }

    /** An exception and what is inside it: Spark wraps what a kernel has said on an executor. */
    private static Stream<Throwable> causes(Throwable e) {
        return Stream.iterate(e, Objects::nonNull, Throwable::getCause);
    }

    private static void run(CommandLineArguments arguments, Settings settings, PrintStream out)
        throws IOException, InterruptedException {
        switch (arguments.command()) {
            case GENERATE -> Generate.run(JobConf.of(settings), out);
            case SWEEP -> Sweep.run(SweepConf.of(settings, arguments.config()), out);
            case EVALUATE -> Evaluate.run(EvaluateConf.of(settings), out);
            case IMPORT -> ImportModel.run(ImportConf.of(settings), out);
        }
    }

    private static int told(RuntimeException e, boolean verbose, PrintStream err, int code) {
        if (verbose) {
            e.printStackTrace(err);
        } else {
            err.println("error: " + e.getMessage());
        }
        return code;
    }
}
