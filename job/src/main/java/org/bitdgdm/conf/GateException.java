package org.bitdgdm.conf;

/**
 * A finished run that does not meet a {@link Requirement}: its files are complete and stay, the job ends with exit code 3.
 * The message names metric, found value and bound.
 */
public final class GateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public GateException(String message) {
        super(message);
    }
}
