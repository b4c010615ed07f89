#!/usr/bin/env bash
# Molecules per second of MOSES's protocol here and on RDKit, one after the other on the same molecules with two processes or
# threads each: docs/results/moses-speed.md with both, their ratio, and how far their values are from each other.
#
#   docs/results/moses-speed.sh [COUNT]      by default 30,000, as many as MOSES's own tables are of
#
# Needs a Python with RDKit, PyTorch and SciPy: PYTHON, or /usr/bin/python3 (Debian: apt-get install python3-rdkit python3-torch
# python3-scipy). MOSES's own package does not install on current Pythons; moses_rdkit.py expresses its definitions again, with the
# functions of RDKit that it calls. Neither side computes FCD. Files stay in out/moses-speed, or in $OUT/moses-speed, among them
# what RDKit has taken for so many, which is not measured again. The page is of a machine that does nothing else; it says how loaded
# it was.
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
count=${1:-30000}
python=${PYTHON:-/usr/bin/python3}
out=${OUT:-out}/moses-speed
page=$home/docs/results/moses-speed.md
commit=$(git -C "$home" rev-parse --short HEAD 2> /dev/null || echo unknown)
commit+=$(git -C "$home" diff --quiet HEAD -- job kernels conf 2> /dev/null || echo ', changed')
processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo 2> /dev/null | head -n 1)
"$python" -c 'import rdkit, torch, scipy' 2> /dev/null \
  || { echo "error: $python must have RDKit, PyTorch and SciPy; install them, or name another in PYTHON" >&2; exit 2; }
rm -rf "$out/run"
mkdir -p "$out"
molecules() {
  awk -v first="$1" -v count="$2" -f "$home/docs/results/drug-like.awk"
}
molecules 0 "$count" > "$out/rows.smi"
molecules 20000000 "$count" > "$out/tests.smi"
# The first start of a new build makes what later ones find.
"$home/submit.sh" --version > "$out/run.log" 2> "$out/run.err" || { cat "$out/run.err" >&2; exit 1; }

TIMEFORMAT='%R %U %S'
{ time "$home/submit.sh" evaluate --input "$out/rows.smi" --protocol moses --test-set "$out/tests.smi" --out "$out/run" \
  --spark --master 'local[2]' > "$out/run.log" 2> "$out/run.err"; } 2> "$out/here" || { cat "$out/run.err" >&2; exit 1; }
if [ ! -s "$out/there-$count" ]; then
  { time "$python" "$home/docs/results/moses_rdkit.py" "$home/job/src/main/resources/org/bitdgdm/benchmark/moses-filters.tsv" \
    "$out/rows.smi" "$out/tests.smi" 2 > "$out/rdkit-$count.json"; } 2> "$out/there-$count.part"
  mv "$out/there-$count.part" "$out/there-$count"
fi

"$python" - "$out" "$count" "$(date -u +%F); $processor, $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg) at the end; commit $commit" \
  << 'END' > "$page.part"
import json
import sys

out, count, where = sys.argv[1:]
ours = {metric["name"]: metric["value"] for metric in json.load(open(out + "/run/metrics.json"))["metrics"]}
timings = json.load(open(out + "/run/run.json"))["timings"]
other = json.load(open(f"{out}/rdkit-{count}.json"))
spent = {}
for side, name in (("here", "here"), ("there", f"there-{count}")):
    clock, user, system = map(float, open(f"{out}/{name}").read().split()[-3:])
    spent[side] = clock, user + system
rows = other["rows"]
print("# MOSES's protocol here and on RDKit")
print()
print(f"Written by `docs/results/moses-speed.sh {count}`, {where}. {rows:,} made-up molecules ([drug-like.awk](drug-like.awk)) beside"
      f" a test set of {other['tests']:,}, two threads here and two processes there. Seconds are of the"
      " whole commands: here with the start of Spark, canonical SMILES and properties of each molecule, Parquet and the report,"
      f" there with the start of Python. RDKit is {other['rdkit']} with PyTorch {other['torch']}"
      " ([moses_rdkit.py](moses_rdkit.py)).")
print()
print("| | seconds | molecules/s | core-seconds | molecules/s and core |")
print("|---|---|---|---|---|")
for side, name in (("here", "here"), ("there", "RDKit")):
    clock, cores = spent[side]
    print(f"| {name} | {clock:.1f} | {rows / clock:.0f} | {cores:.1f} | {rows / cores:.0f} |")
print(f"| ratio | {spent['there'][0] / spent['here'][0]:.2f} | | {spent['there'][1] / spent['here'][1]:.2f} | |")
print()
print(f"Of the seconds here {timings['scoring_seconds']:.1f} are scoring of lines (verdict, SMILES, properties, Parquet),"
      f" {timings['metrics_seconds']:.1f} metrics, {spent['here'][0] - timings['total_seconds']:.1f} start, report and end.")
print()
print("| | here | RDKit |")
print("|---|---|---|")
for name, value in other["metrics"].items():
    if ours.get(name) is not None:
        print(f"| {name} | {ours[name]:.6f} | {value:.6f} |")
END
mv "$page.part" "$page"
cat "$page"
