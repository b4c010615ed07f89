#!/usr/bin/env bash
# Runs the job through spark-submit, and builds before that what is missing or older than its sources.
#
#   ./submit.sh COMMAND [FLAGS] [--spark SPARK-FLAGS]
#
# Exit codes are the job's: 0 done, 2 bad input or a missing tool, 3 a --require is not met, 1 anything else.
set -euo pipefail

home=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd -P)
jar=$home/job/target/bitdgdm.jar
assembled=$home/job/target/spark
# Classes as the JVM holds them in memory, of the JVM and the jars that the build has found; the build writes it.
archive=$home/job/target/bitdgdm.jsa
scala=2.13

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 2
}

# Sets java, the program, and java_version; a JDK is needed only to build.
find_java() {
  java=${JAVA_HOME:+$JAVA_HOME/bin/}java
  command -v "$java" > /dev/null || fail "no Java found${JAVA_HOME:+ in JAVA_HOME=$JAVA_HOME}; $install_java"
  # Java's own folder tells sooner than Java.
  local release
  release=$(readlink -f -- "$(command -v "$java")") || true
  release=${release%/bin/java}/release
  java_version=''
  [ ! -f "$release" ] || java_version=$(sed -nE 's/^JAVA_VERSION="(1\.)?([0-9]+).*/\2/p' "$release" | head -n 1)
  [ -n "$java_version" ] \
    || java_version=$("$java" -version 2>&1 | sed -nE 's/.* version "(1\.)?([0-9]+).*/\2/p' | head -n 1) || true
  [ "${java_version:-0}" -ge 17 ] \
    || fail "$java is Java ${java_version:-of unknown version}, 17 or newer is needed; $install_java"
}
install_java='install a JDK 17 (Debian: apt-get install openjdk-17-jdk-headless; RHEL: dnf install java-17-openjdk-devel)'
install_java+=' and point JAVA_HOME at it'

# Whether the application jar or Spark's jars are missing, or a source is newer than the application jar.
stale() {
  [ -f "$jar" ] && { [ -n "${SPARK_HOME:-}" ] || [ -d "$assembled/jars" ]; } || return 0
  local sources=() source
  for source in pom.xml {kernels,job}/pom.xml {kernels,job}/src/main; do
    [ ! -e "$home/$source" ] || sources+=("$home/$source")
  done
  [ ${#sources[@]} -gt 0 ] && [ -n "$(find "${sources[@]}" -newer "$jar" -print -quit)" ]
}

build() {
  # A build that asks for the archive is under way.
  [ -z "${BITDGDM_WRITE_ARCHIVE:-}" ] && stale || return 0
  [ -f "$home/mvnw" ] || fail "$jar is missing and $home holds no sources to build it from"
  command -v "${JAVA_HOME:+$JAVA_HOME/bin/}javac" > /dev/null || fail "no javac found for the build; $install_java"
  command -v "${CXX:-g++}" > /dev/null || fail "no C++ compiler ${CXX:-g++} found for the build; install one" \
    "(Debian: apt-get install g++; RHEL: dnf install gcc-c++) or name another in CXX"
  mkdir -p "$home/target"
  exec 9> "$home/target/build.lock"
  ! command -v flock > /dev/null || flock 9
  if stale; then
    echo "building $jar (the first time also downloads Spark) ..." >&2
    (cd "$home" && ./mvnw -q -B -ntp package -DskipTests 9>&-) >&2 || {
      echo 'error: the build failed, see above' >&2
      exit 1
    }
  fi
  exec 9>&-
}

usage() {
  if [ -f "$jar" ] && command -v "${JAVA_HOME:+$JAVA_HOME/bin/}java" > /dev/null; then
    "${JAVA_HOME:+$JAVA_HOME/bin/}java" -jar "$jar" help
  else
    echo 'Usage: ./submit.sh COMMAND [FLAGS] [--spark SPARK-FLAGS]'
    echo 'Commands are generate, sweep, evaluate, import and version; COMMAND --help builds the job and lists its flags.'
  fi
  cat << 'EOF'

  bench      measures the speed of this machine; bench --help lists its flags; bench decomposition MODEL RESULTS compares
             how low-rank parts are found, bench norm MODEL RESULTS the same in the norm of what layers see;
             bench factors RESULTS compares published with aware factors on other models than QM9's,
             bench variants MODEL RESULTS the default with what it might do besides, and
             bench calibration MODEL RESULTS calibration along other samplers

Spark's own flags come after --spark, or its settings in conf/spark-defaults.conf:
  ./submit.sh generate --count 256 --steps 50 --out out/first --spark --master 'local[2]' --driver-memory 4g

Settings of Spark's with a meaning here:
  spark.bitdgdm.executorWait  the longest wait for the first executor, 10min; then exit code 2 and what was asked and is there
  spark.task.cpus             threads of a task
  spark.redaction.regex       more keys whose values are printed as REDACTED; those of secrets always are

Environment:
  JAVA_HOME   a JDK, 17 or newer (from 23 on, only for a Spark with Hadoop 3.4.3 or newer); without it, java of the PATH
  SPARK_HOME  a Spark 4 for Scala 2.13, needed for the masters yarn and k8s://; without it, Spark as the build assembles it
  CXX         the C++ compiler of the build; without it, g++
EOF
}

# Runs the benchmark, which lies with the sources and needs no Spark but for its job level.
bench() {
  [ -f "$home/mvnw" ] || fail "bench needs the sources of the repository, $home holds none"
  local study=
  case ${job[1]-} in
    decomposition) study=quantize.DecompositionBench ;;
    norm) study=quantize.NormBench ;;
    factors) study=run.FactorBench ;;
    variants) study=run.VariantBench ;;
    calibration) study=run.CalibrationBench ;;
  esac
  if [ -n "$study" ]; then
    (cd "$home" && ./mvnw -q -B -ntp -pl job -am test-compile) >&2 || fail 'the study does not compile, see above'
    exec "$java" --add-modules=jdk.incubator.vector -cp "$home/job/target/test-classes:$jar:$assembled/jars/*" \
      "org.bitdgdm.$study" "${job[@]:2}"
  fi
  exec bash "$home/kernels/src/bench/run.sh" --submit "$home/submit.sh" "${job[@]:1}"
}

