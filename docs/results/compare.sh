#!/usr/bin/env bash
# The README's comparison of settings: the same graph ids and seed through FP32, plain round-to-nearest and Bit-DGDM.
#
#   docs/results/compare.sh [COUNT [STEPS [FOLDER]]]      defaults: 1000 molecules, 100 steps, out/compare
#
# Prints a Markdown table from the runs' own metrics.json and run.json. Finished runs are not made again.
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
count=${1:-1000}
steps=${2:-100}
out=${3:-out/compare}

run() {
  local name=$1
  shift
  "$home/submit.sh" generate --count "$count" --steps "$steps" --seed 0 --out "$out/$name" "$@" > "$out/$name.log" 2>&1 \
    || { cat "$out/$name.log" >&2; exit 1; }
}

mkdir -p "$out"
run fp32 --method fp32
run rtn-w8a8 --method rtn --weight-bits 8 --activation-bits 8 --activation-scale row
run rtn-w4a4 --method rtn --weight-bits 4 --activation-bits 4 --activation-scale row
run bit-dgdm-literal --method bit-dgdm --weight-bits 4 --activation-bits 4 --rank 16 --alpha 0.05 --residual 0
run bit-dgdm-residual --method bit-dgdm --weight-bits 4 --activation-bits 4 --rank 16 --alpha 0.01 --residual 4

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
spark=${SPARK_HOME:-$home/job/target/spark}
"$java" -cp "$spark/jars/*" "$home/docs/results/CompareTable.java" \
  "$out"/{fp32,rtn-w8a8,rtn-w4a4,bit-dgdm-literal,bit-dgdm-residual}
echo
echo "Seed 0, $count molecules, $steps steps; $(git -C "$home" rev-parse --short HEAD 2> /dev/null || echo 'no commit');" \
  "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2> /dev/null | head -n 1), $(nproc) cores;" \
  "$("$java" -version 2>&1 | sed -n 's/^\(OpenJDK Runtime.*\)$/\1/p')"
