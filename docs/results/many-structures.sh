#!/usr/bin/env bash
# Many structures through a small executor: writes FILES backbones of 300 residues, made of the chain 1igv.A of conf/structures
# four times over, each file turned and moved as a whole, designs a sequence for each, and prints the peak of memory and, where
# the JDK's jcmd is found, what of the heap is alive once a minute: the process grows until its heap is as large as it may be,
# whatever is alive.
#
#   docs/results/many-structures.sh [FILES [HEAP [FLAGS OF GENERATE ...]]]      by default 10,000 files and 1g
#
# Files and result stay in out/many-structures, or in $OUT/many-structures. Not a part of any test: it takes hours.
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
files=${1:-10000}
heap=${2:-1g}
shift $(($# < 2 ? $# : 2))
out=${OUT:-out}/many-structures
# What an earlier start has left would be counted as this one's.
rm -rf "$out"
mkdir -p "$out/structures"

awk -v files="$files" -v out="$out/structures" '
  /^ATOM/ { line[++count] = $0 }
  END {
    srand(1)
    for (file = 0; file < files; file++) {
      # A turn by Euler angles, and a place; copies of the chain lie 60 Å apart.
      a = 6.283 * rand(); b = 3.1416 * rand(); c = 6.283 * rand()
      r11 = cos(a) * cos(c) - sin(a) * cos(b) * sin(c); r12 = -cos(a) * sin(c) - sin(a) * cos(b) * cos(c); r13 = sin(a) * sin(b)
      r21 = sin(a) * cos(c) + cos(a) * cos(b) * sin(c); r22 = -sin(a) * sin(c) + cos(a) * cos(b) * cos(c); r23 = -cos(a) * sin(b)
      r31 = sin(b) * sin(c); r32 = sin(b) * cos(c); r33 = cos(b)
      name = sprintf("%s/%06d.pdb", out, file)
      serial = 0
      for (copy = 0; copy < 4; copy++) {
        for (k = 1; k <= count; k++) {
          x = substr(line[k], 31, 8) + 60 * copy; y = substr(line[k], 39, 8); z = substr(line[k], 47, 8)
          printf "ATOM  %5d%s%4d%s%8.3f%8.3f%8.3f%s\n", ++serial, substr(line[k], 12, 11), substr(line[k], 23, 4) + 100 * copy, \
            substr(line[k], 27, 4), r11 * x + r12 * y + r13 * z, r21 * x + r22 * y + r23 * z, r31 * x + r32 * y + r33 * z, \
            substr(line[k], 55) > name
        }
      }
      print "END" > name
      close(name)
    }
  }' "$home/conf/structures/1igv.A.pdb"

"$home/submit.sh" generate --model conf/models/gradeif --structures "$out/structures" --samples 1 --steps 1 --cache none \
  --out "$out/run" "$@" --spark --master 'local[2]' --driver-memory "$heap" &
job=$!
trap 'kill "$job" 2> /dev/null || true' EXIT
peak=0
second=0
alive=()
while kill -0 "$job" 2> /dev/null; do
  # The process of the driver, which is the executor too: the largest of the tree.
  for pid in $(pgrep -P "$job") $job; do
    kib=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2> /dev/null || true)
    [ "${kib:-0}" -le "$peak" ] || peak=$kib
    # Counting collects what is not alive before.
    if [ $((second % 60)) = 30 ] && mib=$(jcmd "$pid" GC.class_histogram 2> /dev/null \
      | awk '/^Total/ { print int($3 / 1048576) }') && [ -n "$mib" ]; then
      alive+=("$mib")
    fi
  done
  sleep 1
  second=$((second + 1))
done
wait "$job"
trap - EXIT
echo "peak of memory of driver and executor together, heap $heap: $((peak / 1024)) MiB for $files structures of 300 residues"
[ ${#alive[@]} = 0 ] || echo "alive of it, MiB, minute by minute: ${alive[*]}"