# The value of a setting in a properties file, if any.
setting_of() {
  local blank='[[:space:]]'
  [ ! -f "$2" ] || sed -nE "s/^$blank*${1//./\\.}$blank*[=:[:space:]]$blank*([^[:space:]].*)\$/\\1/p" "$2" \
    | sed -E "s/$blank+\$//" | tail -n 1
}

# Sets master, properties and redaction, Spark's pattern of secret keys, from Spark's flags, then from the properties files.
find_settings() {
  local flag='' conf='' i next defaults=''
  redaction=''
  properties=$home/conf/spark-defaults.conf
  own_properties=true
  for ((i = 0; i < ${#spark[@]}; i++)); do
    next=${spark[i + 1]:-}
    case ${spark[i]} in
      --master | --conf | -c | --properties-file) [ -n "$next" ] || fail "${spark[i]} after --spark must have a value" ;;
      --[a-z]*' '*)
        # The value of --name=VALUE may hold blanks, the name may not.
        [[ ${spark[i]%% *} == *=* ]] || fail "flags after --spark must be words of their own, found '${spark[i]}'; leave out the quotes"
        ;;
    esac
    case ${spark[i]} in
      --master) flag=$next ;;
      --master=*) flag=${spark[i]#*=} ;;
      --conf | -c)
        case $next in
          spark.master=*) conf=${next#*=} ;;
          spark.redaction.regex=*) redaction=${next#*=} ;;
        esac
        ;;
      --conf=spark.master=*) conf=${spark[i]#*=*=} ;;
      --conf=spark.redaction.regex=*) redaction=${spark[i]#*=*=} ;;
      --properties-file) properties=$next own_properties=false ;;
      --properties-file=*) properties=${spark[i]#*=} own_properties=false ;;
    esac
  done
  $own_properties || { [ -f "$properties" ] && [ -r "$properties" ]; } \
    || fail "--properties-file must name a readable file, found ${properties:-nothing}"
  [ -z "${SPARK_HOME:-}" ] || defaults=${SPARK_CONF_DIR:-$SPARK_HOME/conf}/spark-defaults.conf
  master=${flag:-$conf}
  [ -n "$master" ] || master=$(setting_of spark.master "$properties")
  [ -n "$master" ] || master=$(setting_of spark.master "$defaults")
  [ -n "$redaction" ] || redaction=$(setting_of spark.redaction.regex "$properties")
  [ -n "$redaction" ] || redaction=$(setting_of spark.redaction.regex "$defaults")
}

