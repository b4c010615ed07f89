package org.bitdgdm.conf;

/** Some cells of a sweep have failed; the others are done. The job exits with 1. */
public final class FailedCellsException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public FailedCellsException(String message) {
        super(message);
    }
}
