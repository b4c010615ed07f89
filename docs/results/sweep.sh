#!/usr/bin/env bash
# One of conf/sweeps/ as a page of this folder: runs what is missing of the sweep, then writes docs/results/NAME.md.
#
#   docs/results/sweep.sh NAME [FLAGS OF SWEEP ...]       for example: docs/results/sweep.sh paper-ranks --count 500
#
# The sweep itself stays in out/NAME, or in $OUT/NAME.
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
name=${1:?"give the name of a sweep of conf/sweeps"}
shift
out=${OUT:-out}/$name
page=$home/docs/results/$name.md

start=$(date +%s)
load=$(cut -d ' ' -f 1 /proc/loadavg 2> /dev/null || echo unknown)
# Waiting programs before the start are not the sweep's own.
rough=$(awk -v load="$load" 'BEGIN { if (load + 0 > 0.5) print " Other programs ran, so graphs/s is rough." }')
"$home/submit.sh" sweep --config "$home/conf/sweeps/$name.conf" --out "$out" "$@"
seconds=$(($(date +%s) - start))

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
{
  echo "# $name"
  echo
  echo "Written by \`docs/results/sweep.sh $(printf '%s' "$name${*:+ }$*")\`, $(date -u +%F);" \
    "commit $(git -C "$home" rev-parse --short HEAD 2> /dev/null || echo unknown)$(git -C "$home" diff --quiet HEAD -- job kernels conf 2> /dev/null || echo ', changed');" \
    "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2> /dev/null | head -n 1), $(nproc) cores;" \
    "$("$java" -version 2>&1 | sed -n 's/^\(OpenJDK Runtime.*\)$/\1/p');" \
    "the last start took $seconds s by the clock (what all starts took is below); load before it $load.$rough"
  echo
  awk '/^# [^ ]/ { sub(/^# /, ""); print; next } /^#/ { next } { exit }' "$home/conf/sweeps/$name.conf"
  echo
  cat "$out/sweep.md"
} > "$page.part"
mv "$page.part" "$page"
echo "$page"
