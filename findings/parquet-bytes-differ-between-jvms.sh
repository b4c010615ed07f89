#!/usr/bin/env bash
# parquet-java 1.17.0, as in Spark 4.2.0: the same rows, written by the same code with the same settings, do not give the same
# bytes in every JVM. The footer lists the encodings of each column chunk in the order of a hash set of enum constants, whose hash
# codes are those of their identity: they follow from what the thread has hashed before, here one object more in each JVM, on a
# cluster whatever came first. Pages and statistics are the same. So a checksum of a file says nothing about its rows, and runs
# are compared by their rows. Within one JVM the bytes repeat.
# Needs a JDK 17 or newer and Maven (MVN, else the wrapper beside).
set -euo pipefail
mvn=${MVN:-$(cd "$(dirname "$0")/.." && pwd)/mvnw}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml << 'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.parquet</groupId><artifactId>parquet-hadoop</artifactId><version>1.17.0</version></dependency>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-api</artifactId><version>3.5.0</version></dependency>
    <dependency><groupId>org.apache.hadoop</groupId><artifactId>hadoop-client-runtime</artifactId><version>3.5.0</version></dependency>
  </dependencies>
</project>
POM
cat > Same.java << 'JAVA'
import java.nio.file.Path;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

public class Same {
  public static void main(String[] arguments) throws Exception {
    for (int other = 0; other < Integer.parseInt(arguments[0]); other++) {
      System.identityHashCode(new Object());
    }
    String[] files = {arguments[1], arguments[2]};
    MessageType type = MessageTypeParser.parseMessageType("message row { required int64 id; optional binary name (UTF8); }");
    for (String file : files) {
      try (var writer = ExampleParquetWriter.builder(new LocalOutputFile(Path.of(file))).withType(type).build()) {
        for (long id = 0; id < 100; id++) {
          SimpleGroup row = new SimpleGroup(type);
          row.add("id", id);
          row.add("name", "row " + id % 3);
          writer.write(row);
        }
      }
    }
  }
}
JAVA
"$mvn" -q -B -ntp -f pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
  -DoutputDirectory="$folder/jars"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
"${java}c" -cp 'jars/*' -d classes Same.java
for jvm in 1 2 3 4 5 6; do
  "$java" -cp 'classes:jars/*' Same "$jvm" "$jvm-first.parquet" "$jvm-second.parquet" 2> "$jvm.log"
  cmp "$jvm-first.parquet" "$jvm-second.parquet"
done
sha256sum ./*-first.parquet | cut -c 1-16,65-
kinds=$(sha256sum ./*-first.parquet | cut -d ' ' -f 1 | sort -u | wc -l)
[ "$kinds" -gt 1 ] || { echo 'changed: six JVMs wrote the same bytes'; exit 1; }
echo "as found: six JVMs wrote $kinds different files of the same rows, and each JVM wrote its own twice"
