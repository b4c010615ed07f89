#!/usr/bin/env bash
# What scoring of molecules costs as they become more: lists of made-up molecules through a driver and one executor of 2 GiB each,
# then docs/results/scale.md with time, shuffle and spill of each size, what one more molecule costs, and what 10^9 would.
#
#   docs/results/scale.sh [PROTOCOL:COUNT ...]   for example: docs/results/scale.sh digress:10000000 moses:100000 moses:1000000
#
# digress is verdicts, properties, uniqueness and novelty; moses has the benchmark's metrics beside a test set too. Both take 10,000
# other molecules, or TESTS, as the training set or the test set. By default two sizes of each. What is measured stays in out/scale,
# or in $OUT/scale; what was measured before is not measured again, so that this can be stopped and started.
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
[ $# -gt 0 ] || set -- digress:100000 digress:1000000 moses:10000 moses:100000
tests=${TESTS:-10000}
out=${OUT:-out}/scale
page=$home/docs/results/scale.md
for asked in "$@"; do
  [[ $asked =~ ^(digress|moses):[1-9][0-9]*$ ]] || { echo "error: give digress:COUNT or moses:COUNT, found $asked" >&2; exit 2; }
done
mkdir -p "$out"
out=$(cd -- "$out" && pwd -P)
commit=$(git -C "$home" rev-parse --short HEAD 2> /dev/null || echo unknown)
commit+=$(git -C "$home" diff --quiet HEAD -- job kernels conf 2> /dev/null || echo ', changed')

molecules() {
  awk -v first="$1" -v count="$2" -f "$home/docs/results/drug-like.awk"
}

# Sums over tasks of a log of Spark's events: seconds of processors, shuffle written, spilled to disk and largest memory of a task, in MiB.
sums() {
  awk '
    function field(name) { return match($0, "\"" name "\":[0-9]+") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) : 0 }
    /"Event":"SparkListenerTaskEnd"/ {
      run += field("Executor CPU Time"); wrote += field("Shuffle Bytes Written"); spilt += field("Disk Bytes Spilled")
      peak = field("Peak Execution Memory") > peak ? field("Peak Execution Memory") : peak
    }
    END { printf "%.0f\t%.1f\t%.1f\t%.1f\n", run / 1e9, wrote / 2^20, spilt / 2^20, peak / 2^20 }' "$1"/*
}

measured() {
  echo "$out/${1%:*}-$tests-${1#*:}.tsv"
}

for asked in "$@"; do
  protocol=${asked%:*}
  count=${asked#*:}
  done=$(measured "$asked")
  [ ! -s "$done" ] || continue
  rm -rf "$out/run" "$out/events"
  mkdir -p "$out/events"
  molecules 0 "$count" > "$out/rows.smi"
  molecules 20000000 "$tests" > "$out/others.smi"
  beside=--test-set
  [ "$protocol" = moses ] || beside=--reference
  start=$(date +%s)
  "$home/submit.sh" evaluate --input "$out/rows.smi" --protocol "$protocol" "$beside" "$out/others.smi" --out "$out/run" \
    --spark --master 'local-cluster[1,2,2048]' --driver-memory 2g --executor-memory 2g --conf spark.eventLog.enabled=true \
    --conf spark.eventLog.dir="file:$out/events" --conf spark.eventLog.rolling.enabled=false --conf spark.eventLog.compress=false
  seconds=$(($(date +%s) - start))
  printf '%s\t%s\t%s\t%s\t%s\n' "$count" "$seconds" "$(sums "$out/events")" "$commit" "$(cut -d ' ' -f 1-3 /proc/loadavg)" > "$done.part"
  mv "$done.part" "$done"
  rm -rf "$out/run" "$out/events" "$out/rows.smi" "$out/others.smi"
done

# The table of a protocol, and what its two largest sizes tell.
table() {
  local protocol=$1 asked counts=()
  shift
  for asked in "$@"; do
    [ "${asked%:*}" != "$protocol" ] || counts+=("$(measured "$asked")")
  done
  [ ${#counts[@]} -gt 0 ] || return 0
  echo
  if [ "$protocol" = moses ]; then
    echo "MOSES's protocol beside a test set of $tests:"
  else
    echo "Verdicts, properties, uniqueness and novelty beside a training set of $tests (\`--protocol digress\`):"
  fi
  echo
  echo "| molecules | seconds | core-seconds | shuffle, MiB | spilt to disk, MiB | memory of a task, MiB, at most | commit | load after it |"
  echo "|---|---|---|---|---|---|---|---|"
  sort -n "${counts[@]}" | awk -F '\t' -v protocol="$protocol" '
    { printf "| %d | %d | %d | %.1f | %.1f | %.1f | %s | %s |\n", $1, $2, $3, $4, $5, $6, $7, $8
      n[NR] = $1; run[NR] = $3; wrote[NR] = $4 }
    END {
      a = NR - 1; b = NR
      if (a < 1 || n[a] == n[b]) exit
      core = (run[b] - run[a]) / (n[b] - n[a]); bytes = (wrote[b] - wrote[a]) / (n[b] - n[a]) * 2^20
      printf "\nFrom %d to %d molecules one more costs %.2f core-milliseconds and %.0f bytes of shuffle", n[a], n[b], core * 1000, bytes
      printf " (exponents %.2f and %.2f). 10^9 at that rate: %.0f core-hours, %.2f TiB of shuffle; on 100 executors of 16 cores,", \
        log(run[b] / run[a]) / log(n[b] / n[a]), log(wrote[b] / wrote[a]) / log(n[b] / n[a]), core * 1e9 / 3600, bytes * 1e9 / 2^40
      printf " %.2f hours and %.1f GiB of shuffle on the disk of each. That is an extrapolation; nothing above %d was run here.", \
        core * 1e9 / 3600 / 1600, bytes * 1e9 / 2^30 / 100, n[b]
      if (protocol == "moses") printf " Similarities of all pairs, which grow with the square up to 100,000 different molecules and" \
        " no further, are in it at the sizes above only."
      print ""
    }'
}

{
  echo "# Scale"
  echo
  echo "Written by \`docs/results/scale.sh $*\`, $(date -u +%F); $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2> /dev/null \
    | head -n 1), $(nproc) cores. Made-up molecules ([drug-like.awk](drug-like.awk), 25 heavy atoms on average, nearly all different):" \
    "driver of 2 GiB, one executor of 2 GiB with 2 cores, nothing else. Seconds by the clock are of the whole command, core-seconds" \
    "what all tasks have used of processors."
  table digress "$@"
  table moses "$@"
} > "$page.part"
mv "$page.part" "$page"
echo "$page"
