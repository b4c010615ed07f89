package org.bitdgdm;

import org.bitdgdm.conf.JobConf;

/** Model → quantize → broadcast → sample → molecules → metrics → report. */
final class Generate {
    private Generate() {
    }

    static void run(JobConf conf) {
        throw new IllegalStateException("this command is not part of the build yet: " + conf);
    }
}
