#!/usr/bin/env bash
# A study of decompositions as a page: docs/results/decomposition.sh [decomposition|norm|factors|variants|calibration]
#   decomposition  docs/results/paper-decomposition.md: how scaled gradient descent, plain gradient descent and the truncated
#                  SVD find a low-rank part among outliers
#   norm           docs/results/norm.md: the same in the norm of what layers see, and first factors that layers share
#   factors        docs/results/factors-elsewhere.md: published and aware factors on other models than QM9's
#   variants       docs/results/variants.md: what the default might do besides, and what that changes
#   calibration    docs/results/calibration.md: calibration along the sampler of a run in place of the model's own
# The tables are made of the JSON lines in out/NAME.jsonl, which are measured where they are not there.
set -euo pipefail
home=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd -P)
study=${1:-decomposition}
model=("$home/conf/models/qm9")
case $study in
  decomposition) name=paper-decomposition
    text='How scaled gradient descent, plain gradient descent and the truncated SVD find a low-rank part among outliers: against
the share of planted outliers, against the condition number, and on the model'\''s own layers. It samples nothing.' ;;
  norm) name=norm
    text='Decompositions in the norm of what layers see ([method](../method.md)): how many updates scaled gradient descent
needs, plain gradients of the same objective, the truncated SVD of H^½ (W − S) and the choice of S in turns, and scaled gradient
descent on the weight alone; and what one first factor would leave for layers that read the same input.' ;;
  factors) name=factors-elsewhere model=()
    text='Factors as published beside those fitted to what layers do ([method](../method.md)), in the same form, on other models than
QM9'\''s.' ;;
  variants) name=variants
    text='What the default might do besides ([method](../method.md)), and what that changes: logits moved towards full precision'\''s,
layers fitted to the inputs that they will have, and one first factor for layers that read the same input.' ;;
  calibration) name=calibration
    text='Calibration goes along the sampler that a model was trained for. What runs of other samplers ([samplers](../samplers.md))
would have of one along their own.' ;;
  *) echo "error: decomposition.sh takes decomposition, norm, factors, variants or calibration, found $study" >&2; exit 2 ;;
esac
out=${OUT:-$home/out}
mkdir -p "$out"
results=$(cd -- "$out" && pwd -P)/$name.jsonl
page=$home/docs/results/$name.md

tables=$(cd -- "$home" && "$home/submit.sh" bench "$study" "${model[@]}" "$results")
{
  echo "# $name"
  echo
  echo "Written by \`docs/results/decomposition.sh${1:+ $1}\`, $(date -u +%F); commit" \
    "$(git -C "$home" rev-parse --short HEAD 2> /dev/null || echo unknown)."
  echo
  echo "$text"
  echo
  echo "$tables"
} > "$page.part"
mv "$page.part" "$page"
echo "$page"
