#!/usr/bin/env bash
# For a host that has neither Java nor a network: packs what runs there into parts of at most 40 MB, and unpacks them.
#
#   pack-offline.sh bench FOLDER         writes FOLDER/bitdgdm-bench.tar.gz.00 ...: the benchmark of the kernels, its checks
#   pack-offline.sh job FOLDER           writes FOLDER/bitdgdm-job.tar.gz.00 ...: the Spark job on a local master
#   pack-offline.sh unpack FOLDER INTO   unpacks all parts in FOLDER
#
# Each pack has a Java runtime, the jars, the shipped model and the commit of its sources. There, on any PATH:
#   INTO/bitdgdm-bench/gpu.sh                        all checks, times, tests and sanitizers: see cuda/gpu.sh
#   INTO/bitdgdm-bench/run.sh --backend cuda         the benchmark alone, flags as those of ./submit.sh bench
#   INTO/bitdgdm-job/run.sh generate --backend cuda --out out/first     flags as those of ./submit.sh
#   INTO/bitdgdm-job/compare-backends.sh OUT [BACKEND ...]    the same run on cpu and on cuda, compared graph by graph
set -euo pipefail

part_bytes=40000000
# Of Spark: the state store of streaming, and native libraries of other systems.
unused=('rocksdbjni-*' 'netty-*-osx-*' 'netty-*-windows-*' 'netty-*-linux-aarch_64*' 'netty-*-linux-riscv64*'
    'netty-codec-native-quic-*')

fail() {
    echo "error: $1" >&2
    exit 2
}

usage() {
    fail 'usage: pack-offline.sh bench|job FOLDER, or pack-offline.sh unpack FOLDER INTO'
}

# A Java runtime without a compiler.
link_runtime() {
    local jlink=${JAVA_HOME:+$JAVA_HOME/bin/}jlink
    command -v "$jlink" > /dev/null || fail 'no jlink found; a JDK 17 with its jmods is needed, point JAVA_HOME at it'
    "$jlink" --add-modules "$2" --strip-debug --no-header-files --no-man-pages --compress 2 --output "$1/runtime"
}

# Both packs have the kernels of the cuda backend, or there is no reason to pack.
require_fatbin() {
    [[ -f kernels/target/classes/cuda/bitdgdm.fatbin ]] || fail "the kernels were built without CUDA, so the pack \
would run on no GPU; pack where nvcc is (\$NVCC, \$CUDA_HOME/bin, the PATH or /usr/local/cuda/bin)"
}

# The commit of the sources, for reports: a pack has no git.
note_commit() {
    local commit
    commit=$(git rev-parse --short=12 HEAD 2> /dev/null) || commit=unknown
    [[ -z $(git status --porcelain --untracked-files=no -- kernels/src job/src conf 2> /dev/null) ]] \
        || commit+=' with changes'
    echo "$commit" > "$1/COMMIT"
}

# Splits the pack NAME of the work folder into parts.
split_pack() {
    rm -f "$folder/$1".tar.gz.*
    tar -C "$work" -cf - "$1" | gzip -6 | split -b "$part_bytes" -d - "$folder/$1.tar.gz."
    ls -l "$folder/$1".tar.gz.*
}

