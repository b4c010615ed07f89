package org.bitdgdm.cluster;

import java.nio.file.Path;

/** Runs on HDFS, whose rename is atomic. */
class HdfsIT extends RunsOnStorage {

    @Override
    Storage open(Path folder) throws Exception {
        return new HdfsStorage(folder);
    }
}
