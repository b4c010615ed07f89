package org.bitdgdm.kernels;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Tests that need a GPU. Where there is none they are skipped, and counted when all tests have run. */
@Tag("gpu")
@ExtendWith(Gpu.Condition.class)
@Retention(RetentionPolicy.RUNTIME)
@interface Gpu {

    /** Whether a GPU is there, and how many tests had none. */
    final class Condition implements ExecutionCondition {

        /** Closed by JUnit after the last test. */
        private static final class Count implements AutoCloseable {
            private final String reason;
            private int tests;

            Count(String reason) {
                this.reason = reason;
            }

            @Override
            public void close() {
                System.out.println("gpu: " + tests + " tests that need a GPU did not run (" + reason + ")");
            }
        }

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            if (context.getTestMethod().isEmpty()) {
                return ConditionEvaluationResult.enabled("decided for each test");
            }
            try {
                return ConditionEvaluationResult.enabled(Denoisers.probe(Backend.CUDA, BackendOptions.defaults()));
            } catch (KernelException e) {
                context.getRoot().getStore(ExtensionContext.Namespace.GLOBAL)
                    .getOrComputeIfAbsent(Count.class, key -> new Count(e.getMessage()), Count.class).tests++;
                return ConditionEvaluationResult.disabled(e.getMessage());
            }
        }
    }
}
