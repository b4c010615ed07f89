package org.bitdgdm.kernels.bench;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the JUnit tests that need a GPU without Maven, one after the other: CudaTests SECONDS [CLASS]. No test is begun after
 * so many seconds; those named {@code every…}, which open hundreds of models, come last. Exit code 0 only if all ran and
 * passed.
 */
public final class CudaTests {
    private static final String TESTS = "org.bitdgdm.kernels.CudaDeviceTest";
    private static final double NANOS = 1e9;

    /** What became of the tests. */
    private static final class Outcome implements TestExecutionListener {
        private int passed;
        private int failed;
        private int skipped;

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            skipped++;
            System.out.println("  did not run: " + test.getDisplayName() + ": " + reason);
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (result.getStatus() != TestExecutionResult.Status.SUCCESSFUL) {
                failed++;
                System.out.println("  FAILED: " + test.getDisplayName());
                result.getThrowable().ifPresent(cause -> cause.printStackTrace(new PrintWriter(System.out, true)));
            } else if (test.isTest()) {
                passed++;
            }
        }
    }

    private CudaTests() {
    }

    public static void main(String[] args) {
        if (args.length < 1 || args.length > 2) {
            System.err.println("error: usage: CudaTests SECONDS [CLASS]");
            System.exit(2);
        }
        long start = System.nanoTime();
        Launcher launcher = LauncherFactory.create();
        Outcome outcome = new Outcome();
        List<TestIdentifier> tests = tests(launcher, args.length > 1 ? args[1] : TESTS);
        int late = 0;
        for (TestIdentifier test : tests) {
            double before = (System.nanoTime() - start) / NANOS;
            if (before > Double.parseDouble(args[0])) {
                late++;
                System.out.println("  not begun, the " + args[0] + " s were used up: " + test.getDisplayName());
                continue;
            }
            launcher.execute(LauncherDiscoveryRequestBuilder.request()
                .selectors(DiscoverySelectors.selectUniqueId(test.getUniqueId())).build(), outcome);
            System.out.printf("%6.1f s  %s%n", (System.nanoTime() - start) / NANOS - before, test.getDisplayName());
        }
        System.out.println("tests of the GPU: " + outcome.passed + " passed, " + outcome.failed + " failed, "
            + (outcome.skipped + late) + " did not run");
        System.exit(tests.isEmpty() || outcome.passed < tests.size() ? 1 : 0);
    }

    private static List<TestIdentifier> tests(Launcher launcher, String type) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectClass(type)).build();
        TestPlan plan = launcher.discover(request);
        List<TestIdentifier> first = new ArrayList<>();
        List<TestIdentifier> last = new ArrayList<>();
        plan.getRoots().stream().flatMap(root -> plan.getDescendants(root).stream()).filter(TestIdentifier::isTest)
            .forEach(test -> (test.getDisplayName().startsWith("every") ? last : first).add(test));
        first.addAll(last);
        return first;
    }
}
