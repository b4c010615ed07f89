#!/usr/bin/env bash
# Everything that a machine with a GPU is asked for, in one go: checks the kernels, runs them under compute-sanitizer, times
# them, and prints a table.
#
#   kernels/src/bench/cuda/gpu.sh [REPORT]
#
# Runs in the repository, after `./mvnw -pl kernels -P bench process-test-classes`, or in what pack-offline.sh has packed;
# then Java is the one in the pack. REPORT is the Markdown file to write [kernels/benchmarks/cuda.md]. Exit code 0 only if
# every check held.
set -euo pipefail

kernels=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../.." && pwd -P)
report=$(readlink -f -- "${1:-$kernels/benchmarks/cuda.md}")
java=java
[[ -x $kernels/../runtime/bin/java ]] && java=$kernels/../runtime/bin/java
[[ -z ${JAVA_HOME:-} || -x $kernels/../runtime/bin/java ]] || java=$JAVA_HOME/bin/java
[[ -f $kernels/target/bench/classpath ]] || { echo 'error: build first: ./mvnw -pl kernels -P bench process-test-classes' >&2
    exit 2; }

nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
# The kernels are those of the build; a host without nvcc must not lose them to a build that finds none.
[[ -f $kernels/target/classes/cuda/bitdgdm.fatbin ]] || "$kernels/src/main/cuda/build.sh" "$kernels/target/cuda" \
    "$kernels/target/classes"

# Its test classes look for the shipped model from here.
cd "$kernels"
classpath=target/test-classes:target/classes:$(< target/bench/classpath)
run=("$java" -Xmx4g -cp "$classpath" org.bitdgdm.kernels.bench.Bench --backend cuda)
if command -v compute-sanitizer > /dev/null; then
    for tool in memcheck racecheck; do
        echo "compute-sanitizer --tool $tool"
        compute-sanitizer --tool "$tool" --target-processes all --error-exitcode 9 "${run[@]}" --short
    done
else
    echo 'no compute-sanitizer here: memory and races are not checked'
fi
"${run[@]}" --report "$report"
