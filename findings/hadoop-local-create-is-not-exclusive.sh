#!/usr/bin/env bash
# Hadoop 3.5.0's FileSystem.create(path, overwrite = false) on file:/ is not exclusive, though the contract says that it fails if
# the file exists: RawLocalFileSystem looks first and opens then, so of four creators that start at the same moment more than
# one goes on without an exception in some rounds, and one file is left that two of them take for their own. A lock made that
# way, which holds on HDFS, does not hold on a disk that drivers share. Files.write(.., CREATE_NEW) of the JDK, tried beside it,
# has one creator in every round. Needs two processors, a JDK 17 or newer and Maven (MVN, else the wrapper beside); passes while that is so.
set -euo pipefail
mvn=${MVN:-$(cd "$(dirname "$0")/.." && pwd)/mvnw}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml << 'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>
  <dependencies><dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-api</artifactId>
  <version>3.5.0</version></dependency><dependency><groupId>org.apache.hadoop</groupId>
  <artifactId>hadoop-client-runtime</artifactId><version>3.5.0</version></dependency></dependencies>
</project>
POM
cat > Creators.java << 'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

public class Creators {
  private static final int ROUNDS = 3000;
  private static final int CREATORS = 4;

  interface Creation {
    void create(String file) throws Exception;
  }

  public static void main(String[] folder) throws Exception {
    FileSystem local = FileSystem.getLocal(new Configuration()).getRaw();
    System.out.println("hadoop " + org.apache.hadoop.util.VersionInfo.getVersion());
    System.out.println("create(path, false): rounds with several creators "
        + several(file -> local.create(new org.apache.hadoop.fs.Path(file), false).close(), folder[0] + "/hadoop"));
    System.out.println("CREATE_NEW: rounds with several creators "
        + several(file -> Files.write(Path.of(file), new byte[0], StandardOpenOption.CREATE_NEW), folder[0] + "/jdk"));
    System.exit(0);
  }

  private static int several(Creation creation, String prefix) throws Exception {
    CyclicBarrier start = new CyclicBarrier(CREATORS);
    AtomicInteger[] created = new AtomicInteger[ROUNDS];
    Thread[] threads = new Thread[CREATORS];
    for (int round = 0; round < ROUNDS; round++) {
      created[round] = new AtomicInteger();
    }
    for (int i = 0; i < CREATORS; i++) {
      threads[i] = new Thread(() -> {
        for (int round = 0; round < ROUNDS; round++) {
          try {
            start.await();
            creation.create(prefix + round);
            created[round].incrementAndGet();
          } catch (org.apache.hadoop.fs.FileAlreadyExistsException | java.nio.file.FileAlreadyExistsException second) {
            // As it should be for all but one.
          } catch (Exception e) {
            // The others would wait for this one.
            e.printStackTrace();
            System.exit(1);
          }
        }
      });
      threads[i].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    int several = 0;
    for (AtomicInteger count : created) {
      if (count.get() == 0) {
        throw new IllegalStateException("nobody created");
      }
      several += count.get() > 1 ? 1 : 0;
    }
    return several;
  }
}
JAVA
"$mvn" -q -B -ntp -f pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
  -DoutputDirectory="$folder/jars"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
"${java}c" -cp 'jars/*' -d classes Creators.java
mkdir files
"$java" -cp 'classes:jars/*' Creators "$folder/files" 2> log | tee out || { cat log; exit 1; }
grep -Fxq 'hadoop 3.5.0' out || { echo 'changed: another Hadoop'; exit 1; }
grep -Eq '^create\(path, false\): rounds with several creators [1-9]' out || { echo 'changed: exclusive in every round'; exit 1; }
grep -Fxq 'CREATE_NEW: rounds with several creators 0' out || { echo 'changed: CREATE_NEW is not exclusive'; exit 1; }
echo "as found: $(sed -n "s/.*false).* //p" out) of 3000 rounds have several creators with create(path, false) on file:/, none with CREATE_NEW"