# Refuses a SPARK_HOME of another major or Scala version: Java serialization and method signatures differ between them.
check_spark_home() {
  local core version remedy="point it at a Spark 4 for Scala $scala, or unset it for the one that comes with the job"
  core=$(find "$SPARK_HOME/jars/" -maxdepth 1 -name 'spark-core_*.jar' 2> /dev/null | head -n 1) || true
  [ -n "$core" ] || fail "SPARK_HOME=$SPARK_HOME holds no jars/spark-core_*.jar; $remedy"
  version=${core##*/spark-core_}
  version=${version%.jar}
  case $version in
    "$scala"-4.*) ;;
    *) fail "SPARK_HOME=$SPARK_HOME is Spark ${version#*-} for Scala ${version%%-*}; $remedy" ;;
  esac
  [ -x "$SPARK_HOME/bin/spark-submit" ] || fail "SPARK_HOME=$SPARK_HOME holds no bin/spark-submit; $remedy"
  check_hadoop "${version#*-}"
}

# Refuses a Java that the Hadoop of SPARK_HOME does not start on: from 23 on, Java no longer has the Subject.getSubject that
# Hadoop's login called before 3.4.3.
check_hadoop() {
  local hadoop first=3.4.3
  [ "$java_version" -ge 23 ] || return 0
  hadoop=$(find "$SPARK_HOME/jars/" -maxdepth 1 \( -name 'hadoop-client-api-[0-9]*.jar' -o -name 'hadoop-common-[0-9]*.jar' \) \
    2> /dev/null | head -n 1) || true
  hadoop=${hadoop##*/hadoop-client-api-}
  hadoop=${hadoop##*/hadoop-common-}
  hadoop=${hadoop%.jar}
  [ -z "$hadoop" ] || [ "$(printf '%s\n' "$first" "$hadoop" | sort -V | head -n 1)" = "$first" ] \
    || fail "$java is Java $java_version, but Hadoop $hadoop of Spark $1 in SPARK_HOME=$SPARK_HOME needs Java 17 to 22;" \
      "point JAVA_HOME at one of those, or SPARK_HOME at a Spark with Hadoop $first or newer, as Spark 4.2 has"
}

# Refuses what Hadoop's login would end with a stack trace. Sets own_address where Spark's driver would end with one, since
# the machine's name does not resolve.
check_machine() {
  local name
  own_address=''
  id -un > /dev/null 2>&1 || fail "user id $(id -u) has no entry in the password file, which Hadoop's login reads; run as" \
    "a user who has one, or add it: echo \"bitdgdm:x:$(id -u):$(id -g)::/tmp:/bin/sh\" >> /etc/passwd"
  case $master in local | local\[* | local-cluster\[*) return ;; esac
  [ -z "${SPARK_LOCAL_IP:-}" ] && command -v getent > /dev/null || return 0
  name=$(uname -n)
  ! getent hosts "$name" > /dev/null || return 0
  own_address=$(hostname -I 2> /dev/null | tr ' ' '\n' | grep -m 1 .) || true
  [ -n "$own_address" ] || fail "the name of this machine, $name, does not resolve, and executors find the driver by it; add" \
    "it to /etc/hosts, or set SPARK_LOCAL_IP to an address of this machine that executors reach"
  echo "the name of this machine, $name, does not resolve: executors find the driver at $own_address; SPARK_LOCAL_IP names" \
    'another address' >&2
}

# Whether a server listens at HOST:PORT.
answers() {
  local host=${1%:*} port=${1##*:}
  host=${host#[}
  timeout 5 bash -c 'exec 3<> "/dev/tcp/$0/$1"' "${host%]}" "$port" 2> /dev/null
}

check_master() {
  local known='local[N], local-cluster[N,cores,MiB], spark://host:port, yarn or k8s://...' address
  local whole='^local(\[([0-9]+|\*)(, *[0-9]+)?\])?$' cluster='^local-cluster\[ *[0-9]+ *, *[0-9]+ *, *[0-9]+ *\]$'
  case $master in
    local*) [[ $master =~ $whole || $master =~ $cluster ]] || fail "--master must be $known, found $master" ;;
    spark://*)
      IFS=, read -ra addresses <<< "${master#spark://}"
      for address in "${addresses[@]}"; do
        [[ $address =~ ^.+:[0-9]+$ ]] || fail "--master must look like spark://host:port[,host:port...], found $master"
        ! answers "$address" || return 0
      done
      fail "no Spark master answers at $master; start one there or name another after --spark --master"
      ;;
    yarn | k8s://*)
      [ -n "${SPARK_HOME:-}" ] || fail "--master $master needs a full Spark; point SPARK_HOME at a Spark 4 for Scala $scala"
      ;;
    *) [ -n "${SPARK_HOME:-}" ] || fail "--master must be $known, found $master" ;;
  esac
}

# Prints words as they can be read back, with REDACTED in place of secrets: the values of keys that say so (also of -D, of
# flags, in JSON, in addresses), and of those that spark.redaction.regex names.
show() {
  local keys='secret|passw(or)?d|passphrase|token|(access|account|private|api)[._-]?key|encryption[._-]key\b' own word last=''
  local words=() safe=()
  own=${redaction//'(?i)'/}
  own=${own//'(?:'/'('}
  local flag="^-{1,2}[^=]*($keys)[^=]*\$"
  shopt -s nocasematch
  for word; do
    [[ ! $last =~ $flag ]] || word=REDACTED
    words+=("$word")
    last=$word
  done
  shopt -u nocasematch
  redact() {
    printf '%s\0' "${words[@]}" | sed -zE \
      -e 's|(://[^/@:[:space:]]*:)[^/@[:space:]]+@|\1REDACTED@|g' \
      -e $'s\1("[^"]*('"$1"$')[^"]*"[[:space:]]*:[[:space:]]*)("([^"\\]|\\\\.)*"|[^],}[:space:]]+)\1\\1"REDACTED"\1gI' \
      -e $'s\1(["\'])([^"\'=]*('"$1"$')[^"\'=]*=)[^"\']*\\1\1\\1\\2REDACTED\\1\1gI' \
      -e $'s\1^((--?[^=[:space:]]+=)?[^=[:space:]]*('"$1"$')[^=[:space:]]*=).*\1\\1REDACTED\1I' \
      -e $'s\1([^=[:space:]&?;,"\']*('"$1"$')[^=[:space:]&?;,"\']*=)("[^"]*"|\'[^\']*\'|[^[:space:]]+)\1\\1REDACTED\1gI'
  }
  # A pattern of Spark's that sed does not understand may mean any key.
  redact "$keys${own:+|$own}" > /dev/null 2>&1 || keys=. own=''
  while IFS= read -r -d '' word; do
    safe+=("$word")
  done < <(redact "$keys${own:+|$own}")
  printf ' %q' "${safe[@]}"
}

# Lets a local run take its classes from the archive, or write it where the build asks for one. The JVM leaves an archive of
# another JVM or of other jars alone and says nothing; one that was cut short it would not survive, so that its length is kept
# beside it. An archive is of what lies on the JVM's own class path, so the job's jar lies there too, behind all of Spark's, as
# it does for Spark's class loader.
use_archive() {
  local at flags=()
  case $master in local*) ;; *) return ;; esac
  if [ -n "${BITDGDM_WRITE_ARCHIVE:-}" ]; then
    flags=("-XX:ArchiveClassesAtExit=$BITDGDM_WRITE_ARCHIVE" -Xlog:cds=off -Xlog:cds+dynamic=off)
  elif [ "$archive" -nt "$jar" ] && [ -f "$archive.bytes" ] && [ "$(< "$archive.bytes")" = "$(wc -c < "$archive")" ]; then
    flags=("-XX:SharedArchiveFile=$archive" -Xshare:auto -Xlog:cds=off -Xlog:cds+dynamic=off)
  else
    return 0
  fi
  for ((at = 1; at < ${#command[@]}; at++)); do
    [ "${command[at]}" != -cp ] || break
  done
  # A launcher of another Spark may give the class path otherwise.
  [ $((at + 1)) -lt ${#command[@]} ] || return 0
  command=("${command[@]:0:at}" "${flags[@]}" -cp "${command[at + 1]}:$jar" "${command[@]:at + 2}")
}

# Lets a local run wait thirty times as long as the JVM would until it compiles a method for the last time: of a small run that
# takes more of the processors than what is compiled, and a long one has all of it a second later. Options of a user come after.
compile_later() {
  case $master in local*) ;; *) return ;; esac
  command=("${command[0]}" -XX:Tier4InvocationThreshold=150000 -XX:Tier4MinInvocationThreshold=18000
    -XX:Tier4CompileThreshold=450000 -XX:Tier4BackEdgeThreshold=1200000 "${command[@]:1}")
}

job=()
spark=()
while [ $# -gt 0 ]; do
  case $1 in
    --spark)
      shift
      spark=("$@")
      break
      ;;
  esac
  job+=("$1")
  shift
done

[ "${job[*]-}" != 'help bench' ] || job=(bench --help)
if [ "${job[0]-}" = bench ]; then
  find_java
  [[ " ${job[*]} " =~ \ (--help|-h)\  ]] || build
  bench
fi
case "${job[*]-}" in
  '' | help | --help | -h)
    usage
    exit
    ;;
esac
find_java
if [ "${job[0]}" = help ] || [ "${job[0]}" = version ] || [[ " ${job[*]} " =~ \ (--help|-h)\  ]]; then
  build
  exec "$java" -jar "$jar" "${job[@]}"
fi

[ -z "${SPARK_HOME:-}" ] || check_spark_home
find_settings
[ -n "$master" ] || { master='local[*]'; spark=(--master "$master" "${spark[@]}"); }
check_master
check_machine
build

# Fewer pools of malloc than threads: 40 MB less for a driver.
knobs=("BITDGDM_HOME=$home" "MALLOC_ARENA_MAX=${MALLOC_ARENA_MAX:-2}"
  "LOG4J_CONFIGURATION_FILE=${LOG4J_CONFIGURATION_FILE:-$home/conf/log4j2.properties}")
verbose=false
[[ " ${job[*]} " != *' --verbose '* ]] || verbose=true
! $verbose || knobs+=("BITDGDM_LOG=${BITDGDM_LOG:-traces}")
# One machine only: independent of its host name and of its outer network.
case $master in
  local*) knobs+=("SPARK_LOCAL_IP=${SPARK_LOCAL_IP:-127.0.0.1}" "SPARK_LOCAL_HOSTNAME=${SPARK_LOCAL_HOSTNAME:-localhost}") ;;
  *) [ -z "$own_address" ] || knobs+=("SPARK_LOCAL_IP=$own_address" "SPARK_LOCAL_HOSTNAME=$own_address") ;;
esac
arguments=()
! $own_properties || arguments+=(--properties-file "$properties")
[ -z "${SPARK_HOME:-}" ] || arguments+=(--load-spark-defaults)
arguments+=("${spark[@]}" --class org.bitdgdm.BitDgdmJob "$jar" "${job[@]}")

if [ -n "${SPARK_HOME:-}" ]; then
  knobs+=("SPARK_HOME=$SPARK_HOME")
  command=("$SPARK_HOME/bin/spark-submit" "${arguments[@]}")
else
  # What Spark's bin/spark-class does: its launcher prints the command, NUL after each word, and its exit code follows.
  knobs+=("SPARK_HOME=$assembled" "SPARK_SCALA_VERSION=$scala")
  command=()
  while IFS= read -r -d '' word; do
    command+=("$word")
  done < <(failed=0
    # Options for every JVM are meant for Spark's, and may ask for more than this one has.
    env -u JAVA_TOOL_OPTIONS -u JDK_JAVA_OPTIONS "${knobs[@]}" "$java" -Xmx128m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
      -cp "$assembled"/jars/spark-launcher_"$scala"-*.jar org.apache.spark.launcher.Main \
      org.apache.spark.deploy.SparkSubmit "${arguments[@]}" || failed=$?
    printf '\0%d\0' "$failed")
  # A JVM that does not start says why on its standard output.
  if [ "${command[-1]}" != 0 ]; then
    why=${command[*]:0:${#command[@]}-1}
    why=${why%$'\n'}
    printf "error: Spark's launcher, %s, ended with exit code %s%s\n" "$java" "${command[-1]}" "${why:+: ${why//$'\n'/ }}" >&2
    exit 1
  fi
  unset 'command[-1]'
  # The command starts after an empty word and a line break.
  command=("${command[1]#$'\n'}" "${command[@]:2:${#command[@]}-3}")
  use_archive
  compile_later
fi

# What is run, to be run again; the assembled Spark's own command, which fills a page, where it is asked for.
if [ -n "${SPARK_HOME:-}" ] || $verbose; then
  printf '+ env%s\n' "$(show "${knobs[@]}" "${command[@]}")" >&2
else
  printf '+ spark-submit%s\n' "$(show "${arguments[@]}")" >&2
fi
exec env "${knobs[@]}" "${command[@]}"
