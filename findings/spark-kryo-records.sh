#!/usr/bin/env bash
# Spark 4.2.0 with spark.serializer=KryoSerializer, the usual advice for speed, cannot move Java records: the Kryo 4 that it
# brings asks Unsafe for the offsets of their fields, which Java refuses for records. Seen where a record crosses the network
# or a collect(): "UnsupportedOperationException: can't get field offset on a record class". Java's own serializer takes the
# same objects. Needs a JDK 17 or newer and Maven (MVN, else the wrapper beside); passes while that is so.
set -euo pipefail
mvn=${MVN:-$(cd "$(dirname "$0")/.." && pwd)/mvnw}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml << 'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>
  <dependencies><dependency><groupId>org.apache.spark</groupId><artifactId>spark-core_2.13</artifactId><version>4.2.0</version>
  </dependency></dependencies>
</project>
POM
cat > Records.java << 'JAVA'
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.launcher.JavaModuleOptions;

public class Records {
  record Point(int x, int y) implements java.io.Serializable {}

  public static void main(String[] serializer) {
    if (serializer.length == 0) {
      System.out.println(JavaModuleOptions.defaultModuleOptions());
      return;
    }
    SparkConf conf = new SparkConf().setMaster("local[1]").setAppName("records").set("spark.ui.enabled", "false")
        .set("spark.driver.host", "127.0.0.1").set("spark.serializer", "org.apache.spark.serializer." + serializer[0]);
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      System.out.println("collected " + spark.parallelize(List.of(1, 2)).map(i -> new Point(i, -i)).collect());
    }
  }
}
JAVA
"$mvn" -q -B -ntp -f pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
  -DoutputDirectory="$folder/jars"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
"${java}c" -cp 'jars/*' -d classes Records.java
run() { "$java" $("$java" -cp 'classes:jars/*' Records) -cp 'classes:jars/*' Records "$1" > "$1.log" 2>&1; }
run JavaSerializer
grep -F 'collected [Point[x=1, y=-1], Point[x=2, y=-2]]' JavaSerializer.log
if run KryoSerializer; then
  echo 'changed: Kryo has moved records'
  exit 1
fi
grep -m 1 -F "can't get field offset on a record class" KryoSerializer.log
echo "as found: Spark 4.2.0 on $("$java" -version 2>&1 | head -n 1): Java's serializer moves records, Kryo does not"
