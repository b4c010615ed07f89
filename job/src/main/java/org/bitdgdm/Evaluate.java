package org.bitdgdm;

import org.bitdgdm.conf.EvaluateConf;

/** Existing graphs → molecules → metrics → report. */
final class Evaluate {
    private Evaluate() {
    }

    static void run(EvaluateConf conf) {
        throw new IllegalStateException("this command is not part of the build yet: " + conf);
    }
}
