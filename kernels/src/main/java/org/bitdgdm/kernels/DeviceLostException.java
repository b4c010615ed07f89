package org.bitdgdm.kernels;

/**
 * The GPU can no longer be used by this process: an error that every later call repeats, such as an illegal address or an
 * uncorrectable memory error. Nothing may be retried here; only another process can go on.
 */
public final class DeviceLostException extends KernelException {
    private static final long serialVersionUID = 1;

    public DeviceLostException(String message, Throwable cause) {
        super(message, cause);
    }
}
