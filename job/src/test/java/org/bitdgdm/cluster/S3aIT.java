package org.bitdgdm.cluster;

import java.nio.file.Path;
import java.util.Map;

/** Runs on an object store through Hadoop's connector for s3a: no rename, but conditional writes. */
class S3aIT extends RunsOnStorage {

    @Override
    Storage open(Path folder) throws Exception {
        return new S3Storage(folder);
    }

    @Override
    Map<String, String> environment() {
        return Map.of("AWS_ACCESS_KEY_ID", S3Storage.KEY, "AWS_SECRET_ACCESS_KEY", S3Storage.SECRET);
    }
}
