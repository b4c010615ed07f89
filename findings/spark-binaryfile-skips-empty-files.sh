#!/usr/bin/env bash
# Spark 4.2.0's binaryFile source, which promises a row for each file, gives none for a file of no bytes, and says nothing of it:
# of three files, one of them empty, load() lists three in inputFiles() and count() is 2, also where only the column "path" is
# asked for. Whoever counts files that way, as of structures or images, never learns of those that an upload left empty. The
# text source with wholetext=true leaves it out, too. Needs a JDK 17 or newer and Maven (MVN, else the wrapper beside); passes
# while that is so.
set -euo pipefail
mvn=${MVN:-$(cd "$(dirname "$0")/.." && pwd)/mvnw}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml << 'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>
  <dependencies><dependency><groupId>org.apache.spark</groupId><artifactId>spark-sql_2.13</artifactId><version>4.2.0</version>
  </dependency></dependencies>
</project>
POM
cat > Rows.java << 'JAVA'
import org.apache.spark.launcher.JavaModuleOptions;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

public class Rows {
  public static void main(String[] folder) throws Exception {
    if (folder.length == 0) {
      System.out.println(JavaModuleOptions.defaultModuleOptions());
      return;
    }
    try (SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1").getOrCreate()) {
      Dataset<Row> files = spark.read().format("binaryFile").load(folder[0]);
      System.out.println("binaryFile: " + files.inputFiles().length + " files, " + files.select("path").count() + " paths, "
          + files.select("content").collectAsList().size() + " contents");
      Dataset<Row> texts = spark.read().option("wholetext", "true").text(folder[0]);
      System.out.println("wholetext: " + texts.inputFiles().length + " files, " + texts.collectAsList().size() + " texts");
    }
  }
}
JAVA
"$mvn" -q -B -ntp -f pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy-dependencies \
  -DoutputDirectory="$folder/jars"
mkdir files
printf 'one' > files/1.pdb
: > files/2.pdb
printf 'three' > files/3.pdb
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
"${java}c" -cp 'jars/*' -d classes Rows.java
"$java" $("$java" -cp 'classes:jars/*' Rows) -cp 'classes:jars/*' Rows files > log 2>&1 || { cat log; exit 1; }
for line in 'binaryFile: 3 files, 2 paths, 2 contents' 'wholetext: 3 files, 2 texts'; do
  grep -Fx "$line" log || { echo "changed: not '$line' but"; grep -E '^(binaryFile|wholetext): ' log; exit 1; }
done
echo "as found: Spark 4.2.0 on $("$java" -version 2>&1 | head -n 1): a file of no bytes is listed and is no row"
