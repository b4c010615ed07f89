#!/usr/bin/env bash
# Runs the benchmark of kernels/ alone, without Spark: run.sh [FLAGS]; --help lists them. ./submit.sh bench starts it too.
set -euo pipefail

kernels=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../.." && pwd -P)
cd "$kernels/.."
./mvnw -q -B -ntp -pl kernels -P bench process-test-classes
# Its tests look for the shipped model from here.
cd "$kernels"
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -Xmx1g -cp "target/test-classes:target/classes:$(< target/bench/classpath)" \
    org.bitdgdm.kernels.bench.Bench "$@"
