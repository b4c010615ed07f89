#!/usr/bin/env bash
# Where CDK's chemistry here and RDKit's differ: of each list of SMILES how many verdicts and descriptors, and of which molecules,
# as the page docs/results/rdkit-agreement.md.
#
#   docs/results/rdkit-agreement.sh [NAME=FILE ...]      lists of one SMILES a line, plain or gzip
#
# Made-up molecules (drug-like.awk), 5,000 or MADE, and the same with a character changed are always among them. Needs a Python with
# RDKit, PyTorch and SciPy: PYTHON, or /usr/bin/python3 (Debian: apt-get install python3-rdkit python3-torch python3-scipy).
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
python=${PYTHON:-/usr/bin/python3}
"$python" -c 'import rdkit, torch, scipy' 2> /dev/null \
  || { echo "error: $python must have RDKit, PyTorch and SciPy; install them, or name another in PYTHON" >&2; exit 2; }
jars=${SPARK_HOME:-$home/job/target/spark}/jars
[ -f "$home/job/target/bitdgdm.jar" ] && [ -d "$jars" ] || { echo 'error: no jar; run ./mvnw package -DskipTests first' >&2; exit 2; }
page=$home/docs/results/rdkit-agreement.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

awk -v first=0 -v count="${MADE:-5000}" -f "$home/docs/results/drug-like.awk" > "$work/made-up"
# One character of each line gives way to another one of SMILES.
awk 'BEGIN { srand(1); signs = "CNOScnos()=#123[]+-F" }
  { at = int(rand() * length($0)) + 1; print substr($0, 1, at - 1) substr(signs, int(rand() * length(signs)) + 1, 1) substr($0, at + 1) }' \
  "$work/made-up" > "$work/changed"
set -- "made-up molecules=$work/made-up" "the same, one character changed=$work/changed" "$@"
{
  echo "# Beside RDKit"
  echo
  echo "Written by \`docs/results/rdkit-agreement.sh\`, $(date -u +%F); RDKit" \
    "$("$python" -c 'import rdkit; print(rdkit.__version__)'), CDK $(sed -n 's/.*<cdk.version>\(.*\)<.*/\1/p' "$home/pom.xml" "$home/job/pom.xml");" \
    "commit $(git -C "$home" rev-parse --short HEAD 2> /dev/null || echo unknown). Both see the same molecules; numbers are the same where" \
    "they differ by at most 10⁻⁶. At most three molecules are named."
  echo
  echo "| list | what | compared | different | of these molecules, among others |"
  echo "|---|---|---|---|---|"
  for list in "$@"; do
    file=${list#*=}
    if [ "$(head -c 2 "$file" | od -An -tx1 | tr -d ' ')" = 1f8b ]; then gzip -dc "$file"; else cat "$file"; fi \
      | awk '{ print $1 }' | grep -vix smiles > "$work/list"
    "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$home/job/target/bitdgdm.jar:$jars/*" "$home/docs/results/Descriptors.java" "$work/list" \
      2> "$work/log" > "$work/lines" || { cat "$work/log" >&2; exit 1; }
    "$python" "$home/docs/results/rdkit_agreement.py" "${list%%=*}" \
      "$home/job/src/main/resources/org/bitdgdm/benchmark/moses-filters.tsv" "$work/lines" 2> /dev/null
  done
} > "$page.part"
mv "$page.part" "$page"
echo "$page"
