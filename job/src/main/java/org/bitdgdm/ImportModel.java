package org.bitdgdm;

import org.bitdgdm.conf.ImportConf;

/** Checkpoint → model bundle. */
final class ImportModel {
    private ImportModel() {
    }

    static void run(ImportConf conf) {
        throw new IllegalStateException("this command is not part of the build yet: " + conf);
    }
}
