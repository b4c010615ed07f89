#!/usr/bin/env bash
# Packs the benchmark of the kernels, with a Java runtime, the libraries and the shipped model, for a GPU host that has
# neither Java nor a network: into parts of at most 40 MB, which unpack anywhere.
#
#   kernels/src/bench/pack-offline.sh FOLDER     writes FOLDER/bitdgdm-bench.tar.gz.00, .01 and so on
#
# There: cat bitdgdm-bench.tar.gz.* | tar xz && bitdgdm-bench/kernels/src/bench/cuda/gpu.sh
set -euo pipefail

folder=$(mkdir -p -- "${1:?usage: pack-offline.sh FOLDER}" && cd -- "$1" && pwd -P)
home=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../.." && pwd -P)
command -v "${JAVA_HOME:+$JAVA_HOME/bin/}jlink" > /dev/null || { echo 'error: no jlink; a JDK is needed' >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

cd "$home"
./mvnw -q -B -ntp -pl kernels -P bench process-test-classes
pack=$work/bitdgdm-bench
mkdir -p "$pack/kernels/target/bench" "$pack/kernels/lib" "$pack/conf/models"
"${JAVA_HOME:+$JAVA_HOME/bin/}jlink" --add-modules java.base,java.logging,java.management,java.sql,jdk.unsupported \
    --strip-debug --no-header-files --no-man-pages --compress 2 --output "$pack/runtime"
cp -r kernels/src "$pack/kernels/src"
cp -r kernels/target/classes kernels/target/test-classes "$pack/kernels/target/"
cp -r conf/models/qm9 "$pack/conf/models/qm9"
# Libraries, by paths that hold where the pack is unpacked.
IFS=: read -ra libraries < kernels/target/bench/classpath
for library in "${libraries[@]}"; do
    cp "$library" "$pack/kernels/lib/"
done
(cd "$pack/kernels" && printf '%s\n' lib/*.jar | paste -sd: > target/bench/classpath)
rm -f "$folder"/bitdgdm-bench.tar.gz.*
tar -C "$work" -czf - bitdgdm-bench | split -b 40000000 -d - "$folder/bitdgdm-bench.tar.gz."
ls -l "$folder"/bitdgdm-bench.tar.gz.*
