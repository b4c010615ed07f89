package org.bitdgdm.kernels;

/** Logits that are not finite: the model's weights are broken. */
public final class NotFiniteException extends KernelException {
    private static final long serialVersionUID = 1;

    public NotFiniteException(String message) {
        super(message);
    }

    public NotFiniteException(String message, Throwable cause) {
        super(message, cause);
    }
}
