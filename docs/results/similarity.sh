#!/usr/bin/env bash
# Pairs of fingerprints that a core compares in a second, beside what its units could do, as the page docs/results/similarity.md.
#
#   docs/results/similarity.sh
#
# Builds the native part of the benchmark in out/similarity, or in $OUT/similarity; needs a C++17 compiler ($CXX, default g++).
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
out=${OUT:-out}/similarity
page=$home/docs/results/similarity.md
mkdir -p "$out"
"$home/kernels/src/bench/cpp/build.sh" "$out"
printf 'repeats 11\nseconds 0.1\n' | "$out/kernel_bench" fingerprints > "$out/lines"
{
  echo "# Similarities of fingerprints"
  echo
  echo "Written by \`docs/results/similarity.sh\`, $(date -u +%F);" \
    "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2> /dev/null | head -n 1), one core, load" \
    "$(cut -d ' ' -f 1 /proc/loadavg) after it; commit $(git -C "$home" rev-parse --short HEAD 2> /dev/null || echo unknown)."
  echo "512 packed fingerprints with 8,192 (SNN) or with each other (IntDiv), medians of 11 repeats. A pair of 1,024 bits takes two" \
    "\`vpopcntq\` of 512 bits, and as many \`vpandq\` and \`vpaddq\`, then an eighth of a division of eight doubles. Of memory it takes" \
    "8 bytes: sixteen rows meet the 128 bytes of another at once, 128 of which stay in the nearest cache. The bound is the measured" \
    "peak of the three instructions in registers; the bits are those of the loops by words, which are those of Java's."
  echo
  awk -F '\t' '
    { count = split($7, seconds, ","); for (i = 2; i <= count; i++) for (j = i; j > 1 && seconds[j] + 0 < seconds[j - 1] + 0; j--) {
        swap = seconds[j]; seconds[j] = seconds[j - 1]; seconds[j - 1] = swap }
      rate = $6 / seconds[int((count + 1) / 2)] / 1e9 }
    $2 == "" { peak[$1] = rate; printf "%s%s: %.2f · 10⁹ a second", shown++ ? "; " : "Peaks of a core: ", $1, rate; next }
    { if (!header++) print (shown ? ".\n\n" : "") "| | bits | 10⁹ pairs/s | of the bound | of the peak of vpopcntq |\n|---|---|---|---|---|"
      vectors = $2 / 512
      printf "| %s | %s | %.3f |", $1, $2, rate
      if (shown && $1 !~ /words/) printf " %.0f%% | %.0f%% |\n", 100 * rate * vectors / peak["vpandq, vpopcntq and vpaddq"], \
        100 * rate * vectors / peak["vpopcntq"]; else print " | |" }' "$out/lines"
} > "$page.part"
mv "$page.part" "$page"
cat "$page"
