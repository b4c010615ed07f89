package org.bitdgdm.kernels;

/** A backend failed or cannot be used; the message names the operation, what was found, and the remedy. */
public class KernelException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public KernelException(String message) {
        super(message);
    }

    public KernelException(String message, Throwable cause) {
        super(message, cause);
    }
}
