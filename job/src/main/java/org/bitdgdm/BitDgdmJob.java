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
import java.util.stream.Stream;
import org.bitdgdm.conf.EvaluateConf;
import org.bitdgdm.conf.FailedCellsException;
import org.bitdgdm.conf.GateException;
import org.bitdgdm.conf.ImportConf;
import org.bitdgdm.conf.InputException;
import org.bitdgdm.conf.JobConf;
import org.bitdgdm.conf.Option;
import org.bitdgdm.conf.Settings;
import org.bitdgdm.conf.SweepConf;
import org.bitdgdm.kernels.KernelException;

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

    /** What Spark says of a job that a signal has ended. */
    private static final String STOPPED = "cancelled because SparkContext was shut down";

    private BitDgdmJob() {
    }

    public static void main(String[] args) {
        // Containers often have no locale, for which Java would print ? in place of signs such as →.
        int code = run(args, utf8(FileDescriptor.out), utf8(FileDescriptor.err));
        if (code != DONE) {
            // After success main returns: a cluster manager takes System.exit in the driver for a failure.
            System.exit(code);
        }
    }

    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
    }

    /** Runs one command line in this JVM and returns its exit code. */
    static int run(String[] args, PrintStream out, PrintStream err) {
        boolean verbose = Arrays.stream(args).anyMatch(a -> a.equals(Option.VERBOSE.flag())
            || a.equals(Option.VERBOSE.flag() + "=true"));
        try {
            Optional<CommandLineArguments> arguments = CommandLineArguments.parse(args, out);
            if (arguments.isPresent()) {
                Settings settings = arguments.get().settings();
                verbose = settings.on(Option.VERBOSE);
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
        } catch (GateException e) {
            return told(e, verbose, err, GATE);
        } catch (FailedCellsException e) {
            return told(e, verbose, err, BROKEN);
        } catch (Throwable e) {
            Optional<KernelException> kernel = causes(e).filter(KernelException.class::isInstance)
                .map(KernelException.class::cast).findFirst();
            if (kernel.isPresent()) {
                return told(new KernelException("a task has failed: " + kernel.get().getMessage(), e), verbose, err, BROKEN);
            }
            if (causes(e).anyMatch(cause -> String.valueOf(cause.getMessage()).contains(STOPPED))) {
                return told(new IllegalStateException("stopped before the end; the same command makes what is missing", e),
                    verbose, err, BROKEN);
            }
            e.printStackTrace(err);
            return BROKEN;
        }
    }

    /** An exception and what is inside it: Spark wraps what a kernel has said on an executor. */
    private static Stream<Throwable> causes(Throwable e) {
        return Stream.iterate(e, Objects::nonNull, Throwable::getCause);
    }

    private static void run(CommandLineArguments arguments, Settings settings, PrintStream out)
        throws IOException, InterruptedException {
        switch (arguments.command()) {
            case GENERATE -> Generate.run(JobConf.of(settings), out);
            case SWEEP -> {
                if (SweepConf.isDecompositionStudy(arguments.config())) {
                    DecompositionSweep.run(JobConf.of(settings), out);
                } else {
                    Sweep.run(SweepConf.of(settings, arguments.config()), out);
                }
            }
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

    /** The version of the jar this runs from; "unpackaged" outside a jar. */
    static String version() {
        String version = BitDgdmJob.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }
}
