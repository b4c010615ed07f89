#!/usr/bin/env bash
# The study of decompositions as docs/results/paper-decomposition.md: how scaled gradient descent, plain gradient descent and the
# truncated SVD find a low-rank part among outliers. The tables are made of the JSON lines in out/paper-decomposition.jsonl, which
# are measured where they are not there.
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
results=${OUT:-$home/out}/paper-decomposition.jsonl
page=$home/docs/results/paper-decomposition.md
mkdir -p "$(dirname -- "$results")"

tables=$("$home/submit.sh" bench decomposition "$home/conf/models/qm9" "$results")
{
  echo '# paper-decomposition'
  echo
  echo "Written by \`docs/results/decomposition.sh\`, $(date -u +%F); commit" \
    "$(git -C "$home" rev-parse --short HEAD 2> /dev/null || echo unknown)."
  echo
  cat <<'TEXT'
How scaled gradient descent, plain gradient descent and the truncated SVD find a low-rank part among outliers: against the
share of planted outliers, against the condition number, and on the model's own layers. It samples nothing.
TEXT
  echo
  echo "$tables"
} > "$page.part"
mv "$page.part" "$page"
echo "$page"
