package org.bitdgdm.conf;

/**
 * Run that ended before its end by no fault of its input, or sweep of which some cells failed, told in one sentence: what is
 * whole stays, and the same command makes the rest. Ends the job with exit code 1 and without a stack trace.
 */
public class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public StoppedException(String message) {
        super(message);
    }

    public StoppedException(String message, Throwable cause) {
        super(message, cause);
    }
}
