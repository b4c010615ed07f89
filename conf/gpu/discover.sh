#!/usr/bin/env bash
# Tells Spark which GPUs a machine has: one line of JSON, indexes as nvidia-smi counts them, by PCI bus: executors need
# CUDA_DEVICE_ORDER=PCI_BUS_ID to count alike. Named in
# spark.executor.resource.gpu.discoveryScript, and on a standalone cluster in spark.worker.resource.gpu.discoveryScript.
set -euo pipefail

if [[ -n ${CUDA_VISIBLE_DEVICES:-} ]]; then
    # Only these may be used, and this is how the executor will find them.
    addresses=$CUDA_VISIBLE_DEVICES
else
    addresses=$(nvidia-smi --query-gpu=index --format=csv,noheader | paste -sd,)
fi
printf '{"name": "gpu", "addresses": ["%s"]}\n' "$(tr -d ' ' <<< "$addresses" | sed 's/,/", "/g')"
