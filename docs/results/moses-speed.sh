#!/usr/bin/env bash
# Molecules per second of MOSES's protocol here and on RDKit, one after the other on the same molecules with two processes or
# threads each; prints both, their ratio, and how far their values are from each other.
#
#   docs/results/moses-speed.sh [COUNT]      by default 30,000, as many as MOSES's own tables are of
#
# Needs a Python with RDKit, PyTorch and SciPy: PYTHON, or /usr/bin/python3 (Debian: apt-get install python3-rdkit python3-torch
# python3-scipy). MOSES's own package does not install on current Pythons; moses_rdkit.py expresses its definitions again, with the
# functions of RDKit that it calls. Neither side computes FCD. Files stay in out/moses-speed, or in $OUT/moses-speed.
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
count=${1:-30000}
python=${PYTHON:-/usr/bin/python3}
out=${OUT:-out}/moses-speed
"$python" -c 'import rdkit, torch, scipy' 2> /dev/null \
  || { echo "error: $python must have RDKit, PyTorch and SciPy; install them, or name another in PYTHON" >&2; exit 2; }
rm -rf "$out"
mkdir -p "$out"
molecules() {
  awk -v first="$1" -v count="$2" -f "$home/docs/results/drug-like.awk"
}
molecules 0 "$count" > "$out/rows.smi"
molecules 20000000 "$count" > "$out/tests.smi"

TIMEFORMAT='%R %U %S'
{ time "$home/submit.sh" evaluate --input "$out/rows.smi" --protocol moses --test-set "$out/tests.smi" --out "$out/run" \
  --spark --master 'local[2]' > "$out/run.log" 2> "$out/run.err"; } 2> "$out/here" || { cat "$out/run.err" >&2; exit 1; }
{ time "$python" "$home/docs/results/moses_rdkit.py" "$home/job/src/main/resources/org/bitdgdm/benchmark/moses-filters.tsv" \
  "$out/rows.smi" "$out/tests.smi" 2 > "$out/rdkit.json"; } 2> "$out/there"

"$python" - "$out" << 'END'
import json
import sys

out = sys.argv[1]
ours = {metric["name"]: metric["value"] for metric in json.load(open(out + "/run/metrics.json"))["metrics"]}
other = json.load(open(out + "/rdkit.json"))
spent = {}
for side in ("here", "there"):
    clock, user, system = map(float, open(f"{out}/{side}").read().split()[-3:])
    spent[side] = clock, user + system
rows = other["rows"]
for side, name in (("here", "here, with starting, writing and report"), ("there", f"RDKit {other['rdkit']}, with its start")):
    clock, cores = spent[side]
    print(f"{name}: {clock:.1f} s by the clock, {rows / clock:.0f} molecules/s; {cores:.1f} s of processors,"
          f" {rows / cores:.0f} molecules/s and core")
print(f"ratio {spent['there'][0] / spent['here'][0]:.2f} by the clock, {spent['there'][1] / spent['here'][1]:.2f} by processors,"
      f" of {rows} molecules beside a test set of {other['tests']}")
for name, value in other["metrics"].items():
    if ours.get(name) is not None:
        print(f"{name}: here {ours[name]:.6f}, RDKit {value:.6f}")
END
