package org.bitdgdm.conf;

/**
 * Bad input of the user (option, file, folder, master), told in one sentence: what, found value, where, remedy. Ends the
 * job with exit code 2 and without a stack trace.
 */
public class InputException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public InputException(String message) {
        super(message);
    }

    public InputException(String message, Throwable cause) {
        super(message, cause);
    }
}