pack_bench() {
    local pack=$work/bitdgdm-bench library libraries
    ./mvnw -q -B -ntp -pl kernels -P bench process-test-classes
    require_fatbin
    mkdir -p "$pack/kernels/target/bench" "$pack/kernels/lib" "$pack/conf/models"
    note_commit "$pack"
    link_runtime "$pack" java.base,java.logging,java.management,java.sql,jdk.unsupported
    cp -r kernels/src "$pack/kernels/src"
    # What people have written in the reports.
    cp -r kernels/benchmarks "$pack/kernels/benchmarks"
    cp -r kernels/target/classes kernels/target/test-classes "$pack/kernels/target/"
    cp -r conf/models/qm9 "$pack/conf/models/qm9"
    # Libraries, by paths that hold where the pack is unpacked.
    IFS=: read -ra libraries <<< "$(< kernels/target/bench/classpath)"
    for library in "${libraries[@]}"; do
        # What no test that runs there needs: AssertJ's proxies.
        [[ $library = */byte-buddy-*.jar ]] || cp "$library" "$pack/kernels/lib/"
    done
    (cd "$pack/kernels" && printf '%s\n' lib/*.jar | paste -sd: > target/bench/classpath)
    cat > "$pack/run.sh" << 'END'
#!/usr/bin/env bash
# The benchmark in this pack; --help lists its flags.
set -euo pipefail
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/kernels"
exec ../runtime/bin/java -Xmx4g -cp "target/test-classes:target/classes:$(< target/bench/classpath)" \
    org.bitdgdm.kernels.bench.Bench "$@"
END
    cat > "$pack/gpu.sh" << 'END'
#!/usr/bin/env bash
# All checks and measurements of this pack on a GPU; kernels/src/bench/cuda/gpu.sh has the flags.
exec bash "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/kernels/src/bench/cuda/gpu.sh" "$@"
END
    chmod +x "$pack/run.sh" "$pack/gpu.sh"
    split_pack bitdgdm-bench
}

pack_job() {
    local pack=$work/bitdgdm-job pattern jar
    ./mvnw -q -B -ntp package -DskipTests
    require_fatbin
    mkdir -p "$pack/job/target/spark" "$pack/compare"
    note_commit "$pack"
    # What Spark's own jars and those of the job name, the incubating one being asked for on its command line.
    link_runtime "$pack" "java.se,jdk.unsupported,jdk.incubator.vector,jdk.charsets,jdk.crypto.ec,jdk.localedata,jdk.zipfs,\
jdk.security.auth,jdk.management"
    cp submit.sh README.md LICENSE "$pack/"
    cp -r conf "$pack/conf"
    cp job/target/bitdgdm.jar "$pack/job/target/"
    cp -r job/target/spark/jars "$pack/job/target/spark/jars"
    for pattern in "${unused[@]}"; do
        for jar in "$pack"/job/target/spark/jars/$pattern.jar; do
            [[ ! -e $jar ]] || rm -- "$jar"
        done
    done
    cat > "$pack/run.sh" << 'END'
#!/usr/bin/env bash
# The job in this pack: submit.sh with the pack's own Java.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
unset SPARK_HOME
JAVA_HOME=$here/runtime exec "$here/submit.sh" "$@"
END
    "${JAVA_HOME:+$JAVA_HOME/bin/}javac" --release 17 -cp "job/target/spark/jars/*" -d "$pack/compare" \
        kernels/src/bench/job/CompareGraphs.java
    cat > "$pack/compare-backends.sh" << 'END'
#!/usr/bin/env bash
# Samples the same graphs in true FP32 on two backends, 2,000 in 50 steps, with two tasks that share the GPU, and compares:
# compare-backends.sh OUT [BACKEND BACKEND], cpu and cuda unless others are named. Exit code 0 only if more than 99% are
# identical; the paired difference in validity and its interval are printed.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
[[ $# = 1 || $# = 3 ]] || { echo 'error: usage: compare-backends.sh OUT [BACKEND BACKEND]' >&2; exit 2; }
out=$1
one=${2:-cpu}
other=${3:-cuda}
for backend in "$one" "$other"; do
    "$here/run.sh" generate --method fp32 --backend "$backend" --count "${COUNT:-2000}" --steps 50 --seed 1 \
        --batch-size 512 --shard-size 500 --out "$out/$backend" --spark --master 'local[2]' --driver-memory 4g
done
code=0
"$here/runtime/bin/java" -cp "$here/compare:$here/job/target/spark/jars/*" CompareGraphs "$out/$one" "$out/$other" 0.99 \
    2> "$out/compare.log" || code=$?
[[ $code -lt 2 ]] || { cat "$out/compare.log" >&2; exit "$code"; }
"$here/run.sh" evaluate --input "$out/$other" --against "$out/$one" --out "$out/difference" --spark --master 'local[2]' \
    --driver-memory 4g
exit "$code"
END
    chmod +x "$pack/run.sh" "$pack/compare-backends.sh"
    split_pack bitdgdm-job
}

unpack() {
    local name found=false
    for name in bitdgdm-bench bitdgdm-job; do
        if [[ -e $folder/$name.tar.gz.00 ]]; then
            found=true
            cat "$folder/$name".tar.gz.* | tar -C "$1" -xz
            echo "unpacked: $1/$name"
        fi
    done
    $found || fail "$folder holds no parts bitdgdm-bench.tar.gz.00 or bitdgdm-job.tar.gz.00"
}

[[ $# -ge 2 ]] || usage
command=$1
[[ $command != unpack || -d $2 ]] || fail "$2 is no folder"
folder=$(mkdir -p -- "$2" && cd -- "$2" && pwd -P)
if [[ $command = unpack ]]; then
    [[ $# = 3 ]] || usage
    into=$(mkdir -p -- "$3" && cd -- "$3" && pwd -P)
    unpack "$into"
    exit
fi
[[ $# = 2 ]] || usage
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../.."
case $command in
    bench) pack_bench ;;
    job) pack_job ;;
    *) usage ;;
esac
